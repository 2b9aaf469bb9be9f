import { expect, test } from "@jest/globals";
import type { Session } from "../../../../client/src/index.ts";
import { projectName, sessionTitle, stateWords } from "../../../../web/src/state/sessionWords.ts";

const busy = {
  state: "busy",
  openPermissions: 0,
  runningTasks: 0,
  queuedTurns: 0,
  turn: { turnId: "1", origin: "user", startedAt: 0, lastTool: "Bash: npm test" },
} as unknown as Session;

test("C05: a session that was never spoken to is not called parked", () => {
  const parked = { ...busy, state: "parked", turn: undefined, turnCount: 0 } as Session;
  expect(stateWords(parked, 0).text).toBe("Starts with your first message");
  expect(stateWords({ ...parked, turnCount: 1 }, 0).text).toBe("Parked: wakes with your next message");
});

test("C05: what Claude does is its newest: words that are being written, else what it is said to do, else the last tool", () => {
  const thinking = { kind: "thinking" } as Parameters<typeof stateWords>[2];
  const now = 120_000;
  expect(stateWords(busy, now).text).toBe("Working for 2 min: Bash: npm test");
  expect(stateWords(busy, now, thinking).text).toBe("Working for 2 min: thinking");
  expect(stateWords(busy, now, thinking, true).text).toBe("Working for 2 min: writing");
  expect(stateWords({ ...busy, openPermissions: 1 }, now, undefined, true).text).toBe(
    "Waiting for you: 1 decision",
  );
});

test("DOOR-8 names of sessions and projects are shown with what is not seen as escapes", () => {
  const named = (title: string, projectPath: string) => sessionTitle({ title, projectPath } as Session);
  expect(projectName("/home/u/al\u202epha/")).toBe("al\\u{202e}pha");
  expect(named("Fix \u200bit", "/home/u/alpha")).toBe("Fix \\u{200b}it");
  expect(named("New session", "/home/u/be\u00adta")).toBe("be\\u{ad}ta");
});
