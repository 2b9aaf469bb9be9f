import type { Clock } from "../domain/ports.ts";

/** The server pings each client in this rhythm (docs/api.md, WebSocket: 15 s). */
export const pingEveryMs = 15_000;
/** A client of which nothing was heard for so long, no frame and no pong, is dropped (docs/api.md, WebSocket: 35 s). */
export const silenceLimitMs = 35_000;

/** Somebody who must show that he is there. */
export interface HeartbeatPeer {
  /** Instant of the last sign of life. */
  readonly heardAt: number;
  ping(): void;
  /** Ends it without a farewell: the other side does not hear any more. */
  terminate(): void;
}

/**
 * Finds the half-open sockets: a peer that vanished without a word leaves a connection that TCP holds open for hours.
 * One timer for all, armed at the next instant at which something is due; none while nobody is there.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #nextPingAt = new Map<HeartbeatPeer, number>();
  #disarm: (() => void) | undefined;
  #armedAt = Number.POSITIVE_INFINITY;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  watch(pulse: HeartbeatPeer): void {
    const now = this.#clock.now();
    this.#nextPingAt.set(pulse, now + pingEveryMs);
    this.#arm(now + pingEveryMs);
  }

  forget(pulse: HeartbeatPeer): void {
    if (this.#nextPingAt.delete(pulse) && this.#nextPingAt.size === 0) this.#rest();
  }

  stop(): void {
    this.#nextPingAt.clear();
    this.#rest();
  }

  #rest(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    if (at >= this.#armedAt) return;
    this.#disarm?.();
    this.#armedAt = at;
    this.#disarm = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#beat());
  }

  #beat(): void {
    this.#rest();
    const now = this.#clock.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const [pulse, pingAt] of this.#nextPingAt) {
      if (pulse.heardAt + silenceLimitMs <= now) {
        this.#nextPingAt.delete(pulse);
        pulse.terminate();
        continue;
      }
      let nextPingAt = pingAt;
      if (pingAt <= now) {
        pulse.ping();
        nextPingAt = now + pingEveryMs;
        this.#nextPingAt.set(pulse, nextPingAt);
      }
      nextAt = Math.min(nextAt, nextPingAt, pulse.heardAt + silenceLimitMs);
    }
    if (nextAt !== Number.POSITIVE_INFINITY) this.#arm(nextAt);
  }
}
