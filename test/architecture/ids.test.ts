import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type DefinedId, definedIds, idsIn, type TestTitle, testTitles, titlesIn } from "./ids.ts";

const titles = testTitles("test");
const features = definedIds(readFileSync("docs/features.md", "utf8"));
const reliability = definedIds(readFileSync("docs/reliability.md", "utf8"));
const defined = [...features, ...reliability];

describe("the ids of features, promises and failures", () => {
  test("every id in a test's title is defined in docs/features.md or docs/reliability.md", () => {
    expect(titles.length).toBeGreaterThan(900);
    expect(undefinedIds(titles, defined)).toEqual([]);
  });

  test("every id that is not marked planned is named by a test's title", () => {
    expect(defined.length).toBeGreaterThan(100);
    expect(unshownIds(titles, defined)).toEqual([]);
  });

  test("an id that a test's title names is not marked planned any more", () => {
    expect(shownIds(titles, defined).filter((id) => defined.some((row) => row.id === id && row.isPlanned)))
      // The test is there: the row of the id says where instead of "planned".
      .toEqual([]);
  });

  test("every id is defined once", () => {
    const ids = defined.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test("every promise and failure that is not planned names test files, and each of them has a title with its id", () => {
    expect(reliability.filter(({ isPlanned, paths }) => !isPlanned && paths.length === 0)).toEqual([]);
    const wrong = reliability.flatMap(({ id, paths }) =>
      paths
        .filter((path) => !titles.some((title) => title.path === path && idsIn(title.title).includes(id)))
        .map((path) => `${id}: ${path}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("the checks above find what is wrong", () => {
  const row = (id: string, isPlanned = false): DefinedId => ({ id, isPlanned, paths: [] });
  const title = (text: string): TestTitle => ({ path: "test/unit/a.test.ts", title: text });

  test("an id that no document defines", () => {
    expect(undefinedIds([title("S01 V3: both"), title("S99: nothing")], [row("S01"), row("V3")])).toEqual([
      "S99: test/unit/a.test.ts",
    ]);
  });

  test("an id that no title names, unless it is planned", () => {
    expect(unshownIds([title("S01: one")], [row("S01"), row("S02"), row("S03", true)])).toEqual(["S02"]);
  });

  test("ids are read from texts: series, ranges, and no names of standards", () => {
    expect(idsIn("F1-F3 V12 (seed %i) NET-4: UTF-16 and SHA-256, S01")).toEqual([
      ...["F1", "F2", "F3"],
      ...["V12", "NET-4", "S01"],
    ]);
    expect(idsIn("A4 paper, S3 buckets, F10ab")).toEqual([]);
  });

  test("titles are read from tests, groups and their .each, and from nothing else", () => {
    const source = [
      'describe("D01: a group", () => {',
      '  test("D02: a test", () => expect("D90").toBe("D91"));',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a test
      "  test(`D03: ${what}`, () => {});",
      '  test.each([["D92"]])("D04: %s", () => {});',
      "  describe.each(cases)(`D05`, () => {});",
      '  say("D93");',
      "});",
    ].join("\n");
    expect(titlesIn(source).flatMap(idsIn)).toEqual(["D01", "D02", "D03", "D04", "D05"]);
  });

  test("definitions are read from the rows of tables that begin with an id", () => {
    const markdown = [
      "| id | what | tests |",
      "|---|---|---|",
      "| V1 | as S01 says | `test/fault/a.test.ts`, `test/unit/b.test.ts` |",
      "| V2 | later | planned |",
      "V3 is no row.",
    ].join("\n");
    expect(definedIds(markdown)).toEqual([
      { id: "V1", isPlanned: false, paths: ["test/fault/a.test.ts", "test/unit/b.test.ts"] },
      { id: "V2", isPlanned: true, paths: [] },
    ]);
  });
});

function undefinedIds(all: readonly TestTitle[], rows: readonly DefinedId[]): string[] {
  const known = new Set(rows.map(({ id }) => id));
  const wrong = all.flatMap(({ path, title }) =>
    idsIn(title)
      .filter((id) => !known.has(id))
      .map((id) => `${id}: ${path}`),
  );
  return [...new Set(wrong)];
}

function shownIds(all: readonly TestTitle[], rows: readonly DefinedId[]): string[] {
  const shown = new Set(all.flatMap(({ title }) => idsIn(title)));
  return rows.filter(({ id }) => shown.has(id)).map(({ id }) => id);
}

function unshownIds(all: readonly TestTitle[], rows: readonly DefinedId[]): string[] {
  const shown = new Set(shownIds(all, rows));
  return rows.filter(({ id, isPlanned }) => !isPlanned && !shown.has(id)).map(({ id }) => id);
}
