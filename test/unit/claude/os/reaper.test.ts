import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { linuxSystem } from "../../../../server/claude/os/operatingSystem.ts";
import { type ProcRow, readProcTable, startOfPid } from "../../../../server/claude/os/processTable.ts";
import { Reaper } from "../../../../server/claude/os/reaper.ts";
import { serverMark, withServerMark } from "../../../../server/claude/os/serverMark.ts";
import { processMark } from "../../../../server/claude/start/environment.ts";
import type { Clock } from "../../../../server/domain/ports.ts";
import { systemClock } from "../../../../server/platform/clock.ts";
import { fillFileTable } from "../../../support/fullFileTable.ts";

/** Above every pid that Linux gives (`pid_max` is 2^22 at the most): no process has one of these. */
const base = 2 ** 22;
const row = (pid: number, ppid: number, changes: Partial<ProcRow> = {}): ProcRow => ({
  pid: base + pid,
  ppid: base + ppid,
  pgid: base + pid,
  startTicks: "100",
  cpuTicks: 0,
  residentPages: 0,
  zombie: false,
  ...changes,
});
const record = (pid: number | null, startTicks: string | null = "100") => ({
  processId: "none-has-this-mark",
  pid: pid === null ? null : base + pid,
  startTicks,
});
type Records = Parameters<Reaper["end"]>[0];
const belongings = (rows: readonly ProcRow[], records: Records) =>
  new Reaper({ os: linuxSystem, clock: systemClock }).belongings(rows, records);
const endBelongings = (records: Records, clock: Clock, ms: number) =>
  new Reaper({ os: linuxSystem, clock }).end(records, ms);
const pidsOf = (rows: readonly ProcRow[]) => rows.map(({ pid }) => pid - base).sort((a, b) => a - b);

describe("F10: what belongs to a process that was recorded", () => {
  // 10 leads a group, has the child 11 in it and the grandchild 12 in a group of its own; 13 was handed to init.
  const tree = [
    row(10, 1),
    row(11, 10, { pgid: base + 10 }),
    row(12, 11),
    row(13, 1, { pgid: base + 10 }),
    row(20, 1),
    row(21, 20, { pgid: base + 20 }),
  ];

  test("F10: is its tree and its group, and nothing of another process", async () => {
    expect(pidsOf(await belongings(tree, [record(10)]))).toEqual([10, 11, 12, 13]);
    expect(pidsOf(await belongings(tree, [record(10), record(20)]))).toEqual([10, 11, 12, 13, 20, 21]);
    expect(await belongings(tree, [])).toEqual([]);
  });

  test("NET-1 F10: is nothing when its pid was given to a stranger: neither the stranger, nor its tree, nor its group", async () => {
    expect(await belongings(tree, [record(10, "99")])).toEqual([]);
    expect(pidsOf(await belongings(tree, [record(10, "99"), record(20)]))).toEqual([20, 21]);
  });

  test("F10: is found by the pid alone where no start time could be read", async () => {
    expect(pidsOf(await belongings(tree, [record(10, null)]))).toEqual([10, 11, 12, 13]);
  });

  test("F10: is nothing when it never had a pid, or has gone with all of its tree", async () => {
    expect(await belongings(tree, [record(null, null)])).toEqual([]);
    expect(await belongings(tree, [record(14)])).toEqual([]);
  });

  test("F10: holds no zombies, and never this very process", async () => {
    const self = { ...row(0, 10), pid: process.pid };
    const rows = [...tree, self, row(15, 10, { zombie: true })];
    const found = await belongings(rows, [record(10)]);
    expect(pidsOf(found)).toEqual([10, 11, 12, 13]);
  });
});

