import { describe, expect, test } from "@jest/globals";
import { mutantsOf } from "../../mutate/mutant.ts";

/** What the operators make of a source, as `operator: before -> after`. */
const changesOf = (text: string) =>
  mutantsOf("a.ts", text).map(({ operator, before, after }) => `${operator}: ${before} -> ${after}`);

const prose = "`after $" + "{ms / 1000} s`";

describe("operators", () => {
  test.each([
    ["if (ready) go;", ["condition: ready -> !(ready)"]],
    ["if (!ready) go;", ["condition: !ready -> ready"]],
    ["if (ready) go; else stay;", ["condition: ready -> !(ready)", "else branch: else stay; -> nothing"]],
    ["x = a ? b : c;", ["statement: x = a ? b : c; -> ;", "condition: a -> !(a)"]],
    ["const x = a < b;", ["boundary: a < b -> a <= b"]],
    ["const x = a >= b;", ["boundary: a >= b -> a > b"]],
    ["const x = a === b;", ["equality: a === b -> a !== b"]],
    ["const x = a && b;", ["logic: a && b -> (a || b)"]],
    ["const x = a ?? b;", ["fallback: a ?? b -> a"]],
    ["const x = a + b;", ["arithmetic: a + b -> a - b"]],
    ["x += a;", ["statement: x += a; -> ;", "assignment: x += a -> x -= a"]],
    ["x ??= a;", ["statement: x ??= a; -> ;", "assignment: x ??= a -> x = a"]],
    ["i++;", ["statement: i++; -> ;", "arithmetic: i++ -> i--"]],
    ["const x = !a;", ["condition: !a -> a"]],
    ["await go();", ["statement: await go(); -> ;", "await: await go() -> go()"]],
    ["const x = a?.b;", ["optional guard: a?.b -> a!.b"]],
    ["const x = a?.[0];", ["optional guard: a?.[0] -> a![0]", "number: 0 -> 1"]],
    ["const x = a?.();", ["optional guard: a?.() -> a!()"]],
    ["const x = true;", ["boolean: true -> false"]],
    ["const x = 7;", ["number: 7 -> 8"]],
    ["const x = 60_000;", ["number: 60_000 -> 120000"]],
    ["const x = list.some(is);", ["method: some -> every"]],
    ["const f = () => { return a; };", ["return: a -> undefined"]],
    ["const f = () => { return [a]; };", ["return: [a] -> []"]],
  ])("%s", (text, changes) => {
    expect(changesOf(text).sort()).toEqual(changes.sort());
  });

  test("names that every object inherits are no methods to swap", () => {
    expect(changesOf("const x = a.toString() || a.constructor();")).toEqual([
      "logic: a.toString() || a.constructor() -> (a.toString() && a.constructor())",
    ]);
  });

  test("a comparison that is a whole condition is negated once, not twice", () => {
    expect(changesOf("if (a === b) go;")).toEqual(["condition: a === b -> !(a === b)"]);
  });

  test("the text of a comparison is emptied", () => {
    expect(changesOf('const x = a === "b";')).toContain('compared text: "b" -> ""');
  });

  test("each case of a switch is left out, unless it is the only one", () => {
    expect(changesOf("switch (a) { case b: case c: go; break; default: stay; }")).toEqual([
      "case: case c: go; break; -> nothing",
      "case: default: stay; -> nothing",
    ]);
    expect(changesOf("switch (a) { case b: go; }")).toEqual([]);
  });

  test("a body of several statements returns at once, a constructor's does not", () => {
    expect(changesOf("function f() { a; b; }")).toEqual(["early return: nothing -> return;"]);
    expect(changesOf("class A { f() { a; b; } }")).toEqual(["early return: nothing -> return;"]);
    expect(changesOf("const f = async () => { a; b; };")).toEqual(["early return: nothing -> return;"]);
    expect(changesOf("class A { constructor() { a; b; } }")).toEqual([]);
    expect(changesOf("if (a) { b; c; }")).toEqual(["condition: a -> !(a)"]);
  });
});

describe("what is not mutated", () => {
  test.each([
    ["a log call", 'this.#parts.log.warn("it.failed", { again: true, count: a + 1 });'],
    ["an optional log call", 'log?.info("it.went", { again: true });'],
    ["types", "type A = { b: 1 | true }; interface B { c: 2 }"],
    ["an import", 'import { a } from "./a.ts";'],
    ["a message for people", `const x = { detail: ${prose} };`],
    ["an error's arguments", `const x = new DaylongError(code, ${prose});`],
    ["the constructor of the base class", "class A extends B { constructor() { super(); } }"],
    ["a guard against less than zero", "const x = Math.max(0, a);"],
  ])("%s", (_, text) => {
    expect(changesOf(text)).toEqual([]);
  });

  test("the log by another name's end is mutated: a dialog says something", () => {
    expect(changesOf("dialog.info(a);")).toEqual(["statement: dialog.info(a); -> ;"]);
  });
});

describe("a mutant", () => {
  test("is the whole text with the one change, and names its line, beyond letters of several bytes and a first comment", () => {
    const text = '// Größe …\nconst grüße = "ä";\nif (grüße < ende) gehe;\n';
    expect(mutantsOf("a.ts", text).map(({ line, text: changed }) => [line, changed])).toEqual([
      [3, '// Größe …\nconst grüße = "ä";\nif (!(grüße < ende)) gehe;\n'],
      [3, '// Größe …\nconst grüße = "ä";\nif (grüße <= ende) gehe;\n'],
    ]);
  });

  test("is the same when other texts were parsed before", () => {
    const text = "const x = a < b;";
    const first = mutantsOf("a.ts", text);
    mutantsOf("b.ts", "const y = c > d;\n".repeat(50));
    expect(mutantsOf("a.ts", text)).toEqual(first);
  });

  test("is shown on one line of bounded length", () => {
    const [mutant] = mutantsOf("a.ts", `go(\n  ${"very, ".repeat(50)}\n);`);
    expect(mutant!.before).toMatch(/^go\( very, .* \.\.\.$/);
    expect(mutant!.before.length).toBeLessThanOrEqual(100);
  });
});
