import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { answerTo } from "./routes.ts";
import { makePermission, makeSession, type PlayedPermission, type PlayedSession } from "./sessions.ts";

/** A row of the log, as a client sees it. */
export interface PlayedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: string;
  at: number;
  turnId?: string;
  data: Record<string, unknown>;
  truncated?: boolean;
}

export interface Frame {
  type: string;
  ref?: string;
  [field: string]: unknown;
}

/** A frame or request that a client sent, and on which connection (0: HTTP). */
export interface Heard {
  connection: number;
  frame: Frame;
}

export interface HeardRequest {
  method: string;
  path: string;
  authorization?: string;
  body: Record<string, unknown>;
}

/** What to do with a message that has come. `lost`: not kept, no answer; `unsaid`: kept, and the answer is lost. */
export type SendRule = "accept" | "lost" | "unsaid" | "hold" | { code: string; retryAfterMs?: number };

/**
 * A Daylong server as a client sees it, played by a scenario: one log, one owner's device, sessions without a Claude. What a client
 * may meet is set by the public rules; everything that it did is in `heard` and `requests`.
 */
export class PlayedServer {
  readonly heard: Heard[] = [];
  readonly requests: HeardRequest[] = [];
  /** Every frame that was sent. */
  readonly sent: Frame[] = [];
  readonly sessions = new Map<string, PlayedSession>();
  readonly permissions = new Map<string, PlayedPermission>();
  readonly answers: Array<{ permissionId: string; decision: unknown }> = [];
  /** Texts by their message's id: what a cut frame is fetched from. */
  readonly texts = new Map<string, string>();
  readonly code = "ABCDEFGHJK";
  token = `token-${randomUUID()}`;
  epoch = randomUUID();
  events: PlayedEvent[] = [];
  isRevoked = false;
  /** Rules, changed by a scenario. */
  sendRule: (frame: Frame) => SendRule = () => "accept";
  /** Milliseconds before a welcome; Infinity: never. */
  welcomeDelayMs = 0;
  /** True: from now on nothing is read and nothing is written, and no socket is closed. */
  isSilent = false;
  /** Called with each frame that is about to be sent; false: the connection breaks before it. */
  beforeFrame: (frame: Frame, connection: number) => boolean = () => true;

