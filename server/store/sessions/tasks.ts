import type { Task, TaskKind, TaskOutput, TaskState, Wakeup } from "../../domain/sessions/task.ts";
import type { TaskStore } from "../../domain/stores/sessions.ts";
import { type Connection, parsedOrUndefined, Statement } from "../statement.ts";

interface TaskRow {
  session_id: string;
  task_id: string;
  kind: TaskKind;
  description: string;
  agent_type: string | null;
  parent_task_id: string | null;
  turn_id: string | null;
  state: TaskState;
  started_at: number;
  ended_at: number | null;
  due_at: number | null;
  last_tool: string | null;
  summary: string | null;
  tokens: number | null;
}

const taskOf = (row: TaskRow): Task => ({
  taskId: row.task_id,
  sessionId: row.session_id,
  kind: row.kind,
  description: row.description,
  agentType: row.agent_type ?? undefined,
  parentTaskId: row.parent_task_id ?? undefined,
  turnId: row.turn_id ?? undefined,
  state: row.state,
  startedAt: row.started_at,
  endedAt: row.ended_at ?? undefined,
  dueAt: row.due_at ?? undefined,
  lastTool: row.last_tool ?? undefined,
  summary: row.summary ?? undefined,
  tokens: row.tokens ?? undefined,
});

const selectTasks = `SELECT session_id, task_id, kind, description, agent_type, parent_task_id, turn_id, state, started_at,
  ended_at, due_at, last_tool, summary, tokens FROM tasks`;

/** Tasks in SQLite. */
export class SqliteTaskStore implements TaskStore {
  readonly #start: Statement<[Record<string, string | number | null>]>;
  readonly #get: Statement<[sessionId: string, taskId: string], TaskRow>;
  readonly #list: Statement<[sessionId: string, limit: number], TaskRow>;
  readonly #running: Statement<[], TaskRow>;
  readonly #runningOf: Statement<[sessionId: string], TaskRow>;
  readonly #runningCounts: Statement<[], { session_id: string; count: number }>;
  readonly #runningCountOf: Statement<[sessionId: string], { count: number }>;
  readonly #finish: Statement<[Record<string, string | number | null>]>;
  readonly #forget: Statement<[sessionId: string, sameSessionId: string, mostEnded: number]>;
  readonly #setOutput: Statement<[output: string, sessionId: string, taskId: string]>;
  readonly #output: Statement<[sessionId: string, taskId: string], { output: string | null }>;
  readonly #setOutputFile: Statement<[path: string, sessionId: string, taskId: string]>;
  readonly #outputFile: Statement<[sessionId: string, taskId: string], { path: string | null }>;
  readonly #setWakeup: Statement<[wakeup: string, sessionId: string, taskId: string]>;
  readonly #wakeup: Statement<[sessionId: string, taskId: string], { wakeup: string | null }>;
  readonly #setDue: Statement<[dueAt: number, sessionId: string, taskId: string]>;
  readonly #nextDueAt: Statement<[], { at: number | null }>;
  readonly #due: Statement<[nowAt: number], TaskRow>;

