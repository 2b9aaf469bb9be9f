import { type PushTarget, routeOf } from "../domain/push.ts";

/** Pause between two probes of a route that refuses everything: mended by the owner, not by haste. */
export const probeEveryMs = 60_000;

/**
 * Routes that refuse every push for a fault of our own configuration (key, topic, certificate). Asking again with each
 * delivery of each device would change nothing and make Apple shut the door: one push a minute asks for all of them.
 *
 *   open -> stopped (until an instant) -> probing (one push is on its way, the others wait on) -> open | stopped
 */
export class Standstill {
  readonly #untilByRoute = new Map<string, number>();

  /** The instant to come back at, or `undefined` when the push may go: as any other, or as the probe. */
  enter(target: PushTarget, now: number): number | undefined {
    const route = routeOf(target);
    const untilAt = this.#untilByRoute.get(route);
    if (untilAt === undefined) return undefined;
    if (now < untilAt) return untilAt;
    this.#untilByRoute.set(route, now + probeEveryMs);
    return undefined;
  }

  /** The route refused a push for our fault. Returns the instant of the next probe. */
  stop(target: PushTarget, now: number): number {
    const untilAt = now + probeEveryMs;
    this.#untilByRoute.set(routeOf(target), untilAt);
    return untilAt;
  }

  /** The route took a push, or found fault with the push or its device only. */
  open(target: PushTarget): void {
    this.#untilByRoute.delete(routeOf(target));
  }
}
