import { describe, expect, test } from "@jest/globals";
import {
  type ApnsAnswer,
  type ApnsFaultName,
  judgeExchange,
  parseRetryAfter,
  parseTimestamp,
  tokenRateWaitMs,
} from "../../../../server/push/apns/apnsVerdict.ts";

const now = 1_790_000_000_000;
const context = { deliveryId: "delivery", now, latencyMs: 12, tokenRefreshableAt: now + 5000 };
const judge = (answer: Omit<ApnsAnswer, "kind">) => judgeExchange({ kind: "answer", ...answer }, context);

describe("the verdict on Apple's answer", () => {
  test("200 is sent, with Apple's id, or ours when Apple names none", () => {
    expect(judge({ status: 200, apnsId: "apple" })).toEqual({
      outcome: "sent",
      apnsId: "apple",
      status: 200,
      latencyMs: 12,
    });
    expect(judge({ status: 200 })).toMatchObject({ outcome: "sent", apnsId: "delivery" });
  });

  test.each([
    [410, "Unregistered", "gone"],
    [410, "ExpiredToken", "gone"],
    [400, "BadDeviceToken", "gone"],
    [400, "DeviceTokenNotForTopic", "gone"],
    [429, "TooManyRequests", "retry"],
    [500, "InternalServerError", "retry"],
    [503, "ServiceUnavailable", "retry"],
    [503, "Shutdown", "retry"],
    [400, "IdleTimeout", "retry"],
    [403, "InvalidProviderToken", "config"],
    [403, "MissingProviderToken", "config"],
    [403, "BadEnvironmentKeyIdInToken", "config"],
    [403, "UnrelatedKeyIdInToken", "config"],
    [403, "Forbidden", "config"],
    [400, "TopicDisallowed", "config"],
    [400, "BadTopic", "config"],
    [400, "MissingTopic", "config"],
    [400, "InvalidPushType", "config"],
    [403, "BadCertificate", "config"],
    [403, "BadCertificateEnvironment", "config"],
    [413, "PayloadTooLarge", "dead"],
    [400, "PayloadEmpty", "dead"],
    [400, "BadCollapseId", "dead"],
    [400, "BadPriority", "dead"],
    [400, "BadExpirationDate", "dead"],
    [400, "BadMessageId", "dead"],
    [400, "DuplicateHeaders", "dead"],
    [400, "MissingDeviceToken", "dead"],
    [404, "BadPath", "dead"],
    [405, "MethodNotAllowed", "dead"],
  ])("V12, V14: %d %s is %s", (status, reason, outcome) => {
    expect(judge({ status, reason })).toMatchObject({ outcome, status, reason, latencyMs: 12 });
  });

  test.each([
    [408, "retry"],
    [429, "retry"],
    [502, "retry"],
    [504, "retry"],
    [410, "gone"],
    [401, "config"],
    [403, "config"],
    [418, "dead"],
  ])("a reason Apple has added since is judged by the status: %d is %s", (status, outcome) => {
    expect(judge({ status, reason: "BrandNew" })).toMatchObject({ outcome, reason: "BrandNew" });
    expect(judge({ status })).toMatchObject({ outcome, reason: `HTTP ${status}` });
  });

  test("V12: a 410 carries Apple's timestamp, and none when Apple gave none or nonsense", () => {
    expect(judge({ status: 410, reason: "Unregistered", timestamp: now - 1 })).toMatchObject({
      sinceAt: now - 1,
    });
    expect(judge({ status: 410, reason: "Unregistered" })).not.toHaveProperty("sinceAt");
    expect(judge({ status: 410, reason: "Unregistered", timestamp: "soon" })).not.toHaveProperty("sinceAt");
  });

  test("V12: a quarantined token is never dated, so that nobody takes it for a proven death", () => {
    expect(judge({ status: 400, reason: "BadDeviceToken", timestamp: now })).not.toHaveProperty("sinceAt");
  });

  test("V14: Retry-After of a 429 or 503 becomes the earliest next attempt", () => {
    expect(judge({ status: 429, reason: "TooManyRequests", retryAfter: "7" })).toMatchObject({
      notBeforeAt: now + 7000,
    });
    expect(judge({ status: 503, reason: "Shutdown", retryAfter: "2" })).toMatchObject({
      notBeforeAt: now + 2000,
    });
    expect(judge({ status: 503, reason: "Shutdown" })).not.toHaveProperty("notBeforeAt");
  });

  test("V13: an expired provider token is retried at once when it was replaced, else when it may be", () => {
    const expired = { status: 403, reason: "ExpiredProviderToken" };
    expect(judge({ ...expired, tokenReplaced: true })).toMatchObject({ outcome: "retry", notBeforeAt: now });
    expect(judge(expired)).toMatchObject({ outcome: "retry", notBeforeAt: now + 5000 });
  });

  test("V13: too many token updates keep the token and wait", () => {
    const rate = judge({ status: 429, reason: "TooManyProviderTokenUpdates" });
    expect(rate).toMatchObject({ outcome: "retry", notBeforeAt: now + tokenRateWaitMs });
  });
});

describe("the verdict on a fault of the connection", () => {
  const faults: ApnsFaultName[] = ["timeout", "half_open", "reset", "unreachable", "untrusted", "stopping"];
  test.each(faults)("D14: %s is retried, with the caller's back-off", (fault) => {
    const outcome = judgeExchange({ kind: "fault", fault, atOnce: true }, context);
    expect(outcome).toEqual({ outcome: "retry", reason: fault, latencyMs: 12 });
  });

  test.each(["goaway", "refused"] as const)(
    "D14: %s is retried at once if the connection had worked",
    (fault) => {
      const worked = judgeExchange({ kind: "fault", fault, atOnce: true }, context);
      expect(worked).toMatchObject({ outcome: "retry", notBeforeAt: now });
      // A server that only ever says goodbye must not be hammered.
      expect(judgeExchange({ kind: "fault", fault, atOnce: false }, context)).not.toHaveProperty(
        "notBeforeAt",
      );
    },
  );

  test("headers that HTTP/2 cannot carry are dead: no retry makes them better", () => {
    expect(judgeExchange({ kind: "fault", fault: "malformed" }, context)).toMatchObject({ outcome: "dead" });
  });
});

describe("what Apple writes", () => {
  test("Retry-After may be seconds or a date, never in the past, and nonsense is no time at all", () => {
    expect(parseRetryAfter("0", now)).toBe(now);
    expect(parseRetryAfter(" 120 ", now)).toBe(now + 120_000);
    expect(parseRetryAfter(new Date(now + 9000).toUTCString(), now)).toBe(now + 9000);
    expect(parseRetryAfter(new Date(now - 9000).toUTCString(), now)).toBe(now);
    for (const nonsense of [undefined, "", "-", "soon"])
      expect(parseRetryAfter(nonsense, now)).toBeUndefined();
  });

  test("a timestamp may be a number or a string, in milliseconds or seconds", () => {
    expect(parseTimestamp(now)).toBe(now);
    expect(parseTimestamp(String(now))).toBe(now);
    expect(parseTimestamp(now / 1000)).toBe(now);
    for (const nonsense of [undefined, "", "x", 0, -1, Number.NaN])
      expect(parseTimestamp(nonsense)).toBeUndefined();
  });
});
