import { basename, dirname } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { filesIn, textOf } from "./sources.ts";

/** Most files a folder: more are several rooms. */
const maxFilesPerFolder = 15;
/** Most lines a file: more are several thoughts. Generated files are not read from top to bottom. */
const maxLines = 400;
/** Programs of the test tree that are tested themselves. */
const programs = new Set(["bench", "mutate"]);
const generated = new Set(["generated.ts"]);
const trees = ["server", "client/src", "web/src", "test"];

describe("rooms", () => {
  test.each(trees)("no folder of %s holds more than fifteen files", (tree) => {
    const files = filesIn(tree);
    expect(files.length).toBeGreaterThan(10);
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > maxFilesPerFolder)).toEqual([]);
  });

  test.each(trees.filter((tree) => tree !== "test"))("no file of %s is longer than 400 lines", (tree) => {
    const long = filesIn(tree).filter(
      (file) => !generated.has(basename(file)) && textOf(tree, file).split("\n").length > maxLines + 1,
    );
    expect(long).toEqual([]);
  });

  test("no file is named after a place to put things", () => {
    const vague = /(utils?|helpers?|services?|managers?|handlers?|common|misc|shared)(\.tsx?|\/)/i;
    for (const tree of ["server", "web/src"])
      expect(filesIn(tree).filter((file) => vague.test(file))).toEqual([]);
  });

  test("a unit or integration test is found by its source's path", () => {
    const folders = new Set(
      [
        ...filesIn("server"),
        ...filesIn("client/src").map((file) => `client/${file}`),
        ...filesIn("web/src").map((file) => `web/${file}`),
      ].map(dirname),
    );
    const strays = ["unit", "integration"].flatMap((kind) =>
      filesIn(`test/${kind}`).filter((file) => !folders.has(dirname(file)) && !programs.has(dirname(file))),
    );
    expect(strays).toEqual([]);
  });
});
