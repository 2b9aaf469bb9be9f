import { randomUUID } from "node:crypto";
import type { LoggedEvent } from "../../server/domain/delivery/event.ts";
import { pause } from "../support/pause.ts";
import type { DaylongServer } from "../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../support/server/socketClient.ts";

const terminal = /^turn\.(completed|failed|interrupted|cancelled)$/;

/** A message that the server said it keeps. */
export interface Kept {
  sessionId: string;
  turnId: string;
}

/**
 * A phone as docs/api.md wants one: it comes back after every cut with its cursor, repeats what was not answered under
 * the same id, and acks what it holds.
 */
export class Phone {
  /** What came by the socket, by cursor. */
  readonly events: LoggedEvent[] = [];
  /** Events that came although the phone had them, or that came with some missing before them. */
  doubles = 0;
  gaps = 0;
  reconnects = 0;
  /** Sends that had to be repeated because no answer came. */
  repeats = 0;
  readonly refusals = new Map<string, number>();
  readonly #server: () => Promise<DaylongServer>;
  readonly #token: string;
  readonly #epoch: string;
  readonly #ends = new Map<string, LoggedEvent>();
  readonly #waiting = new Map<string, (event: LoggedEvent) => void>();
  readonly #allowsTools: boolean;
  #socket: SocketClient | undefined;
  #cursor = 0;
  #open = true;
  #loop: Promise<void> | undefined;

  constructor(parts: {
    /** The server that runs now; waits while there is none. */
    server: () => Promise<DaylongServer>;
    token: string;
    epoch: string;
    /** Answers Claude's permission requests; one phone of several does. */
    allowsTools: boolean;
  }) {
    this.#server = parts.server;
    this.#token = parts.token;
    this.#epoch = parts.epoch;
    this.#allowsTools = parts.allowsTools;
  }

  start(): void {
    this.#loop ??= this.#stayConnected();
  }

  async stop(): Promise<void> {
    this.#open = false;
    this.#socket?.socket.terminate();
    await this.#loop;
  }

  /** Sends until it is answered. Undefined: refused, with the reason counted. */
  async send(message: string, place: Record<string, string>, overHttp: boolean): Promise<Kept | undefined> {
    const clientMessageId = randomUUID();
    for (let attempt = 0; this.#open; attempt += 1) {
      if (attempt > 0) this.repeats += 1;
      const body = { clientMessageId, message, ...place };
      const answer = await (overHttp ? this.#post(body) : this.#sendFrame(body)).catch(() => undefined);
      if (answer === undefined) {
        await pause(50);
        continue;
      }
      if (answer.turnId !== undefined && answer.sessionId !== undefined)
        return { turnId: answer.turnId, sessionId: answer.sessionId };
      const code = answer.code ?? "unknown";
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
      if (code === "rate_limited" || code === "pool_full") await pause(1_000);
      return undefined;
    }
    return undefined;
  }

  interrupt(sessionId: string): void {
    this.#say({ type: "interrupt", ref: randomUUID(), sessionId });
  }

  /** The terminal event of the turn, or undefined after `deadlineMs`. */
  ended(turnId: string, deadlineMs: number): Promise<LoggedEvent | undefined> {
    const known = this.#ends.get(turnId);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(undefined), deadlineMs);
      const finish = (event: LoggedEvent | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(turnId);
        resolve(event);
      };
      this.#waiting.set(turnId, finish);
    });
  }

  async #post(body: Record<string, string>): Promise<{ turnId?: string; sessionId?: string; code?: string }> {
    const server = await this.#server();
    return (await server.ask("POST", "/api/chat", body, { token: this.#token })).body;
  }

  async #sendFrame(body: Record<string, string>) {
    const socket = this.#socket;
    const ref = body.clientMessageId!;
    if (socket === undefined) throw new Error("Not connected.");
    socket.send({ type: "send", ref, ...body });
    return socket.waitForRef(ref, 10_000);
  }

  async #stayConnected(): Promise<void> {
    while (this.#open) {
      try {
        const server = await this.#server();
        const url = `${server.url.replace("http", "ws")}/ws`;
        const hello = { token: this.#token, cursor: this.#cursor, epoch: this.#epoch };
        const socket = await connect({ url, ...hello });
        let read = 0;
        const readOn = () => {
          for (; read < socket.frames.length; read += 1) {
            const { event } = socket.frames[read]!;
            if (event) this.#hear(event);
          }
        };
        socket.socket.on("message", readOn);
        readOn();
        this.#socket = socket;
        await socket.waitForClose(24 * 3_600_000);
      } catch {
        await pause(50);
      }
      this.#socket = undefined;
      this.reconnects += 1;
    }
  }

  #hear(event: LoggedEvent): void {
    if (event.cursor <= this.#cursor) {
      this.doubles += 1;
      return;
    }
    if (event.cursor !== this.#cursor + 1) this.gaps += 1;
    this.#cursor = event.cursor;
    this.events.push(event);
    if (event.cursor % 20 === 0) this.#say({ type: "ack", cursor: event.cursor });
    if (event.type === "permission.requested" && this.#allowsTools)
      this.#say({ type: "permission", permissionId: event.data.permissionId, decision: "allow" });
    if (event.turnId !== undefined && terminal.test(event.type)) {
      this.#ends.set(event.turnId, event);
      this.#waiting.get(event.turnId)?.(event);
    }
  }

  #say(frame: Record<string, unknown>): void {
    if (this.#socket?.socket.readyState === this.#socket?.socket.OPEN) this.#socket?.send(frame);
  }
}
