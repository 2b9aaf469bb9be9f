import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import {
  activityContentOf,
  noProgress,
  progressAfter,
} from "../../../../server/domain/delivery/liveActivity.ts";
import { openLease } from "../../../../server/domain/sessions/lease.ts";
import type { Turn } from "../../../../server/domain/sessions/turn.ts";

const event = (type: LoggedEvent["type"], data: object): LoggedEvent =>
  ({ cursor: 1, sessionId: "s", seq: 1, at: 1, turnId: "t", type, data }) as LoggedEvent;
const lease = openLease(1, 1_000, {
  sessionTimeoutMs: 10_000,
  sessionWarningMs: 5_000,
  sessionFinalWarningMs: 0,
});
const turn = (change: Partial<Turn> = {}) =>
  ({ state: "running", acceptedAt: 5, startedAt: 7, ...change }) as const;

describe("D16: what a Live Activity shows of a turn", () => {
  test("the tool that started last and has not finished, by its title or else its name", () => {
    let progress = noProgress;
    progress = progressAfter(
      progress,
      event("tool.started", { toolUseId: "1", toolName: "Bash", title: "Run x" }),
    );
    progress = progressAfter(
      progress,
      event("tool.started", { toolUseId: "2", toolName: "Read", title: "" }),
    );
    const tool = () => activityContentOf(turn(), { state: "busy", lease }, progress).tool;
    expect(tool()).toBe("Read");
    progress = progressAfter(
      progress,
      event("tool.finished", { toolUseId: "2", toolName: "Read", failed: false }),
    );
    expect(tool()).toBe("Run x");
    progress = progressAfter(
      progress,
      event("tool.finished", { toolUseId: "1", toolName: "Bash", failed: true }),
    );
    expect(tool()).toBeUndefined();
  });

  test("the last text, but never a megabyte of it", () => {
    const progress = progressAfter(
      noProgress,
      event("message", { messageId: "m", text: "x".repeat(1_000_000) }),
    );
    expect(progress.lastText).toHaveLength(1_000);
    const { lastText } = activityContentOf(turn(), { state: "busy", lease }, progress);
    expect(lastText).toBe(progress.lastText);
  });

  test("an event that changes nothing gives the very same progress", () => {
    expect(progressAfter(noProgress, event("session.updated", {}))).toBe(noProgress);
  });

  test("that it waits for the owner, for as long as the session does", () => {
    expect(activityContentOf(turn(), { state: "waiting", lease }, noProgress)).toEqual({
      state: "waiting",
      tool: undefined,
      startedAt: 7,
      leaseExpiresAt: lease.expiresAt,
      lastText: undefined,
    });
    expect(activityContentOf(turn({ state: "queued" }), { state: "waiting", lease }, noProgress).state).toBe(
      "queued",
    );
  });

  test("how it ended, in words", () => {
    const reply = { text: "Done." } as Turn["reply"];
    const session = { state: "idle", lease } as const;
    const ended = (change: Partial<Turn>) => activityContentOf(turn(change), session, noProgress);
    expect(ended({ state: "completed", reply })).toMatchObject({ state: "completed", lastText: "Done." });
    expect(ended({ state: "failed", error: { code: "stalled", detail: "No sign of life." } })).toMatchObject({
      state: "failed",
      lastText: "No sign of life.",
    });
    expect(ended({ state: "cancelled", startedAt: undefined })).toMatchObject({
      state: "cancelled",
      startedAt: 5,
    });
  });
});
