import { createHash } from "node:crypto";
import type { ApnsTarget, PushContent, PushRequest, SyncRequest } from "../../domain/delivery/push.ts";
import { categoryOf, collapseIdOf, kindRules, pushEndsAt } from "../../domain/delivery/pushRules.ts";
import { describeEvent } from "../describeEvent.ts";
import { encryptPush, maxPlaintextBytes, type NonceSource } from "../encryption.ts";
import { boundTitles, fitBody } from "../truncation.ts";

/** Apple's limit for every push type but VoIP ("Generating a remote notification", 4 KB). */
export const maxPayloadBytes = 4096;
/** Apple's limit for `apns-collapse-id` ("Sending notification requests to APNs"). */
export const maxCollapseIdBytes = 64;

/** The request headers of one APNs push; all values are strings, as HTTP/2 carries them. */
export interface ApnsHeaders {
  "apns-id": string;
  "apns-topic": string;
  "apns-push-type": "alert" | "background" | "liveactivity";
  "apns-priority": "10" | "5";
  "apns-expiration": string;
  "apns-collapse-id"?: string;
}

/** One push, ready for the wire. */
export interface ApnsPush {
  headers: ApnsHeaders;
  /** JSON of at most maxPayloadBytes bytes of UTF-8. */
  payload: string;
  /** True when the body had to be cut; the app then fetches the whole text by `messageId`. */
  truncated: boolean;
}

/**
 * Builds headers and payload of one APNs push from the table in docs/api.md, Pushes. Pure but for the nonce of a sealed push.
 * Throws EncryptionKeyError when the device's key is unusable, RangeError when the ids alone exceed the payload.
 */
export function buildApnsPush(
  request: PushRequest<ApnsTarget>,
  defaultTopic: string,
  nonceSource?: NonceSource,
): ApnsPush {
  const { content, target } = request;
  const collapseId = collapseIdOf(content);
  const headers: ApnsHeaders = {
    "apns-id": request.deliveryId,
    "apns-topic": target.topic ?? defaultTopic,
    "apns-push-type": "alert",
    "apns-priority": kindRules[content.kind].priority,
    "apns-expiration": String(Math.floor(pushEndsAt(content, request.at) / 1000)),
    ...(collapseId !== undefined && { "apns-collapse-id": boundCollapseId(collapseId) }),
  };
  const { payload, truncated } =
    target.encryptionKey === undefined
      ? buildPlain(content)
      : buildSealed(content, target.encryptionKey, nonceSource);
  return { headers, payload, truncated };
}

/**
 * A background push. Apple drops a background push whose `aps` holds more than `content-available` or whose priority is not 5,
 * and stores none for later with an expiration of 0.
 */
export function buildSyncPush(
  { deliveryId, target, unread, cursor }: SyncRequest<ApnsTarget>,
  defaultTopic: string,
): ApnsPush {
  return {
    headers: {
      "apns-id": deliveryId,
      "apns-topic": target.topic ?? defaultTopic,
      "apns-push-type": "background",
      "apns-priority": "5",
      "apns-expiration": "0",
      "apns-collapse-id": "sync",
    },
    payload: JSON.stringify({
      aps: { "content-available": 1 },
      daylong: { v: 1, kind: "sync", cursor, unread },
    }),
    truncated: false,
  };
}

function buildPlain(content: PushContent): { payload: string; truncated: boolean } {
  const titles = boundTitles(content);
  const fitted = fitBody(content.body, maxPayloadBytes, (body, truncated) =>
    JSON.stringify({
      aps: buildAps({ ...titles, body }, content, truncated),
      daylong: describeEvent(content, truncated),
    }),
  );
  return { payload: fitted.json, truncated: fitted.truncated };
}

// Apple and the lock screen see nothing of the conversation; the app's extension puts the real text in place.
function buildSealed(
  content: PushContent,
  keyBase64: string,
  nonceSource?: NonceSource,
): { payload: string; truncated: boolean } {
  const render = (enc: string, isCut: boolean): string => {
    const aps = buildAps({ title: "Daylong", body: "You have a new notification." }, content, isCut);
    return JSON.stringify({ aps, daylong: { v: 1, enc } });
  };
  const plaintextBytes = maxPlaintextBytes(maxPayloadBytes - Buffer.byteLength(render("", true)));
  const titles = boundTitles(content);
  const fitted = fitBody(content.body, plaintextBytes, (body, truncated) =>
    JSON.stringify({ ...describeEvent(content, truncated), ...titles, body }),
  );
  const sealed = encryptPush(fitted.json, keyBase64, nonceSource);
  return { payload: render(sealed, fitted.truncated), truncated: fitted.truncated };
}

function buildAps(
  alert: { title: string; subtitle?: string; body: string },
  content: PushContent,
  isCut: boolean,
): Record<string, unknown> {
  const { level } = kindRules[content.kind];
  const category = categoryOf(content.kind, isCut || content.lookFirst === true);
  return {
    alert,
    badge: content.badge,
    sound: "default",
    "thread-id": content.sessionId,
    category,
    "interruption-level": level,
    // Lets the app's extension decrypt, count and prefetch before the alert is shown.
    "mutable-content": 1,
  };
}

// Our ids are UUIDs and fit. Anything else is hashed rather than cut, because two cut ids could become equal.
function boundCollapseId(id: string): string {
  if (id.length <= maxCollapseIdBytes && /^[\x21-\x7e]+$/.test(id)) return id;
  return createHash("sha256").update(id, "utf8").digest("hex");
}
