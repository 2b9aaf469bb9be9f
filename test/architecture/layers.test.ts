import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { circlesIn, filesIn, importsOf, localImports, tell, textOf } from "./sources.ts";

/** The floor of each folder; imports go down only (5 the server's own entry, 4 the program's commands, 3 composition, 2 edges, 1 the pool and its neighbours). */
const floors: Record<string, number> = {
  "": 5,
  commands: 4,
  app: 3,
  demo: 2,
  http: 2,
  socket: 2,
  store: 2,
  claude: 2,
  push: 2,
  files: 2,
  git: 2,
  pool: 1,
  delivery: 1,
  access: 1,
  wire: 1,
  domain: 0,
  platform: 0,
};
/** Edges that are driven: they know the domain and nothing above it. */
const driven = new Set(["store", "claude", "push", "files", "git", "demo"]);
/** The rooms of the page, from the one that may import all others to the one that imports none; those of one line know nothing of each other. */
const pageRooms = [
  ["app"],
  ["home", "chat", "monitor", "settings", "help"],
  ["permissions", "push"],
  ["text"],
  ["state"],
  ["hosts"],
  ["design"],
];
/** The rooms of the pool, from the one that may import all others to the one that imports none. */
const poolRooms = ["", "sessions", "health", "processes", "turns", "state"];

const sources = filesIn("server");
const local = localImports("server", sources);
const folderOf = (file: string) => (file.includes("/") ? file.split("/", 1)[0]! : "");

describe("layers of the server", () => {
  test("every folder of the server stands on a floor", () => {
    expect([...new Set(sources.map(folderOf))].filter((folder) => floors[folder] === undefined)).toEqual([]);
  });

  test("imports go down only, and no part imports another one of its floor", () => {
    const wrong = local.filter(({ from, to }) => {
      const [a, b] = [folderOf(from), folderOf(to)];
      if (a === b) return false;
      if (driven.has(a)) return b !== "domain";
      if (a === "platform") return to !== "domain/ports.ts";
      return floors[b]! >= floors[a]!;
    });
    expect(wrong.map(tell)).toEqual([]);
  });

  test("inside the pool, imports go down only: sessions, health, processes, turns, state", () => {
    // The port is what the pool answers and is asked: every room may know it, and it knows none.
    const rankOf = (file: string) =>
      file === "pool/port.ts" ? poolRooms.length : poolRooms.indexOf(file.split("/").slice(1, -1)[0] ?? "");
    const inPool = local.filter(({ from, to }) => folderOf(from) === "pool" && folderOf(to) === "pool");
    expect(inPool.length).toBeGreaterThan(20);
    expect(inPool.filter(({ from, to }) => rankOf(from) < 0 || rankOf(to) < rankOf(from)).map(tell)).toEqual(
      [],
    );
  });

  test("there is no circle of imports, those of types included, in the server and in the client", () => {
    expect(circlesIn(local)).toEqual([]);
    expect(circlesIn(localImports("client/src"))).toEqual([]);
    expect(circlesIn(localImports("web/src"))).toEqual([]);
  });

  test("in the page, imports go down only, and it reaches the wire through the client alone", () => {
    const rankOf = (file: string) => pageRooms.findIndex((line) => line.includes(folderOf(file)));
    const files = filesIn("web/src");
    expect([...new Set(files.filter((file) => rankOf(file) < 0).map(folderOf))]).toEqual([]);
    const inside = new Set(files);
    const edges = localImports("web/src").filter(({ to }) => !to.endsWith(".css"));
    const own = edges.filter(({ to }) => inside.has(to));
    expect(own.length).toBeGreaterThan(20);
    const up = own.filter(
      ({ from, to }) =>
        rankOf(to) < rankOf(from) || (rankOf(to) === rankOf(from) && folderOf(to) !== folderOf(from)),
    );
    expect(up.map(tell)).toEqual([]);
    const outside = edges.filter(({ to }) => !inside.has(to) && to !== "../../client/src/index.ts");
    expect(outside.map(tell)).toEqual([]);
    const wire = /(?<![.#\w])fetch\(|new WebSocket\(|XMLHttpRequest|EventSource/;
    expect(files.filter((file) => wire.test(textOf("web/src", file)))).toEqual([]);
  });

  test("of the server only the commands are clients of one", () => {
    const clients = local.filter(({ to }) => to.startsWith("../client/"));
    expect(clients.length).toBeGreaterThan(3);
    expect(
      clients
        .filter(({ from, to }) => folderOf(from) !== "commands" || to !== "../client/src/index.ts")
        .map(tell),
    ).toEqual([]);
  });

  test("the domain imports no package and no Node module", () => {
    const wrong = sources
      .filter((file) => folderOf(file) === "domain")
      .flatMap((file) => importsOf(file, "server"))
      .filter(({ to }) => !to.startsWith("."));
    expect(wrong.map(tell)).toEqual([]);
  });

  test("O16: what the installed program imports is among its dependencies, not among those of its development", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
      dependencies: Record<string, string>;
    };
    const nameOf = (path: string) =>
      path
        .split("/")
        .slice(0, path.startsWith("@") ? 2 : 1)
        .join("/");
    const foreign = [
      ...filesIn("server").map((file) => [file, "server"]),
      ...filesIn("client/src").map((file) => [file, "client/src"]),
    ]
      .flatMap(([file, tree]) => importsOf(file!, tree!).filter(({ typeOnly }) => !typeOnly))
      .filter(({ to }) => !to.startsWith(".") && !to.startsWith("node:"));
    expect(foreign.length).toBeGreaterThan(20);
    expect(foreign.filter(({ to }) => dependencies[nameOf(to)] === undefined).map(tell)).toEqual([]);
  });

  test("a server at rest does not hold the large packages that few of its hours need", () => {
    const rare = ["selfsigned", "qrcode", "@parse/node-apn", "heic-convert"];
    const loaded = filesIn("server").flatMap((file) =>
      importsOf(file, "server").filter(({ to, typeOnly }) => !typeOnly && rare.includes(to)),
    );
    expect(loaded.map(tell)).toEqual([]);
    // And the thread that lists transcripts starts without the SDK.
    const reached = new Set(["claude/transcripts/transcriptWorker.ts"]);
    const edges = localImports("server").filter(({ typeOnly }) => !typeOnly);
    for (const file of reached) for (const { from, to } of edges) if (from === file) reached.add(to);
    const packages = [...reached].flatMap((file) => importsOf(file, "server"));
    expect(reached.size).toBeGreaterThan(5);
    expect(
      packages.filter(({ to, typeOnly }) => !typeOnly && to.startsWith("@anthropic-ai/")).map(tell),
    ).toEqual([]);
  });

  test("the client stands alone: it imports nothing of the server and no package, and Node's modules in one file only", () => {
    const files = filesIn("client/src");
    const inside = new Set(files);
    const foreign = localImports("client/src").filter(({ to }) => !inside.has(to));
    expect(foreign.map(tell)).toEqual([]);
    const packages = files
      .flatMap((file) => importsOf(file, "client/src"))
      .filter(({ to }) => !to.startsWith("."));
    expect(packages.filter(({ from, to }) => from !== "fileStore.ts" || !to.startsWith("node:"))).toEqual([]);
  });
});
