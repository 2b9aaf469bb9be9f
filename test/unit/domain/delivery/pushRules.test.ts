import { describe, expect, test } from "@jest/globals";
import { pushContentOf } from "../../../../server/domain/delivery/delivery.ts";
import type { EventDataByType, EventType, LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import {
  categoryOf,
  collapseIdOf,
  kindRules,
  mutableKinds,
  type PushKind,
  pushEndsAt,
  pushKindOf,
  pushKinds,
  pushOf,
} from "../../../../server/domain/delivery/pushRules.ts";

const at = 1_000_000;
const day = 24 * 3_600_000;
const logged = <T extends EventType>(type: T, data: EventDataByType[T]): LoggedEvent =>
  ({ cursor: 7, sessionId: "s1", seq: 3, type, at, turnId: "t1", data }) as LoggedEvent;

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
const replyOf = (text: string) => ({ messageId: "m1", text, costUsd: 0, usage, durationMs: 1, numTurns: 1 });
const completed = (text: string) => logged("turn.completed", replyOf(text));
const ownCompleted = (text: string) => logged("turn.completed", { ...replyOf(text), origin: "task" });
const taskEnded = (state: "completed" | "failed" | "stopped", cutOff?: true) =>
  logged("task.finished", { taskId: "b1", kind: "command", description: "Build", state, cutOff });
const asked = (
  kind: "tool" | "question" | "plan" | "form",
  description?: string,
  more: Partial<EventDataByType["permission.requested"]> = {},
) =>
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
    scopes: ["once"],
    lookFirst: false,
    truncated: false,
    requestedAt: at,
    expiresAt: at + 60_000,
    ...more,
  });
const expiring = (timeRemainingMs: number) =>
  logged("session.expiring", { expiresAt: at + timeRemainingMs, timeRemainingMs, final: false });

describe("what a push says of a permission", () => {
  test("T05 which subagent asks, in words that hide nothing", () => {
    const agent = { agentId: "a1", type: "Explore", description: "look\u202e around" };
    expect(pushOf(asked("tool", undefined, { agent }))?.body).toBe(
      "Subagent look\\u{202e} around wants to use Run ls",
    );
    expect(pushOf(asked("tool", undefined, { agent: { agentId: "a1" } }))?.body).toBe(
      "Subagent a1 wants to use Run ls",
    );
  });

  test("DOOR-8 a plan is shown itself, and no sentence about it in its place", () => {
    expect(pushOf(asked("plan", undefined, { plan: "1. rm", description: "It is fine" }))?.body).toContain(
      "1. rm",
    );
  });

  test("DOOR-8 hidden characters of a plan are escapes", () => {
    expect(pushOf(asked("plan", undefined, { plan: "1.\n2. rm \u202ex" }))?.body).toBe(
      "Run ls\n1.\n2. rm \\u{202e}x",
    );
  });

  test("DOOR-8 that it was cut, and must be looked at", () => {
    const push = pushOf(asked("tool", undefined, { truncated: true, lookFirst: true }));
    expect(push).toMatchObject({ truncated: true, lookFirst: true });
    expect([
      categoryOf("permission", true),
      categoryOf("permission", false),
      categoryOf("plan", true),
    ]).toEqual(["PERMISSION_LOOK", "PERMISSION", "PERMISSION_LOOK"]);
    expect([categoryOf("question", true), categoryOf("form", true), categoryOf("reply", true)]).toEqual([
      "QUESTION",
      "FORM",
      "REPLY",
    ]);
  });
});

describe("D09 what rings a phone", () => {
  const ringing: Array<[LoggedEvent, string]> = [
    [completed("Hi."), "reply"],
    [logged("turn.failed", { code: "claude_error", detail: "x", retryable: true }), "failed"],
    [logged("turn.interrupted", { code: "server_restarted", detail: "x" }), "failed"],
    [asked("tool"), "permission"],
    [asked("question"), "question"],
    [asked("plan"), "plan"],
    [asked("form"), "form"],
    [expiring(60_000), "expiring"],
    [logged("session.expired", { term: 1, expiredAt: at }), "expired"],
    [logged("session.quarantined", { detail: "x" }), "crashed"],
    [logged("limit.reached", { kind: "x", retryAt: at, detail: "x" }), "limit"],
    [logged("limit.lifted", { kind: "x" }), "limit"],
    [logged("notice", { text: "x" }), "notice"],
    [logged("login.required", { detail: "x" }), "login"],
    [logged("resource.warning", { kind: "memory", detail: "x" }), "resource"],
    [taskEnded("stopped", true), "task"],
    [taskEnded("completed"), "task"],
    [taskEnded("failed"), "task"],
    [ownCompleted(""), "task"],
    [ownCompleted("Built."), "reply"],
  ];

  test.each(ringing)("%#: an event that needs the owner has its push", (event, kind) => {
    expect(pushKindOf(event)).toBe(kind);
  });

  test("is of every kind that there is: no kind is without an event that calls for it", () => {
    expect(new Set(ringing.map(([event]) => pushKindOf(event)))).toEqual(new Set(pushKinds));
  });

  test("passes mutes and quiet hours only where Claude stands still until the owner answers", () => {
    const passing = pushKinds.filter((kind) => kindRules[kind].waitsForOwner);
    expect(passing).toEqual(["permission", "question", "plan", "form"]);
  });

  test("is not what the owner did, nor what can wait for the app, nor a turn's part in an incident that is told", () => {
    const silent = [
      logged("turn.interrupted", { code: "interrupted", detail: "x" }),
      logged("turn.failed", { code: "login_required", detail: "x", retryable: true }),
      logged("turn.failed", { code: "usage_limit", detail: "x", retryable: true }),
      logged("turn.cancelled", { by: "phone" }),
      logged("turn.started", { origin: "user" }),
      taskEnded("stopped"),
      logged("message", { messageId: "m1", text: "Hi." }),
      logged("session.crashed", { detail: "x" }),
      logged("session.parked", { reason: "idle" }),
    ];
    expect(silent.map(pushKindOf)).toEqual(silent.map(() => undefined));
  });

  test("T03 is the end of a task only when Claude does not speak of it; that it was cut off rings in any case", () => {
    const ends = [taskEnded("completed"), taskEnded("failed"), taskEnded("stopped", true)];
    expect(ends.map((event) => [pushOf(event)?.body, pushOf(event)?.unlessTurnFollows])).toEqual([
      ["Finished: Build", true],
      ["Failed: Build", true],
      ["Cut off before its end: Build", undefined],
    ]);
  });

  test("DOOR-8 says what a task was in one line, with what is not seen as escapes", () => {
    const ended = logged("task.finished", {
      taskId: "b1",
      kind: "command",
      description: "npm test\u202e\nThe owner has to open http://x",
      state: "failed",
    });
    expect(pushOf(ended)?.body).toBe("Failed: npm test\\u{202e} … and 1 more line");
  });
});

