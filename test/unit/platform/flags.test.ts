import { describe, expect, test } from "@jest/globals";
import { parseFlags } from "../../../server/platform/flags.ts";

const line = {
  flags: {
    scope: { type: "text", choices: ["read", "chat", "admin"] },
    "data-dir": { type: "text" },
    count: { type: "number", whole: true, min: 1, max: 200 },
    pause: { type: "number" },
    seed: { type: "number", min: 0 },
    json: { type: "boolean" },
  },
  arguments: [
    { name: "MINUTES", optional: true, number: { min: 0.1 } },
    { name: "ACTION", optional: true, choices: ["revoke"] },
  ],
} as const;

const faultOf = (args: string[]): string => {
  try {
    parseFlags(line, args);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
};

describe("a command line", () => {
  test("gives its options as what they are, and its arguments in their order", () => {
    expect(
      parseFlags(line, ["5", "--scope", "read", "--json", "--count=7", "--pause", "-1.5", "revoke"]),
    ).toEqual({
      values: { scope: "read", json: true, count: 7, pause: -1.5 },
      given: ["5", "revoke"],
    });
    expect(parseFlags(line, [])).toEqual({ values: {}, given: [] });
    expect(parseFlags(line, ["--data-dir=-odd"]).values).toEqual({ "data-dir": "-odd" });
    expect(
      parseFlags({ flags: {}, arguments: [{ name: "FILE", many: true }] }, ["a", "b", "c"]).given,
    ).toEqual([...["a", "b", "c"]]);
  });

  test.each([
    [["--nope"], "--nope is no option here."],
    [["--scop", "chat"], "--scop is no option here; --scope is."],
    [["--dataDir", "x"], "--dataDir is no option here; --data-dir is."],
    [["--constructor"], "--constructor is no option here."],
    [["-x"], "-x is no option here."],
    [["--scope", "foo"], '--scope takes read, chat or admin; not "foo".'],
    [["--scope=CHAT"], '--scope takes read, chat or admin; not "CHAT".'],
    [["--data-dir"], "--data-dir needs a value."],
    [["--data-dir", "--json"], "--data-dir needs a value."],
    [["--data-dir="], "--data-dir needs a value."],
    [["--json=yes"], "--json takes no value."],
    [["--count", "many"], '--count takes a whole number from 1 to 200; not "many".'],
    [["--count", "1.5"], '--count takes a whole number from 1 to 200; not "1.5".'],
    [["--count", "0"], '--count takes a whole number from 1 to 200; not "0".'],
    [["--count", " "], '--count takes a whole number from 1 to 200; not " ".'],
    [["--count", "-3"], '--count takes a whole number from 1 to 200; not "-3".'],
    [["--seed", "NaN"], '--seed takes a number, at least 0; not "NaN".'],
    [["--pause", "Infinity"], '--pause takes a number; not "Infinity".'],
    [["soon"], 'MINUTES takes a number, at least 0.1; not "soon".'],
    [["5", "drop"], 'ACTION takes revoke; not "drop".'],
    [["5", "revoke", "more"], '"more" is not expected here.'],
  ])("START-6: %j is refused in one sentence that says what would be taken", (args, sentence) => {
    expect(faultOf(args)).toBe(sentence);
  });

  test("an argument that is needed is named when it is missing", () => {
    expect(() => parseFlags({ flags: {}, arguments: [{ name: "FILE" }] }, [])).toThrow("FILE is missing.");
  });
});
