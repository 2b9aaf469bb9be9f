import { describe, expect, test } from "@jest/globals";
import { elicitationResult, permissionResult } from "../../../../server/claude/process/permissionResult.ts";

describe("an answer in the CLI's words", () => {
  const rule = { type: "addRules", behavior: "allow", rules: [], destination: "localSettings" };

  test("P01: a denial has words, and an allowance what runs", () => {
    expect(permissionResult({ decision: "deny" }, {}, [])).toEqual({
      behavior: "deny",
      message: "The owner declined.",
    });
    expect(permissionResult({ decision: "allow" }, { command: "ls" }, [])).toEqual({
      behavior: "allow",
      updatedInput: { command: "ls" },
    });
    expect(
      permissionResult({ decision: "allow", updatedInput: { command: "x" } }, { command: "ls" }, []),
    ).toEqual({
      behavior: "allow",
      updatedInput: { command: "x" },
    });
  });

  test("P04: what holds for longer holds for this process, wherever the rule would be kept", () => {
    expect(permissionResult({ decision: "allow", scope: "always" }, {}, [rule])).toMatchObject({
      updatedPermissions: [{ ...rule, destination: "session" }],
    });
  });
});

describe("T11: an answer to a form in MCP's words", () => {
  const field = { name: "age", label: "Age", type: "integer" as const, required: false };
  const form = { message: "", fields: [field] };

  test("REPORT-7 is accepted with its content, declined by a person, or cancelled when nobody answered", () => {
    expect(elicitationResult({ decision: "allow", answers: { age: 7 } }, form)).toEqual({
      action: "accept",
      content: { age: 7 },
    });
    expect(elicitationResult({ decision: "allow" }, form)).toEqual({ action: "accept", content: {} });
    expect(elicitationResult({ decision: "deny" }, form)).toEqual({ action: "decline" });
    expect(elicitationResult({ decision: "deny", isExpired: true }, form)).toEqual({ action: "cancel" });
  });

  test("REPORT-7 an address that was opened has no content", () => {
    const url = { message: "", url: "https://example.com/", fields: [] };
    expect(elicitationResult({ decision: "allow" }, url)).toEqual({ action: "accept" });
  });
});
