import { describe, expect, test } from "@jest/globals";
import { type CumulativeUse, UsageMeter } from "../../../../server/claude/facts/usageMeter.ts";

const use = (costUSD: number, tokens: number): CumulativeUse => ({
  costUSD,
  inputTokens: tokens,
  cacheReadInputTokens: 100 * tokens,
  cacheCreationInputTokens: 10 * tokens,
  outputTokens: 2 * tokens,
});

describe("T09 what a result adds to the use of each model", () => {
  test("T09: is the difference to the last one, of the models that were used", () => {
    const meter = new UsageMeter({});
    expect(meter.read({ "claude-x": use(1, 10) })).toEqual([
      { model: "claude-x", costUsd: 1, inputTokens: 1_110, outputTokens: 20 },
    ]);
    const both = { "claude-x": use(1, 10), "claude-y": use(0.25, 1) };
    expect(meter.read(both)).toEqual([
      { model: "claude-y", costUsd: 0.25, inputTokens: 111, outputTokens: 2 },
    ]);
    expect(meter.read(both)).toEqual([]);
  });

  test("T09: goes on from what the transcript saved, as the CLI does after a resume or in a copy", () => {
    const meter = new UsageMeter({ "claude-x": use(1, 10) });
    expect(meter.read({ "claude-x": use(1.5, 15) })).toEqual([
      { model: "claude-x", costUsd: 0.5, inputTokens: 555, outputTokens: 10 },
    ]);
  });

  test("T09: is the whole where the CLI has begun again at zero, after a clear", () => {
    const meter = new UsageMeter({ "claude-x": use(1, 10) });
    expect(meter.read({ "claude-x": use(0.2, 2) })).toEqual([
      { model: "claude-x", costUsd: 0.2, inputTokens: 222, outputTokens: 4 },
    ]);
  });

  test("T09: does not take the rounding of a sum for a new beginning", () => {
    const meter = new UsageMeter({ "claude-x": use(0.30000000000000004, 10) });
    expect(meter.read({ "claude-x": { ...use(0.3, 10), outputTokens: 21 } })).toEqual([
      { model: "claude-x", costUsd: 0, inputTokens: 0, outputTokens: 1 },
    ]);
  });
});
