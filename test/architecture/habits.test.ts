import { describe, expect, test } from "@jest/globals";
import { filesIn, textOf } from "./sources.ts";

const sources = filesIn("server");
const folderOf = (file: string) => (file.includes("/") ? file.split("/", 1)[0]! : "");
const matching = (pattern: RegExp) => sources.filter((file) => pattern.test(textOf("server", file)));

/** The programs and what puts them together: they may know the real clock and end the process. */
const programs = new Set(["", "commands", "app", "platform"]);

describe("habits of the code", () => {
  test("the domain has no clock and no timer", () => {
    const clocks = matching(/\bDate\.now|new Date\(\s*\)|setTimeout|setInterval|Math\.random/);
    expect(clocks.filter((file) => folderOf(file) === "domain")).toEqual([]);
  });

  test("time comes from the Clock everywhere but in the composition and the demo model", () => {
    const wrong = matching(/\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(/).filter(
      (file) => !programs.has(folderOf(file)) && folderOf(file) !== "demo",
    );
    // node-apn's connection is watched by real time whatever the clock says: it is the network that is timed.
    expect(wrong.filter((file) => folderOf(file) !== "push")).toEqual([]);
  });

  test("V17: no span is measured by the clock of the calendar, which may be set", () => {
    const instants = matching(/clock\.now\(\) - /);
    expect(instants).toEqual([
      // How old a row or a file is; the age of a token by the instant that it names itself.
      "delivery/retention.ts",
      "files/attachmentStorage.ts",
      "http/routes/sessions/tools.ts",
      "push/apns/providerToken.ts",
    ]);
  });

  test("DOOR-1: what makes a worker, a process, a server or a connection listens for its errors: an unheard one ends the server", () => {
    const emitters =
      /new Worker\(|(?<![.#\w])(spawn|execFile|connectTls|createHttpServer|createHttpsServer|httpRequest|httpsRequest|tlsConnect|netConnect)\(|new WebSocketServer\(|new PassThrough\(|\bBonjour\(|createReadStream\(/;
    const makers = matching(emitters);
    expect(makers.length).toBeGreaterThan(8);
    // `execFile` tells its callback, or as a promise rejects; so do a pipeline and a stream that is iterated.
    const heard = /"error"|promisify\(execFile\)|execFile\([^;]*\(error|for await|await pipeline\(/;
    expect(makers.filter((file) => !heard.test(textOf("server", file)))).toEqual([]);
  });

  test("DOOR-8: no pattern is anchored at its end alone, with any number of characters before it: it takes quadratic time", () => {
    const literal =
      /(?<=[(,=:&|?]\s*)\/(?![*/^])((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[\n])+)\/[dgimsuvy]*(?=[).,;\s])/g;
    const isQuadratic = (pattern: string) => /(?:[+*]\??|\{\d+,\})\)*\$$/.test(pattern);
    const patternsIn = (text: string) => [...text.matchAll(literal)].map(([, pattern]) => pattern!);
    expect(patternsIn("a.replace(/=+$/, b); /\\S*\\s*$/.exec(c) ; d = /^a+$/").filter(isQuadratic)).toEqual([
      "=+$",
    ]);
    const found = ["server", "web/src", "client/src"].flatMap((tree) =>
      filesIn(tree).flatMap((file) =>
        patternsIn(textOf(tree, file))
          .filter(isQuadratic)
          .map((pattern) => `${tree}/${file}: ${pattern}`),
      ),
    );
    // Of what the owner's configuration, the page's own browser, or the program that uses the client, says.
    expect(found).toEqual([
      "server/platform/network/addresses.ts: \\/+$",
      "web/src/push/webPush.ts: =+$",
      "client/src/options.ts: \\/+$",
      "client/src/pairing.ts: \\/+$",
    ]);
  });

  test("what bounds Markdown is the same in the page, which shares no code with the server, and in attach", () => {
    const ofPage = textOf("web/src", "text/boundedLexer.ts");
    expect(ofPage).toContain("class BoundedLexer");
    expect(textOf("server", "commands/attach/terminal/boundedLexer.ts")).toBe(ofPage);
  });

  test("process.exit is called by the programs only", () => {
    const wrong = matching(/process\.exit\(/).filter(
      // It reads a program's command line, and ends the program that was given a wrong one.
      (file) => file !== "main.ts" && file !== "platform/flags.ts" && folderOf(file) !== "commands",
    );
    expect(wrong).toEqual([]);
  });

  test("no literal object is spread into another one: its members stand there themselves", () => {
    const spread = /\.\.\.\{ ?\w/;
    for (const tree of ["server", "client/src", "test"])
      expect(filesIn(tree).filter((file) => spread.test(textOf(tree, file)))).toEqual([]);
  });

  test("what tests share registers its hooks in a function: a hook of a module is one of its first test file alone", () => {
    const shared = filesIn("test").filter((file) => !file.endsWith(".test.ts"));
    expect(shared.length).toBeGreaterThan(20);
    const hook = /^(before|after)(Each|All)\(/m;
    expect(shared.filter((file) => hook.test(textOf("test", file)))).toEqual([]);
  });

  const exportedNames = () =>
    sources.flatMap((file) =>
      [
        ...textOf("server", file).matchAll(
          /^export (?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm,
        ),
      ].map((match) => match[1]!),
    );

  test("what is exported is named a second time: by another file, by a test or by its own", () => {
    const names = exportedNames();
    const words = [
      ...sources.map((file) => textOf("server", file)),
      ...filesIn("test").map((file) => textOf("test", file)),
    ]
      .join("\n")
      .match(/\w+/g)!;
    const uses = new Map<string, number>();
    for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1);
    expect(names.length).toBeGreaterThan(500);
    expect(names.filter((name) => uses.get(name) === 1)).toEqual([]);
  });

  test("the shape of a frame is written down once", () => {
    const frames = exportedNames().filter((name) => name.endsWith("Frame"));
    expect(frames.length).toBeGreaterThan(8);
    expect(frames.filter((name, index) => frames.indexOf(name) !== index)).toEqual([]);
  });

  test("a server at rest holds no library that it may never need, and of the Agent SDK the small entry", () => {
    const atLoad =
      /^import (?!type)[^;]*? from "(web-push|pino-pretty|bonjour-service|@parse\/node-apn|qrcode|selfsigned|@anthropic-ai\/claude-agent-sdk)";/m;
    expect(matching(/claude-agent-sdk\/core"/)).toContain("claude/host.ts");
    expect(matching(atLoad)).toEqual([]);
  });

  test("nothing that a server loads makes an Intl object while it is loaded: ICU's data take up 6 MB", () => {
    const made = matching(/^(?:export )?const [^=\n]+= new Intl\./m);
    // `daylong attach` is a program of its own.
    expect(made).toEqual(["commands/attach/terminal/textWidth.ts"]);
  });
});
