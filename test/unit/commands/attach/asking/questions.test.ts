import { describe, expect, test } from "@jest/globals";
import type { Permission, PermissionAnswer } from "../../../../../client/src/index.ts";
import { OpenQuestion } from "../../../../../server/commands/attach/asking/openQuestion.ts";
import type { Heard, Question } from "../../../../../server/commands/attach/asking/question.ts";
import { questionOf, wholeLines } from "../../../../../server/commands/attach/asking/questionOf.ts";
import type { KeyName } from "../../../../../server/commands/attach/terminal/keys.ts";

const permission = (more: Partial<Permission>): Permission => ({
  permissionId: "p",
  sessionId: "s",
  turnId: "t",
  kind: "tool",
  toolName: "Bash",
  title: "Bash: touch x",
  input: { command: "touch x" },
  suggestions: [],
  scopes: ["once", "session", "always"],
  lookFirst: false,
  truncated: false,
  requestedAt: 0,
  expiresAt: 1,
  state: "open",
  ...more,
});
const type = (question: Question, text: string): Heard => question.hear({ kind: "text", text });
const press = (question: Question, name: KeyName): Heard => question.hear({ kind: "key", name });
const keysOf = (question: Question) =>
  question
    .view()
    .choices.map(({ key }) => key)
    .join(" ");
const wordsOf = (question: Question) =>
  question.view().words.map((spans) => spans.map(({ text }) => text).join(""));

describe("questions of Claude's", () => {
  test("a permission is allowed once, for the session or always, or denied, with one key each", () => {
    const asked = () => questionOf(permission({}));
    expect(keysOf(asked())).toBe("y s a n m v");
    expect(type(asked(), "y")).toEqual({ kind: "answer", answer: { decision: "allow" } });
    expect(type(asked(), "s")).toEqual({ kind: "answer", answer: { decision: "allow", scope: "session" } });
    expect(type(asked(), "a")).toEqual({ kind: "answer", answer: { decision: "allow", scope: "always" } });
    expect(type(asked(), "n")).toEqual({ kind: "answer", answer: { decision: "deny" } });
    expect(type(asked(), "yes, do")).toEqual({ kind: "ignored" });
  });

  test("a scope that cannot be given has no key, and its key gives nothing", () => {
    const question = questionOf(permission({ scopes: ["once"] }));
    expect(keysOf(question)).toBe("y n m v");
    expect(type(question, "a")).toEqual({ kind: "ignored" });
  });

  test("what hides something is allowed only when it was looked at whole", () => {
    const question = questionOf(permission({ lookFirst: true }));
    expect(keysOf(question)).toBe("n m v");
    expect(type(question, "y")).toEqual({ kind: "ignored" });
    expect(type(question, "v")).toEqual({ kind: "look" });
    expect(type(question, "y")).toEqual({ kind: "answer", answer: { decision: "allow" } });
  });

  test("a denial says why, and Escape takes the words back", () => {
    const question = questionOf(permission({}));
    type(question, "m");
    type(question, "no y");
    press(question, "escape");
    expect(question.view().field).toBeUndefined();
    type(question, "m");
    type(question, "use git");
    expect(question.view().field).toMatchObject({ name: "What Claude is to do instead", text: "use git" });
    expect(press(question, "enter")).toEqual({
      kind: "answer",
      answer: { decision: "deny", message: "use git" },
    });
  });

  test("questions are answered by digits one after the other, several answers together, and in own words", () => {
    const questions = [
      { question: "Which?", options: [{ label: "red" }, { label: "green", description: "of grass" }] },
      {
        question: "What else?",
        multiSelect: true,
        options: [{ label: "a" }, { label: "b" }, { label: "c" }],
      },
      { question: "Why?", options: [] },
    ];
    const question = questionOf(permission({ kind: "question", questions }));
    expect(wordsOf(question)).toEqual(["Claude asks (1 of 3)", "Which?", " 1 red", " 2 green  of grass"]);
    expect(type(question, "3")).toEqual({ kind: "ignored" });
    expect(type(question, "2")).toEqual({ kind: "changed" });
    expect(press(question, "enter")).toEqual({ kind: "ignored" });
    for (const digit of ["1", "3", "2", "1"]) type(question, digit);
    expect(wordsOf(question)).toContain(" 3 ☑ c");
    press(question, "enter");
    type(question, "o");
    type(question, "because");
    expect(press(question, "enter")).toEqual({
      kind: "answer",
      answer: { decision: "allow", answers: { "Which?": "green", "What else?": "c, b", "Why?": "because" } },
    });
    expect(type(questionOf(permission({ kind: "question", questions })), "n")).toMatchObject({
      answer: { decision: "deny" },
    });
  });

  test("a plan is approved or sent back", () => {
    const plan = questionOf(permission({ kind: "plan", plan: "# Plan", scopes: ["once"] }));
    expect(keysOf(plan)).toBe("y n m v");
    expect(type(plan, "y")).toEqual({ kind: "answer", answer: { decision: "allow" } });
  });

  test("a form asks field by field, takes what is usual, refuses what does not fit, and can be declined", () => {
    const form: Permission["form"] = {
      message: "Who are you?",
      server: "crm",
      fields: [
        { name: "name", label: "Name", type: "text", required: true },
        { name: "age", label: "Age", type: "integer", required: false, default: 7 },
        {
          name: "size",
          label: "Size",
          type: "choice",
          required: true,
          options: [
            { value: "s", label: "Small" },
            { value: "l", label: "Large" },
          ],
        },
        { name: "news", label: "News?", type: "boolean", required: true },
        {
          name: "tags",
          label: "Tags",
          type: "choices",
          required: false,
          options: [{ value: "x", label: "X" }],
        },
      ],
    };
    const question = questionOf(permission({ kind: "form", form }));
    expect(wordsOf(question)).toEqual(["A form of crm", "Who are you?"]);
    type(question, "y");
    press(question, "enter");
    expect(wordsOf(question)).toContain("This one has to be answered.");
    type(question, "Ann");
    press(question, "enter");
    type(question, "old");
    press(question, "enter");
    expect(wordsOf(question)).toContain("A number is wanted.");
    press(question, "enter");
    type(question, "2");
    type(question, "n");
    type(question, "1");
    expect(press(question, "enter")).toEqual({
      kind: "answer",
      answer: { decision: "allow", answers: { name: "Ann", age: 7, size: "l", news: false, tags: ["x"] } },
    });
    const declined = questionOf(permission({ kind: "form", form }));
    type(declined, "y");
    expect(press(declined, "escape")).toEqual({ kind: "answer", answer: { decision: "deny" } });
  });

  test("the whole of what is asked for is shown with everything unseen as escapes", () => {
    const input = { command: "rm -r \u202e/tmp\u001b[8m", list: [1] };
    expect(wholeLines(permission({ input }), { width: 60, hasColors: false })).toEqual([
      "Bash: touch x",
      "",
      "command",
      "rm -r \\u{202e}/tmp\\u{1b}[8m",
      "",
      "list",
      "[",
      "  1",
      "]",
    ]);
  });
});

