import type { Clock, DeviceDirectory, Log } from "../domain/ports.ts";
import type { ApnsEnvironment, PushTarget } from "../domain/push.ts";

/** How long a token that both environments refuse is watched before it is dropped. */
const quarantineMs = 10_000;
/** As many refused tokens in one quarantine are our fault (key, topic, host), not the devices'. */
const massSize = 5;

export interface TokenWardParts {
  devices: Pick<DeviceDirectory, "get" | "setPush">;
  clock: Clock;
  log: Log;
}

const sameToken = (a: PushTarget | null | undefined, b: PushTarget): boolean =>
  a?.provider === b.provider && a.token === b.token;

/**
 * Decides which push tokens go. A token that is dropped by mistake is a phone that stays silent, so only proof counts:
 *
 *   410 (`Unregistered`, `ExpiredToken`): dropped when Apple's timestamp is later than the registration and the device
 *     has not registered another token since. No timestamp is no proof.
 *   400 `BadDeviceToken` in both environments: quarantined for ten seconds, then dropped; unless five tokens are there
 *     by then, which says that it is us.
 */
export class TokenWard {
  readonly #parts: TokenWardParts;
  readonly #suspects = new Map<string, PushTarget>();
  #disarm: (() => void) | undefined;
  #verdictAt = 0;
  /** After a mass refusal no token is dropped until a push has got through: the fault may still be there. */
  #distrustsItself = false;

  constructor(parts: TokenWardParts) {
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
    // The registration in force, not the one that was sent to: the app may have said the same token again since.
    const registeredAt = current?.registeredAt ?? target.registeredAt;
    if (sinceAt === undefined || sinceAt <= registeredAt) {
      log.warn("push.token_kept", { deviceId, sinceAt, registeredAt });
      return "kept";
    }
    devices.setPush(deviceId, null);
    log.info("push.token_dropped", { deviceId, sinceAt, registeredAt });
    return "dropped";
  }

  /** Both environments refuse the token. Returns the instant of the verdict; until then the device is left alone. */
  suspect(deviceId: string, target: PushTarget): number {
    const { clock, log } = this.#parts;
    log.warn("push.token_quarantined", { deviceId, quarantineMs });
    this.#suspects.set(deviceId, target);
    if (!this.#disarm) {
      this.#verdictAt = clock.now() + quarantineMs;
      this.#disarm = clock.after(quarantineMs, () => this.#judgeSuspects());
    }
    return this.#verdictAt;
  }

  /** The token works, in the other environment than the app had said. */
  repairEnvironment(deviceId: string, target: PushTarget, environment: ApnsEnvironment): void {
    const current = this.#parts.devices.get(deviceId)?.push;
    if (!current || !sameToken(current, target)) return;
    this.#parts.devices.setPush(deviceId, { ...current, environment });
    this.#parts.log.info("push.environment_repaired", { deviceId, environment });
  }

  /** A push got through: key, topic and host are right. */
  noteSent(): void {
    this.#distrustsItself = false;
  }

  /** Forgets the suspects; their tokens stay, and the next push finds out anew. */
  stop(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#suspects.clear();
  }

  #judgeSuspects(): void {
    const { devices, log } = this.#parts;
    const suspects = [...this.#suspects];
    this.stop();
    if (suspects.length >= massSize) this.#distrustsItself = true;
    if (this.#distrustsItself) {
      log.error("push.tokens_refused_in_mass", { devices: suspects.length, dropped: 0 });
      return;
    }
    for (const [deviceId, target] of suspects) {
      try {
        const current = devices.get(deviceId)?.push;
        if (!current || current.registeredAt !== target.registeredAt || !sameToken(current, target)) continue;
        devices.setPush(deviceId, null);
        log.info("push.token_dropped", { deviceId, reason: "BadDeviceToken" });
      } catch (error) {
        log.error("push.token_not_dropped", { deviceId, error });
      }
    }
  }
}
