import { createHash } from "node:crypto";
import type { PushRequest, WebPushTarget } from "../../domain/delivery/push.ts";
import { collapseIdOf, kindRules, pushEndsAt } from "../../domain/delivery/pushRules.ts";
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

/**
 * Builds the push for a browser, from the table in docs/api.md, Pushes. Pure. The declarative form (W3C Push API, "Declarative push
 * message"): a browser that knows it shows the notification without a service worker; for others the page's does. `pageUrl`
 * is the address of the page, without a path.
 */
export function buildWebPush(request: PushRequest<WebPushTarget>, now: number, pageUrl: string): WebPush {
  const { content, deliveryId } = request;
  const tag = collapseIdOf(content) ?? `${content.kind}-${content.cursor}`;
  const { title, subtitle } = boundTitles(content);
  // A notification has no subtitle: it becomes the first line.
  const firstLine = subtitle === undefined ? "" : `${subtitle}\n`;
  const fitted = fitBody(content.body, maxPlaintextBytes, (body, truncated) =>
    JSON.stringify({
      web_push: 8030,
      notification: {
        title,
        body: firstLine + body,
        navigate: `${pageUrl}/s/${content.sessionId}`,
        tag,
        silent: false,
        app_badge: content.badge,
      },
      daylong: { ...describeEvent(content, truncated), deliveryId },
    }),
  );
  return {
    plaintext: fitted.json,
    ttlSeconds: Math.max(0, Math.floor((pushEndsAt(content, request.at) - now) / 1000)),
    urgency: kindRules[content.kind].urgency,
    topic: topicOf(tag),
    truncated: fitted.truncated,
  };
}

/** Hashed, because the push service reads it: it need not learn our ids, which are too long for it besides. */
const topicOf = (tag: string): string =>
  createHash("sha256").update(tag, "utf8").digest("base64url").slice(0, 32);
