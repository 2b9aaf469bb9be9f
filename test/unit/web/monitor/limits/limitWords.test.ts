import { expect, test } from "@jest/globals";
import { limitNames, limitTable, environmentName as ofServer } from "../../../../../server/domain/limits.ts";
import { environmentName, limitNumber, lookOf } from "../../../../../web/src/monitor/limits/limitWords.ts";

test("C06: every limit of the server has words, and a slider that reaches its default and keeps within its bounds", () => {
  for (const name of limitNames) {
    const { fallback, max } = limitTable[name];
    const { words, upTo, step } = lookOf(name, max);
    expect(words).not.toBe(name);
    expect(upTo).toBeGreaterThanOrEqual(fallback);
    expect(upTo).toBeLessThanOrEqual(max);
    // The default is a stop of the slider.
    expect(Number.isInteger(fallback / step)).toBe(true);
    expect(environmentName(name)).toBe(ofServer(name));
  }
});

test("C06: a limit of a later server is shown by its name", () => {
  expect(lookOf("maxNewThings", 50)).toMatchObject({ words: "maxNewThings", upTo: 50, step: 1 });
  expect([limitNumber(0.1 + 0.2), limitNumber(24)]).toEqual(["0.3", "24"]);
});