describe("OpenQuestion", () => {
  const opened = () => {
    const clock = { now: 1_000 };
    const answers: PermissionAnswer[] = [];
    const open = new OpenQuestion({
      now: () => clock.now,
      onLook: () => {},
      onAnswer: (_permission, answer) => answers.push(answer),
    });
    return { clock, answers, open, hear: (text: string) => open.hear({ kind: "text", text }) };
  };

  test("keys answer only after a moment, and the first one before that goes to the message", () => {
    const { clock, answers, open, hear } = opened();
    expect(open.follow(permission({}), false)).toBe(true);
    clock.now += 499;
    expect(hear("y")).toBe(false);
    clock.now += 10_000;
    expect(hear("y")).toBe(false);
    expect(open.hear({ kind: "key", name: "tab" })).toBe(true);
    expect(hear("y")).toBe(true);
    expect(answers).toEqual([{ decision: "allow" }]);
  });

  test("a question that comes in the middle of a message waits for Tab", () => {
    const { clock, answers, open, hear } = opened();
    open.follow(permission({}), true);
    clock.now += 10_000;
    expect([open.takesKeys, hear("n"), answers]).toEqual([false, false, []]);
  });

  test("a question that was withdrawn takes no key, and the next one is armed anew", () => {
    const { clock, answers, open, hear } = opened();
    open.follow(permission({}), false);
    clock.now += 600;
    open.follow(permission({ permissionId: "q" }), false);
    expect([hear("y"), answers]).toEqual([false, []]);
    open.follow(undefined, false);
    clock.now += 600;
    expect([open.question, hear("y")]).toEqual([undefined, false]);
  });
});
