import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { childrenOf, SourceText, type SyntaxNode } from "./syntax.ts";

/** Relative paths that the module's code names: imports that run, re-exports, and those made while it runs (workers). */
function namedPaths(text: string): string[] {
  const paths: string[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type.startsWith("TsType") || (node.type === "ImportDeclaration" && node.typeOnly)) return;
    if (node.type === "StringLiteral" && /^\.\.?\//.test(String(node.value))) paths.push(String(node.value));
    for (const child of childrenOf(node)) visit(child);
  };
  visit(new SourceText(text).root);
  return paths;
}

/** Which tests a file is imported by, over how many steps. */
export class ImportGraph {
  readonly #importers = new Map<string, Set<string>>();

  /** `files`: all TypeScript files of the tree, relative to its root. */
  constructor(root: string, files: readonly string[]) {
    const known = new Set(files);
    for (const file of files) {
      for (const path of namedPaths(readFileSync(join(root, file), "utf8"))) {
        const target = join(dirname(file), path).replace(/\.js$/, ".ts");
        if (!known.has(target) || !existsSync(join(root, target))) continue;
        const importers = this.#importers.get(target) ?? new Set();
        this.#importers.set(target, importers.add(file));
      }
    }
  }

  /** Files that import `file`, itself included, with the number of steps. */
  reach(file: string): Map<string, number> {
    const steps = new Map([[file, 0]]);
    for (const [reached, distance] of steps)
      for (const importer of this.#importers.get(reached) ?? [])
        if (!steps.has(importer)) steps.set(importer, distance + 1);
    return steps;
  }
}
