import { describe, expect, test } from "@jest/globals";
import {
  editedInput,
  misanswered,
  misfits,
  type Permission,
  permissionKindOf,
  rulesIn,
  sameDecision,
  scopeOf,
  scopesOf,
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
  test("can be longer where there is a rule for it that the CLI lets be kept, and is this call otherwise", () => {
    expect(scopesOf([rule])).toEqual(["once", "session", "always"]);
    expect(scopesOf([rule], true)).toEqual(["once"]);
    expect(scopesOf([])).toEqual(["once"]);
    expect(scopesOf([{ type: "setMode", mode: "acceptEdits" }, null, "x"])).toEqual(["once"]);
  });
  test("is what was said, for what is allowed", () => {
    expect(scopeOf({ decision: "allow", scope: "always" })).toBe("always");
    expect(scopeOf({ decision: "deny", scope: "always" })).toBe("once");
    expect(scopeOf({ decision: "allow" })).toBe("once");
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
    scopes: ["once"],
    lookFirst: false,
    truncated: false,
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
    expect(faultsOf(question, { decision: "allow", answers: { "A?": 1, "B?": "2" } })).toEqual(["answers"]);
  });
  test("REPORT-7 to a form are named by its fields, and count only when it is allowed", () => {
    const fields = [{ name: "age", label: "Age", type: "integer" as const, required: true }];
    const form = permission("form", { form: { message: "Who?", fields } });
    expect(faultsOf(form, { decision: "allow", answers: { age: 7 } })).toEqual([]);
    expect(faultsOf(form, { decision: "allow", updatedInput: {} })).toEqual(["updatedInput"]);
    const wrongOf = (...args: Parameters<typeof misanswered>) => misanswered(...args).map(({ path }) => path);
    expect(wrongOf(form, { decision: "allow", answers: { age: 7 } })).toEqual([]);
    expect(wrongOf(form, { decision: "allow" })).toEqual(["answers.age"]);
    expect(wrongOf(form, { decision: "deny" })).toEqual([]);
    expect(wrongOf(question, { decision: "allow" })).toEqual([]);
  });
});

describe("an answer that lets something else run", () => {
  const input = { command: "ls", timeout: 5 };
  test("DOOR-9 is told apart from one that repeats what was asked", () => {
    const edited = { command: "rm x" };
    expect(editedInput({ input }, { decision: "allow", updatedInput: edited })).toEqual(edited);
    expect(
      editedInput({ input }, { decision: "allow", updatedInput: { timeout: 5, command: "ls" } }),
    ).toBeUndefined();
    expect(editedInput({ input }, { decision: "allow" })).toBeUndefined();
    expect(editedInput({ input }, { decision: "deny", updatedInput: edited })).toBeUndefined();
  });
});

describe("DOOR-9 an edit that is easily overlooked", () => {
  const asked = { command: "caf\u00e9", timeout: 5, list: ["a", "b"], deep: { x: { y: 1 } } };
  test.each<[string, Record<string, unknown>]>([
    ["a field more", { dangerouslyDisableSandbox: true }],
    ["a field more that is off", { run_in_background: false }],
    ["the other composition of a character", { command: "cafe\u0301" }],
    ["a space at the end", { command: "caf\u00e9 " }],
    ["a zero-width space", { command: "caf\u00e9\u200b" }],
    ["a text in the place of a number", { timeout: "5" }],
    ["null in the place of a number", { timeout: null }],
    ["the order of a list", { list: ["b", "a"] }],
    ["something far within", { deep: { x: { y: 2 } } }],
    ["a list in the place of an object", { deep: { x: [1] } }],
    ["a field of the name __proto__", JSON.parse('{"__proto__":{"command":"rm x"}}')],
  ])("is told: %s", (_what, change) => {
    const updatedInput = Object.defineProperties(
      {},
      {
        ...Object.getOwnPropertyDescriptors(asked),
        ...Object.getOwnPropertyDescriptors(change),
      },
    );
    expect(editedInput({ input: asked }, { decision: "allow", updatedInput })).toBe(updatedInput);
  });

  test("is told when a field is left out", () => {
    const { timeout: _timeout, ...updatedInput } = asked;
    expect(editedInput({ input: asked }, { decision: "allow", updatedInput })).toBe(updatedInput);
    expect(editedInput({ input: asked }, { decision: "allow", updatedInput: {} })).toEqual({});
  });

  test("is none when names of fields stand in another order, however deep", () => {
    const updatedInput = { deep: { x: { y: 1 } }, list: ["a", "b"], timeout: 5, command: "caf\u00e9" };
    expect(editedInput({ input: asked }, { decision: "allow", updatedInput })).toBeUndefined();
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
