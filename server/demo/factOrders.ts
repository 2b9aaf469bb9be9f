import { type DemoReply, type ModelMessage, text, textsOf, typedBlocks, typedText } from "./messages.ts";

/**
 * Orders that make the demo model do what Claude does beside its answers: todos, notices, proposals of what to say next, and
 * the summary of a conversation. It uses only the tools that a request offers.
 */

/** The answer to an order, from the conversation, the system prompt and the names of the tools that are offered. */
export type OrderAnswer = (
  match: RegExpExecArray,
  messages: ModelMessage[],
  system: string,
  offered: ReadonlySet<string>,
) => DemoReply;

const toolUse = (name: string, input: Record<string, unknown>) => ({ kind: "tool" as const, name, input });

const notifyTool = "mcp__daylong__notify";

/** Makes the list with the tools that the CLI offers for it; it has one of two sets, or none. */
function makeTodos(items: string[], offered: ReadonlySet<string>): DemoReply {
  const todos = items.map((item) => item.trim()).filter((item) => item !== "");
  const say = "I will make a list.";
  const activeForm = (item: string) => `Doing ${item}`;
  if (offered.has("TaskCreate")) {
    const [first, ...more] = todos.map((item) =>
      toolUse("TaskCreate", { subject: item, description: item, activeForm: activeForm(item) }),
    );
    if (first !== undefined) return { ...first, more, say };
  }
  if (offered.has("TodoWrite") && todos.length > 0) {
    const written = todos.map((item, index) => ({
      content: item,
      status: index === 0 ? "in_progress" : "pending",
      activeForm: activeForm(item),
    }));
    return { ...toolUse("TodoWrite", { todos: written }), say };
  }
  return text("I am not offered a tool for todos.");
}

/** The beginning of the CLI's request for a proposal of what to say next. */
export const suggestionMark = "[SUGGESTION MODE:";

/** Whether the CLI asks for a proposal of what to say next, which no person's message does. */
export const isSuggestionRequest = (messages: readonly ModelMessage[]): boolean =>
  messages.findLast(({ role }) => role === "user") !== undefined &&
  typedText(messages.findLast(({ role }) => role === "user")!).startsWith(suggestionMark);

/** Only when the person asked for it: a demo that always has the same proposal is none. */
export function suggestion(messages: ModelMessage[]): DemoReply {
  const typed = messages.filter(({ role }) => role === "user").flatMap(typedBlocks);
  const asked = /^suggest(?:: ?(.+))?$/is.exec(typed.at(-2) ?? "");
  return text(asked === null ? "" : (asked[1]?.trim() ?? "run the tests"));
}

/** The tools that a request offers: those that come with their descriptions, and those that the CLI names only. */
export function offeredTools(
  tools: ReadonlyArray<{ name: string }>,
  messages: readonly ModelMessage[],
): ReadonlySet<string> {
  const named = messages
    .flatMap(textsOf)
    .filter((value) => value.includes("deferred tools"))
    .flatMap((value) => value.split("\n"));
  return new Set([...tools.map(({ name }) => name), ...named]);
}

/** What follows the making of a todo: it is begun. `undefined`: the output is not that of one. */
export function afterTodo(output: string, isError: boolean): DemoReply | undefined {
  const made = /^Task #(\d+) created/.exec(output)?.[1];
  if (made === undefined || isError) return undefined;
  const begun = toolUse("TaskUpdate", { taskId: made, status: "in_progress" });
  return { ...begun, say: "I begin with the first." };
}

export const factOrders: Array<[RegExp, OrderAnswer]> = [
  // The CLI's own request to sum the conversation up.
  [
    /^CRITICAL: Respond with TEXT ONLY/,
    (_match, messages) => {
      const typed = messages.filter(({ role }) => role === "user").flatMap(typedBlocks);
      return text(`<summary>The user wrote: ${typed.slice(0, -1).join(" / ").slice(0, 2_000)}</summary>`);
    },
  ],
  // "todo: a, b": a list of todos, if the CLI offers its tools for that.
  [/^todo: (.+)/is, (match, _messages, _system, offered) => makeTodos(match[1]!.split(","), offered)],
  // "notify: TEXT": a notice on the owner's phone.
  [
    /^notify: (.+)/is,
    (match, _messages, _system, offered) =>
      offered.has(notifyTool)
        ? { ...toolUse(notifyTool, { text: match[1]!.trim() }), say: "I will tell you." }
        : text("I am not offered a tool for notices."),
  ],
  // "suggest", or "suggest: WORDS": what it then proposes to say next.
  [/^suggest(?:: ?.+)?$/is, () => text("I have an idea what you could say next.")],
];
