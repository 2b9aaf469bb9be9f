import { type ClientOptions, WebSocket } from "ws";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { frameFault } from "./conformance.ts";

/** How long a wait goes on when nothing comes. */
const netMs = 30_000;

/** A frame as it came: `type` is sure, the rest depends on it. */
export interface ReceivedFrame {
  type: string;
  ref?: string;
  event?: LoggedEvent;
  deviceId?: string;
  epoch?: string;
  cursor?: number;
  recovered?: boolean;
  sessionId?: string;
  turnId?: string;
  clientMessageId?: string;
  state?: string;
  duplicate?: boolean;
  offset?: number;
  text?: string;
  kind?: string;
  code?: string;
  detail?: string;
  [field: string]: unknown;
}

export interface SocketClientOptions {
  /** `ws://127.0.0.1:PORT/ws` or `wss:`. */
  url: string;
  token?: string;
  cursor?: number;
  epoch?: string;
  /** Sends the token as a header of the upgrade instead of in the hello. */
  tokenInHeader?: boolean;
  /** Further fields of the hello. */
  hello?: Record<string, unknown>;
  /** Sends no hello by itself. */
  silent?: boolean;
  protocols?: string[];
  headers?: Record<string, string>;
  ca?: string;
  /** The name that the certificate is of, where the address has another. */
  servername?: string;
  autoPong?: boolean;
}

/** A WebSocket client that keeps every frame it gets. Waits have deadlines in real time; nothing sleeps. */
export class SocketClient {
  readonly frames: ReceivedFrame[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;
  /** HTTP status of a refused upgrade. */
  refusedStatus: number | undefined;
  readonly #checks = new Set<() => void>();
  #checkedFrames = 0;

  constructor(options: SocketClientOptions) {
    const headers = { ...options.headers };
    if (options.token && options.tokenInHeader) headers.authorization = `Bearer ${options.token}`;
    // Said outright: ws takes a missing word here for a no, and the server lets go of who answers no ping for 35 s.
    const { ca, servername, autoPong = true } = options;
    const wsOptions: ClientOptions & { servername?: string } = {
      headers,
      ca,
      servername,
      autoPong,
      maxPayload: 0,
    };
    this.socket = new WebSocket(options.url, options.protocols ?? ["daylong.v1"], wsOptions);
    this.socket.on("open", () => {
      if (options.silent) return this.#changed();
      const token = options.tokenInHeader ? undefined : options.token;
      const { cursor, epoch } = options;
      this.send({ type: "hello", token, cursor, epoch, ...options.hello });
    });
    this.socket.on("message", (data) => {
      this.frames.push(JSON.parse(data.toString()) as ReceivedFrame);
      this.#changed();
    });
    this.socket.on("unexpected-response", (request, response) => {
      this.refusedStatus = response.statusCode;
      response.resume();
      request.destroy();
      this.#end(0, `HTTP ${response.statusCode}`);
    });
    // A reset or refused connection shows as a close; an unheard error would end the program.
    this.socket.on(
      "error",
      (error) => this.socket.readyState === WebSocket.CLOSED && this.#end(0, error.message),
    );
    this.socket.on("close", (code, reason) => this.#end(code, reason.toString()));
  }

  send(frame: Record<string, unknown>): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame, come or to come, that the predicate likes. */
  waitFor(
    predicate: (frame: ReceivedFrame) => boolean,
    deadlineMs = netMs,
    what = "the frame",
  ): Promise<ReceivedFrame> {
    return this.#wait(() => this.frames.find(predicate), deadlineMs, what);
  }

  waitForType(type: string, deadlineMs = netMs): Promise<ReceivedFrame> {
    return this.waitFor((frame) => frame.type === type, deadlineMs, `a frame of type ${type}`);
  }

  /** The answer to the frame that was sent with this ref. */
  waitForRef(ref: string, deadlineMs = netMs): Promise<ReceivedFrame> {
    return this.waitFor((frame) => frame.ref === ref, deadlineMs, `the answer to ${ref}`);
  }

  async waitForCursor(cursor: number, deadlineMs = netMs): Promise<void> {
    const holds = (frame: ReceivedFrame) => (frame.event?.cursor ?? 0) >= cursor;
    await this.waitFor(holds, deadlineMs, `the event ${cursor}`);
  }

  waitForOpen(deadlineMs = netMs): Promise<true> {
    const open = () => this.socket.readyState === WebSocket.OPEN || undefined;
    return this.#wait(open, deadlineMs, "the open socket");
  }

  waitForClose(deadlineMs = netMs): Promise<{ code: number; reason: string }> {
    return this.#wait(() => this.closed, deadlineMs, "the close");
  }

  /** The events that came, in the order in which they came. */
  get events(): LoggedEvent[] {
    return this.frames.flatMap((frame) => (frame.event ? [frame.event] : []));
  }

  get cursors(): number[] {
    return this.events.map((event) => event.cursor);
  }

  async close(deadlineMs = netMs): Promise<void> {
    this.#checkFrames();
    if (this.closed) return;
    this.socket.close(1000);
    await this.waitForClose(deadlineMs);
  }

  /** Vanishes without a farewell. */
  async kill(deadlineMs = netMs): Promise<void> {
    this.#checkFrames();
    if (this.closed) return;
    this.socket.terminate();
    await this.waitForClose(deadlineMs);
  }

  /** Every frame of every test is what the AsyncAPI document says. Looked at last: some tests measure time. */
  #checkFrames(): void {
    for (const frame of this.frames.slice(this.#checkedFrames)) {
      this.#checkedFrames += 1;
      const fault = frameFault(frame);
      if (fault !== undefined) throw new Error(fault);
    }
  }

  #end(code: number, reason: string): void {
    this.closed ??= { code, reason };
    this.#changed();
  }

  #changed(): void {
    for (const check of [...this.#checks]) check();
  }

  #wait<T>(found: () => T | undefined, deadlineMs: number, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#checks.delete(check);
        settle();
      };
      const check = () => {
        const value = found();
        if (value !== undefined) return finish(() => resolve(value));
        if (this.closed && what !== "the close") {
          finish(() => reject(new Error(`Closed ${JSON.stringify(this.closed)} before ${what} came.`)));
        }
      };
      const timer = setTimeout(() => {
        const last = JSON.stringify(this.frames.slice(-3));
        finish(() => reject(new Error(`No sign of ${what} in ${deadlineMs} ms; the last frames: ${last}`)));
      }, deadlineMs);
      this.#checks.add(check);
      check();
    });
  }
}

/** Connects and, unless `silent`, waits for the welcome. */
export async function connect(options: SocketClientOptions, deadlineMs = netMs): Promise<SocketClient> {
  const client = new SocketClient(options);
  if (options.silent) await client.waitForOpen(deadlineMs);
  else await client.waitForType("welcome", deadlineMs);
  return client;
}
