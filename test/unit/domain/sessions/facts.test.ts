import { describe, expect, test } from "@jest/globals";
import {
  contextFill,
  type Todo,
  type TodoChange,
  todosAfter,
} from "../../../../server/domain/sessions/facts.ts";

const wash: Todo = { id: "1", text: "wash", state: "pending", activeText: "Washing" };
const dry: Todo = { id: "2", text: "dry", state: "pending" };

describe("T06 the list of todos", () => {
  test.each<[string, Todo[], TodoChange, Todo[]]>([
    ["an added one comes last", [wash], { kind: "added", todo: dry }, [wash, dry]],
    ["one that is added again is not listed twice", [wash, dry], { kind: "added", todo: wash }, [dry, wash]],
    [
      "a changed one keeps its place and the rest of itself",
      [wash, dry],
      { kind: "changed", id: "1", change: { state: "in_progress" } },
      [{ ...wash, state: "in_progress" }, dry],
    ],
    ["a removed one is gone", [wash, dry], { kind: "removed", id: "1" }, [dry]],
    [
      "a list replaces the old one and keeps the words that it does not say",
      [wash, dry],
      { kind: "listed", todos: [{ id: "1", text: "wash", state: "completed" }] },
      [{ ...wash, state: "completed" }],
    ],
    [
      "a list with words of its own has these",
      [wash],
      { kind: "listed", todos: [{ ...wash, activeText: "Scrubbing" }] },
      [{ ...wash, activeText: "Scrubbing" }],
    ],
    ["a conversation that begins anew has none", [wash, dry], { kind: "cleared" }, []],
  ])("T06: %s", (_what, before, change, after) => {
    expect(todosAfter(before, change)).toEqual(after);
  });

  test.each<[string, TodoChange]>([
    ["of one that is not listed", { kind: "changed", id: "9", change: { text: "other" } }],
    ["to what it is already", { kind: "changed", id: "2", change: { text: "dry" } }],
    ["by the same list", { kind: "listed", todos: [{ id: "1", text: "wash", state: "pending" }, dry] }],
    ["by removing what is not listed", { kind: "removed", id: "9" }],
  ])("T06: a change %s is none", (_what, change) => {
    const before = [wash, dry];
    expect(todosAfter(before, change)).toBe(before);
  });

  test("T06: a list is cut where nobody would read on", () => {
    const todos = Array.from({ length: 300 }, (_, index) => ({ ...dry, id: String(index) }));
    expect(todosAfter([], { kind: "listed", todos })).toHaveLength(200);
  });
});

test("T08: the context window's use is a whole percentage, and no division by an unknown window", () => {
  expect(contextFill(51_234, 200_000)).toEqual({ usedTokens: 51_234, windowTokens: 200_000, percent: 26 });
  expect(contextFill(250_000, 200_000).percent).toBe(125);
  expect(contextFill(5, 0).percent).toBe(0);
});
