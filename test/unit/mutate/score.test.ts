import { describe, expect, test } from "@jest/globals";
import type { Mutant } from "../../mutate/mutant.ts";
import { scoreLine, scoreOf, scoresByFolder, survivorLine, verdictOn } from "../../mutate/score.ts";
import type { TestEnd } from "../../mutate/testRun.ts";

const mutant = (file = "server/pool/a.ts"): Mutant => ({
  file,
  line: 3,
  operator: "boundary",
  before: "a < b",
  after: "a <= b",
  text: "the whole file",
});
const passed: TestEnd = { end: "passed" };
const failed: TestEnd = { end: "failed", file: "test/unit/pool/a.test.ts", title: "it holds" };
const timedOut: TestEnd = { end: "timed out", file: "test/unit/pool/a.test.ts" };

describe("verdict", () => {
  test("a failed test kills, and is named", () => {
    expect(verdictOn(mutant(), failed)).toMatchObject({
      fate: "killed",
      by: "test/unit/pool/a.test.ts: it holds",
    });
  });

  test("tests that passed let it survive; without any test it lives as well", () => {
    expect(verdictOn(mutant(), passed).fate).toBe("survived");
    expect(verdictOn(mutant(), undefined).fate).toBe("no test");
  });

  test("a test run that breaks down has noticed it", () => {
    expect(verdictOn(mutant(), { end: "crashed", output: "out of memory" })).toMatchObject({
      fate: "crashed",
      by: "out of memory",
    });
  });

  test("the whole text of the file is not kept", () => {
    expect(verdictOn(mutant(), passed)).not.toHaveProperty("text");
  });
});

describe("score", () => {
  const verdicts = [
    verdictOn(mutant("server/pool/health/a.ts"), failed),
    verdictOn(mutant("server/pool/a.ts"), timedOut),
    verdictOn(mutant("server/push/a.ts"), passed),
    verdictOn(mutant("server/push/a.ts"), undefined),
    verdictOn(mutant("server/push/a.ts"), { end: "crashed", output: "out of memory" }),
  ];

  test("what timed out or crashed counts as killed, what no test imports as survived", () => {
    expect(scoreOf(verdicts)).toEqual({
      mutants: 5,
      killed: 3,
      survived: 2,
      timedOut: 1,
      crashed: 1,
      percent: 60,
    });
    expect(scoreLine(scoreOf(verdicts))).toBe(
      "5 mutants, 3 killed (1 timed out, 1 crashed), 2 survived: 60.0 %",
    );
  });

  test("rooms of a folder count with the folder", () => {
    const folders = scoresByFolder(verdicts);
    expect([...folders.keys()]).toEqual(["server/pool", "server/push"]);
    expect(folders.get("server/pool")).toMatchObject({ mutants: 2, killed: 2, percent: 100 });
    expect(folders.get("server/push")).toMatchObject({ mutants: 3, killed: 1 });
  });

  test("of no mutants it is zero", () => {
    expect(scoreOf([]).percent).toBe(0);
  });

  test("a survivor's line names place and change, and says when there was no test at all", () => {
    expect(survivorLine(verdicts[2]!)).toBe("server/push/a.ts:3  a < b -> a <= b");
    expect(survivorLine(verdicts[3]!)).toBe(
      "server/push/a.ts:3  a < b -> a <= b  (no quick test imports it)",
    );
  });
});
