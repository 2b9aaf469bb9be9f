import { type PushTarget, routeOf } from "../../domain/delivery/push.ts";

/** Pause between two probes of a route that refuses everything: mended by the owner, not by haste. */
export const probeEveryMs = 60_000;
/** As many devices refused, and none got through since, are our fault; fewer may each have brought it with them. */
export const massSize = 3;

interface Route {
  /** Until then no push but the probe is sent; `undefined`: the route is closed, and everything is sent. */
  openUntilAt?: number;
  /** Devices refused since a push got through. */
  refused: Set<string>;
  /** Devices that had been refused when another one got through: they count no more until they get through, too. */
  atFault: Set<string>;
  lastProbe?: string;
}

/**
 * Circuit breaker for each route to a push service: stops pushes while the service refuses every one for a fault of our own
 * configuration (key, topic, certificate). Retrying each delivery of each device would change nothing and make Apple block
 * us: one push a minute probes for all of them.
 *
 *   closed -> open (until an instant) -> half-open (one probe is in flight, the others wait on) -> closed | open
 *
 * Its instants, `now` among them, are readings of the monotonic clock.
 *
 * A push service for browsers gives the same answer to a subscription that was made for another server's key (RFC 8292,
 * 4.2). One device is therefore no proof against its route, and a device that was refused lets other devices probe first.
 */
export class PushCircuitBreaker {
  readonly #routes = new Map<string, Route>();

  /** The reading to come back at, or `undefined` when the push may be sent: as any other, or as the probe. */
  admit(deviceId: string, target: PushTarget, now: number): number | undefined {
    // Usually no route has refused anything, and the route of a push need not be named.
    if (this.#routes.size === 0) return undefined;
    const route = this.#routes.get(routeOf(target));
    if (route?.openUntilAt === undefined) return undefined;
    if (now < route.openUntilAt) return route.openUntilAt;
    const mayProbeAt = route.openUntilAt + this.#probesToSkip(route, deviceId) * probeEveryMs;
    if (now < mayProbeAt) return mayProbeAt;
    route.openUntilAt = now + probeEveryMs;
    route.lastProbe = deviceId;
    return undefined;
  }

  /** Probes that are left to other devices: to those that were not refused first, then to those that did not probe last. */
  #probesToSkip({ refused, atFault, lastProbe }: Route, deviceId: string): number {
    if (!refused.has(deviceId) && !atFault.has(deviceId)) return 0;
    return lastProbe === deviceId ? 2 : 1;
  }

  /** The route refused a push for our fault. Returns the reading at the next probe. */
  trip(target: PushTarget, now: number): number {
    const openUntilAt = now + probeEveryMs;
    this.#routeOf(target).openUntilAt = openUntilAt;
    return openUntilAt;
  }

  /**
   * The route refused a push for our fault, or for the device's. Returns the reading at the next probe, or `undefined`
   * when only this device is affected.
   */
  noteDeviceRefused(deviceId: string, target: PushTarget, now: number): number | undefined {
    const route = this.#routeOf(target);
    if (!route.atFault.has(deviceId)) route.refused.add(deviceId);
    const isOpen = route.openUntilAt !== undefined;
    return isOpen || route.refused.size >= massSize ? this.trip(target, now) : undefined;
  }

  /** The route found fault with the push or its device only. */
  close(target: PushTarget): void {
    if (this.#routes.size === 0) return;
    const route = this.#routes.get(routeOf(target));
    if (route) route.openUntilAt = undefined;
  }

  /** The route took a push: nothing is wrong with it now, so a device that is refused from here on is at fault alone. */
  noteSuccess(deviceId: string, target: PushTarget): void {
    if (this.#routes.size === 0) return;
    this.close(target);
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
