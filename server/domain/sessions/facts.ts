/** An item of Claude's list of what it is about to do. */
export interface Todo {
  id: string;
  text: string;
  state: "pending" | "in_progress" | "completed";
  /** The text while it is being done, such as "Running tests". */
  activeText?: string;
}

/** What became of Claude's list of todos: a whole new list, or one item. */
export type TodoChange =
  | { kind: "listed"; todos: Array<Omit<Todo, "activeText"> & { activeText?: string }> }
  | { kind: "added"; todo: Todo }
  | { kind: "changed"; id: string; change: Partial<Omit<Todo, "id">> }
  | { kind: "removed"; id: string }
  /** The conversation begins anew. */
  | { kind: "cleared" };

/** A slash command that a session knows. */
export interface SessionCommand {
  /** Without the slash. */
  name: string;
  description: string;
  argumentHint: string;
  aliases: string[];
  /** Whether it is Claude Code's own, as opposed to the owner's, a project's or a server's. */
  builtin: boolean;
}

/** How full the context window was at the last request, in tokens. */
export interface ContextFill {
  usedTokens: number;
  windowTokens: number;
  percent: number;
}

/** The last known facts of a session that Claude's process reports beside its turns. */
export interface SessionFacts {
  todos: Todo[];
  /** Absent until a turn has ended. */
  context?: ContextFill;
  /** What Claude proposes to say next. */
  suggestedPrompts: string[];
  /** Whether the conversation is being summed up to make room in the context window. */
  compacting: boolean;
  /** The branch of the project's repository; `null`: none, or a detached HEAD; absent until it was looked at. */
  gitBranch?: string | null;
  /** Names the list of commands that the session knows; absent until a process has told one. */
  commandListId?: string;
}

export const noFacts: SessionFacts = Object.freeze({ todos: [], suggestedPrompts: [], compacting: false });

/** A list of todos is shown on a phone; a longer one is cut. */
const mostTodos = 200;

/** The list of todos after the change; the same object when nothing changed. */
export function todosAfter(todos: Todo[], change: TodoChange): Todo[] {
  const after = applied(todos, change).slice(0, mostTodos);
  return JSON.stringify(after) === JSON.stringify(todos) ? todos : after;
}

function applied(todos: Todo[], change: TodoChange): Todo[] {
  switch (change.kind) {
    case "cleared":
      return [];
    case "listed": {
      const known = new Map(todos.map((todo) => [todo.id, todo.activeText]));
      return change.todos.map((todo) => {
        const activeText = todo.activeText ?? known.get(todo.id);
        return activeText === undefined ? todo : { ...todo, activeText };
      });
    }
    case "added":
      return [...todos.filter(({ id }) => id !== change.todo.id), change.todo];
    case "changed":
      return todos.map((todo) => (todo.id === change.id ? { ...todo, ...change.change } : todo));
    case "removed":
      return todos.filter(({ id }) => id !== change.id);
  }
}

/** `percent` is a whole number; over 100 when more was sent than the window is said to hold. */
export const contextFill = (usedTokens: number, windowTokens: number): ContextFill => ({
  usedTokens,
  windowTokens,
  percent: windowTokens <= 0 ? 0 : Math.round((usedTokens / windowTokens) * 100),
});