  readonly #accepted = new Map<string, { sessionId: string; turnId: string; message: string }>();
  readonly #sockets = new Map<number, WebSocket>();
  readonly #lines = new Set<Socket>();
  readonly #listeners = new Set<() => void>();
  #server: Server | undefined;
  #connections = 0;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#connections;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  get tip(): number {
    return this.events.at(-1)?.cursor ?? 0;
  }

  /** Highest cursor that the client has acknowledged, by frame or by request. */
  get acked(): number {
    const frames = this.framesOf("ack").map(({ cursor }) => Number(cursor));
    const requests = this.requests
      .filter(({ path }) => path === "/api/events/ack")
      .map(({ body }) => Number(body.cursor));
    return Math.max(0, ...frames, ...requests);
  }

  framesOf(type: string): Frame[] {
    return this.heard.map(({ frame }) => frame).filter((frame) => frame.type === type);
  }

  /** Listens on the same port each time. */
  async open(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "daylong.v1" });
    server.on("connection", (line) => {
      this.#lines.add(line);
      line.once("close", () => this.#lines.delete(line));
    });
    server.on("upgrade", (request, line, head) => {
      if (this.isSilent) return;
      const header = request.headers.authorization;
      if (this.isRevoked && header !== undefined) {
        line.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
        return;
      }
      sockets.handleUpgrade(request, line, head, (socket) => this.#connect(socket, header));
    });
    this.#server = server;
    await new Promise<void>((done, fail) => {
      server.once("error", fail);
      server.listen(this.#port, "127.0.0.1", done);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** The server is gone: every connection breaks, and nobody listens. */
  async shut(): Promise<void> {
    this.drop();
    for (const line of this.#lines) line.destroy();
    await new Promise<void>((done) => this.#server?.close(() => done()));
  }

  /** Breaks every WebSocket without a close. */
  drop(): void {
    for (const socket of this.#sockets.values()) socket.terminate();
    this.#sockets.clear();
  }

  close(code: number, reason = ""): void {
    for (const socket of this.#sockets.values()) socket.close(code, reason);
    this.#sockets.clear();
  }

  /** Another log: a backup was restored. Sessions stay, cursors begin anew. */
  changeEpoch(): void {
    this.epoch = randomUUID();
    this.events = [];
  }

  addSession(): PlayedSession {
    const session = makeSession();
    this.sessions.set(session.sessionId, session);
    return session;
  }

  append(
    type: string,
    data: Record<string, unknown>,
    where: { sessionId?: string; turnId?: string; truncated?: boolean; extra?: Record<string, unknown> } = {},
  ): PlayedEvent {
    const session = where.sessionId === undefined ? undefined : this.sessions.get(where.sessionId);
    if (session) session.lastSeq += 1;
    const event: PlayedEvent = {
      cursor: this.tip + 1,
      sessionId: where.sessionId ?? null,
      seq: session?.lastSeq ?? null,
      type,
      at: Date.now(),
      ...(where.turnId !== undefined && { turnId: where.turnId }),
      data,
      ...(where.truncated && { truncated: true }),
      ...where.extra,
    };
    this.events.push(event);
    this.broadcast({ type: "event", event });
    return event;
  }

  broadcast(frame: Frame): void {
    for (const connection of [...this.#sockets.keys()]) this.#send(connection, frame);
  }

  /** Everything that belongs to a reply, as a server sends it. */
  reply(turnId: string, sessionId: string, text: string): void {
    const where = { sessionId, turnId };
    const messageId = randomUUID();
    this.append("turn.started", { origin: "user" }, where);
    const half = Math.ceil(text.length / 2);
    this.broadcast({ type: "delta", sessionId, turnId, offset: 0, text: text.slice(0, half) });
    this.broadcast({ type: "delta", sessionId, turnId, offset: half, text: text.slice(half) });
    this.say(text, where, messageId);
    this.complete(text, where, messageId);
  }

  say(text: string, where: { sessionId: string; turnId: string }, messageId: string = randomUUID()): void {
    this.texts.set(messageId, text);
    this.sessions
      .get(where.sessionId)
      ?.messages.push({ messageId, role: "assistant", text, turnId: where.turnId });
    this.append("message", { messageId, text }, where);
  }

  complete(text: string, where: { sessionId: string; turnId: string }, messageId: string): void {
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
    this.append("turn.completed", { messageId, text, costUsd: 0, usage, durationMs: 1, numTurns: 1 }, where);
  }

  ask(sessionId: string, turnId: string, command: string): string {
    const permission = makePermission(sessionId, turnId, command);
    const { permissionId } = permission;
    this.permissions.set(permissionId, permission);
    const { state: _state, ...asked } = permission;
    this.append("permission.requested", asked, { sessionId, turnId });
    return permissionId;
  }

  /** Keeps an answer as the server does: the first one counts. */
  resolve(permissionId: string, decision: unknown): "resolved" | "known" | "other" | "unknown" {
    const permission = this.permissions.get(permissionId);
    if (permission === undefined) return "unknown";
    this.answers.push({ permissionId, decision });
    if (permission.state === "resolved") return permission.decision === decision ? "known" : "other";
    Object.assign(permission, { state: "resolved", decision });
    this.append(
      "permission.resolved",
      { permissionId, decision, by: "a device" },
      { sessionId: permission.sessionId, turnId: permission.turnId },
    );
    return "resolved";
  }

  /** Keeps a message, by its id once. */
  accept(body: Record<string, unknown>): { sessionId: string; turnId: string; isDuplicate: boolean } {
    const clientMessageId = String(body.clientMessageId);
    const known = this.#accepted.get(clientMessageId);
    if (known) return { ...known, isDuplicate: true };
    const session = this.sessions.get(String(body.sessionId)) ?? this.addSession();
    const turn = { sessionId: session.sessionId, turnId: randomUUID(), message: String(body.message) };
    this.#accepted.set(clientMessageId, turn);
    const messageId = randomUUID();
    session.messages.push({ messageId, role: "user", text: turn.message, turnId: turn.turnId });
    this.append(
      "turn.accepted",
      { messageId, message: turn.message, clientMessageId, deviceId: "device", attachments: [] },
      turn,
    );
    return { ...turn, isDuplicate: false };
  }

  /** The turns that were accepted, in their order. */
  get accepted(): Array<{ clientMessageId: string; sessionId: string; turnId: string; message: string }> {
    return [...this.#accepted].map(([clientMessageId, turn]) => ({ clientMessageId, ...turn }));
  }

  /** Calls back whenever the client has done something; the result ends that. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #connect(socket: WebSocket, header: string | undefined): void {
    this.#connections += 1;
    const connection = this.#connections;
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(connection);
      this.#tell();
    });
    let isGreeted = false;
    socket.on("message", (data) => {
      if (this.isSilent) return;
      const frame = parse(String(data));
      if (frame === undefined) {
        socket.close(4400, "No JSON object.");
        return;
      }
      this.heard.push({ connection, frame });
      if (isGreeted) this.#obey(connection, frame);
      else {
        isGreeted = true;
        this.#greet(connection, socket, frame, header);
      }
      this.#tell();
    });
  }

  #greet(connection: number, socket: WebSocket, frame: Frame, header: string | undefined): void {
    const token = header?.replace(/^Bearer /, "") ?? frame.token;
    if (frame.type !== "hello") socket.close(4400, "hello comes first.");
    else if (this.isRevoked || token !== this.token) socket.close(4401, "The token is not valid.");
    else if (this.welcomeDelayMs !== Number.POSITIVE_INFINITY) {
      setTimeout(() => {
        if (socket.readyState !== socket.OPEN) return;
        this.#sockets.set(connection, socket);
        const isKnown = frame.epoch === undefined || frame.epoch === this.epoch;
        const from = isKnown && typeof frame.cursor === "number" ? frame.cursor : this.tip;
        this.#send(connection, {
          type: "welcome",
          deviceId: "device",
          epoch: this.epoch,
          cursor: this.tip,
          recovered: isKnown,
        });
        for (const event of this.events.filter(({ cursor }) => cursor > from))
          this.#send(connection, { type: "event", event });
        this.#tell();
      }, this.welcomeDelayMs);
    }
  }

  #obey(connection: number, frame: Frame): void {
    const { ref } = frame;
    const answer = (body: Frame) => this.#send(connection, ref === undefined ? body : { ...body, ref });
    switch (frame.type) {
      case "send": {
        const rule = this.sendRule(frame);
        if (typeof rule === "object") answer({ type: "error", detail: "Refused.", ...rule });
        else if (rule === "lost") this.drop();
        else if (rule !== "hold") {
          const { isDuplicate, sessionId, turnId } = this.accept(frame);
          if (rule === "unsaid") this.drop();
          else {
            answer({
              type: "accepted",
              sessionId,
              turnId,
              clientMessageId: frame.clientMessageId,
              state: "running",
              queuePosition: 0,
              duplicate: isDuplicate,
              expiresAt: Date.now() + 86_400_000,
            });
          }
        }
        return;
      }
      case "permission": {
        const outcome = this.resolve(String(frame.permissionId), frame.decision);
        const { permissionId, decision } = frame;
        if (outcome === "unknown")
          answer({ type: "error", code: "permission_not_found", detail: "Unknown." });
        else if (outcome === "other")
          answer({ type: "error", code: "permission_already_resolved", detail: "Answered before." });
        else answer({ type: "result", permissionId, state: "resolved", decision, scope: "once" });
        return;
      }
      case "ack":
        answer({ type: "result", cursor: frame.cursor });
        return;
      case "presence":
        answer({ type: "result", foreground: frame.foreground });
        return;
      case "keepalive":
        answer({
          type: "result",
          success: true,
          sessionId: frame.sessionId,
          extended: true,
          expiresAt: Date.now() + 86_400_000,
        });
        return;
      case "interrupt":
        answer({ type: "result", sessionId: frame.sessionId, interrupted: true, turnId: randomUUID() });
        return;
      case "ping":
        answer({ type: "pong" });
        return;
      default:
        answer({ type: "error", code: "bad_frame", detail: "Unknown." });
    }
  }

  #send(connection: number, frame: Frame): void {
    const socket = this.#sockets.get(connection);
    if (socket === undefined || this.isSilent) return;
    if (!this.beforeFrame(frame, connection)) {
      socket.terminate();
      this.#sockets.delete(connection);
      return;
    }
    this.sent.push(frame);
    socket.send(JSON.stringify(frame));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += chunk;
    if (this.isSilent) return;
    const path = request.url ?? "/";
    const { authorization } = request.headers;
    const body = parse(text === "" ? "{}" : text) ?? {};
    this.requests.push({ method: request.method ?? "GET", path, authorization, body });
    const [status, answer] = answerTo(this, { method: request.method ?? "GET", path, authorization, body });
    response.writeHead(status, {
      "content-type": status < 400 ? "application/json" : "application/problem+json",
    });
    response.end(JSON.stringify(answer));
    this.#tell();
  }
}

function parse(text: string): Frame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Frame) : undefined;
  } catch {
    return undefined;
  }
}
