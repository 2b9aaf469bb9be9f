import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Log } from "../../domain/ports.ts";

/**
 * Most requests in flight on one connection. Apple allows about 1,000 streams; node-apn lost whole bursts that were
 * handed to it at once, and above 500 the rate no longer grew (measured against a local stand-in).
 */
export const maxInFlight = 500;

/** How long a session may be silent while requests wait, ms. Apple answers within some 100 ms. */
export interface ApnsSessionTiming {
  /** Silence before a ping is sent. */
  pingAfterMs: number;
  /** Silence after the ping before the connection counts as half-open. */
  pongWithinMs: number;
}
export const defaultSessionTiming: ApnsSessionTiming = { pingAfterMs: 500, pongWithinMs: 1500 };

export interface ApnsSessionParts {
  /** Node's session; it is still connecting. */
  http2: ClientHttp2Session;
  socket: Socket;
  timing: ApnsSessionTiming;
  /** There may be room for another request, or the session has ended. */
  onChange(): void;
  log: Pick<Log, "info">;
}

/**
 * An HTTP/2 session with Apple and the requests in flight on it.
 *
 *   connecting -> open -> retired (no new requests; those in flight end by themselves) -> closed
 *
 * A half-open connection goes from open or retired straight to closed, and its requests fail.
 */
export class ApnsSession {
  readonly http2: ClientHttp2Session;
  readonly #parts: ApnsSessionParts;
  #inFlight = 0;
  // One until Apple's SETTINGS are there: with token authentication Apple starts a connection with a single stream.
  #limit = 1;
  #watchdog: NodeJS.Timeout | undefined;
  #retired = false;
  connected = false;
  closed = false;
  goaway = false;
  halfOpen = false;
  /** A response has come over this session: it is not a session that failed from the start. */
  answered = false;
  /** Why the connection broke, when Node said so. */
  error: Error | undefined;

  constructor(parts: ApnsSessionParts) {
    this.#parts = parts;
    this.http2 = parts.http2;
    const { http2 } = parts;
    http2.on("connect", () => {
      this.connected = true;
      parts.log.info("push.connected");
      this.#watch();
    });
    http2.on("remoteSettings", (settings) => {
      this.#limit = Math.max(1, Math.min(settings.maxConcurrentStreams ?? maxInFlight, maxInFlight));
      parts.onChange();
    });
    http2.on("error", (error: Error) => {
      this.error = error;
    });
    http2.on("goaway", (errorCode) => {
      this.goaway = true;
      parts.log.info("push.goaway", { errorCode, inFlight: this.#inFlight });
      this.retire();
    });
    http2.on("frameError", () => this.retire());
    http2.on("close", () => {
      this.closed = true;
      clearTimeout(this.#watchdog);
      // Node leaves a gracefully closed socket open until the peer closes too, which a half-open one never does.
      parts.socket.destroy();
      parts.onChange();
    });
  }

  /** Whether another request may start here now. */
  get hasRoom(): boolean {
    return this.isUsable && this.#inFlight < this.#limit;
  }

  /** Whether requests may start here at all, now or later. */
  get isUsable(): boolean {
    return !this.#retired && !this.closed && !this.http2.closed && !this.http2.destroyed;
  }

  /** Counts a request in; the watchdog runs as long as there is one. */
  begin(): void {
    this.#inFlight += 1;
    if (this.#inFlight === 1) this.#watch();
  }

  /** Counts a request out. */
  end(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) {
      clearTimeout(this.#watchdog);
      if (this.#retired) this.destroy();
    }
    this.#parts.onChange();
  }

  /** A response arrived: a sign of life. */
  noteAnswer(): void {
    this.answered = true;
    this.#watch();
  }

  /**
   * Takes no more requests and closes when the last in flight has ended. Idempotent. This is what makes a graceful
   * GOAWAY harmless: node-apn destroys the session at once and kills the streams that Apple is still going to answer.
   */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#inFlight === 0) this.destroy();
    else if (!this.http2.destroyed) this.http2.close();
    this.#parts.onChange();
  }

  /** Breaks the connection now; requests in flight fail. Idempotent. */
  destroy(): void {
    this.#retired = true;
    clearTimeout(this.#watchdog);
    // With an error, because streams of a session destroyed without one end in silence.
    if (!this.http2.destroyed) this.http2.destroy(new Error("The connection to APNs was dropped."));
    this.#parts.socket.destroy();
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#inFlight === 0 || this.closed) return;
    this.#watchdog = setTimeout(() => this.#probe(), this.#parts.timing.pingAfterMs);
  }

  #probe(): void {
    // Node cancels pings before the connection stands and after GOAWAY; then the requests' own time-out watches.
    if (!this.connected || this.http2.closed || this.http2.destroyed) return;
    this.#watchdog = setTimeout(() => {
      this.halfOpen = true;
      this.#parts.log.info("push.half_open", { inFlight: this.#inFlight });
      this.destroy();
    }, this.#parts.timing.pongWithinMs);
    this.http2.ping((error) => {
      if (error === null || this.http2.closed) this.#watch();
    });
  }
}
