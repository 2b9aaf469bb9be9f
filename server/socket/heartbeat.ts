import { DeadlineTimer, instantOf } from "../domain/deadlineTimer.ts";
import type { Clock } from "../domain/ports.ts";

/** The server pings each client in this rhythm (docs/api.md, WebSocket: 15 s). */
export const pingEveryMs = 15_000;
/** A client of which nothing was heard for so long, no frame and no pong, is dropped (docs/api.md, WebSocket: 35 s). */
export const silenceLimitMs = 35_000;

/** A beat that comes later than this was delayed by a suspend of the computer, in which no peer could be heard. */
const sleepMs = 5_000;

/** A peer with a keep-alive: the socket of one client. */
export interface HeartbeatPeer {
  /** When the last sign of life was, by the monotonic clock. */
  heardAt: number;
  ping(): void;
  /** Ends the connection without a close frame: the other side does not hear any more. */
  terminate(): void;
}

/**
 * The keep-alive of all sockets: pings them and ends the half-open ones. A peer that vanished without a word leaves a
 * connection that TCP holds open for hours. One timer for all, armed at the next instant at which something is due; none
 * while there is no peer.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #timer: DeadlineTimer;
  readonly #nextPingAt = new Map<HeartbeatPeer, number>();
  /** The reading of the monotonic clock at which the next beat is due. */
  #nextBeatAt = Number.POSITIVE_INFINITY;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
    this.#timer = new DeadlineTimer({ clock, onDue: () => this.#beat() });
  }

  watch(peer: HeartbeatPeer): void {
    const pingAt = this.#clock.monotonic() + pingEveryMs;
    this.#nextPingAt.set(peer, pingAt);
    this.#armNoLaterThan(pingAt);
  }

  forget(peer: HeartbeatPeer): void {
    if (this.#nextPingAt.delete(peer) && this.#nextPingAt.size === 0) this.stop();
  }

  stop(): void {
    this.#nextPingAt.clear();
    this.#nextBeatAt = Number.POSITIVE_INFINITY;
    this.#timer.cancel();
  }

  #armNoLaterThan(reading: number): void {
    this.#nextBeatAt = Math.min(this.#nextBeatAt, reading);
    this.#timer.armNoLaterThan(instantOf(this.#clock, reading));
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    const lateMs = now - this.#nextBeatAt;
    if (lateMs > sleepMs) for (const peer of this.#nextPingAt.keys()) peer.heardAt += lateMs;
    this.#nextBeatAt = Number.POSITIVE_INFINITY;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const [peer, pingAt] of this.#nextPingAt) {
      if (peer.heardAt + silenceLimitMs <= now) {
        this.#nextPingAt.delete(peer);
        peer.terminate();
        continue;
      }
      let nextPingAt = pingAt;
      if (pingAt <= now) {
        peer.ping();
        nextPingAt = now + pingEveryMs;
        this.#nextPingAt.set(peer, nextPingAt);
      }
      nextAt = Math.min(nextAt, nextPingAt, peer.heardAt + silenceLimitMs);
    }
    if (nextAt !== Number.POSITIVE_INFINITY) this.#armNoLaterThan(nextAt);
  }
}