describe("F10: the end of what was recorded", () => {
  const started: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  /** A shell that leads a group of its own, as the CLI does; it says the pids that it names, a line each. */
  async function begin(script: string, mark?: string, variable = processMark) {
    const env = { PATH: process.env.PATH, ...(mark === undefined ? {} : { [variable]: mark }) };
    const child = spawn("sh", ["-c", script], { detached: true, env, stdio: ["ignore", "pipe", "ignore"] });
    started.push(child);
    const pids: number[] = [child.pid!];
    let text = "";
    for await (const chunk of child.stdout!) {
      text += String(chunk);
      if (text.includes("ready")) break;
    }
    for (const line of text.split("\n")) if (/^\d+$/.test(line)) pids.push(Number(line));
    return { child, pids, startTicks: startOfPid(child.pid!) };
  }
  const isAlive = (pid: number) => {
    const name = startOfPid(pid);
    return name !== null && process.kill(pid, 0);
  };
  const living = async (pids: number[]) =>
    (await readProcTable()).filter((one) => pids.includes(one.pid) && !one.zombie).map(({ pid }) => pid);
  const over = (child: ChildProcess) =>
    child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, "exit");

  test("F10: takes a process and its children, and says how many there were", async () => {
    const { child, pids, startTicks } = await begin("sleep 60 & echo $!; echo ready; wait");
    const records = [{ processId: "unmarked-1", pid: child.pid!, startTicks }];
    expect(pids).toHaveLength(2);
    expect(await endBelongings(records, systemClock, 5_000)).toBe(2);
    await over(child);
    expect(await living(pids)).toEqual([]);
    expect(await endBelongings(records, systemClock, 5_000)).toBe(0);
  });

  test("NET-1 F10: leaves a stranger alone that has the pid of one that is long gone", async () => {
    const { child, pids, startTicks } = await begin("sleep 60 & echo $!; echo ready; wait");
    const records = [{ processId: "unmarked-2", pid: child.pid!, startTicks: `${Number(startTicks) - 1}` }];
    expect(await endBelongings(records, systemClock, 10)).toBe(0);
    expect(pids.map(isAlive)).toEqual([true, true]);
  });

  test("F10: a former server's processes are known by its mark where no record tells of them, and no living server's are", async () => {
    const folder = mkdtempSync(join(tmpdir(), "daylong-mark-"));
    const elsewhere = mkdtempSync(join(tmpdir(), "daylong-mark-"));
    try {
      const environment = withServerMark({}, folder);
      const own = environment[serverMark]!;
      // The start of this process, which lives, under another pid; and this pid with another start.
      const [pid, start, hash] = own.split(":");
      const died = await begin(
        "sleep 60 & echo $!; echo ready; wait",
        `${2 ** 22}:${start}:${hash}`,
        serverMark,
      );
      const reused = await begin("echo ready; sleep 60", `${pid}:${Number(start) - 1}:${hash}`, serverMark);
      const living = await begin("echo ready; sleep 60", own, serverMark);
      const beside = await begin(
        "echo ready; sleep 60",
        `${process.ppid}:${startOfPid(process.ppid)}:${hash}`,
        serverMark,
      );
      const foreign = withServerMark({}, elsewhere)[serverMark]!.replace(/^\d+/, String(2 ** 22));
      const other = await begin("echo ready; sleep 60", foreign, serverMark);
      const strange = await begin("echo ready; sleep 60", `x:y:${hash}`, serverMark);
      const reaper = new Reaper({ os: linuxSystem, clock: systemClock, environment });
      expect(await reaper.endFormer([], 5_000)).toBe(4);
      await Promise.all([over(died.child), over(reused.child)]);
      for (const { pids } of [living, beside, other, strange]) expect(pids.map(isAlive)).toEqual([true]);
      expect(await reaper.endFormer([], 5_000)).toBe(0);
    } finally {
      for (const one of [folder, elsewhere]) rmSync(one, { recursive: true });
    }
  });

  test("F10: knows by its mark what hangs on nobody any more, with what is below it, and no other mark", async () => {
    const mark = `mark-${process.pid}`;
    const own = await begin("sleep 60 & echo $!; echo ready; wait", mark);
    const other = await begin("echo ready; sleep 60", `${mark}0`);
    const none = await begin("echo ready; sleep 60");
    const ended = await endBelongings([{ processId: mark, pid: null, startTicks: null }], systemClock, 5_000);
    expect(ended).toBe(2);
    await over(own.child);
    expect(await living(own.pids)).toEqual([]);
    expect([other, none].map(({ child }) => isAlive(child.pid!))).toEqual([true, true]);
  });

  test("F10: kills what does not hear, also when its parent has gone before it", async () => {
    const deaf = `sh -c 'trap "" TERM; echo $$; echo ready; while :; do sleep 60; done'`;
    const { child, pids, startTicks } = await begin(`${deaf} & wait`);
    const records = [{ processId: "unmarked-3", pid: child.pid!, startTicks }];
    const begunAt = Date.now();
    await endBelongings(records, systemClock, 200);
    expect(Date.now() - begunAt).toBeGreaterThanOrEqual(200);
    await over(child);
    // The first one heard, and what it left behind was still known.
    expect(child.signalCode).toBe("SIGTERM");
    expect(await living(pids)).toEqual([]);
  });

  test("F23: waits until the process table can be read again when the system has no more files, and takes all of it then", async () => {
    const { child, pids, startTicks } = await begin(`sleep 60 & echo $!; echo ready; wait`);
    const records = [{ processId: "unmarked-5", pid: child.pid!, startTicks }];
    const empty = fillFileTable();
    let hasWaited = false;
    const clock: Clock = {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic(),
      after: (delayMs, callback) => {
        // The first pause is after a reading that failed.
        if (!hasWaited) empty();
        hasWaited = true;
        return systemClock.after(delayMs, callback);
      },
    };
    try {
      expect(await endBelongings(records, clock, 200)).toBe(2);
    } finally {
      if (!hasWaited) empty();
    }
    await over(child);
    expect(await living(pids)).toEqual([]);
  });

  test("F10: kills what does not hear also when the computer slept through the whole of its time", async () => {
    const deaf = `trap "" TERM; echo ready; while :; do sleep 0.05; done`;
    const { child, startTicks } = await begin(deaf);
    const records = [{ processId: "unmarked-4", pid: child.pid!, startTicks }];
    let sleptMs = 0;
    const clock: Clock = {
      now: () => Date.now() + sleptMs,
      monotonic: () => performance.now() + sleptMs,
      // The first pause is after SIGTERM: the computer sleeps in it.
      after: (delayMs, callback) => {
        sleptMs = 3_600_000;
        return systemClock.after(delayMs, callback);
      },
    };
    await endBelongings(records, clock, 200);
    // Sent before `endBelongings` came to its end: the process goes at once.
    await Promise.race([over(child), once(AbortSignal.timeout(5_000), "abort")]);
    expect(child.signalCode).toBe("SIGKILL");
  });

  test("F10: waits no longer than it takes, and takes what is started while it ends", async () => {
    const mark = `late-${process.pid}`;
    const { child, startTicks } = await begin(
      "trap 'sleep 60 & exit 0' TERM; echo ready; while :; do sleep 0.05; done",
      mark,
    );
    const begunAt = Date.now();
    await endBelongings([{ processId: mark, pid: child.pid!, startTicks }], systemClock, 10_000);
    expect(Date.now() - begunAt).toBeLessThan(5_000);
    await over(child);
    expect(
      await belongings(await readProcTable(), [{ processId: mark, pid: null, startTicks: null }]),
    ).toEqual([]);
  });
});
