import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "@jest/globals";
import { linuxSystem } from "../../../../server/claude/os/operatingSystem.ts";
import { Reaper } from "../../../../server/claude/os/reaper.ts";
import { Sampler } from "../../../../server/claude/os/sampler.ts";
import { eventually } from "../../../support/server/daylongServer.ts";

/**
 * A process that does what it is told, a line each, and says when it is done: `child`, `shell` (a child that leads a group
 * of its own and works), `eat N`, `work`.
 */
const script = `
  const { spawn } = require("node:child_process");
  const held = [];
  process.on("SIGTERM", () => { for (const one of held) if (one.kill) one.kill("SIGKILL"); process.exit(0); });
  const work = "for (;;);";
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const [order, figure] = line.split(" ");
    if (order === "child") held.push(spawn(process.execPath, ["-e", "setInterval(() => {}, 60000)"]));
    if (order === "shell") held.push(spawn(process.execPath, ["-e", work], { detached: true }));
    if (order === "eat") held.push(Buffer.alloc(Number(figure) * 1048576, 1));
    if (order === "work") for (let used = 0; used < 400000;) { const { user, system } = process.cpuUsage(); used = user + system; }
    console.log("done");
  });`;

const sampled = (processId: string, pid: number) => ({
  processId,
  root: { processId, pid, startTicks: null },
  hasUsedTools: () => true,
});

const clock = { now: () => Date.now(), monotonic: () => performance.now(), after: () => () => {} };

describe("the use of a process tree", () => {
  let root: ChildProcess;
  let sampler: Sampler;

  afterEach(async () => {
    root.kill("SIGTERM");
    await once(root, "exit");
  });

  function begin(): void {
    // As the CLI is started: the leader of a group of its own.
    root = spawn(process.execPath, ["-e", script], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
    sampler = new Sampler({ clock, os: linuxSystem, reaper: new Reaper({ os: linuxSystem, clock }) });
  }
  async function order(line: string): Promise<void> {
    root.stdin!.write(`${line}\n`);
    await once(root.stdout!, "data");
  }
  const sample = async () => (await sampler.sample([sampled("one", root.pid!)])).get("one")!;

  test("S10: counts children that come after the first sample, and forgets those that are gone", async () => {
    begin();
    await order("nothing");
    expect((await sample()).processCount).toBe(1);
    await order("child");
    await order("child");
    expect((await sample()).processCount).toBe(3);
    const gone = await sampler.sample([sampled("two", 2 ** 22 + 1)]);
    expect(gone.get("two")).toEqual({
      rssBytes: 0,
      cpuPercent: 0,
      ownCpuPercent: 0,
      processCount: 0,
      trees: [],
    });
  });

  test("S10: sees memory that is taken, within one sample", async () => {
    begin();
    await order("nothing");
    const before = (await sample()).rssBytes;
    await order("eat 100");
    const after = (await sample()).rssBytes;
    expect(before).toBeGreaterThan(5 * 1_024 ** 2);
    expect((after - before) / 1_024 ** 2).toBeGreaterThan(95);
    expect((after - before) / 1_024 ** 2).toBeLessThan(120);
  });

  test("F9: tells the CLI's own work from that of a shell it has started", async () => {
    begin();
    await order("nothing");
    await sample();
    await order("work");
    const own = await sample();
    // The machine may be busy with more than this test.
    expect(own.ownCpuPercent).toBeGreaterThan(5);
    expect(own.cpuPercent).toBe(own.ownCpuPercent);
    await order("shell");
    await sample();
    const shells = await eventually("the shell works", async () => {
      const usage = await sample();
      return usage.cpuPercent > 10 && usage.ownCpuPercent === 0 && usage;
    });
    expect(shells.processCount).toBe(2);
  });
});
