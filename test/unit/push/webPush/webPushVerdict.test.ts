import { describe, expect, test } from "@jest/globals";
import { judgeWebPush, type WebPushExchange } from "../../../../server/push/webPush/webPushVerdict.ts";

const now = Date.UTC(2026, 0, 1);
const judge = (exchange: WebPushExchange) => judgeWebPush(exchange, { deliveryId: "d1", now, latencyMs: 7 });

describe("D17: what a push service's answer means", () => {
  const table: Array<[WebPushExchange, Record<string, unknown>]> = [
    [
      { kind: "answer", status: 201 },
      { outcome: "sent", apnsId: "d1", status: 201 },
    ],
    [{ kind: "answer", status: 200 }, { outcome: "sent" }],
    [{ kind: "answer", status: 202 }, { outcome: "sent" }],
    [{ kind: "answer", status: 299 }, { outcome: "sent" }],
    [{ kind: "answer", status: 199 }, { outcome: "dead" }],
    [{ kind: "answer", status: 300 }, { outcome: "dead" }],
    [{ kind: "answer", status: 499 }, { outcome: "dead" }],
    [
      { kind: "answer", status: 404 },
      { outcome: "gone", status: 404, reason: "HTTP 404" },
    ],
    [
      { kind: "answer", status: 410 },
      { outcome: "gone", status: 410 },
    ],
    [
      { kind: "answer", status: 413 },
      { outcome: "dead", status: 413 },
    ],
    [
      { kind: "answer", status: 400, reason: "BadTopic" },
      { outcome: "dead", reason: "BadTopic" },
    ],
    [{ kind: "answer", status: 307 }, { outcome: "dead" }],
    [{ kind: "answer", status: 401 }, { outcome: "config" }],
    [
      { kind: "answer", status: 403, reason: "BadJwtToken" },
      { outcome: "config", reason: "BadJwtToken" },
    ],
    [
      { kind: "answer", status: 429, retryAfter: "90" },
      { outcome: "retry", notBeforeAt: now + 90_000 },
    ],
    [
      { kind: "answer", status: 503, retryAfter: new Date(now + 5_000).toUTCString() },
      { notBeforeAt: now + 5_000 },
    ],
    [
      { kind: "answer", status: 500 },
      { outcome: "retry", status: 500 },
    ],
    [{ kind: "answer", status: 408 }, { outcome: "retry" }],
    [
      { kind: "fault", fault: "timeout" },
      { outcome: "retry", reason: "timeout" },
    ],
    [
      { kind: "fault", fault: "private" },
      { outcome: "retry", reason: "private" },
    ],
    [
      { kind: "fault", fault: "reset", atOnce: true },
      { outcome: "retry", notBeforeAt: now },
    ],
  ];
  test.each(table)("%j is %j", (exchange, expected) => {
    expect(judge(exchange)).toMatchObject({ latencyMs: 7, ...expected });
  });

  test("without a word from the push service, when to come back is left to the outbox", () => {
    for (const exchange of [
      { kind: "answer", status: 429 },
      { kind: "answer", status: 502, retryAfter: "soon" },
      { kind: "fault", fault: "unreachable" },
    ] as const) {
      expect(judge(exchange)).not.toHaveProperty("notBeforeAt");
    }
  });
});
