import type { DaylongClient } from "./client.ts";
import type {
  Activity,
  Answer,
  DaylongEvent,
  Delta,
  Project,
  ProjectSession,
  Reply,
  Session,
} from "./connection/protocol.ts";
import { isTerminalEvent } from "./connection/protocol.ts";
import { queryOf } from "./rest.ts";
import type { Turn } from "./turn.ts";

export interface ClaudeOutput {
  sessionId: string;
  turnId?: string;
  /** Words as they are spoken, a whole message, or a tool at work. */
  kind: "delta" | "message" | "tool";
  text: string;
}
export interface ClaudeStatus {
  sessionId: string;
  turnId?: string;
  status: "queued" | "running" | "waiting" | "cancelled" | "parked" | "expiring" | "expired" | "closed";
}
export interface ClaudeError {
  sessionId: string;
  turnId?: string;
  code: string;
  detail: string;
}
export interface ClaudeComplete {
  sessionId: string;
  turnId: string;
  success: boolean;
  reply?: Reply;
}
export interface ClaudeEvents {
  "claude-output": ClaudeOutput;
  "claude-status": ClaudeStatus;
  "claude-error": ClaudeError;
  "claude-complete": ClaudeComplete;
}
export type ClaudeEventName = keyof ClaudeEvents;

/** A turn that was begun by one of the names below. */
export interface Execution {
  sessionId: string;
  turnId: string;
  turn: Turn;
}

/** What one side said, in Claude's own transcript or in the server's log. */
export type HistoryMessage = HistoryPage["messages"][number];
type HistoryPage =
  | Answer<"GET /api/sessions/{id}/messages">
  | Answer<"GET /api/projects/{projectId}/sessions/{id}/messages">;

/** A session that is at work, under the names of desktop front ends beside the client's own. */
export type RunningSession = Session & {
  session_id: string;
  project_path: string;
  /** ISO 8601: when the work began. */
  started_at: string;
  /** `null` until there is a process. */
  pid: number | null;
  /** `initializing`: the message waits for its process. `completing`: only background tasks are left. */
  status: "running" | "initializing" | "completing";
  memory_mb: number;
  runtime_seconds: number;
};

/** What listeners of `listen` get, in the `payload` of an event. */
export interface ListenedEvents {
  /** JSON lines as of `getClaudeSessionOutput`: what was said since the last event. */
  "claude-output": { sessionId: string; content: string };
  "claude-status": ClaudeStatus;
  "claude-error": ClaudeError & { error: string };
  "claude-complete": ClaudeComplete;
}
export type ListenedName = keyof ListenedEvents;
type Listened<N extends ListenedName> = (event: { event: string; payload: ListenedEvents[N] }) => void;

/** Parked sessions whose message waits for a place are at work too. */
const activePath = "/api/sessions/active?parked=true";

type Listener<N extends ClaudeEventName> = (payload: ClaudeEvents[N]) => void;

/** Sessions under the names that desktop front ends of the Claude CLI use: each is one or two calls of the client. */
export class ClaudeSessions {
  readonly #client: DaylongClient;
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #executions = new Map<string, { sessionId: string; isOver: boolean }>();
  #unsubscribes: Array<() => void> = [];

  constructor(client: DaylongClient) {
    this.#client = client;
  }

