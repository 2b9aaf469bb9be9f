import { signal } from "@preact/signals";
import type { Answer, DaylongClient } from "../../../client/src/index.ts";
import type { HostStore } from "../hosts/host.ts";
import { type PushState, pushStateOf } from "./pushState.ts";

type Device = Answer<"GET /api/devices/{id}">;
type TestPush = Answer<"POST /api/devices/test-push">;

/** Kept with the host: the owner has turned notifications on, so a subscription that the browser has dropped is made anew. */
const wantedKey = "push.wanted";

export const isApplePhone = (): boolean =>
  /iPhone|iPad|iPod/.test(navigator.userAgent) ||
  (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

export const isStandalone = (): boolean =>
  matchMedia("(display-mode: standalone)").matches ||
  (navigator as Navigator & { standalone?: boolean }).standalone === true;

/** This browser's subscription to Web Push, and the server's record of it. */
export class WebPush {
  readonly state = signal<PushState | undefined>(undefined);
  readonly #client: DaylongClient;
  readonly #store: HostStore;
  readonly #hostId: string;
  #serverKey: string | undefined;

  constructor(parts: { client: DaylongClient; store: HostStore; hostId: string }) {
    this.#client = parts.client;
    this.#store = parts.store;
    this.#hostId = parts.hostId;
  }

  /** At each opening of the page: nothing is asked for while the owner has not turned notifications on. */
  async renew(me: Device): Promise<void> {
    if ((await this.#store.get(this.#hostId, wantedKey)) === "yes") await this.look(me);
  }

  /**
   * Looks how things stand; a subscription that the owner wants is compared with the server's, and renewed where the browser
   * dropped it, the server forgot it or has another key.
   */
  async look(me: Device): Promise<void> {
    this.#serverKey ??= await this.#readServerKey();
    const registration = await this.#registration();
    let subscription = (await registration?.pushManager?.getSubscription()) ?? null;
    const isWanted = (await this.#store.get(this.#hostId, wantedKey)) === "yes";
    if (isWanted && registration && this.#isPossible() && Notification.permission === "granted") {
      if (subscription && !this.#isOfServer(subscription)) {
        await subscription.unsubscribe();
        subscription = null;
      }
      subscription ??= await this.#subscribe(registration);
      if (subscription) await this.#register(subscription);
    }
    this.state.value = pushStateOf({
      isSecureContext: globalThis.isSecureContext,
      hasServiceWorker: "serviceWorker" in navigator,
      hasPush: "PushManager" in globalThis && "Notification" in globalThis,
      isApplePhone: isApplePhone(),
      isStandalone: isStandalone(),
      serverHasKey: this.#serverKey !== "",
      mayRegister: me.scope !== "read",
      permission: "Notification" in globalThis ? Notification.permission : "default",
      isSubscribed: subscription !== null && isWanted,
    });
  }

  /** Asks the person, subscribes and tells the server. Rejects with what stood in the way. */
  async turnOn(me: Device): Promise<void> {
    const permission = await Notification.requestPermission();
    if (permission === "granted") {
      await this.#store.set(this.#hostId, wantedKey, "yes");
      const registration = await this.#registration();
      const known = await registration?.pushManager.getSubscription();
      const subscription = known ?? (registration && (await this.#subscribe(registration)));
      if (!subscription) throw new Error("The browser gave no subscription.");
      await this.#register(subscription);
    }
    await this.look(me);
  }

  async turnOff(me: Device): Promise<void> {
    await this.#store.remove(this.#hostId, wantedKey);
    await this.#client.rest.ask("PATCH", "/api/devices/me", { push: null });
    const registration = await this.#registration();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
    await this.look(me);
  }

  test(): Promise<TestPush> {
    return this.#client.rest.ask<TestPush>("POST", "/api/devices/test-push");
  }

  #isPossible(): boolean {
    return "PushManager" in globalThis && "Notification" in globalThis && Boolean(this.#serverKey);
  }

  /** The service worker, once it works; `undefined` where there can be none. */
  async #registration(): Promise<ServiceWorkerRegistration | undefined> {
    if (!("serviceWorker" in navigator)) return undefined;
    const registered = await navigator.serviceWorker.getRegistration();
    return registered === undefined ? undefined : navigator.serviceWorker.ready;
  }

  /** The server's key; empty: Web Push is off there, which its health says without a refusal. */
  async #readServerKey(): Promise<string> {
    const { rest } = this.#client;
    const { checks } = await rest.ask<Answer<"GET /health">>("GET", "/health");
    if (checks?.webPush?.state === "disabled") return "";
    return (await rest.ask<Answer<"GET /api/push/vapid-key">>("GET", "/api/push/vapid-key")).publicKey;
  }

  #subscribe(registration: ServiceWorkerRegistration): Promise<PushSubscription> {
    return registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: this.#serverKey ?? "",
    });
  }

  #isOfServer({ options }: PushSubscription): boolean {
    const key = options.applicationServerKey;
    if (key === null) return true;
    const text = btoa(String.fromCharCode(...new Uint8Array(key)));
    return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") === this.#serverKey;
  }

  async #register(subscription: PushSubscription): Promise<void> {
    const { endpoint, keys } = subscription.toJSON();
    await this.#client.rest.ask("PATCH", "/api/devices/me", {
      push: { provider: "webpush", subscription: { endpoint, keys } },
    });
  }
}
