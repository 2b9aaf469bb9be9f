import { cutToJsonBytes } from "../../domain/cutJson.ts";
import type { ActivityRequest } from "../../domain/delivery/push.ts";
import { maxTitleBytes } from "../truncation.ts";
import type { ApnsPush } from "./apnsPayload.ts";

/** Name of the app's `ActivityAttributes` type: a start has to name it. */
export const activityAttributesType = "DaylongActivityAttributes";
/** Own bounds in JSON bytes, of a lock screen's few lines: with them the payload stays far below Apple's 4,096. */
export const maxToolBytes = 128;
export const maxLastTextBytes = 512;

const seconds = (at: number): number => Math.floor(at / 1000);

/**
 * Builds headers and payload of a push to a Live Activity ("Starting and updating Live Activities with ActivityKit push
 * notifications"). Pure. An activity cannot open sealed content: for a device with an encryption key nothing of the
 * conversation is in it, only how the turn stands and since when.
 */
export function buildActivityPush(request: ActivityRequest, defaultTopic: string): ApnsPush {
  const { deliveryId, target, event, at, untilAt, expiresAt } = request;
  const isEnd = event === "end";
  const payload = {
    aps: {
      // A second is all the order there is: an end must not be taken for older than the update of the same second.
      timestamp: seconds(at) + (isEnd ? 1 : 0),
      event,
      "content-state": contentOf(request),
      ...(isEnd ? { "dismissal-date": seconds(untilAt) } : { "stale-date": seconds(untilAt) }),
      ...(event === "start" ? startOf(request) : {}),
    },
  };
  return {
    headers: {
      "apns-id": deliveryId,
      "apns-topic": `${target.topic ?? defaultTopic}.push-type.liveactivity`,
      "apns-push-type": "liveactivity",
      // Priority 10 draws on a budget of the device's; 5 does not.
      "apns-priority": event === "update" ? "5" : "10",
      "apns-expiration": String(seconds(expiresAt)),
    },
    payload: JSON.stringify(payload),
    truncated: false,
  };
}

function contentOf({ content, target }: ActivityRequest): Record<string, unknown> {
  const { state, tool, startedAt, leaseExpiresAt, lastText } = content;
  if (target.encryptionKey !== undefined) return { state, startedAt, leaseExpiresAt };
  return {
    state,
    tool: tool && cutToJsonBytes(tool, maxToolBytes).text,
    startedAt,
    leaseExpiresAt,
    lastText: lastText && cutToJsonBytes(lastText, maxLastTextBytes).text,
  };
}

/** The keys that only a start has. Apple demands an alert with it; without a sound it is shown and does not ring. */
function startOf({ attributes, target }: ActivityRequest): Record<string, unknown> {
  const { sessionId, turnId } = attributes;
  const isSealed = target.encryptionKey !== undefined;
  const title = isSealed ? "Daylong" : cutToJsonBytes(attributes.title, maxTitleBytes).text;
  const projectName = isSealed ? "" : cutToJsonBytes(attributes.projectName, maxTitleBytes).text;
  return {
    "attributes-type": activityAttributesType,
    attributes: { sessionId, turnId, title, projectName },
    alert: { title, body: "Claude is working." },
    // iOS 18 gives the new activity an address of its own only when it is asked to.
    "input-push-token": 1,
  };
}
