import { expect, test } from "@jest/globals";
import { linuxSystem, type OperatingSystem } from "../../../../server/claude/os/operatingSystem.ts";
import type { ProcRow } from "../../../../server/claude/os/processTable.ts";
import { Sampler } from "../../../../server/claude/os/sampler.ts";

const cliPid = 10;
const row = (pid: number, ppid: number, pgid: number): ProcRow => ({
  pid,
  ppid,
  pgid,
  startTicks: "100",
  cpuTicks: 0,
  residentPages: 0,
  zombie: false,
});
const cli = row(cliPid, 1, cliPid);
const inGroup = row(11, cliPid, cliPid);
const inOwnGroup = row(11, cliPid, 11);

function rig() {
  let at = 0;
  let usesTools = true;
  let rows: readonly ProcRow[] = [];
  let whileRead = () => {};
  const table = {
    read: async () => {
      whileRead();
      return [...rows];
    },
  };
  const os: OperatingSystem = { ...linuxSystem, openTable: () => table, memoryOf: async () => 1 };
  const reaper = { note: (found: ProcRow[]) => found, seenPids: () => [] };
  const clock = { now: () => at, monotonic: () => at, after: () => () => {} };
  const sampler = new Sampler({ clock, os, reaper });
  const root = { processId: "one", pid: cliPid, startTicks: null };
  return {
    usesTools: (uses: boolean) => {
      usesTools = uses;
    },
    whileRead: (work: () => void) => {
      whileRead = work;
    },
    /** What the process is taken for in a sample, `afterMs` after the one before. */
    kind: async (child: ProcRow, afterMs = 0) => {
      at += afterMs;
      rows = [cli, child];
      const usages = await sampler.sample([{ processId: "one", root, hasUsedTools: () => usesTools }]);
      return usages.get("one")?.trees?.map(({ kind }) => kind);
    },
  };
}

test("REPORT-2: a shell that a sample meets before it has left the CLI's group is a tool from the next sample on", async () => {
  const { kind } = rig();
  expect(await kind(inGroup)).toEqual(["unknown"]);
  expect(await kind(inGroup, 999)).toEqual(["unknown"]);
  expect(await kind(inOwnGroup, 0)).toEqual(["tool"]);
  expect(await kind(inOwnGroup, 60_000)).toEqual(["tool"]);
});

test("a server that has been in the CLI's group for a second stays a server when it leaves it", async () => {
  const { kind } = rig();
  expect(await kind(inGroup)).toEqual(["unknown"]);
  expect(await kind(inGroup, 1_000)).toEqual(["server"]);
  expect(await kind(inOwnGroup, 1)).toEqual(["server"]);
  // Another process that got its pid.
  expect(await kind({ ...inOwnGroup, startTicks: "200" }, 1)).toEqual(["tool"]);
});

test("what a CLI has started before its first tool is a server, in whatever group it is", async () => {
  const { kind, usesTools } = rig();
  usesTools(false);
  expect(await kind(inOwnGroup)).toEqual(["server"]);
  usesTools(true);
  expect(await kind(inOwnGroup, 1)).toEqual(["server"]);
});

test("REPORT-2: the shell of a first tool that begins while the process table is read is a tool from the next sample on", async () => {
  const { kind, usesTools, whileRead } = rig();
  usesTools(false);
  whileRead(() => usesTools(true));
  expect(await kind(inOwnGroup)).toEqual(["unknown"]);
  expect(await kind(inOwnGroup, 1)).toEqual(["tool"]);
});
