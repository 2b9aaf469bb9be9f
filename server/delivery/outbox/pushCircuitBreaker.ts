import { type PushTarget, routeOf } from "../../domain/delivery/push.ts";

/** Pause between two probes of a route that refuses everything: mended by the owner, not by haste. */
export const probeEveryMs = 60_000;
/** As many devices refused, and none got through since, are our fault; fewer may each have brought it with them. */
export const massSize = 3;

interface Route {
  /** Nobody but the probe goes before; `undefined`: it is open. */
  untilAt?: number;
  /** Devices refused since a push got through. */
  refused: Set<string>;
  /** Devices that had been refused when another one got through: they count no more until they get through, too. */
  atFault: Set<string>;
  lastProbe?: string;
}

/**
 * Routes that refuse every push for a fault of our own configuration (key, topic, certificate). Asking again with each
 * delivery of each device would change nothing and make Apple shut the door: one push a minute asks for all of them.
 *
 *   open -> stopped (until an instant) -> probing (one push is on its way, the others wait on) -> open | stopped
 *
 * A push service for browsers gives the same answer to a subscription that was made for another server's key (RFC 8292,
 * 4.2). One device is therefore no proof against its route, and who was refused lets others ask first whether it is mended.
 */
export class PushCircuitBreaker {
  readonly #routes = new Map<string, Route>();

  /** The instant to come back at, or `undefined` when the push may go: as any other, or as the probe. */
  enter(deviceId: string, target: PushTarget, now: number): number | undefined {
    const route = this.#routes.get(routeOf(target));
    if (route?.untilAt === undefined) return undefined;
    if (now < route.untilAt) return route.untilAt;
    const mayProbeAt = route.untilAt + this.#turnsToWait(route, deviceId) * probeEveryMs;
    if (now < mayProbeAt) return mayProbeAt;
    route.untilAt = now + probeEveryMs;
    route.lastProbe = deviceId;
    return undefined;
  }

  /** Probes that are left to others: to devices that were not refused first, then to those that did not probe last. */
  #turnsToWait({ refused, atFault, lastProbe }: Route, deviceId: string): number {
    if (!refused.has(deviceId) && !atFault.has(deviceId)) return 0;
    return lastProbe === deviceId ? 2 : 1;
  }

  /** The route refused a push for our fault. Returns the instant of the next probe. */
  stop(target: PushTarget, now: number): number {
    const untilAt = now + probeEveryMs;
    this.#routeOf(target).untilAt = untilAt;
    return untilAt;
  }

  /**
   * The route refused a push for our fault, or for the device's. Returns the instant of the next probe, or `undefined`
   * when only this device is the worse for it.
   */
  refuse(deviceId: string, target: PushTarget, now: number): number | undefined {
    const route = this.#routeOf(target);
    if (!route.atFault.has(deviceId)) route.refused.add(deviceId);
    const isStopped = route.untilAt !== undefined;
    return isStopped || route.refused.size >= massSize ? this.stop(target, now) : undefined;
  }

  /** The route found fault with the push or its device only. */
  open(target: PushTarget): void {
    const route = this.#routes.get(routeOf(target));
    if (route) route.untilAt = undefined;
  }

  /** The route took a push: nothing is wrong with it now, so who is refused from here on is to blame alone. */
  pass(deviceId: string, target: PushTarget): void {
    this.open(target);
    const route = this.#routes.get(routeOf(target));
    if (!route) return;
    for (const refused of route.refused) route.atFault.add(refused);
    route.refused.clear();
    route.atFault.delete(deviceId);
    if (route.atFault.size === 0) this.#routes.delete(routeOf(target));
  }

  #routeOf(target: PushTarget): Route {
    const name = routeOf(target);
    const route = this.#routes.get(name) ?? { refused: new Set(), atFault: new Set() };
    this.#routes.set(name, route);
    return route;
  }
}
