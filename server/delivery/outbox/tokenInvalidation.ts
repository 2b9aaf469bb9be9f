import { instantOf } from "../../domain/deadlineTimer.ts";
import type { ApnsEnvironment, ApnsTarget, PushProvider, PushTarget } from "../../domain/delivery/push.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import type { DeviceStore } from "../../domain/stores/delivery.ts";

/** How long a token that both environments refuse is watched before it is dropped. */
const quarantineMs = 10_000;
/** As many refused tokens in one quarantine are our fault (key, topic, host), not the devices'. */
const massSize = 5;

export interface TokenInvalidationParts {
  devices: Pick<DeviceStore, "get" | "setPush">;
  clock: Clock;
  log: Log;
}

const addressOf = (target: PushTarget): string =>
  target.provider === "apns" ? target.token : target.endpoint;
const sameToken = (a: PushTarget | null | undefined, b: PushTarget): boolean =>
  a?.provider === b.provider && addressOf(a) === addressOf(b);

/**
 * Decides which push tokens are dropped as invalid. A token that is dropped by mistake is a phone that stays silent, so only
 * proof counts:
 *
 *   410 (`Unregistered`, `ExpiredToken`): dropped when Apple's timestamp is later than the registration and the device
 *     has not registered another token since. No timestamp is no proof.
 *   400 `BadDeviceToken` in both environments: quarantined for ten seconds, then dropped; unless five tokens are in
 *     quarantine by then, which proves a fault of ours.
 *   404 or 410 of a browser's push service, which names no instant: the same quarantine.
 *
 * Each push service has its own quarantine: a fault of one says nothing about the other.
 */
export class TokenInvalidation {
  readonly #parts: TokenInvalidationParts;
  readonly #suspects = new Map<string, PushTarget>();
  #disarm: (() => void) | undefined;
  /** By the monotonic clock, and so is `#trustedAgainAt`. */
  #verdictAt = 0;
  /** After a mass refusal no token is dropped until a push has got through: the fault may still be there. */
  readonly #distrusted = new Set<PushProvider>();
  readonly #trustedAgainAt = new Map<PushProvider, number>();

  constructor(parts: TokenInvalidationParts) {
    this.#parts = parts;
  }

  /** Apple says the token is dead since `sinceAt`. `changed`: the device has another one by now, which may be tried. */
  judgeUnregistered(
    deviceId: string,
    target: PushTarget,
    sinceAt: number | undefined,
  ): "dropped" | "kept" | "changed" {
    const { devices, log } = this.#parts;
    const current = devices.get(deviceId)?.push;
    if (current && !sameToken(current, target)) return "changed";
    // The registration in force, not the one that was sent to: the app may have registered the same token again since.
    const registeredAt = current?.registeredAt ?? target.registeredAt;
    if (sinceAt === undefined || sinceAt <= registeredAt) {
      log.warn("push.token_kept", { deviceId, sinceAt, registeredAt });
      return "kept";
    }
    devices.setPush(deviceId, null);
    log.info("push.token_dropped", { deviceId, sinceAt, registeredAt });
    return "dropped";
  }

  /** Whether the device has registered another address since. */
  hasChanged(deviceId: string, target: PushTarget): boolean {
    const current = this.#parts.devices.get(deviceId)?.push;
    return !!current && !sameToken(current, target);
  }

  /**
   * Both environments refuse the token, or the browser's subscription is said to be over, as it was asked at `askedAt` (monotonic).
   * Returns the instant of the verdict; until then the device is left alone.
   */
  suspect(deviceId: string, target: PushTarget, askedAt: number): number {
    const { clock, log } = this.#parts;
    // Sent before the fault of ours was mended, answered after it: no reason to suspect the token.
    const trustedAgainAt = this.#trustedAgainAt.get(target.provider);
    if (trustedAgainAt !== undefined && askedAt < trustedAgainAt) return clock.now();
    log.warn("push.token_quarantined", { deviceId, quarantineMs });
    this.#suspects.set(deviceId, target);
    if (!this.#disarm) {
      this.#verdictAt = clock.monotonic() + quarantineMs;
      this.#disarm = clock.after(quarantineMs, () => this.#judgeSuspects());
    }
    return instantOf(clock, this.#verdictAt);
  }

  /** The token works, in the other environment than the app had said. */
  repairEnvironment(deviceId: string, target: ApnsTarget, environment: ApnsEnvironment): void {
    const current = this.#parts.devices.get(deviceId)?.push;
    if (current?.provider !== "apns" || !sameToken(current, target)) return;
    this.#parts.devices.setPush(deviceId, { ...current, environment });
    this.#parts.log.info("push.environment_repaired", { deviceId, environment });
  }

  /** A push got through: key, topic and host are right. */
  noteSent(provider: PushProvider): void {
    if (!this.#distrusted.delete(provider)) return;
    this.#trustedAgainAt.set(provider, this.#parts.clock.monotonic());
    // A refusal from before the fault of ours was mended counts against no token.
    for (const [deviceId, target] of this.#suspects) {
      if (target.provider === provider) this.#suspects.delete(deviceId);
    }
  }

  /** Ends the quarantine without a verdict; the tokens stay, and the next push starts another one. */
  stop(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#suspects.clear();
  }

  #judgeSuspects(): void {
    const { devices, log } = this.#parts;
    const suspects = [...this.#suspects];
    this.stop();
    for (const provider of new Set(suspects.map(([, target]) => target.provider))) {
      const count = suspects.filter(([, target]) => target.provider === provider).length;
      if (count >= massSize) this.#distrusted.add(provider);
      if (this.#distrusted.has(provider)) {
        log.error("push.tokens_refused_in_mass", { provider, devices: count, dropped: 0 });
      }
    }
    for (const [deviceId, target] of suspects) {
      if (this.#distrusted.has(target.provider)) continue;
      try {
        const current = devices.get(deviceId)?.push;
        if (!current || current.registeredAt !== target.registeredAt || !sameToken(current, target)) continue;
        devices.setPush(deviceId, null);
        log.info("push.token_dropped", { deviceId, provider: target.provider });
      } catch (error) {
        log.error("push.token_not_dropped", { deviceId, error });
      }
    }
  }
}
