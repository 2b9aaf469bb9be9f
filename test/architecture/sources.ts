import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "@swc/core";

export interface ImportEdge {
  from: string;
  to: string;
  /** Erased by the compiler: no dependency at run time. */
  typeOnly: boolean;
}

/** The TypeScript files below a folder of the repository, those with markup included, as paths relative to it. */
export const filesIn = (dir: string): string[] =>
  (readdirSync(resolve(dir), { recursive: true }) as string[]).filter((path) => /\.tsx?$/.test(path)).sort();

export const textOf = (dir: string, file: string): string => readFileSync(join(resolve(dir), file), "utf8");

/** The imports and re-exports of one file, as they are written. */
export function importsOf(file: string, dir: string): ImportEdge[] {
  const program = parseSync(textOf(dir, file), {
    syntax: "typescript",
    tsx: file.endsWith(".tsx"),
    target: "es2022",
  });
  return program.body.flatMap((item) => {
    if (item.type === "ImportDeclaration")
      return [{ from: file, to: item.source.value, typeOnly: item.typeOnly }];
    if ((item.type === "ExportNamedDeclaration" || item.type === "ExportAllDeclaration") && item.source) {
      return [{ from: file, to: item.source.value, typeOnly: false }];
    }
    return [];
  });
}

/** The imports between files of the folder, with both ends relative to it. */
export const localImports = (dir: string, files = filesIn(dir)): ImportEdge[] =>
  files
    .flatMap((file) => importsOf(file, dir))
    .filter((edge) => edge.to.startsWith("."))
    .map((edge) => ({
      ...edge,
      to: relative(resolve(dir), resolve(resolve(dir), dirname(edge.from), edge.to)),
    }));

/** Circles of imports, each as `a -> b -> a`. */
export function circlesIn(edges: readonly ImportEdge[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) {
      circles.push([...path.slice(at), file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return circles;
}

export const tell = (edge: ImportEdge): string => `${edge.from} -> ${edge.to}`;
