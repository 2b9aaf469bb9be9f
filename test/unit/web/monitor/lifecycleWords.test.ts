import { expect, test } from "@jest/globals";
import { lifecycleEvents } from "../../../../server/domain/delivery/event.ts";
import type { LifecycleEvent } from "../../../../web/src/monitor/answers.ts";
import { lifecycleWords } from "../../../../web/src/monitor/lifecycleWords.ts";

test("C06: every event of the lifecycle log is said in words", () => {
  const data = {
    reason: "idle",
    detail: "It ended.",
    name: "phone",
    windowId: "five_hour",
    pid: 7,
    utilizationPercent: 81,
    timeRemainingMs: 1,
  };
  const said = lifecycleEvents.map((type) =>
    lifecycleWords({ cursor: 1, seq: 1, at: 1, sessionId: "s", type, data } as unknown as LifecycleEvent),
  );
  expect(said.filter((words, index) => words === lifecycleEvents[index] || /undefined/.test(words))).toEqual(
    [],
  );
  expect(new Set(said).size).toBe(said.length);
});
