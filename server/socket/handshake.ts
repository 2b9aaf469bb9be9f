import type { RawData, WebSocket } from "ws";
import type { Gatekeeper } from "../access/gatekeeper.ts";
import type { Caller } from "../domain/delivery/device.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { closeCodes, type ErrorFrame, type HelloFrame } from "../wire/delivery/clientFrames.ts";
import { closeReason, parseFrame } from "./protocol.ts";

/** A socket says hello within this time (docs/api.md, WebSocket: 5 s). */
export const helloDeadlineMs = 5_000;
/** A refused socket has this long to answer the close. */
const farewellMs = 1_000;

export interface HandshakeParts {
  socket: WebSocket;
  /** The token of the upgrade's Authorization header, if it had one. */
  token: string | undefined;
  gatekeeper: Pick<Gatekeeper, "authenticate">;
  clock: Clock;
  log: Log;
  /** Called once, with the device that the socket belongs to; further messages are not for the handshake. */
  onHello(caller: Caller, hello: HelloFrame): void;
  /** Called once, when the socket showed a token that is not valid. */
  onBadToken(): void;
}

/**
 * The handshake of a socket: the time before its hello is accepted.
 *
 *   waiting -> greeted (a hello with a valid token) | refused (closed, with the code that says why)
 */
export class Handshake {
  readonly #parts: HandshakeParts;
  #disarm: () => void;
  #over = false;
  #known = false;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
    this.#disarm = parts.clock.after(helloDeadlineMs, () =>
      this.refuse(closeCodes.badFrame, "No hello within 5 s."),
    );
  }

  /** Whether the upgrade came with a valid token, though the socket still has to say hello. */
  get isKnown(): boolean {
    return this.#known;
  }

  get isOver(): boolean {
    return this.#over;
  }

  receive(data: RawData, isBinary: boolean): void {
    if (this.#over) return;
    const { socket } = this.#parts;
    const hello = isBinary ? "Frames are text." : helloOf(data.toString());
    if (typeof hello === "string") {
      this.refuse(closeCodes.badFrame, hello);
      return;
    }
    if (hello.type === "error") {
      socket.send(JSON.stringify(hello));
      this.refuse(closeCodes.badFrame, hello.detail);
      return;
    }
    // Asked even when the header's token was good at the upgrade: the device may have been revoked since.
    const token = this.#parts.token ?? hello.token;
    if (token === undefined) {
      this.refuse(closeCodes.notAuthorised, "A token is needed.");
      return;
    }
    const caller = this.#recognise(token);
    if (!caller) return;
    this.end();
    this.#parts.onHello(caller, hello);
  }

  /** Refuses a wrong token of the upgrade's header at once, instead of after the hello. */
  checkHeader(): void {
    if (this.#parts.token !== undefined) this.#known = this.#recognise(this.#parts.token) !== undefined;
  }

  /** The device behind the token; refuses the socket if there is none, or if the database cannot say. */
  #recognise(token: string): Caller | undefined {
    const { gatekeeper, log, onBadToken } = this.#parts;
    try {
      const caller = gatekeeper.authenticate(token);
      if (caller) return caller;
      onBadToken();
      this.refuse(closeCodes.notAuthorised, "The token is not valid.");
    } catch (error) {
      // Not 4401: a client would take its good token for a bad one, and forget it.
      log.error("socket.not_authenticated", { error });
      this.refuse(closeCodes.broken, "The token could not be looked up; come back.");
    }
    return undefined;
  }

  /** Closes the socket, and ends it when the other side does not answer the close in time. */
  refuse(code: number, reason: string): void {
    this.end();
    const { socket, clock } = this.#parts;
    socket.close(code, closeReason(reason));
    // An unauthenticated socket gets less time to answer the close than a known device.
    this.#disarm = clock.after(farewellMs, () => this.terminate());
  }

  /** Ends the socket without waiting for the other side. */
  terminate(): void {
    this.end();
    this.#parts.socket.terminate();
  }

  /** Waits no more, for a hello or a farewell. Idempotent. */
  end(): void {
    this.#over = true;
    this.#disarm();
  }
}

/** The hello, the answer to a hello that is not valid, or the reason why a frame is no hello. */
function helloOf(text: string): HelloFrame | ErrorFrame | string {
  const parsed = parseFrame(text);
  switch (parsed.kind) {
    case "frame":
      return parsed.frame.type === "hello" ? parsed.frame : "The first frame must be hello.";
    case "faulty":
      return { type: "error", ref: parsed.ref, code: "bad_frame", detail: parsed.detail };
    case "foreign":
      return parsed.detail;
  }
}
