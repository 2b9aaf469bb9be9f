import { describe, expect, test } from "@jest/globals";
import { pushKinds } from "../../../../../server/domain/delivery/pushRules.ts";
import type { Delivery } from "../../../../../web/src/monitor/answers.ts";
import {
  kindWords,
  outcomeOf,
  tookMs,
  whyNoRing,
} from "../../../../../web/src/monitor/delivery/deliveryWords.ts";

const now = 1_000_000;
const delivery = (rest: Partial<Delivery>): Delivery =>
  Object.assign({ deliveryId: "d", cursor: 1, kind: "reply", state: "sent", attempts: [] } as Delivery, rest);
const tried = (reason: string | undefined, status?: number) => ({ at: 1, reason, status, latencyMs: 12 });

describe("C06 D18: what became of a push", () => {
  test("every kind has words of its own", () => {
    expect(pushKinds.filter((kind) => kindWords(kind) === kind)).toEqual([]);
  });

  test.each<[string, Partial<Delivery>, string, RegExp]>([
    ["accepted", { attempts: [tried(undefined, 201)] }, "Accepted", /^$/],
    ["seen in time", { state: "acked" }, "Seen in the app", /app was open/],
    ["rung and seen", { state: "acked", attempts: [tried(undefined, 200)] }, "Accepted, then seen", /^$/],
    ["muted", { state: "suppressed", attempts: [tried("kind_muted")] }, "Not sent", /has muted this kind/],
    ["in its grace", { state: "pending", nextAttemptAt: now + 3_000 }, "Waits", /given a moment/],
    [
      "in quiet hours",
      { state: "pending", nextAttemptAt: now + 3_600_000 },
      "Waits",
      /^Quiet hours\. Next try in/,
    ],
    [
      "tried again",
      { state: "pending", attempts: [tried("ServiceUnavailable", 503)], nextAttemptAt: now + 2_000 },
      "Being tried again",
      /ServiceUnavailable \(503\)\. Next try in 2 s/,
    ],
    ["too late", { state: "dead", attempts: [tried("expired")] }, "Too late", /over before/],
    [
      "refused",
      { state: "dead", attempts: [tried("PayloadTooLarge", 413)] },
      "Given up",
      /PayloadTooLarge \(413\)/,
    ],
    [
      "without a device",
      { state: "gone", attempts: [tried("Unregistered", 410)] },
      "Address gone",
      /\(410\)/,
    ],
  ])("%s", (_name, rest, words, why) => {
    expect(outcomeOf(delivery(rest)).words).toBe(words);
    expect(whyNoRing(delivery(rest), now)).toMatch(why);
  });

  test("what took time is the last try that was answered", () => {
    expect(tookMs(delivery({ attempts: [tried(undefined, 503), tried("sender_hangs")] }))).toBe(12);
    expect(tookMs(delivery({ attempts: [tried("over")] }))).toBeUndefined();
  });
});
