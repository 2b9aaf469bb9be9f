import type { Caller } from "../domain/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Store } from "../domain/ports.ts";
import type { ApnsEnvironment, ApnsTarget, PushTarget } from "../domain/push.ts";

export interface PushRegistrationParts {
  store: Store;
  clock: Clock;
  /** Environment of a token that comes without one (`APNS_ENVIRONMENT`). */
  defaultEnvironment: ApnsEnvironment;
}

/** A merge patch of a push target: absent = unchanged, `null` = removed. */
export interface ApnsChange {
  token?: string;
  environment?: ApnsEnvironment;
  topic?: string | null;
  encryptionKey?: string | null;
}

/** Where a device wants its pushes. */
export class PushRegistration {
  readonly #parts: PushRegistrationParts;

  constructor(parts: PushRegistrationParts) {
    this.#parts = parts;
  }

  /**
   * Merges a change into the device's target. A bare new token keeps the encryption key: an older call of the same
   * app must not turn encrypted pushes into readable ones. Throws `push_not_registered` when there is no token yet.
   */
  register(deviceId: string, change: ApnsChange, by: Caller): void {
    const { store, clock, defaultEnvironment } = this.#parts;
    store.transaction(() => {
      const before = this.#targetOf(deviceId);
      const token = change.token ?? before?.token;
      if (token === undefined) {
        throw new DaylongError(
          "push_not_registered",
          "The device has no push token yet: send push.token together with the rest.",
        );
      }
      const next: ApnsTarget = {
        provider: "apns",
        token,
        environment: change.environment ?? before?.environment ?? defaultEnvironment,
        // The app's word that the token is its current one renews the registration: Apple's 410 counts only if later.
        registeredAt: change.token === undefined && before ? before.registeredAt : clock.now(),
      };
      const topic = change.topic === undefined ? before?.topic : change.topic;
      const encryptionKey = change.encryptionKey === undefined ? before?.encryptionKey : change.encryptionKey;
      if (topic) next.topic = topic;
      if (encryptionKey) next.encryptionKey = encryptionKey;
      this.#takeFromOthers(deviceId, token);
      store.devices.setPush(deviceId, next);
      if (before === undefined || !sameTarget(before, next)) {
        this.#audit(by, "push.register", deviceId, `apns ${next.environment}`);
      }
    });
  }

  /** The device gets no pushes any more. */
  remove(deviceId: string, by: Caller): void {
    const { store } = this.#parts;
    store.transaction(() => {
      if (this.#targetOf(deviceId) === undefined) return;
      store.devices.setPush(deviceId, null);
      this.#audit(by, "push.remove", deviceId, "");
    });
  }

  /** A phone that was paired twice has one token; only its latest pairing may ring it. */
  #takeFromOthers(deviceId: string, token: string): void {
    for (const other of this.#parts.store.devices.list()) {
      if (other.deviceId !== deviceId && apnsOf(other.push)?.token === token) {
        this.#parts.store.devices.setPush(other.deviceId, null);
      }
    }
  }

  #targetOf(deviceId: string): ApnsTarget | undefined {
    const device = this.#parts.store.devices.get(deviceId);
    if (device === undefined) {
      throw new DaylongError("device_not_found", "No device with this id is paired with this server.");
    }
    return apnsOf(device.push);
  }

  #audit(by: Caller, action: string, target: string, detail: string): void {
    const { store, clock } = this.#parts;
    store.audit.add({ at: clock.now(), deviceId: by.deviceId, action, target, detail });
  }
}

const apnsOf = (push: PushTarget | null): ApnsTarget | undefined =>
  push?.provider === "apns" ? push : undefined;

const sameTarget = (a: ApnsTarget, b: ApnsTarget): boolean =>
  a.token === b.token &&
  a.environment === b.environment &&
  a.topic === b.topic &&
  a.encryptionKey === b.encryptionKey;
