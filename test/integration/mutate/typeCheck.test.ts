import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Mutant, mutantsOf } from "../../mutate/mutant.ts";
import { thoseThatTypeCheck } from "../../mutate/typeCheck.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "type-check-"));
  mkdirSync(join(root, "server"));
  symlinkSync(realpathSync("node_modules"), join(root, "node_modules"));
  const compilerOptions = {
    strict: true,
    noUnusedLocals: true,
    target: "ES2023",
    module: "NodeNext",
    types: [],
  };
  writeFileSync(
    join(root, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { ...compilerOptions, allowImportingTsExtensions: true, noEmit: true },
      include: ["server"],
    }),
  );
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (file: string, text: string) => {
  writeFileSync(join(root, file), text);
  return mutantsOf(file, text);
};
const changes = (mutants: readonly Mutant[]) => mutants.map(({ before, after }) => `${before} -> ${after}`);

test("a mutant stays when it type checks, though it may leave something without use", () => {
  const mutants = write(
    "server/a.ts",
    "export function longer(a: string, b: number): boolean { const c = b + 1; return a.length > c; }\n",
  );
  expect(changes(thoseThatTypeCheck(root, mutants))).toEqual([
    "b + 1 -> b - 1",
    "1 -> 2",
    "a.length > c -> a.length >= c",
  ]);
  expect(readdirSync(join(root, "server"))).toEqual(["a.ts"]);
});

test("a mutant that is no TypeScript does not hide what is wrong with the types of another", () => {
  const [mutant] = write("server/a.ts", "export const a: number = 1;\n");
  const unread = { ...mutant!, after: "unread", text: "export const a: number = ;\n" };
  const wrong = { ...mutant!, after: "wrong", text: 'export const a: number = "1";\n' };
  // Swc reads it, and the compiler calls it a fault of syntax.
  const twice = { ...mutant!, after: "twice", text: "export const a: number = 1; await: for (;;) {}\n" };
  expect(changes(thoseThatTypeCheck(root, [unread, wrong, twice, mutant!]))).toEqual(["1 -> 2"]);
});

test("a class that its neighbours know by its private fields does not fail for its new name", () => {
  write("server/b.ts", 'import type { A } from "./a.ts";\nexport const take = (_: A): void => {};\n');
  const mutants = write(
    "server/a.ts",
    'import { take } from "./b.ts";\nexport class A { #n = 1; go(): number { take(this); return this.#n; } }\n',
  );
  expect(changes(thoseThatTypeCheck(root, mutants))).toContain("1 -> 2");
});

test("a tree that does not type check itself is refused", () => {
  const mutants = write("server/a.ts", "export const a = 1;\n");
  write("server/b.ts", 'export const b: number = "b";\n');
  expect(() => thoseThatTypeCheck(root, mutants)).toThrow(/does not type check: server\/b\.ts/);
});
