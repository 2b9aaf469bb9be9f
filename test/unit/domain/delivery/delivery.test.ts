import { describe, expect, test } from "@jest/globals";
import {
  pushContentOf,
  pushEndsAt,
  pushKindOf,
  retryDelayMs,
} from "../../../../server/domain/delivery/delivery.ts";
import type { EventDataByType, EventType, LoggedEvent } from "../../../../server/domain/delivery/event.ts";

const at = 1_000_000;
const logged = <T extends EventType>(type: T, data: EventDataByType[T]): LoggedEvent =>
  ({ cursor: 7, sessionId: "s1", seq: 3, type, at, turnId: "t1", data }) as LoggedEvent;

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
const completed = (text: string) =>
  logged("turn.completed", { messageId: "m1", text, costUsd: 0, usage, durationMs: 1, numTurns: 1 });
const asked = (kind: "tool" | "question" | "plan", description?: string) =>
  logged("permission.requested", {
    permissionId: "p1",
    sessionId: "s1",
    turnId: "t1",
    kind,
    toolName: "Bash",
    title: "Run ls",
    description,
    input: {},
    suggestions: [],
    requestedAt: at,
    expiresAt: at + 60_000,
  });
const expiring = (timeRemainingMs: number) =>
  logged("session.expiring", { expiresAt: at + timeRemainingMs, timeRemainingMs, final: false });

describe("D09 what rings a phone", () => {
  test.each<[LoggedEvent, string]>([
    [completed("Hi."), "reply"],
    [logged("turn.failed", { code: "claude_error", detail: "x", retryable: true }), "failed"],
    [logged("turn.interrupted", { code: "server_restarted", detail: "x" }), "failed"],
    [asked("tool"), "permission"],
    [asked("question"), "question"],
    [asked("plan"), "plan"],
    [expiring(60_000), "expiring"],
    [logged("session.expired", { term: 1, expiredAt: at }), "expired"],
    [logged("session.quarantined", { detail: "x" }), "crashed"],
    [logged("limit.reached", { kind: "x", retryAt: at, detail: "x" }), "limit"],
    [logged("login.required", { detail: "x" }), "login"],
  ])("%#: an event that needs the owner has its push", (event, kind) => {
    expect(pushKindOf(event)).toBe(kind);
  });

  test("is not what the owner did, nor what can wait for the app, nor a turn's part in an incident that is told", () => {
    const silent = [
      logged("turn.interrupted", { code: "interrupted", detail: "x" }),
      logged("turn.failed", { code: "login_required", detail: "x", retryable: true }),
      logged("turn.failed", { code: "usage_limit", detail: "x", retryable: true }),
      logged("turn.cancelled", { by: "phone" }),
      logged("turn.started", {}),
      logged("message", { messageId: "m1", text: "Hi." }),
      logged("session.crashed", { detail: "x" }),
      logged("session.parked", { reason: "idle" }),
    ];
    expect(silent.map(pushKindOf)).toEqual(silent.map(() => undefined));
  });
});

describe("D14 a push is worth sending", () => {
  test("until the end of what it is about", () => {
    expect(pushEndsAt(asked("tool"))).toBe(at + 60_000);
    expect(pushEndsAt(expiring(5_000))).toBe(at + 5_000);
  });
  test("for a day where its subject has no end", () => {
    expect(pushEndsAt(completed("Hi."))).toBe(at + 24 * 3_600_000);
  });
});

describe("D09 what a push says", () => {
  const session = { title: "Fix the tests", projectName: "alpha" };
  const bodyOf = (event: LoggedEvent) => pushContentOf(event, pushKindOf(event)!, session, 2).body;

  test("names the session, the project, the turn, the message and the number of things unseen", () => {
    expect(pushContentOf(completed("Hi."), "reply", session, 2)).toEqual({
      kind: "reply",
      cursor: 7,
      sessionId: "s1",
      turnId: "t1",
      messageId: "m1",
      title: "Fix the tests",
      subtitle: "alpha",
      body: "Hi.",
      badge: 2,
    });
  });

  test("is never empty, even of a reply without words", () => {
    expect(bodyOf(completed(""))).toBe("Claude is done.");
  });

  test("goes without a session for what concerns none", () => {
    const event = { ...logged("login.required", { detail: "Log in." }), sessionId: null, turnId: undefined };
    expect(pushContentOf(event as LoggedEvent, "login", undefined, 0)).toMatchObject({
      title: "Daylong",
      sessionId: "",
      body: "Log in.",
    });
  });

  test("carries the question and until when it can be answered", () => {
    expect(pushContentOf(asked("tool", "Lists files"), "permission", session, 0)).toMatchObject({
      permissionId: "p1",
      expiresAt: at + 60_000,
      body: "Run ls\nLists files",
    });
    expect(bodyOf(asked("tool"))).toBe("Run ls");
  });

  test.each([
    [1_000, "1 min"],
    [30 * 60_000, "30 min"],
    [89 * 60_000, "89 min"],
    [4 * 3_600_000, "4 h"],
  ])("tells %p ms as %s", (timeRemainingMs, words) => {
    expect(bodyOf(expiring(timeRemainingMs))).toContain(`ends in ${words}.`);
  });
});

describe("D11 the pause before another attempt", () => {
  test("doubles from 2 s to a quarter of an hour", () => {
    const pauses = [0, 1, 2, 3, 9, 10, 50].map((attempt) => retryDelayMs(attempt, 0.5));
    expect(pauses).toEqual([2_000, 2_000, 4_000, 8_000, 512_000, 900_000, 900_000]);
  });
  test("is spread by a fifth to either side", () => {
    expect([retryDelayMs(1, 0), retryDelayMs(1, 1)]).toEqual([1_600, 2_400]);
  });
});
