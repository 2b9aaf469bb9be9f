import { createHash } from "node:crypto";
import type { PushRequest, WebPushTarget } from "../../domain/delivery/push.ts";
import { describeEvent, kindRules, worthlessAt } from "../kindRules.ts";
import { boundTitles, fitBody } from "../truncation.ts";

/** What fits into the 4,096 bytes that every push service takes, once encrypted (RFC 8291, 4). */
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

/** Builds what a page's service worker gets, from the contract's table. Pure. */
export function buildWebPush(request: PushRequest<WebPushTarget>, now: number): WebPush {
  const { content, deliveryId } = request;
  const rule = kindRules[content.kind];
  const tag = rule.collapse(content);
  const titles = boundTitles(content);
  const fitted = fitBody(content.body, maxPlaintextBytes, (body, truncated) =>
    JSON.stringify({
      ...titles,
      body,
      badge: content.badge,
      tag,
      category: rule.category,
      level: rule.level,
      daylong: { ...describeEvent(content, truncated), deliveryId },
    }),
  );
  return {
    plaintext: fitted.json,
    ttlSeconds: Math.max(0, Math.floor((worthlessAt(request) - now) / 1000)),
    // A reply is what somebody waits for, and Claude stands still for the rest of these; of a session's own news a
    // phone that saves its battery may hear when it next wakes.
    urgency: rule.category === "SESSION" ? "normal" : "high",
    topic: topicOf(tag),
    truncated: fitted.truncated,
  };
}

/** Hashed, because the push service reads it: it need not learn our ids, which are too long for it besides. */
const topicOf = (tag: string): string =>
  createHash("sha256").update(tag, "utf8").digest("base64url").slice(0, 32);
