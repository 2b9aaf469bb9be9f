import type { EventStream } from "./connection/eventStream.ts";
import type { Answer, DaylongEvent, Message, Recap, Session, SessionChange } from "./connection/protocol.ts";
import { queryOf, type Rest } from "./rest.ts";
import type { Turn } from "./turn.ts";

/** Work of Claude's that outlives a turn. */
export type Task = Answer<"GET /api/sessions/{id}/tasks">["tasks"][number];

/** What a handle asks of the client that made it. */
export interface SessionClient {
  readonly rest: Pick<Rest, "ask">;
  send(message: Message): Turn;
  events(isWanted: (event: DaylongEvent) => boolean): EventStream;
  keepAlive(sessionId: string): Promise<{ expiresAt: number }>;
  recap(sessionId: string): Promise<Recap>;
  interrupt(sessionId: string, turnId?: string): Promise<Answer<"POST /api/chat/interrupt">>;
}

/** A conversation, by its id. It has nothing to close: sessions outlive every client. */
export class SessionHandle {
  readonly sessionId: string;
  readonly #client: SessionClient;

  constructor(client: SessionClient, sessionId: string) {
    this.#client = client;
    this.sessionId = sessionId;
  }

  /** The files of the project's working tree that differ from the last commit. */
  changes(): Promise<Answer<"GET /api/sessions/{id}/changes">> {
    return this.#client.rest.ask("GET", `/api/sessions/${this.sessionId}/changes`);
  }

  /** The unified diff of one of them. */
  diff(path: string): Promise<Answer<"GET /api/sessions/{id}/changes/diff">> {
    return this.#client.rest.ask("GET", `/api/sessions/${this.sessionId}/changes/diff${queryOf({ path })}`);
  }

  /** Sends a message; offline it is kept, and sent when there is a connection. */
  send(message: string | Omit<Message, "sessionId" | "projectPath">): Turn {
    const { sessionId } = this;
    return this.#client.send({ ...(typeof message === "string" ? { message } : message), sessionId });
  }

  /** Its events from now on. */
  events(): EventStream {
    return this.#client.events((event) => event.sessionId === this.sessionId);
  }

  /** Its events after a sequence number, the oldest first. */
  eventsAfter(seq: number, limit?: number): Promise<Answer<"GET /api/sessions/{id}/events">> {
    const query = queryOf({ after: seq, limit });
    return this.#client.rest.ask("GET", `/api/sessions/${this.sessionId}/events${query}`);
  }

  /** What a use of a tool was given, and what came of it. */
  tool(toolUseId: string): Promise<Answer<"GET /api/sessions/{id}/tools/{toolUseId}">> {
    return this.#client.rest.ask("GET", `/api/sessions/${this.sessionId}/tools/${toolUseId}`);
  }

  /** Says that the owner has read it up to an event. */
  async markRead(seq: number): Promise<void> {
    await this.#client.rest.ask("POST", `/api/sessions/${this.sessionId}/read`, { seq });
  }

  /** A new session that begins as a copy of this one, up to a message or as it is now. */
  fork(atMessageId?: string): Promise<Session> {
    return this.#client.rest.ask("POST", `/api/sessions/${this.sessionId}/fork`, { atMessageId });
  }

  /** Takes the project's files back to before a message, or says what that would change. */
  rewind(messageId: string, dryRun: boolean): Promise<Answer<"POST /api/sessions/{id}/rewind">> {
    return this.#client.rest.ask("POST", `/api/sessions/${this.sessionId}/rewind`, { messageId, dryRun });
  }

  /** Takes back a message that waits. */
  async cancelTurn(turnId: string): Promise<void> {
    await this.#client.rest.ask("DELETE", `/api/sessions/${this.sessionId}/turns/${turnId}`);
  }

  /** Ends its process; the conversation stays, and the next message wakes it. */
  async park(): Promise<void> {
    await this.#client.rest.ask("POST", "/api/sessions/cancel", { sessionId: this.sessionId });
  }

  info(): Promise<Session> {
    return this.#client.rest.ask("GET", `/api/sessions/${this.sessionId}`);
  }

  update(change: SessionChange) {
    return this.#client.rest.ask<Session>("PATCH", `/api/sessions/${this.sessionId}`, change);
  }

  /** Claude's list of todos, as last told. */
  async todos(): Promise<Answer<"GET /api/sessions/{id}/todos">["todos"]> {
    const path = `/api/sessions/${this.sessionId}/todos`;
    return (await this.#client.rest.ask<Answer<"GET /api/sessions/{id}/todos">>("GET", path)).todos;
  }

  /** The slash commands that the session knows, as last told. */
  async commands(): Promise<Answer<"GET /api/sessions/{id}/commands">["commands"]> {
    const path = `/api/sessions/${this.sessionId}/commands`;
    return (await this.#client.rest.ask<Answer<"GET /api/sessions/{id}/commands">>("GET", path)).commands;
  }

  /** Opens the next lease term, without a word to Claude. */
  keepAlive(): Promise<{ expiresAt: number }> {
    return this.#client.keepAlive(this.sessionId);
  }

  recap(): Promise<Recap> {
    return this.#client.recap(this.sessionId);
  }

  /** Stops the running turn, or this one if it is the running one. */
  interrupt(turnId?: string): Promise<Answer<"POST /api/chat/interrupt">> {
    return this.#client.interrupt(this.sessionId, turnId);
  }

  /** Background work of Claude's: running tasks first, then the newest that have ended. */
  async tasks(): Promise<Task[]> {
    const path = `/api/sessions/${this.sessionId}/tasks`;
    return (await this.#client.rest.ask<Answer<"GET /api/sessions/{id}/tasks">>("GET", path)).tasks;
  }

  /** The end of a task's output. */
  taskOutput(taskId: string): Promise<Answer<"GET /api/sessions/{id}/tasks/{taskId}/output">> {
    return this.#client.rest.ask("GET", `${this.#taskPath(taskId)}/output`);
  }

  /** Stops one task. False: it had ended before. */
  async stopTask(taskId: string): Promise<boolean> {
    const path = this.#taskPath(taskId);
    const answer = await this.#client.rest.ask<Answer<"DELETE /api/sessions/{id}/tasks/{taskId}">>(
      "DELETE",
      path,
    );
    return answer.stopped;
  }

  #taskPath(taskId: string): string {
    return `/api/sessions/${this.sessionId}/tasks/${encodeURIComponent(taskId)}`;
  }

  /** Ends the session for good. */
  async close(): Promise<void> {
    await this.#client.rest.ask("DELETE", `/api/sessions/${this.sessionId}`);
  }
}
