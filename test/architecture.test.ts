import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseSync } from "@swc/core";

const serverDir = resolve("server");

/** Which folder stands on which floor; imports go down only (4 the program, 3 composition, 2 edges, 1 pool and delivery, 0 domain). */
const floors: Record<string, number> = {
  "": 4,
  commands: 4,
  app: 3,
  demo: 2,
  http: 2,
  socket: 2,
  store: 2,
  claude: 2,
  push: 2,
  files: 2,
  pool: 1,
  delivery: 1,
  access: 1,
  wire: 1,
  domain: 0,
  platform: 0,
};
/** Edges that are driven: they know the domain and nothing above it. */
const driven = new Set(["store", "claude", "push", "files", "demo"]);

interface ImportEdge {
  from: string;
  to: string;
  /** Erased by the compiler: no dependency at run time. */
  typeOnly: boolean;
}

const sources = (readdirSync(serverDir, { recursive: true }) as string[]).filter((path) =>
  path.endsWith(".ts"),
);

function importsOf(file: string, dir = serverDir): ImportEdge[] {
  const program = parseSync(readFileSync(join(dir, file), "utf8"), {
    syntax: "typescript",
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

const edges = sources.flatMap((file) => importsOf(file));
const local = edges
  .filter((edge) => edge.to.startsWith("."))
  .map((edge) => ({ ...edge, to: relative(serverDir, resolve(serverDir, dirname(edge.from), edge.to)) }));
const folderOf = (file: string) => (file.includes("/") ? file.split("/", 1)[0]! : "");
const tell = (edge: ImportEdge) => `${edge.from} -> ${edge.to}`;

describe("architecture", () => {
  test("every folder of the server stands on a floor", () => {
    expect([...new Set(sources.map(folderOf))].filter((folder) => floors[folder] === undefined)).toEqual([]);
  });

  test("imports go down only, and no part imports another one of its floor", () => {
    const wrong = local.filter(({ from, to }) => {
      const [a, b] = [folderOf(from), folderOf(to)];
      if (a === b) return false;
      if (driven.has(a)) return b !== "domain";
      if (a === "platform") return to !== "domain/ports.ts";
      if (a === "commands") return b === "commands";
      return floors[b]! >= floors[a]!;
    });
    expect(wrong.map(tell)).toEqual([]);
  });

  test("the domain imports no package and no Node module", () => {
    const wrong = edges.filter(({ from, to }) => folderOf(from) === "domain" && !to.startsWith("."));
    expect(wrong.map(tell)).toEqual([]);
  });

  test("the domain has no clock and no timer", () => {
    const wrong = sources.filter(
      (file) =>
        folderOf(file) === "domain" &&
        /\bDate\.now|new Date\(|setTimeout|setInterval|Math\.random/.test(
          readFileSync(join(serverDir, file), "utf8"),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test("time comes from the Clock everywhere but in the composition and the demo model", () => {
    const wrong = sources.filter((file) => {
      const folder = folderOf(file);
      if (floors[folder]! >= 3 || folder === "platform" || folder === "demo") return false;
      return /\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(/.test(readFileSync(join(serverDir, file), "utf8"));
    });
    // node-apn's connection is watched by real time whatever the clock says: it is the network that is timed.
    expect(wrong.filter((file) => folderOf(file) !== "push")).toEqual([]);
  });

  test("there is no import cycle", () => {
    const targets = new Map<string, string[]>();
    for (const { from, to, typeOnly } of local) {
      if (typeOnly) continue;
      targets.set(from, [...(targets.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]) => {
      const at = path.indexOf(file);
      if (at >= 0) {
        cycles.push([...path.slice(at), file].join(" -> "));
        return;
      }
      if (done.has(file)) return;
      for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test("process.exit is called by the programs only", () => {
    const wrong = sources.filter(
      (file) =>
        file !== "main.ts" &&
        // It reads a program's command line, and ends the program that was given a wrong one.
        file !== "platform/flags.ts" &&
        folderOf(file) !== "commands" &&
        readFileSync(join(serverDir, file), "utf8").includes("process.exit("),
    );
    expect(wrong).toEqual([]);
  });

  const exported = () => {
    const texts = sources.map((file) => readFileSync(join(serverDir, file), "utf8"));
    const name = /^export (?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm;
    return { texts, names: texts.flatMap((text) => [...text.matchAll(name)].map((match) => match[1]!)) };
  };

  test("what is exported is named a second time: by another file, by a test or by its own", () => {
    const { texts, names } = exported();
    const tests = (readdirSync("test", { recursive: true }) as string[]).filter((path) =>
      path.endsWith(".ts"),
    );
    const words = [...texts, ...tests.map((file) => readFileSync(join("test", file), "utf8"))]
      .join("\n")
      .match(/\w+/g)!;
    const uses = new Map<string, number>();
    for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1);
    expect(names.length).toBeGreaterThan(500);
    expect(names.filter((name) => uses.get(name) === 1)).toEqual([]);
  });

  test("the shape of a frame is written down once", () => {
    const frames = exported().names.filter((name) => name.endsWith("Frame"));
    expect(frames.length).toBeGreaterThan(8);
    expect(frames.filter((name, index) => frames.indexOf(name) !== index)).toEqual([]);
  });

  test("no file is named after a place to put things", () => {
    const vague = /(utils?|helpers?|services?|managers?|handlers?|common|misc|shared)(\.ts|\/)/i;
    expect(sources.filter((file) => vague.test(file))).toEqual([]);
  });

  test("no source file is longer than 300 lines", () => {
    const long = sources.filter(
      (file) => readFileSync(join(serverDir, file), "utf8").split("\n").length > 301,
    );
    expect(long).toEqual([]);
  });

  test("the client stands alone: it imports nothing of the server and no package, and Node's modules in one file only", () => {
    const clientDir = resolve("client/src");
    const files = (readdirSync(clientDir, { recursive: true }) as string[]).filter((path) =>
      path.endsWith(".ts"),
    );
    const imports = files.flatMap((file) => importsOf(file, clientDir));
    expect(imports.length).toBeGreaterThan(10);
    const isOwn = ({ from, to }: ImportEdge) =>
      to.startsWith(".") && !relative(clientDir, resolve(clientDir, dirname(from), to)).startsWith("..");
    const wrong = imports.filter(
      (edge) => !isOwn(edge) && !(edge.from === "fileStore.ts" && edge.to.startsWith("node:")),
    );
    expect(wrong).toEqual([]);
    expect(
      files.filter(
        (file) =>
          // Nobody writes it, and nobody reads it from top to bottom.
          file !== "generated.ts" && readFileSync(join(clientDir, file), "utf8").split("\n").length > 301,
      ),
    ).toEqual([]);
  });
});
