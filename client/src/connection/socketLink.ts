import { DaylongProblem } from "../errors.ts";
import type { Clock, SocketConstructor, SocketLike } from "../ports.ts";
import { BackOff } from "./backOff.ts";
import type { ClientFrame, ServerFrame } from "./protocol.ts";

/** The subprotocol of `/ws`. */
const protocol = "daylong.v1";
/** `WebSocket.OPEN`. */
const openState = 1;
/** From the first try to the welcome. */
const welcomeMs = 10_000;
/** After so long without a word the server is asked whether it is there, and after so long more it is not. */
const silenceMs = 20_000;
const answerMs = 15_000;
/** The wait for that answer, in milliseconds, after a phone was woken or changed its network: its owner looks on. */
const promptAnswerMs = 3_000;
/** A connection that held for so long was a good one: pauses begin small again. */
const goodMs = 5_000;
/** Close codes after which coming back would change nothing (docs/api.md, WebSocket). */
const refusals: Record<number, string> = {
  4400: "The server did not understand this client.",
  4401: "The token is not valid, or not any more.",
  4409: "The server speaks a newer protocol.",
};

/** `refused` is final: the token is no good, or the protocol. */
export type LinkState = "connecting" | "online" | "offline" | "refused" | "stopped";

export interface Position {
  cursor: number;
  epoch: string;
}

export interface LinkParts {
  /** `ws:` or `wss:`. */
  url: string;
  token: string;
  WebSocket: SocketConstructor;
  clock: Clock;
  random: () => number;
  /** From where events are wanted; asked before every try. */
  position(): Promise<Position>;
  onWelcome(welcome: Extract<ServerFrame, { type: "welcome" }>): void;
  onFrame(frame: ServerFrame): void;
  onState(state: LinkState, detail: string): void;
}

/**
 * The one socket, opened again whenever it is lost:
 *
 *   stopped -> connecting -> online -> offline (pause with jitter) -> connecting
 *   any of them -> refused | stopped
 */
export class Link {
  readonly #parts: LinkParts;
  readonly #backOff: BackOff;
  #state: LinkState = "stopped";
  #socket: SocketLike | undefined;
  /** What is armed for the present socket or pause. */
  #cancels = new Map<"pause" | "welcome" | "silence" | "good", () => void>();

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.random);
  }

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    if (this.#state === "stopped") void this.#connect();
  }

  /** Idempotent; nothing is heard afterwards. */
  stop(): void {
    this.#leave(1000, "The client stops.");
    this.#enter("stopped", "The client was stopped.");
  }

  /** True when it was handed to a live socket; that it arrives is for the answer to say. */
  send(frame: ClientFrame): boolean {
    if (this.#state !== "online" || this.#socket === undefined) return false;
    const { readyState } = this.#socket;
    // It closes, and its end is told in a moment: the frame goes over the next one.
    if (readyState !== undefined && readyState !== openState) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Gives the connection up and comes back after a pause: what came on it is to come again. */
  comeAgain(detail: string): void {
    if (this.#state === "online" || this.#state === "connecting") this.#lose(detail);
  }

  /**
   * Tries now instead of after the pause: the network is said to be back. A connection that seems to be up is asked for a
   * sign of life, since a phone that slept is not told that its sockets died.
   */
  hurry(): void {
    if (this.#state === "offline") void this.#connect();
    else if (this.#state === "online") this.#askForLife(promptAnswerMs);
  }

  async #connect(): Promise<void> {
    this.#disarm();
    this.#enter("connecting", "");
    // A token of this try: whatever comes from an earlier one is not heard.
    const cancelWelcome = this.#arm("welcome", welcomeMs, () => this.#lose("No welcome within 10 s."));
    let position: Position;
    try {
      position = await this.#parts.position();
    } catch (error) {
      if (this.#cancels.get("welcome") !== cancelWelcome) return;
      const isRefused = error instanceof DaylongProblem && (error.status === 401 || error.status === 403);
      if (isRefused) this.#refuse(error.message);
      else this.#lose(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#cancels.get("welcome") !== cancelWelcome) return;
    this.#open(position);
  }

  #open(position: Position): void {
    const { url, token, WebSocket } = this.#parts;
    let socket: SocketLike;
    try {
      socket = new WebSocket(url, [protocol]);
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#socket = socket;
    const isMine = () => this.#socket === socket;
    socket.addEventListener("open", () => {
      if (isMine()) socket.send(JSON.stringify({ type: "hello", token, ...position }));
    });
    socket.addEventListener("message", ({ data }) => {
      if (isMine()) this.#hear(String(data));
    });
    // Its close follows; an error that nobody hears would end a Node program.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", ({ code, reason }) => {
      if (!isMine()) return;
      this.#socket = undefined;
      const refusal = refusals[code];
      if (refusal === undefined) this.#lose(`The connection ended with ${code} ${reason}`.trim());
      else this.#refuse(reason || refusal);
    });
  }

  #hear(text: string): void {
    const { onWelcome, onFrame } = this.#parts;
    this.#arm("silence", silenceMs, () => this.#askForLife(answerMs));
    const frame = parse(text);
    if (frame?.type === "welcome") {
      this.#cancels.get("welcome")?.();
      this.#arm("good", goodMs, () => this.#backOff.reset());
      // First the news that decides what to do with what comes.
      onWelcome(frame);
      this.#enter("online", "");
    } else if (frame) onFrame(frame);
  }

  #askForLife(withinMs: number): void {
    this.send({ type: "ping" });
    this.#arm("silence", withinMs, () => this.#lose("The server fell silent."));
  }

  #lose(detail: string): void {
    this.#leave(4000, "Coming again.");
    this.#enter("offline", detail);
    this.#arm("pause", this.#backOff.nextMs(), () => void this.#connect());
  }

  #refuse(detail: string): void {
    this.#leave(1000, "");
    this.#enter("refused", detail);
  }

  #leave(code: number, reason: string): void {
    this.#disarm();
    const socket = this.#socket;
    // A half-open socket would not say that it is closed for a long time: it is forgotten now.
    this.#socket = undefined;
    socket?.close(code, reason);
  }

  #enter(state: LinkState, detail: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#parts.onState(state, detail);
  }

  #arm(name: "pause" | "welcome" | "silence" | "good", delayMs: number, callback: () => void): () => void {
    this.#cancels.get(name)?.();
    const cancel = this.#parts.clock.after(delayMs, callback);
    this.#cancels.set(name, cancel);
    return cancel;
  }

  #disarm(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels = new Map();
  }
}

/** A frame of a later server may be anything: what is no object with a type is passed over. */
function parse(text: string): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === "object" && frame !== null && "type" in frame
      ? (frame as ServerFrame)
      : undefined;
  } catch {
    return undefined;
  }
}