  /** `claude-output` hears of every session, `claude-output:SESSION_ID` of one; so do the others. */
  on<N extends ClaudeEventName>(name: N | `${N}:${string}`, listener: Listener<N>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener as (payload: never) => void));
    this.#listen();
    return () => {
      listeners.delete(listener as (payload: never) => void);
      if (listeners.size === 0) this.#listeners.delete(name);
      if (this.#listeners.size === 0) this.#unlisten();
    };
  }

  /** A message that begins a session in the project. */
  executeClaudeCode(projectPath: string, prompt: string, model?: string): Promise<Execution> {
    return this.#run(this.#client.send({ projectPath, message: prompt, model }));
  }

  /** A message to the latest session of the project, those of the terminal included. */
  async continueClaudeCode(projectPath: string, prompt: string, model?: string): Promise<Execution> {
    const project = (await this.listProjects()).find(({ path }) => path === projectPath);
    const [latest] = project === undefined ? [] : await this.getProjectSessions(project.projectId, 1);
    if (latest === undefined) throw new Error(`There is no session to continue in ${projectPath}.`);
    return this.resumeClaudeCode(projectPath, latest.sessionId, prompt, model, latest.held);
  }

  /** A message to a session, or to a conversation that was begun in a terminal; to a copy of one that it still holds. */
  async resumeClaudeCode(
    projectPath: string,
    sessionId: string,
    prompt: string,
    model?: string,
    fork = false,
  ): Promise<Execution> {
    const session = await this.#client.createSession({ projectPath, resume: sessionId, fork });
    if (model !== undefined) await session.update({ model });
    return this.#run(session.send(prompt));
  }

  /**
   * The sessions that are at work: a turn runs, waits or begins, or a background task runs. A session that was begun here is
   * in the list from when its promise is settled until its end was heard.
   */
  async listRunningClaudeSessions(): Promise<RunningSession[]> {
    const { sessions } = await this.#client.rest.ask<Answer<"GET /api/sessions/active">>("GET", activePath);
    const begun = new Set(
      [...this.#executions.values()].filter((one) => !one.isOver).map((one) => one.sessionId),
    );
    return sessions.flatMap((session) => runningViews(session, begun.has(session.sessionId)));
  }

  /**
   * Stops the process of one session, or of all; what ran ends as interrupted (`claude-status` `cancelled`), what it said so
   * far is kept, the sessions stay.
   */
  async cancelClaudeExecution(sessionId?: string): Promise<string[]> {
    const answer = await this.#client.rest.ask<Answer<"POST /api/sessions/cancel">>(
      "POST",
      "/api/sessions/cancel",
      { sessionId },
    );
    return answer.cancelled;
  }

  /** What was said in a session so far, as JSON lines. */
  getClaudeSessionOutput(sessionId: string): Promise<string> {
    return this.#client.rest.text(`/api/sessions/${sessionId}/output`);
  }

  async listProjects(): Promise<Array<Project & { id: string }>> {
    const { projects } = await this.#client.rest.ask<Answer<"GET /api/projects">>("GET", "/api/projects");
    return projects.map((project) => ({ ...project, id: project.projectId }));
  }

  /** The conversations that Claude keeps of the project, the latest first. */
  async getProjectSessions(projectId: string, limit = 200): Promise<ListedSession[]> {
    const path = `/api/projects/${projectId}/sessions${queryOf({ limit })}`;
    const { sessions } = await this.#client.rest.ask<Answer<"GET /api/projects/{projectId}/sessions">>(
      "GET",
      path,
    );
    return sessions.map((session) => ({
      ...session,
      id: session.sessionId,
      project_id: projectId,
      created_at: Math.floor((session.createdAt ?? session.lastActivityAt) / 1_000),
      first_message: session.firstMessage ?? undefined,
    }));
  }

  /** Everything that was said, the oldest first: with a project as Claude wrote it down, else as the server's log has it. */
  async loadSessionHistory(sessionId: string, projectId?: string): Promise<ListedMessage[]> {
    const base = projectId === undefined ? "/api/sessions" : `/api/projects/${projectId}/sessions`;
    const messages: HistoryMessage[] = [];
    let before: string | undefined;
    do {
      const page = await this.#client.rest.ask<HistoryPage>(
        "GET",
        `${base}/${sessionId}/messages${queryOf({ limit: 200, before })}`,
      );
      messages.push(...page.messages);
      before = page.nextBefore;
    } while (before !== undefined);
    return messages.reverse().map((message) => ({
      ...message,
      content: message.text,
      timestamp: isoOf(message.createdAt),
    }));
  }

  /**
   * As `on`, for who expects an event with a `payload` and a promise of what ends the listening; `content` of
   * `claude-output` are JSON lines of whole messages.
   */
  async listen<N extends ListenedName>(
    name: N | `${N}:${string}`,
    listener: Listened<N>,
  ): Promise<() => void> {
    const [kind, sessionId] = name.split(":") as [ListenedName, string | undefined];
    const emit = <K extends ListenedName>(payload: ListenedEvents[K]) =>
      listener({ event: name, payload: payload as unknown as ListenedEvents[N] });
    const of = <K extends ListenedName>(one: K) =>
      sessionId === undefined ? one : (`${one}:${sessionId}` as const);
    switch (kind) {
      case "claude-output":
        return this.#client.onEvent(async (event) => {
          const content = event.sessionId === null ? undefined : outputLine(event);
          if (content === undefined || (sessionId !== undefined && event.sessionId !== sessionId)) return;
          emit<"claude-output">({ sessionId: event.sessionId ?? "", content });
        });
      case "claude-error":
        return this.on(of(kind), (error) => emit<"claude-error">({ ...error, error: error.detail }));
      case "claude-status":
        return this.on(of(kind), (status) => emit<"claude-status">(status));
      case "claude-complete":
        return this.on(of(kind), (end) => emit<"claude-complete">(end));
    }
  }

  /** Forgets the turns that were begun here and are over; the sessions they were in. Processes end by themselves. */
  cleanupFinishedProcesses(): string[] {
    const finished = [...this.#executions].filter(([, { isOver }]) => isOver);
    for (const [turnId] of finished) this.#executions.delete(turnId);
    return [...new Set(finished.map(([, { sessionId }]) => sessionId))];
  }

  async #run(turn: Turn): Promise<Execution> {
    const { sessionId, turnId } = await turn.accepted;
    const execution = { sessionId, isOver: false };
    this.#executions.set(turnId, execution);
    const end = () => {
      execution.isOver = true;
    };
    turn.reply().then(end, end);
    return { sessionId, turnId, turn };
  }

  #listen(): void {
    if (this.#unsubscribes.length > 0) return;
    const client = this.#client;
    this.#unsubscribes = [
      client.onDelta((delta) => this.#hearDelta(delta)),
      client.onActivity((activity) => this.#hearActivity(activity)),
      client.onEvent((event) => this.#hear(event)),
    ];
  }

  #unlisten(): void {
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe();
  }

  #emit<N extends ClaudeEventName>(name: N, payload: ClaudeEvents[N]): void {
    for (const key of [name, `${name}:${payload.sessionId}`]) {
      for (const listener of this.#listeners.get(key) ?? []) (listener as Listener<N>)(payload);
    }
  }

  #hearDelta({ sessionId, turnId, text }: Delta): void {
    this.#emit("claude-output", { sessionId, turnId, kind: "delta", text });
  }

  #hearActivity(activity: Activity): void {
    if (activity.kind !== "tool") return;
    const { sessionId, turnId, title } = activity;
    this.#emit("claude-output", { sessionId, turnId, kind: "tool", text: title });
  }

  #hear(event: DaylongEvent): void {
    const { sessionId, turnId } = event;
    if (sessionId === null) return;
    const isCancelled = event.type === "turn.interrupted" && event.data.code === "interrupted";
    const status = isCancelled ? "cancelled" : statusByType[event.type];
    if (status) this.#emit("claude-status", { sessionId, turnId, status });
    if (event.type === "message")
      this.#emit("claude-output", { sessionId, turnId, kind: "message", text: event.data.text });
    if (event.type === "session.crashed" || event.type === "session.quarantined")
      this.#emit("claude-error", { sessionId, code: event.type, detail: event.data.detail });
    if (!isTerminalEvent(event) || turnId === undefined) return;
    if (event.type === "turn.completed") {
      this.#emit("claude-complete", { sessionId, turnId, success: true, reply: event.data });
      return;
    }
    const failure =
      event.type === "turn.cancelled" ? { code: "cancelled", detail: "The turn was cancelled." } : event.data;
    this.#emit("claude-error", { sessionId, turnId, code: failure.code, detail: failure.detail });
    this.#emit("claude-complete", { sessionId, turnId, success: false });
  }
}

