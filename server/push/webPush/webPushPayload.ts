import { createHash } from "node:crypto";
import type { PushRequest, WebPushTarget } from "../../domain/delivery/push.ts";
import { categoryOf, collapseIdOf, kindRules, pushEndsAt } from "../../domain/delivery/pushRules.ts";
import { describeEvent } from "../describeEvent.ts";
import { boundTitles, fitBody } from "../truncation.ts";

/** Bytes that fit into the 4,096 bytes that every push service takes, once encrypted (RFC 8291, 4). */
export const maxPlaintextBytes = 3993;

/** One push for a browser, before it is encrypted. */
export interface WebPush {
  /** JSON of at most maxPlaintextBytes bytes of UTF-8. */
  plaintext: string;
  /** How long the push service keeps it for a browser that is away (RFC 8030, 5.2); 0 = now or never. */
  ttlSeconds: number;
  /** RFC 8030, 5.3. */
  urgency: "high" | "normal";
  /** A waiting push of the same topic is replaced (RFC 8030, 5.4). At most 32 characters of base64url. */
  topic: string;
  /** True when the body had to be cut; the page then fetches the whole text by `messageId`. */
  truncated: boolean;
}

/** Builds the push for a page's service worker, from the table in docs/api.md, Pushes. Pure. */
export function buildWebPush(request: PushRequest<WebPushTarget>, now: number): WebPush {
  const { content, deliveryId } = request;
  const { level, urgency } = kindRules[content.kind];
  const tag = collapseIdOf(content) ?? `${content.kind}-${content.cursor}`;
  const titles = boundTitles(content);
  const fitted = fitBody(content.body, maxPlaintextBytes, (body, truncated) =>
    JSON.stringify({
      ...titles,
      body,
      badge: content.badge,
      tag,
      category: categoryOf(content.kind, truncated || content.lookFirst === true),
      level,
      daylong: { ...describeEvent(content, truncated), deliveryId },
    }),
  );
  return {
    plaintext: fitted.json,
    ttlSeconds: Math.max(0, Math.floor((pushEndsAt(content, request.at) - now) / 1000)),
    urgency,
    topic: topicOf(tag),
    truncated: fitted.truncated,
  };
}

/** Hashed, because the push service reads it: it need not learn our ids, which are too long for it besides. */
const topicOf = (tag: string): string =>
  createHash("sha256").update(tag, "utf8").digest("base64url").slice(0, 32);
