import { describe, expect, test } from "@jest/globals";
import { planWindowsOf, planWindowsOfUsage } from "../../../../server/claude/facts/planWindows.ts";

const resetsAt = 1_795_841_723;

describe("T09 the plan's windows", () => {
  test("T09: come with a notice about the limits, in milliseconds and percent", () => {
    const info = {
      status: "allowed_warning" as const,
      rateLimitType: "five_hour" as const,
      utilization: 0.91,
      resetsAt,
      unifiedWindows: {
        five_hour: { utilization: 0.91, resetsAt, status: "allowed_warning" },
        seven_day: { utilization: 0.305 },
        broken: { status: "allowed" },
      },
    };
    expect(planWindowsOf(info)).toEqual([
      { id: "five_hour", label: "5 hours", utilizationPercent: 91, resetsAt: resetsAt * 1_000 },
      { id: "seven_day", label: "7 days", utilizationPercent: 30.5 },
    ]);
  });

  test("T09: a notice that names one window only is that window, and one without figures is none", () => {
    expect(planWindowsOf({ status: "allowed", rateLimitType: "seven_day_opus", utilization: 0.5 })).toEqual([
      { id: "seven_day_opus", label: "7 days, Opus", utilizationPercent: 50 },
    ]);
    expect(planWindowsOf({ status: "allowed", rateLimitType: "five_hour" })).toEqual([]);
    expect(planWindowsOf({ status: "allowed", unifiedWindows: "none" })).toEqual([]);
  });

  test("T09: an answer about usage has them by name and by model, and leaves out what has no figure", () => {
    const answer = {
      rate_limits_available: true,
      rate_limits: {
        five_hour: { utilization: 12, resets_at: "2026-11-28T05:00:00Z" },
        seven_day: null,
        seven_day_opus: { utilization: null, resets_at: null },
        model_scoped: [{ display_name: "Fable", utilization: 3, resets_at: null }],
        extra_usage: { is_enabled: false, monthly_limit: null, used_credits: null, utilization: null },
      },
    };
    expect(planWindowsOfUsage(answer)).toEqual([
      { id: "five_hour", label: "5 hours", utilizationPercent: 12, resetsAt: Date.UTC(2026, 10, 28, 5) },
      { id: "seven_day_fable", label: "7 days, Fable", utilizationPercent: 3 },
    ]);
  });

  test.each([
    ["there is no plan", { rate_limits_available: false, rate_limits: null }],
    ["the plan has told nothing", { rate_limits_available: true, rate_limits: null }],
    ["it is not understood", {}],
  ])("T09: there are none when %s", (_what, answer) => {
    expect(planWindowsOfUsage(answer)).toBeUndefined();
  });
});
