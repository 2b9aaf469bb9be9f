import type { ActivityContent } from "./liveActivity.ts";
import type { PushKind } from "./pushRules.ts";

/** Apple's two environments: a token belongs to one of them. */
export type ApnsEnvironment = "sandbox" | "production";

/** Where an APNs push goes. `topic` is the app's bundle id when it differs from the server's own. */
export interface ApnsTarget {
  provider: "apns";
  token: string;
  environment: ApnsEnvironment;
  topic?: string;
  registeredAt: number;
  /** 32 bytes, base64. When set, the payload is encrypted and the visible alert is generic. */
  encryptionKey?: string;
}

/** Where a web page's push goes: a browser's subscription (W3C Push API), with the keys that only that browser can open with. */
export interface WebPushTarget {
  provider: "webpush";
  /** The push service's address of this subscription; it is all that is needed to send a push, so it is never logged. */
  endpoint: string;
  /** Both base64url: the browser's P-256 point (65 bytes) and its shared secret (16 bytes). */
  keys: { p256dh: string; auth: string };
  registeredAt: number;
}

export type PushTarget = ApnsTarget | WebPushTarget;
export type PushProvider = PushTarget["provider"];

/** The route of a push, which shares the faults of our configuration: a key, its environment, the app's topic; a push service. */
export function routeOf(target: PushTarget): string {
  switch (target.provider) {
    case "apns":
      return `apns ${target.environment} ${target.topic ?? ""}`;
    case "webpush":
      return `webpush ${new URL(target.endpoint).origin}`;
  }
}

/** Everything a push says, before it is cut to size or encrypted. */
export interface PushContent {
  kind: PushKind;
  cursor: number;
  sessionId: string;
  turnId?: string;
  messageId?: string;
  permissionId?: string;
  /** Instant the subject of the push ends (lease, permission), if it has one. */
  expiresAt?: number;
  /** The body does not show all that the owner has to judge, however short it is. */
  truncated?: boolean;
  /** What is asked must not be allowed by the push alone. */
  lookFirst?: boolean;
  title: string;
  subtitle?: string;
  body: string;
  /** Number on the app's icon: events of push kinds that the device has not acked. */
  badge: number;
}

/** One push to one device; every attempt carries the `deliveryId`, to Apple as `apns-id`. */
export interface PushRequest<Target extends PushTarget = PushTarget> {
  deliveryId: string;
  target: Target;
  content: PushContent;
  /** Instant of the event, from which kinds without an end of their own count their 24 hours. */
  at: number;
}

/** A silent push: events that the device was pushed have been read on another one, and its badge is out of date. */
export interface SyncRequest<Target extends PushTarget = PushTarget> {
  deliveryId: string;
  target: Target;
  /** Number of events that are still unread on the device. */
  unread: number;
  cursor: number;
}

/** One push to a Live Activity, or one that starts it. */
export interface ActivityRequest {
  deliveryId: string;
  /** The target of the app's alerts, with the activity's token or the push-to-start token in place of theirs. */
  target: ApnsTarget;
  event: "start" | "update" | "end";
  content: ActivityContent;
  /** Fixed for the life of the activity; the names are also what the alert of its start says. */
  attributes: { sessionId: string; turnId: string; title: string; projectName: string };
  /** Instant of sending: the device shows the latest, however the pushes are ordered when they arrive. */
  at: number;
  /** Instant from which the content counts as outdated; of an end, from which it is taken off the screen. */
  untilAt: number;
  /** Instant after which Apple need not deliver it any more. */
  expiresAt: number;
}

/** The outcome of one attempt. `sent` means accepted by the push service, not seen by the owner. */
export type PushOutcome =
  /** `apnsId`: Apple's id of the push; elsewhere the delivery's own. */
  | { outcome: "sent"; apnsId: string; status: number; latencyMs: number }
  | { outcome: "retry"; notBeforeAt?: number; status?: number; reason: string; latencyMs: number }
  /** The token is dead; `sinceAt` is Apple's timestamp of a 410 (absent: unknown). */
  | { outcome: "gone"; sinceAt?: number; status: number; reason: string; latencyMs: number }
  /**
   * Our key, topic or certificate is wrong: nothing will get through until the owner mends it. From a browser's push
   * service, with a `status`: or the subscription was made for another key, and only it is refused.
   */
  | { outcome: "config"; status?: number; reason: string; latencyMs: number }
  /** This push can never be accepted. */
  | { outcome: "dead"; status?: number; reason: string; latencyMs: number };

/** `disabled`: not configured; `failing` names the last configuration fault. */
export interface PushHealth {
  state: "ok" | "disabled" | "failing";
  detail?: string;
}

/** One push service. Every failure is an outcome; no call rejects. */
export interface PushChannel<Target extends PushTarget> {
  send(request: PushRequest<Target>): Promise<PushOutcome>;
  /** One attempt, never stored on the way: the next alert carries the true badge anyway. */
  sync(request: SyncRequest<Target>): Promise<PushOutcome>;
  health(): PushHealth;
  /** Waits for pushes in flight up to `graceMs`, then drops the connections. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

/** Port of the driven edge that rings devices: each through the push service it registered with. */
export interface PushSender extends Omit<PushChannel<PushTarget>, "health"> {
  /** A Live Activity, which only Apple has. */
  activity(request: ActivityRequest): Promise<PushOutcome>;
  health(provider: PushProvider): PushHealth;
}

/** The conditions under which a browser may register for Web Push. */
export interface WebPushPolicy {
  /** The server's VAPID key for `pushManager.subscribe`: an uncompressed P-256 point, base64url. Absent: Web Push is off. */
  readonly publicKey: string | undefined;
  /** Why nothing will be sent to this endpoint; `undefined`: it may be tried. */
  refusal(endpoint: string): string | undefined;
}
