import type { Caller } from "../domain/delivery/device.ts";
import type {
  ApnsEnvironment,
  ApnsTarget,
  PushTarget,
  WebPushPolicy,
  WebPushTarget,
} from "../domain/delivery/push.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Store } from "../domain/ports.ts";

export interface PushRegistrationParts {
  store: Store;
  clock: Clock;
  /** Environment of a token that comes without one (`APNS_ENVIRONMENT`). */
  defaultEnvironment: ApnsEnvironment;
  webPush: WebPushPolicy;
}

/** A merge patch of a push target: absent = unchanged, `null` = removed. */
export interface ApnsChange {
  token?: string;
  environment?: ApnsEnvironment;
  topic?: string | null;
  encryptionKey?: string | null;
}

/** Registers the push target of a device: an APNs token or a Web Push subscription. */
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
      this.#takeFromOthers(deviceId, by, (push) => push.provider === "apns" && push.token === token);
      store.devices.setPush(deviceId, next);
      if (before === undefined || !sameTarget(before, next)) {
        this.#audit(by, "push.register", deviceId, `apns ${next.environment}`);
      }
    });
  }

  /**
   * Sends the device's pushes to a browser's subscription from now on. Throws `push_disabled` when Web Push is off, and
   * `invalid_request` for an endpoint that the server will not call.
   */
  subscribe(deviceId: string, subscription: Pick<WebPushTarget, "endpoint" | "keys">, by: Caller): void {
    const { store, clock, webPush } = this.#parts;
    if (webPush.publicKey === undefined) throw webPushDisabled();
    const { endpoint, keys } = subscription;
    const refusal = webPush.refusal(endpoint);
    if (refusal !== undefined) {
      throw new DaylongError("invalid_request", `push.subscription.endpoint ${refusal}.`, {
        faults: [{ path: "push.subscription.endpoint", message: refusal }],
      });
    }
    store.transaction(() => {
      const before = this.#pushOf(deviceId);
      // The same target is a new registration all the same: later than any verdict of a push service on the old one.
      const next: WebPushTarget = { provider: "webpush", endpoint, keys, registeredAt: clock.now() };
      this.#takeFromOthers(deviceId, by, (push) => push.provider === "webpush" && push.endpoint === endpoint);
      store.devices.setPush(deviceId, next);
      if (before?.provider === "webpush" && before.endpoint === endpoint) return;
      this.#audit(by, "push.register", deviceId, `webpush ${new URL(endpoint).hostname}`);
    });
  }

  /** What a page gives to `pushManager.subscribe`. Throws `push_disabled` when Web Push is off. */
  get vapidKey(): string {
    const { publicKey } = this.#parts.webPush;
    if (publicKey === undefined) throw webPushDisabled();
    return publicKey;
  }

  /** The device gets no pushes any more, to Live Activities neither. */
  remove(deviceId: string, by: Caller): void {
    const { store } = this.#parts;
    store.transaction(() => {
      store.activities.removeAll(deviceId);
      if (this.#pushOf(deviceId) === null) return;
      store.devices.setPush(deviceId, null);
      this.#audit(by, "push.remove", deviceId, "");
    });
  }

  /**
   * A phone that was paired twice has one token; only its latest pairing may ring it. The device that loses it is told: it may
   * be another's phone, and would wait for pushes in vain.
   */
  #takeFromOthers(deviceId: string, by: Caller, isTheSame: (push: PushTarget) => boolean): void {
    const { store } = this.#parts;
    for (const other of store.devices.list()) {
      if (other.deviceId === deviceId || other.push === null || !isTheSame(other.push)) continue;
      const { name, push } = other;
      const { provider } = push;
      store.devices.setPush(other.deviceId, null);
      store.events.append({
        sessionId: null,
        type: "device.push_lost",
        data: { deviceId: other.deviceId, name, by: deviceId, provider },
      });
      this.#audit(by, "push.take", other.deviceId, `${provider}, now of ${deviceId}`);
    }
  }

  #targetOf(deviceId: string): ApnsTarget | undefined {
    const push = this.#pushOf(deviceId);
    return push?.provider === "apns" ? push : undefined;
  }

  #pushOf(deviceId: string): PushTarget | null {
    const device = this.#parts.store.devices.get(deviceId);
    if (device === undefined) {
      throw new DaylongError("device_not_found", "No device with this id is paired with this server.");
    }
    return device.push;
  }

  #audit(by: Caller, action: string, target: string, detail: string): void {
    const { store, clock } = this.#parts;
    store.audit.add({ at: clock.now(), deviceId: by.deviceId, action, target, detail });
  }
}

const webPushDisabled = (): DaylongError =>
  new DaylongError(
    "push_disabled",
    "Web Push is off. VAPID_SUBJECT on the computer switches it on; see /health.",
  );

const sameTarget = (a: ApnsTarget, b: ApnsTarget): boolean =>
  a.token === b.token &&
  a.environment === b.environment &&
  a.topic === b.topic &&
  a.encryptionKey === b.encryptionKey;
