import { describe, expect, test } from "@jest/globals";
import {
  type Gauge,
  hasRoom,
  hotSamplesAfter,
  judge,
  machineShare,
  type ProcessFacts,
  parkedFor,
  readGauge,
  restingGauge,
  spinSamples,
  toolsWork,
} from "../../../../server/domain/processes/health.ts";

const mega = 1_024 ** 2;
const limits = { maxMemoryPerSessionBytes: 500 * mega, turnStallMs: 600_000 };
const usage = (megabytes: number, cpuPercent = 1.5, ownCpuPercent = cpuPercent) => ({
  rssBytes: megabytes * mega,
  cpuPercent,
  ownCpuPercent,
  processCount: 1,
});
const facts = (change: Partial<ProcessFacts> = {}): ProcessFacts => ({
  isBusy: false,
  usage: usage(130),
  hotSamples: 0,
  silentMs: 0,
  isWaiting: false,
  ...change,
});
const verdict = (change: Partial<ProcessFacts>) => judge(facts(change), limits).kind;

describe("S11: the verdict on a process", () => {
  test.each<[string, Partial<ProcessFacts>, string]>([
    ["S11: at rest", {}, "ok"],
    ["S11: not measured yet", { usage: undefined }, "ok"],
    ["F8: at 80 % of its memory", { usage: usage(400) }, "ok"],
    ["F8: over 80 % of its memory", { usage: usage(401) }, "grown"],
    ["F8: over 80 % of its memory in a turn", { usage: usage(401), isBusy: true }, "grown"],
    ["F8: at the limit", { usage: usage(500) }, "grown"],
    ["F8: over the limit in a turn", { usage: usage(501), isBusy: true }, "over-memory"],
    [
      "F8: over the limit while silent",
      { usage: usage(501), isBusy: true, silentMs: 600_000 },
      "over-memory",
    ],
    ["F1: silent for almost too long", { isBusy: true, silentMs: 599_999 }, "ok"],
    ["F1: silent for too long", { isBusy: true, silentMs: 600_000 }, "stalled"],
    ["F1: silent while the owner is asked", { isBusy: true, silentMs: 600_000, isWaiting: true }, "ok"],
    ["F1: silent and not measured", { isBusy: true, silentMs: 600_000, usage: undefined }, "stalled"],
    ["F1: silent with nothing to do", { silentMs: 10 * 600_000 }, "ok"],
    ["F9: hot for too long with nothing to do", { hotSamples: spinSamples }, "spinning"],
    ["F9: hot, not long enough", { hotSamples: spinSamples - 1 }, "ok"],
    ["F9: hot in a turn", { hotSamples: spinSamples, isBusy: true }, "ok"],
  ])("%s", (_what, change, kind) => {
    expect(verdict(change)).toBe(kind);
  });

  test("F1: with no stall limit a turn may be silent for ever", () => {
    const silent = facts({ isBusy: true, silentMs: Number.MAX_SAFE_INTEGER });
    expect(judge(silent, { ...limits, turnStallMs: 0 })).toEqual({ kind: "ok" });
  });

  test("does not ask whether the owner is awaited unless that decides", () => {
    const silent = {
      ...facts(),
      isBusy: true,
      silentMs: 10,
      get isWaiting(): boolean {
        throw new Error("asked");
      },
    };
    expect(judge(silent, limits)).toEqual({ kind: "ok" });
  });
});

describe("F9: hot samples", () => {
  test("are counted while it is idle and hot, and start anew after one that is not", () => {
    expect(hotSamplesAfter(3, true, usage(1, 60))).toBe(4);
    expect(hotSamplesAfter(3, true, usage(1, 2))).toBe(0);
    expect(hotSamplesAfter(3, false, usage(1, 99))).toBe(0);
    expect(hotSamplesAfter(3, true, undefined)).toBe(0);
  });

  test("do not count the work of a shell in the background", () => {
    expect(hotSamplesAfter(3, true, usage(1, 99, 2))).toBe(0);
  });
});

describe("F1: a tool", () => {
  test("is a sign of life when its processes work, not when they are only there", () => {
    expect(toolsWork(usage(1, 3, 1.5))).toBe(true);
    expect(toolsWork(usage(1, 1.8, 1.5))).toBe(false);
    expect(toolsWork(usage(1, 90, 90))).toBe(false);
    expect(toolsWork(undefined)).toBe(false);
  });
});

describe("S10: a gauge", () => {
  const readAll = (values: number[], from: Gauge = restingGauge) => {
    let gauge = from;
    return values.map((value) => {
      gauge = readGauge(gauge, value, 80);
      return gauge.isOver;
    });
  };

  test("is over after three readings in a row, not after a peak", () => {
    expect(readAll([90, 90, 70, 90, 90, 90])).toEqual([false, false, false, false, false, true]);
  });

  test("stays over until three readings are well below", () => {
    const over = { isOver: true, streak: 0 };
    expect(readAll([79, 73, 71, 79, 71, 71, 71], over)).toEqual([true, true, true, true, true, true, false]);
  });

  test("of the machine is the sum of the processes over its cores", () => {
    expect(machineShare([100, 60], 2)).toBe(80);
    expect(machineShare([], 2)).toBe(0);
  });
});

describe("S10: room in memory", () => {
  const none = { sampled: [], unsampledCount: 0, otherBytes: 0 };

  test("is measured by what the others use, those that come up included", () => {
    expect(hasRoom({ ...none, sampled: [200, 200] }, 600)).toBe(true);
    expect(hasRoom({ ...none, sampled: [200, 200] }, 599)).toBe(false);
    expect(hasRoom({ ...none, sampled: [200, 200], unsampledCount: 1 }, 700)).toBe(false);
    expect(hasRoom({ ...none, sampled: [200, 200], otherBytes: 100 }, 650)).toBe(false);
  });

  test("is guessed where nothing was measured yet", () => {
    expect(hasRoom({ ...none, unsampledCount: 12 }, 2 * 1_024 * mega)).toBe(true);
    expect(hasRoom({ ...none, unsampledCount: 13 }, 2 * 1_024 * mega)).toBe(false);
  });

  test("is made by the longest idle, and by no more than needed", () => {
    const idle = [
      { sessionId: "a", rssBytes: 100 },
      { sessionId: "b", rssBytes: 200 },
      { sessionId: "c", rssBytes: 300 },
    ];
    expect(parkedFor(1_000, 1_000, idle)).toEqual({ parks: [], remains: false });
    expect(parkedFor(1_000, 850, idle)).toEqual({ parks: ["a", "b"], remains: false });
    expect(parkedFor(1_000, 300, idle)).toEqual({ parks: ["a", "b", "c"], remains: true });
  });
});