/** A conversation of a project, under the names of desktop front ends beside the client's own. */
export type ListedSession = ProjectSession & {
  id: string;
  project_id: string;
  /** Seconds since 1970. */
  created_at: number;
  first_message?: string;
};
/** A message of the history, with its text as `content` and its instant as ISO 8601; `""` where none was written down. */
export type ListedMessage = HistoryMessage & { content: string; timestamp: string };

const isoOf = (at: number | undefined): string => (at === undefined ? "" : new Date(at).toISOString());

/** What an event adds to the output of its session. */
function outputLine(event: DaylongEvent): string | undefined {
  const timestamp = isoOf(event.at);
  const line = (spoken: object) => `${JSON.stringify({ ...spoken, timestamp })}\n`;
  if (event.type === "turn.accepted") return line({ role: "user", content: event.data.message });
  if (event.type !== "message") return undefined;
  const { text: content, partial } = event.data;
  return line({ role: "assistant", content, partial });
}

/** None of a session that does nothing. `isBegun`: a turn of it was begun here, and its end was not heard. */
function runningViews(session: Session, isBegun: boolean): RunningSession[] {
  const { sessionId, projectPath, turn, process, lastActivityAt, queuedTurns, runningTasks, state } = session;
  const isRunning = turn !== undefined || state === "waiting";
  const isWaiting = queuedTurns > 0 || state === "busy" || isBegun;
  if (!isRunning && !isWaiting && runningTasks === 0) return [];
  const startedAt = turn?.startedAt ?? lastActivityAt;
  const mebibytes = (process?.rssBytes ?? 0) / 1_048_576;
  return [
    {
      ...session,
      session_id: sessionId,
      project_path: projectPath,
      started_at: new Date(startedAt).toISOString(),
      pid: process?.pid ?? null,
      status: isRunning ? "running" : isWaiting ? "initializing" : "completing",
      memory_mb: Math.round(mebibytes * 10) / 10,
      runtime_seconds: Math.max(0, Math.round((Date.now() - startedAt) / 1_000)),
    },
  ];
}

const statusByType: Partial<Record<DaylongEvent["type"], ClaudeStatus["status"]>> = {
  "turn.queued": "queued",
  "turn.cancelled": "cancelled",
  "turn.started": "running",
  "permission.requested": "waiting",
  "permission.resolved": "running",
  "permission.expired": "running",
  "session.parked": "parked",
  "session.expiring": "expiring",
  "session.expired": "expired",
  "session.closed": "closed",
};
