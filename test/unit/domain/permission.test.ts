import { describe, expect, test } from "@jest/globals";
import { permissionKindOf, sameDecision } from "../../../server/domain/permission.ts";

describe("P03 the same answer again", () => {
  test("is the same whatever words came with it, and without a scope means once", () => {
    expect(sameDecision({ decision: "deny", message: "No." }, { decision: "deny" })).toBe(true);
    expect(sameDecision({ decision: "allow" }, { decision: "allow", scope: "once" })).toBe(true);
  });
  test("is another one when it decides otherwise or for longer", () => {
    expect(sameDecision({ decision: "allow" }, { decision: "deny" })).toBe(false);
    expect(sameDecision({ decision: "allow" }, { decision: "allow", scope: "always" })).toBe(false);
    expect(
      sameDecision({ decision: "allow", scope: "session" }, { decision: "allow", scope: "always" }),
    ).toBe(false);
  });
});

test("P02 questions and plans are told apart from tools", () => {
  expect(["AskUserQuestion", "ExitPlanMode", "Bash", "mcp__x__y"].map(permissionKindOf)).toEqual([
    "question",
    "plan",
    "tool",
    "tool",
  ]);
});

test("P02 a tool that is named like a part of every object is a tool", () => {
  expect(["constructor", "toString", "__proto__"].map(permissionKindOf)).toEqual(["tool", "tool", "tool"]);
});