  constructor(connection: Connection) {
    this.#start = new Statement(
      connection,
      `INSERT INTO tasks (session_id, task_id, kind, description, agent_type, parent_task_id, turn_id, state, started_at, due_at)
       VALUES (@sessionId, @taskId, @kind, @description, @agentType, @parentTaskId, @turnId, 'running', @startedAt, @dueAt)
       ON CONFLICT (session_id, task_id) DO UPDATE SET state = 'running', description = excluded.description,
         turn_id = coalesce(excluded.turn_id, turn_id), started_at = excluded.started_at, ended_at = NULL,
         due_at = excluded.due_at, summary = NULL`,
    );
    this.#get = new Statement(connection, `${selectTasks} WHERE session_id = ? AND task_id = ?`);
    this.#list = new Statement(
      connection,
      `${selectTasks} WHERE session_id = ? AND state <> 'running' ORDER BY ended_at DESC, started_at DESC LIMIT ?`,
    );
    this.#running = new Statement(connection, `${selectTasks} WHERE state = 'running'`);
    this.#runningOf = new Statement(
      connection,
      `${selectTasks} WHERE session_id = ? AND state = 'running' ORDER BY started_at, task_id`,
    );
    this.#runningCountOf = new Statement(
      connection,
      "SELECT count(*) AS count FROM tasks WHERE session_id = ? AND state = 'running'",
    );
    this.#runningCounts = new Statement(
      connection,
      "SELECT session_id, count(*) AS count FROM tasks WHERE state = 'running' GROUP BY session_id",
    );
    this.#finish = new Statement(
      connection,
      `UPDATE tasks SET state = @state, ended_at = @endedAt, summary = @summary, tokens = coalesce(@tokens, tokens),
         last_tool = coalesce(@lastTool, last_tool)
       WHERE session_id = @sessionId AND task_id = @taskId AND state = 'running'`,
    );
    this.#forget = new Statement(
      connection,
      `DELETE FROM tasks WHERE session_id = ? AND state <> 'running' AND task_id NOT IN
         (SELECT task_id FROM tasks WHERE session_id = ? AND state <> 'running'
          ORDER BY ended_at DESC, started_at DESC LIMIT ?)`,
    );
    this.#setOutput = new Statement(
      connection,
      "UPDATE tasks SET output = ? WHERE session_id = ? AND task_id = ?",
    );
    this.#output = new Statement(connection, "SELECT output FROM tasks WHERE session_id = ? AND task_id = ?");
    this.#setOutputFile = new Statement(
      connection,
      "UPDATE tasks SET output_file = ? WHERE session_id = ? AND task_id = ?",
    );
    this.#outputFile = new Statement(
      connection,
      "SELECT output_file AS path FROM tasks WHERE session_id = ? AND task_id = ?",
    );
    this.#setWakeup = new Statement(
      connection,
      "UPDATE tasks SET wakeup = ? WHERE session_id = ? AND task_id = ?",
    );
    this.#wakeup = new Statement(connection, "SELECT wakeup FROM tasks WHERE session_id = ? AND task_id = ?");
    this.#setDue = new Statement(
      connection,
      "UPDATE tasks SET due_at = ? WHERE session_id = ? AND task_id = ?",
    );
    this.#nextDueAt = new Statement(
      connection,
      "SELECT min(due_at) AS at FROM tasks WHERE state = 'running' AND due_at IS NOT NULL",
    );
    this.#due = new Statement(
      connection,
      `${selectTasks} WHERE state = 'running' AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, task_id`,
    );
  }

  start(task: Task): void {
    this.#start.run({
      sessionId: task.sessionId,
      taskId: task.taskId,
      kind: task.kind,
      description: task.description,
      agentType: task.agentType ?? null,
      parentTaskId: task.parentTaskId ?? null,
      turnId: task.turnId ?? null,
      startedAt: task.startedAt,
      dueAt: task.dueAt ?? null,
    });
  }

  get(sessionId: string, taskId: string): Task | undefined {
    const row = this.#get.get(sessionId, taskId);
    return row && taskOf(row);
  }

  list(sessionId: string, mostEnded: number): Task[] {
    return [...this.runningOf(sessionId), ...this.#list.all(sessionId, mostEnded).map(taskOf)];
  }

  running(): Task[] {
    return this.#running.all().map(taskOf);
  }

  runningOf(sessionId: string): Task[] {
    return this.#runningOf.all(sessionId).map(taskOf);
  }

  runningCounts(): Map<string, number> {
    return new Map(this.#runningCounts.all().map(({ session_id, count }) => [session_id, count]));
  }

  runningCountOf(sessionId: string): number {
    return this.#runningCountOf.get(sessionId)?.count ?? 0;
  }

  finish(
    { sessionId, taskId }: Pick<Task, "sessionId" | "taskId">,
    end: Parameters<TaskStore["finish"]>[1],
    mostEnded: number,
  ): boolean {
    const { state, endedAt, summary = null, tokens = null, lastTool = null } = end;
    if (this.#finish.run({ sessionId, taskId, state, endedAt, summary, tokens, lastTool }) === 0)
      return false;
    this.#forget.run(sessionId, sessionId, mostEnded);
    return true;
  }

  setOutput(sessionId: string, taskId: string, output: TaskOutput): void {
    this.#setOutput.run(JSON.stringify(output), sessionId, taskId);
  }

  output(sessionId: string, taskId: string): TaskOutput | undefined {
    return parsedOrUndefined<TaskOutput>(this.#output.get(sessionId, taskId)?.output ?? null);
  }

  setOutputFile(sessionId: string, taskId: string, path: string): void {
    this.#setOutputFile.run(path, sessionId, taskId);
  }

  outputFile(sessionId: string, taskId: string): string | undefined {
    return this.#outputFile.get(sessionId, taskId)?.path ?? undefined;
  }

  setWakeup(sessionId: string, taskId: string, wakeup: Wakeup): void {
    this.#setWakeup.run(JSON.stringify(wakeup), sessionId, taskId);
  }

  wakeup(sessionId: string, taskId: string): Wakeup | undefined {
    return parsedOrUndefined<Wakeup>(this.#wakeup.get(sessionId, taskId)?.wakeup ?? null);
  }

  setDue(sessionId: string, taskId: string, dueAt: number): void {
    this.#setDue.run(dueAt, sessionId, taskId);
  }

  nextDueAt(): number | undefined {
    return this.#nextDueAt.get()?.at ?? undefined;
  }

  due(nowAt: number): Task[] {
    return this.#due.all(nowAt).map(taskOf);
  }
}
