import { spanInWords } from "../../design/times.ts";
import type { Delivery } from "../answers.ts";

const kinds: Record<string, string> = {
  reply: "Reply",
  failed: "Failure",
  permission: "Permission",
  question: "Question",
  plan: "Plan",
  form: "Form",
  expiring: "Expiry warning",
  expired: "Expired",
  crashed: "Crash",
  notice: "Notice",
  limit: "Usage limit",
  login: "Login",
  resource: "Memory or CPU",
  task: "Task",
  "activity-start": "Live Activity begun",
  "activity-end": "Live Activity ended",
};

export const kindWords = (kind: string): string => kinds[kind] ?? kind;

/** What became of a push, in a word or two; `rang`: the push service took it. */
export function outcomeOf({ state, attempts }: Delivery): {
  words: string;
  tone: "good" | "need" | "bad" | "";
} {
  const rang = attempts.some(({ status }) => status !== undefined && status >= 200 && status < 300);
  switch (state) {
    case "pending":
      return { words: attempts.length > 0 ? "Being tried again" : "Waits", tone: "need" };
    case "sent":
      return { words: "Accepted", tone: "good" };
    case "acked":
      return { words: rang ? "Accepted, then seen" : "Seen in the app", tone: "good" };
    case "suppressed":
      return { words: "Not sent", tone: "" };
    case "gone":
      return { words: "Address gone", tone: "bad" };
    case "dead":
      return { words: attempts.at(-1)?.reason === "expired" ? "Too late" : "Given up", tone: "bad" };
  }
}

const reasons: Record<string, string> = {
  over: "It was answered, renewed or closed before the push was due.",
  kind_muted: "The device has muted this kind.",
  session_muted: "The session is muted.",
  expired: "It was over before a push could be delivered.",
  server_stopped: "The server stopped while it was being sent; it is sent again.",
  sender_hangs: "The push service did not answer in time.",
  webpush_not_configured: "Web Push is off: VAPID_SUBJECT is not set.",
  disk_owes: "The disk was too slow to confirm it.",
};

/** Why a push did not ring, or not yet; empty when it did. */
export function whyNoRing(delivery: Delivery, now: number): string {
  const { state, attempts, nextAttemptAt } = delivery;
  const last = attempts.at(-1);
  const known = last?.reason === undefined ? undefined : (reasons[last.reason] ?? last.reason);
  const status = last?.status === undefined ? "" : ` (${last.status})`;
  switch (state) {
    case "sent":
      return "";
    case "acked":
      return attempts.length > 0 ? "" : "The app was open and had it before the push was due.";
    case "pending": {
      const wait = nextAttemptAt === undefined ? "" : `Next try in ${spanInWords(nextAttemptAt - now)}.`;
      if (last !== undefined) return `${known ?? "Refused"}${status}. ${wait}`.trim();
      // The grace is seconds; what waits longer is held by quiet hours.
      if (nextAttemptAt !== undefined && nextAttemptAt - now > 60_000) return `Quiet hours. ${wait}`;
      return "The open app is given a moment to show it itself.";
    }
    case "suppressed":
      return known ?? "There was nothing left to say.";
    case "gone":
      return `The push service says that the device is not there any more${status}.`;
    case "dead":
      return `${known ?? "The push service refused it"}${status}`;
  }
}

/** How long the last attempt took. */
export const tookMs = ({ attempts }: Delivery): number | undefined =>
  attempts.findLast(({ status }) => status !== undefined)?.latencyMs;