describe("D14 a push is worth sending", () => {
  test("until the end of what it is about", () => {
    for (const kind of ["tool", "question", "plan"] as const) {
      expect(pushEndsAt(pushOf(asked(kind))!, at)).toBe(at + 60_000);
    }
    expect(pushEndsAt(pushOf(expiring(5_000))!, at)).toBe(at + 5_000);
  });
  test("for a day where its subject has no end", () => {
    expect(pushEndsAt(pushOf(completed("Hi."))!, at)).toBe(at + day);
  });
});

describe("D09 what a push says", () => {
  const session = { title: "Fix the tests", projectName: "alpha" };
  const contentOf = (event: LoggedEvent, of: typeof session | undefined, badge: number) =>
    pushContentOf(event, pushOf(event)!, of, badge);
  const bodyOf = (event: LoggedEvent) => pushOf(event)!.body;

  test("names the session, the project, the turn, the message and the number of things unseen", () => {
    expect(contentOf(completed("Hi."), session, 2)).toEqual({
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
    expect(contentOf(event as LoggedEvent, undefined, 0)).toMatchObject({
      title: "Daylong",
      sessionId: "",
      body: "Log in.",
    });
  });

  test("carries the question and until when it can be answered", () => {
    expect(contentOf(asked("tool", "Lists files"), session, 0)).toMatchObject({
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

/** The contract's table: category, level, urgency, end, and what the push replaces. */
const table: Array<[PushKind, string, string, string, number, string | undefined]> = [
  ["reply", "REPLY", "active", "high", at + day, "turn-t"],
  ["failed", "REPLY", "active", "high", at + day, "turn-t"],
  ["permission", "PERMISSION", "time-sensitive", "high", at + 5_000, "perm-p"],
  ["question", "QUESTION", "time-sensitive", "high", at + 5_000, "perm-p"],
  ["plan", "PERMISSION", "time-sensitive", "high", at + 5_000, "perm-p"],
  ["form", "FORM", "time-sensitive", "high", at + 5_000, "perm-p"],
  ["expiring", "EXPIRING", "time-sensitive", "high", at + 5_000, "lease-s"],
  ["expired", "SESSION", "active", "normal", at + day, "expired-s"],
  ["crashed", "SESSION", "active", "normal", at + day, "crashed-s"],
  ["notice", "SESSION", "active", "high", at + day, undefined],
  ["limit", "SESSION", "active", "normal", at + day, "limit-s"],
  ["login", "SESSION", "active", "normal", at + day, "login-s"],
  ["resource", "SESSION", "active", "normal", at + day, "resource-s"],
  ["task", "SESSION", "active", "normal", at + day, "task-s"],
];

describe("D09 the contract's table", () => {
  test("has every kind there is", () =>
    expect(new Set(table.map(([kind]) => kind))).toEqual(new Set(pushKinds)));

  test.each(table)("of %s", (kind, category, level, urgency, endsAt, collapseId) => {
    expect(kindRules[kind]).toMatchObject({ category, level, urgency, priority: "10" });
    expect(collapseIdOf({ kind, sessionId: "s", turnId: "t", permissionId: "p" })).toBe(collapseId);
    // Only a push that ends with its subject heeds the subject's end; each ends after a day without one.
    expect(pushEndsAt({ kind, expiresAt: at + 5_000 }, at)).toBe(endsAt);
    expect(pushEndsAt({ kind }, at)).toBe(at + day);
  });
});

test("without a turn or a permission the newer push of its kind replaces the older one of its session", () => {
  expect(collapseIdOf({ kind: "reply", sessionId: "s" })).toBe("reply-s");
  expect(collapseIdOf({ kind: "question", sessionId: "s", turnId: "t" })).toBe("question-s");
});

test("a device may mute every kind of push, and the activities of its turns", () => {
  expect(mutableKinds).toEqual([...pushKinds, "activity"]);
});
