import { expect, test } from "@jest/globals";
import type { DailyUse } from "../../../../server/domain/processes/usage.ts";
import { useBench } from "../fixture.ts";

const bench = useBench();
const row = (more: Partial<DailyUse> = {}): DailyUse => ({
  day: "2026-11-28",
  projectPath: "/projects/alpha",
  model: "claude-x",
  costUsd: 0.25,
  inputTokens: 10,
  outputTokens: 5,
  turns: 1,
  ...more,
});

test("T09: use of a day adds up, and is kept when retention cuts everything", () => {
  bench.store.usage.add([row(), row({ model: "claude-y", turns: 0 })]);
  bench.store.usage.add([row({ costUsd: 0.5 }), row({ day: "2026-11-27" })]);
  bench.store.transaction(() =>
    bench.store.events.append({ sessionId: null, type: "login.required", data: { detail: "" } }),
  );
  expect(bench.store.history.cut(Number.MAX_SAFE_INTEGER, 100)).toBe(1);
  bench.reopen();
  expect(bench.store.usage.since("2026-11-28")).toEqual([
    row({ costUsd: 0.75, inputTokens: 20, outputTokens: 10, turns: 2 }),
    row({ model: "claude-y", turns: 0 }),
  ]);
  expect(bench.store.usage.since("2026-11-01")).toHaveLength(3);
});

test("T09: the plan's use is the one that was told last", () => {
  expect(bench.store.usage.plan()).toBeUndefined();
  const plan = { asOf: 1, windows: [], warnedUntilAt: { five_hour: 5 } };
  bench.store.usage.setPlan(plan);
  bench.store.usage.setPlan({ ...plan, asOf: 2 });
  bench.reopen();
  expect(bench.store.usage.plan()).toEqual({ ...plan, asOf: 2 });
});
