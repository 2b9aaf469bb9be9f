/** What a push is about; the key `daylong.kind` of every payload. */
export const pushKinds = [
  "reply",
  "failed",
  "permission",
  "question",
  "plan",
  "expiring",
  "expired",
  "crashed",
  "limit",
  "login",
  "resource",
] as const;
export type PushKind = (typeof pushKinds)[number];

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
export type PushTarget = ApnsTarget;

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
  title: string;
  subtitle?: string;
  body: string;
  /** Number on the app's icon: events of push kinds that the device has not acked. */
  badge: number;
}

/** One push to one device; `deliveryId` is the `apns-id` of every attempt. */
export interface PushRequest {
  deliveryId: string;
  target: PushTarget;
  content: PushContent;
  /** Instant of the event, from which kinds without an end of their own count their 24 hours. */
  at: number;
}

/** A silent push: what the device was told of has been read elsewhere, and its badge is out of date. */
export interface SyncRequest {
  deliveryId: string;
  target: PushTarget;
  /** What is still unread there. */
  unread: number;
  cursor: number;
}

/** What became of one attempt. `sent` means accepted by Apple, not seen by anybody. */
export type PushOutcome =
  | { outcome: "sent"; apnsId: string; status: number; latencyMs: number }
  | { outcome: "retry"; notBeforeAt?: number; status?: number; reason: string; latencyMs: number }
  /** The token is dead; `sinceAt` is Apple's timestamp of a 410 (absent: unknown). */
  | { outcome: "gone"; sinceAt?: number; status: number; reason: string; latencyMs: number }
  /** Our key, topic or certificate is wrong: nothing will get through until the owner mends it. */
  | { outcome: "config"; status?: number; reason: string; latencyMs: number }
  /** This push can never be accepted. */
  | { outcome: "dead"; status?: number; reason: string; latencyMs: number };

/** Port of the driven edge that talks to Apple. */
export interface PushSender {
  send(request: PushRequest): Promise<PushOutcome>;
  /** One attempt, never stored by Apple: the next alert carries the true badge anyway. */
  sync(request: SyncRequest): Promise<PushOutcome>;
  /** `disabled` when no key is configured; `failing` names the last configuration fault. */
  health(): { state: "ok" | "disabled" | "failing"; detail?: string };
  /** Waits for pushes in flight up to `graceMs`, then drops the connections. Idempotent. */
  stop(graceMs: number): Promise<void>;
}
