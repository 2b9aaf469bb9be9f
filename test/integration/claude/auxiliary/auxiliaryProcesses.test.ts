import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { AuxiliaryProcesses } from "../../../../server/claude/auxiliary/auxiliaryProcesses.ts";
import { linuxSystem } from "../../../../server/claude/os/operatingSystem.ts";
import { readProcTable } from "../../../../server/claude/os/processTable.ts";
import { Reaper } from "../../../../server/claude/os/reaper.ts";
import type { ProcessSpec } from "../../../../server/domain/processes/process.ts";
import type { ProjectStanding } from "../../../../server/domain/sessions/trust.ts";
import type { ProcessStore } from "../../../../server/domain/stores/operation.ts";
import { startsIn } from "../../../support/claude/cliStarts.ts";
import { ShortRealClock } from "../../../support/shortRealClock.ts";

/** A CLI that asks for a tool, and answers with what it was told, or as the prompt says. */
const askingCli = `
  const write = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
  const usage = { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const finish = (more) => write({
    type: "result", subtype: "success", is_error: false, uuid: crypto.randomUUID(), session_id: "s",
    duration_ms: 7, duration_api_ms: 1, num_turns: 1, total_cost_usd: 0.25, usage, modelUsage: { claude: { costUSD: 0.25 } }, ...more,
  });
  const hear = (message) => {
    if (message.type === "control_request")
      write({ type: "control_response", response: { subtype: "success", request_id: message.request_id,
        response: { commands: [], models: [], account: {} } } });
    if (message.type === "control_response") finish({ result: JSON.stringify(message.response.response) });
    if (message.type !== "user") return;
    const text = typeof message.message.content === "string" ? message.message.content : message.message.content[0].text;
    if (text === "arguments") return finish({ result: process.argv.join(" ") });
    if (text === "answer-first") {
      const said = { type: "text", text: "The answer is 4." };
      write({ type: "assistant", uuid: crypto.randomUUID(), session_id: "s", parent_tool_use_id: null,
        message: { role: "assistant", content: [said, { type: "tool_use", id: "t0", name: "Bash", input: {} }] } });
      return finish({ result: "" });
    }
    if (text === "half") return finish({ result: "half \\ud83d" });
    if (text === "error") return finish({ subtype: "error_max_turns", is_error: true, errors: ["one", "two"] });
    if (text === "refused") return finish({ is_error: true, result: "No credit." + "x".repeat(1000) });
    write({ type: "control_request", request_id: "r1",
      request: { subtype: "can_use_tool", tool_name: "Bash", tool_use_id: "t1", input: { command: "rm -r /" } } });
  };
  let rest = "";
  process.stdin.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\\n");
    rest = lines.pop();
    for (const line of lines) if (line !== "") hear(JSON.parse(line));
  });
  process.stdin.on("end", () => process.exit(0));
`;

let home: string;
let opened: string[];
let ended: string[];
let auxiliary: AuxiliaryProcesses;
let standing: Promise<ProjectStanding>;
/** Called when a process is recorded. */
let onStarted: () => void;

function use(binary: string): void {
  const processStore: ProcessStore = {
    open: ({ processId }) => opened.push(processId),
    started: () => onStarted(),
    ended: (processId) => ended.push(processId),
    saw: () => {},
    unended: () => [],
  };
  auxiliary = new AuxiliaryProcesses({
    clock: new ShortRealClock(),
    processStore,
    os: linuxSystem,
    reaper: new Reaper({ os: linuxSystem, clock: new ShortRealClock() }),
    ladderMs: 500,
    starts: startsIn(home, { binary, trust: { standingOf: () => standing, rulesOf: () => [] } }),
  });
}
const useAsking = () => {
  writeFileSync(join(home, "cli.mjs"), askingCli);
  use(join(home, "cli.mjs"));
};

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "daylong-auxiliary-"));
  [opened, ended, standing, onStarted] = [[], [], Promise.resolve("plain"), () => {}];
  use(resolve("test/support/claude/cliStandIn.mjs"));
});
afterEach(() => {
  expect(ended).toEqual(opened);
  expect(auxiliary.live()).toEqual([]);
  rmSync(home, { recursive: true });
});

const spec: () => ProcessSpec = () => ({
  processId: "p1",
  sessionId: "s1",
  claudeSessionId: crypto.randomUUID(),
  projectPath: home,
  model: null,
  permissionMode: "default",
  options: {},
});
const never = () => new AbortController().signal;
let used: unknown[] = [];
const noteUse = (total: unknown) => {
  used = [...used, total];
};
const ask = (prompt: string, signal = never()) =>
  auxiliary.ask({ kind: "one-shot", spec: spec(), prompt: async () => prompt, used: noteUse }, signal);
