import { describe, expect, test } from "@jest/globals";
import {
  type DailyUse,
  dayOf,
  firstDayOf,
  mergedWindows,
  type PlanWindow,
  sumUp,
  warningsOf,
} from "../../../../server/domain/processes/usage.ts";

const hourMs = 3_600_000;
const row = (more: Partial<DailyUse>): DailyUse => ({
  day: "2026-11-28",
  projectPath: "/work/a",
  model: "claude-x",
  costUsd: 1,
  inputTokens: 10,
  outputTokens: 5,
  turns: 1,
  ...more,
});
const window = (more: Partial<PlanWindow> = {}): PlanWindow => ({
  id: "five_hour",
  label: "5 hours",
  utilizationPercent: 85,
  resetsAt: 2_000,
  ...more,
});

describe("T09 use and cost", () => {
  test("T09: a day is the computer's, from midnight to midnight", () => {
    const midnight = new Date(2026, 2, 1).getTime();
    expect([dayOf(midnight - 1), dayOf(midnight)]).toEqual(["2026-02-28", "2026-03-01"]);
    expect(firstDayOf(1, midnight)).toBe("2026-03-01");
    expect(firstDayOf(30, midnight)).toBe("2026-01-31");
    expect(firstDayOf(90, new Date(2026, 3, 1, 0, 30).getTime())).toBe("2026-01-02");
  });

  test("T09: rows are summed up by day, oldest first, and by project and model, the dearest first", () => {
    const rows = [
      row({}),
      row({ day: "2026-11-27", model: "claude-y", costUsd: 0.25, turns: 2 }),
      row({ projectPath: "/work/b", costUsd: 4, inputTokens: 1 }),
    ];
    expect(sumUp(rows)).toEqual({
      days: [
        { day: "2026-11-27", costUsd: 0.25, tokens: { input: 10, output: 5 }, turns: 2 },
        { day: "2026-11-28", costUsd: 5, tokens: { input: 11, output: 10 }, turns: 2 },
      ],
      byProject: [
        { projectPath: "/work/b", costUsd: 4, tokens: { input: 1, output: 5 }, turns: 1 },
        { projectPath: "/work/a", costUsd: 1.25, tokens: { input: 20, output: 10 }, turns: 3 },
      ],
      byModel: [
        { model: "claude-x", costUsd: 5, tokens: { input: 11, output: 10 }, turns: 2 },
        { model: "claude-y", costUsd: 0.25, tokens: { input: 10, output: 5 }, turns: 2 },
      ],
    });
    expect(sumUp([])).toEqual({ days: [], byProject: [], byModel: [] });
  });

  test("T09: a window is warned of once, and its next one again", () => {
    const first = warningsOf([window(), window({ id: "seven_day", utilizationPercent: 79.9 })], {}, 1_000);
    expect(first.due.map(({ id }) => id)).toEqual(["five_hour"]);
    const again = warningsOf(
      [window({ utilizationPercent: 99, resetsAt: 2_050 })],
      first.warnedUntilAt,
      1_999,
    );
    expect(again.due).toEqual([]);
    const next = warningsOf([window({ resetsAt: 9_000 })], again.warnedUntilAt, 2_000);
    expect(next.due).toHaveLength(1);
  });

  test("T09: a window that is used up is not warned of, not even when its figure falls a little", () => {
    const full = warningsOf([window({ utilizationPercent: 100 })], {}, 1_000);
    expect(full.due).toEqual([]);
    expect(warningsOf([window({ utilizationPercent: 99 })], full.warnedUntilAt, 1_500).due).toEqual([]);
  });

  test("T09: a window whose end is not known is warned of once a day", () => {
    const endless: PlanWindow = { id: "overage", label: "Extra usage", utilizationPercent: 80 };
    const { due, warnedUntilAt } = warningsOf([endless], {}, 0);
    expect(due).toHaveLength(1);
    expect(warningsOf([endless], warnedUntilAt, 23 * hourMs).due).toEqual([]);
    expect(warningsOf([endless], warnedUntilAt, 24 * hourMs).due).toHaveLength(1);
  });

  test("T09: newer figures take the place of the old ones, and windows that are over are left out", () => {
    const known = [window(), window({ id: "seven_day", resetsAt: 500 }), window({ id: "seven_day_opus" })];
    const told = [window({ utilizationPercent: 90 })];
    expect(mergedWindows(known, told, 1_000)).toEqual([
      window({ utilizationPercent: 90 }),
      window({ id: "seven_day_opus" }),
    ]);
    expect(mergedWindows(known, [], 3_000)).toEqual([]);
  });
});
