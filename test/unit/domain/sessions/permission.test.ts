import { describe, expect, test } from "@jest/globals";
import {
  misfits,
  type Permission,
  permissionKindOf,
  rulesIn,
  sameDecision,
  scopeInForce,
} from "../../../../server/domain/sessions/permission.ts";

describe("P03 the same answer again", () => {
  test("is the same whatever words came with it, and without a scope means once", () => {
    expect(sameDecision({ decision: "deny", message: "No." }, { decision: "deny" })).toBe(true);
    expect(sameDecision({ decision: "allow" }, { decision: "allow", scope: "once" })).toBe(true);
  });
  test("is another one when it answers or edits otherwise, in whatever order its fields are written", () => {
    const allow = (more: object) => ({ decision: "allow" as const, ...more });
    expect(sameDecision(allow({ answers: { a: "1", b: "2" } }), allow({ answers: { b: "2", a: "1" } }))).toBe(
      true,
    );
    expect(sameDecision(allow({ answers: { a: "1" } }), allow({ answers: { a: "2" } }))).toBe(false);
    const nested = { updatedInput: { x: [{ p: 1, q: 2 }], y: null } };
    expect(sameDecision(allow(nested), allow({ updatedInput: { y: null, x: [{ q: 2, p: 1 }] } }))).toBe(true);
    expect(sameDecision(allow(nested), allow({}))).toBe(false);
    expect(sameDecision(allow(nested), allow({ updatedInput: { x: [{ p: 1, q: 3 }], y: null } }))).toBe(
      false,
    );
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

describe("P04 how long an answer holds", () => {
  const rule = { type: "addRules", behavior: "allow", rules: [], destination: "localSettings" };
  test("is what was said where there is a rule for it, and this call otherwise", () => {
    const always = { decision: "allow", scope: "always" } as const;
    expect(scopeInForce(always, [rule])).toBe("always");
    expect(scopeInForce(always, [])).toBe("once");
    expect(scopeInForce(always, [{ type: "setMode", mode: "acceptEdits" }, null, "x"])).toBe("once");
    expect(scopeInForce({ decision: "deny", scope: "always" }, [rule])).toBe("once");
    expect(scopeInForce({ decision: "allow" }, [rule])).toBe("once");
  });
});

describe("P02 answers that do not fit", () => {
  const permission = (kind: Permission["kind"], more: Partial<Permission> = {}): Permission => ({
    permissionId: "p",
    sessionId: "s",
    turnId: "t",
    kind,
    toolName: "x",
    title: "x",
    input: {},
    suggestions: [],
    requestedAt: 0,
    expiresAt: 1,
    state: "open",
    ...more,
  });
  const question = permission("question", { questions: [{ question: "A?" }, { question: "B?" }, null] });
  const faultsOf = (...args: Parameters<typeof misfits>) => misfits(...args).map(({ path }) => path);

  test("are named by their fields", () => {
    expect(faultsOf(question, { decision: "allow", answers: { "A?": "1", "B?": "2" } })).toEqual([]);
    expect(faultsOf(question, { decision: "deny", message: "No." })).toEqual([]);
    expect(faultsOf(question, { decision: "allow" })).toEqual(["answers"]);
    expect(faultsOf(question, { decision: "allow", answers: { "A?": "1" } })).toEqual(["answers"]);
    expect(faultsOf(question, { decision: "allow", answers: { "A?": "1", "B?": "2", "C?": "3" } })).toEqual([
      "answers",
    ]);
    const edited = { decision: "allow", answers: { "A?": "1", "B?": "2" }, updatedInput: {} } as const;
    expect(faultsOf(question, edited)).toEqual(["updatedInput"]);
    expect(faultsOf(permission("tool"), { decision: "allow", answers: { x: "y" } })).toEqual(["answers"]);
    expect(faultsOf(permission("tool"), { decision: "deny", updatedInput: {} })).toEqual(["updatedInput"]);
    expect(faultsOf(permission("plan"), { decision: "allow", updatedInput: { plan: "x" } })).toEqual([]);
  });
});

describe("the rules of a suggestion", () => {
  test("are in the CLI's own notation, and no command can end its rule early", () => {
    const rules = (...given: unknown[]) => [{ type: "addRules", behavior: "allow", rules: given }];
    expect(rulesIn(rules({ toolName: "Bash", ruleContent: "npm test" }, { toolName: "Read" }))).toEqual([
      "Bash(npm test)",
      "Read",
    ]);
    expect(rulesIn(rules({ toolName: "Bash", ruleContent: "a),Bash(*" }))).toEqual(["Bash(a\\),Bash\\(*)"]);
    expect(rulesIn(rules({ toolName: "Bash", ruleContent: "a\\b" }))).toEqual(["Bash(a\\\\b)"]);
    expect(
      rulesIn([
        { type: "setMode", mode: "acceptEdits" },
        { type: "addRules", behavior: "deny" },
      ]),
    ).toEqual([]);
    expect(rulesIn(rules(null, 7, { ruleContent: "x" }))).toEqual([]);
  });
});
