import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ImportGraph } from "../../mutate/importGraph.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "import-graph-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const graphOf = (files: Record<string, string>) => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return new ImportGraph(root, Object.keys(files));
};

test("a test is as many steps away as the shortest way of imports", () => {
  const graph = graphOf({
    "server/a.ts": "export const a = 1;",
    "server/b.ts": 'import { a } from "./a.ts"; export const b = a;',
    "test/a.test.ts": 'import { a } from "../server/a.ts"; import { b } from "../server/b.ts"; a + b;',
    "test/b.test.ts": 'import { b } from "../server/b.ts"; b;',
    "test/other.test.ts": "export {};",
  });
  expect(Object.fromEntries(graph.reach("server/a.ts"))).toEqual({
    "server/a.ts": 0,
    "server/b.ts": 1,
    "test/a.test.ts": 1,
    "test/b.test.ts": 2,
  });
});

test("re-exports, late imports and workers count; imports of types do not run", () => {
  const graph = graphOf({
    "a.ts": "export const a = 1;",
    "again.ts": 'export { a } from "./a.ts";',
    "late.ts": 'export const load = () => import("./a.ts");',
    "worker.ts": 'new Worker(new URL("./a.js", import.meta.url));',
    "typed.ts": 'import type { A } from "./a.ts"; export type B = A; export type C = import("./a.ts").A;',
  });
  expect([...graph.reach("a.ts").keys()].sort()).toEqual(["a.ts", "again.ts", "late.ts", "worker.ts"]);
});

test("files that import each other in a circle end the walk", () => {
  const graph = graphOf({ "a.ts": 'import "./b.ts";', "b.ts": 'import "./a.ts";' });
  expect([...graph.reach("a.ts").keys()]).toEqual(["a.ts", "b.ts"]);
});