const isAlive = async (pid: number) => (await readProcTable()).some((row) => row.pid === pid && !row.zombie);

describe("S32: a process for one prompt", () => {
  test("S32: answers, is recorded while it lives, and leaves nothing behind", async () => {
    let pids: number[] = [];
    onStarted = () => {
      // The child is known before the record is written.
      pids = auxiliary.live().map(({ pid }) => pid);
    };
    expect(await ask("Hello")).toEqual({
      kind: "answered",
      answer: { text: "You said: Hello", costUsd: 0, durationMs: 1, denied: [] },
    });
    expect([opened, pids.length]).toEqual([["p1"], 1]);
    expect(pids[0]).toBeGreaterThan(0);
    expect(await isAlive(pids[0]!)).toBe(false);
  });

  test("S32: leaves no listener on the caller's signal when it has answered", async () => {
    const caller = new AbortController();
    expect(await ask("Hello", caller.signal)).toMatchObject({ kind: "answered" });
    expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  });

  test("S32: is allowed nothing that somebody would have to be asked about, and tells what it was", async () => {
    useAsking();
    const end = await ask("tool");
    expect(end).toMatchObject({
      kind: "answered",
      answer: { costUsd: 0.25, durationMs: 7, denied: [{ toolName: "Bash", title: "Bash: rm -r /" }] },
    });
    const { text } = (end as { answer: { text: string } }).answer;
    expect(JSON.parse(text)).toMatchObject({
      behavior: "deny",
      message: expect.stringContaining("without a person who could be asked"),
    });
  });

  test("S32 F25: is answered by what was said before the last tool, when nothing was said after it", async () => {
    useAsking();
    expect(await ask("answer-first")).toMatchObject({
      kind: "answered",
      answer: { text: "The answer is 4." },
    });
  });

  test("S32 T09: tells what it used, also when it failed", async () => {
    useAsking();
    used = [];
    await ask("arguments");
    expect((await ask("error")).kind).toBe("failed");
    expect(used).toEqual([{ claude: { costUSD: 0.25 } }, { claude: { costUSD: 0.25 } }]);
  });

  test("S32: is kept in no transcript, and gets what it is started with besides", async () => {
    useAsking();
    const fork = Object.assign(spec(), { claudeSessionId: "theirs" });
    const end = await auxiliary.ask(
      { kind: "recap", spec: fork, prompt: async () => "arguments", used: noteUse },
      never(),
    );
    const { text } = (end as { answer: { text: string } }).answer;
    expect(text).toContain("--no-session-persistence");
    expect(text).toMatch(/--resume[ =]theirs/);
    expect(text).toContain("--fork-session");
  });

  test("S32: that fails says why: by its result, by what it wrote before it ended, or that it gave none", async () => {
    expect(await ask("die")).toMatchObject({ kind: "failed", detail: expect.stringMatching(/7/) });
    useAsking();
    expect(await ask("error")).toEqual({ kind: "failed", detail: "one; two" });
    const refused = await ask("refused");
    expect(refused).toMatchObject({ kind: "failed", detail: expect.stringMatching(/^No credit\.x+$/) });
    expect((refused as { detail: string }).detail).toHaveLength(500);
    writeFileSync(join(home, "cli.mjs"), 'console.error("no such model"); process.exitCode = 1;');
    expect(await ask("Hello")).toMatchObject({ kind: "failed", detail: "no such model" });
  });

  test("S32: gives its text whole, also when half a character ends it", async () => {
    useAsking();
    expect(await ask("half")).toMatchObject({ answer: { text: "half \ufffd" } });
  });

  test("S32: that is given up is over when that is told", async () => {
    const caller = new AbortController();
    let pid = 0;
    onStarted = () => {
      pid = auxiliary.live()[0]!.pid;
      caller.abort();
    };
    expect(await ask("deaf-interrupt", caller.signal)).toEqual({ kind: "given-up" });
    expect(await isAlive(pid)).toBe(false);
  });

  test("S32: is not started for a caller who has gone already, nor where the project cannot be looked at", async () => {
    expect(await ask("Hello", AbortSignal.abort())).toEqual({ kind: "given-up" });
    standing = Promise.reject(new Error("The disk is gone."));
    await expect(ask("Hello")).rejects.toThrow("The disk is gone.");
    expect(opened).toEqual([]);
  });

  test("S32: is closed with all others, and each of them has failed then", async () => {
    const started = new Promise<void>((done) => {
      let count = 0;
      onStarted = () => {
        count += 1;
        if (count === 2) done();
      };
    });
    const asked = [ask("no-result"), ask("no-result")];
    await started;
    expect(auxiliary.live()).toHaveLength(2);
    auxiliary.close();
    for (const end of await Promise.all(asked)) expect(end.kind).toBe("failed");
  });
});
