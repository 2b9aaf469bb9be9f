import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runDaylong } from "../../support/server/runDaylong.ts";
import { useScene } from "../../support/server/scene.ts";

/** What a reader calls and a test cannot, and why. */
const notHere: ReadonlyArray<readonly [start: RegExp, reason: string]> = [
  [
    /scripts\/(start|daylong start|bench|test|soak|torture|mutate)\b/,
    "is the server of this test, or a run of its own",
  ],
  [/scripts\/login$/, "asks a person"],
  [/(HOST|PUBLIC_URL)=/, "sets the address that another machine reaches"],
  [/(tailscale|cloudflared|sudo|systemctl|caddy|nginx|brew|apt)\b/, "needs another program, or rights"],
  [/git clone/, "is how the checkout came here"],
  [/git pull/, "needs another version"],
  [/daylong service\b/, "changes what starts with the computer: has a test of its own"],
  [/daylong (backup|restore)\b/, "has a test of its own"],
];

interface Command {
  document: string;
  block: number;
  text: string;
}

/** The commands of every `sh` block: lines that end in `\` go on, comments and empty lines are none. */
function commandsOf(document: string): Command[] {
  const blocks = [...readFileSync(document, "utf8").matchAll(/^```sh\n(.*?)^```/gms)];
  return blocks.flatMap(([, body = ""], block) =>
    body
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.replace(/\s+#\s.*$/, "").trim())
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((text) => ({ document, block, text })),
  );
}

const documents = [
  "README.md",
  "docs/remote-access.md",
  ...readdirSync("docs/guide").map((name) => join("docs/guide", name)),
];
const commands = documents.filter((name) => name.endsWith(".md")).flatMap(commandsOf);
const reasonOf = ({ text }: Command) =>
  notHere.find(([start]) => new RegExp(`^${start.source}`).test(text))?.[1];

describe("O09 O13: the commands of the documents", () => {
  const scene = useScene({ every: "file" });

  test("every command that can run here does what its document says", async () => {
    const { bench, server } = scene;
    const bin = join(bench.dir, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(
      join(bin, "daylong"),
      `#!/bin/sh\nexec node ${resolve("dist/server/commands/daylong.js")} "$@"\n`,
      {
        mode: 0o755,
      },
    );
    const { code } = JSON.parse((await runDaylong(["pair", "--json", "--data-dir", bench.dataDir])).stdout);
    const asWritten = (text: string) =>
      text
        .replace(/"code":"[A-Z0-9]{10}"/, `"code":"${code}"`)
        .replaceAll("http://127.0.0.1:3000", server.url)
        .replace(/(?:'\$HOME'|~)\/\.daylong-demo\/projects\/hello/g, bench.project)
        .replace(/scripts\/(pair|token)/g, "daylong $1")
        .replaceAll("scripts/test-interactive-session", "daylong test-session");
    const ran: Command[] = commands.filter((command) => reasonOf(command) === undefined);
    // A list of exceptions that covers everything would find nothing.
    expect(ran.map(({ document }) => document)).toContain("README.md");
    expect(ran.length).toBeGreaterThan(4);
    const failed: string[] = [];
    for (const block of new Set(ran.map(({ document, block }) => `${document} ${block}`))) {
      const lines = ran
        .filter((command) => `${command.document} ${command.block}` === block)
        .map(({ text }) => asWritten(text));
      const { status, output } = await shell(["set -e", ...lines, ""].join("\n"), {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: bench.dir,
        DATA_DIR: bench.dataDir,
      });
      // curl ends with 0 for a refusal too.
      if (status !== 0 || /"code": ?"[a-z_]+"/.test(output))
        failed.push(`${block}: ${lines.join("; ")}\n${output}`);
    }
    expect(failed).toEqual([]);
  });

  test("every exception is needed by some command", () => {
    const needed = new Set(commands.map(reasonOf));
    expect(notHere.map(([, reason]) => reason).filter((reason) => !needed.has(reason))).toEqual([]);
  });
});

function shell(script: string, env: Record<string, string>): Promise<{ status: number; output: string }> {
  return new Promise((done) => {
    execFile("bash", ["-c", script], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const { code = 0 } = (error ?? {}) as { code?: number | string };
      done({ status: typeof code === "number" ? code : -1, output: stdout + stderr });
    });
  });
}
