import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  markedPids,
  type ProcRow,
  parseProcStat,
  readProcTable,
  sendSignal,
  treeOf,
} from "../../../../server/claude/os/processTable.ts";
import { processMark } from "../../../../server/claude/start/environment.ts";

const stat = (name: string, state = "S") =>
  `4242 (${name}) ${state} 17 4242 4242 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 11 0 987654 1 2 3 4`;

describe("F10 a row of the process table", () => {
  test.each(["node", "my tool", "a) b", "(sd-pam)", ") R 1 1 1 (", "tmux: server", ""])(
    "is read right though the command is called %p",
    (name) => {
      expect(parseProcStat(stat(name))).toEqual({
        pid: 4242,
        ppid: 17,
        pgid: 4242,
        startTicks: "987654",
        cpuTicks: 200,
        residentPages: 2,
        zombie: false,
      });
    },
  );

  test.each([
    ["Z", true],
    ["X", true],
    ["R", false],
    ["D", false],
  ])("in state %s is over: %p", (state, zombie) => {
    expect(parseProcStat(stat("node", state))?.zombie).toBe(zombie);
  });

  test.each(["", "4242", "4242 (node", "4242 (node) S 17", "x (node) S 17"])(
    "that is cut short (%p) is none",
    (text) => {
      expect(parseProcStat(text)).toBeUndefined();
    },
  );
});

describe("F10 the tree below a process", () => {
  const row = (pid: number, ppid: number): ProcRow => ({
    pid,
    ppid,
    pgid: pid,
    startTicks: "1",
    cpuTicks: 0,
    residentPages: 0,
    zombie: false,
  });
  const rows = [row(30, 20), row(1, 0), row(20, 10), row(10, 1), row(21, 10), row(99, 1)];

  test("holds all descendants, parents first, and nobody else", () => {
    const pids = treeOf(rows, 10).map(({ pid }) => pid);
    expect(pids[0]).toBe(10);
    expect([...pids].sort()).toEqual([10, 20, 21, 30]);
    expect(pids.indexOf(20)).toBeLessThan(pids.indexOf(30));
  });

  test("of many processes is found as well, wide and deep", () => {
    const deep = Array.from({ length: 30 }, (_, index) => row(100 + index, index === 0 ? 99 : 99 + index));
    const wide = Array.from({ length: 30 }, (_, index) => row(200 + index, 129));
    const pids = treeOf([...wide, ...deep.toReversed(), ...rows], 99).map(({ pid }) => pid);
    expect(pids).toEqual([99, ...deep.map(({ pid }) => pid), ...wide.map(({ pid }) => pid)]);
  });

  test("is empty for a pid that is not there", () => {
    expect(treeOf(rows, 5)).toEqual([]);
  });
});

describe("F10 the mark of a process", () => {
  const started: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of started.splice(0)) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  const begin = (env: Record<string, string>) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60000)"], { env, stdio: "ignore" });
    started.push(child);
    return once(child, "spawn").then(() => child.pid!);
  };

  test("is found wherever it stands in the environment, and is no other that begins like it", async () => {
    const first = await begin({ [processMark]: "p1", B: "2" });
    const last = await begin({ A: "1", [processMark]: "p1" });
    const longer = await begin({ A: "1", [processMark]: "p12" });
    const inside = await begin({ A: `x${processMark}=p1` });
    const none = await begin({ A: "1" });
    const rows = (await readProcTable()).filter(({ pid }) =>
      [first, last, longer, inside, none].includes(pid),
    );
    expect(rows).toHaveLength(5);
    expect(await markedPids(rows, new Set(["p1"]))).toEqual(
      new Map([
        [first, "p1"],
        [last, "p1"],
      ]),
    );
    expect(await markedPids(rows, new Set())).toEqual(new Map());
  });

  test("is not needed to end a process, which is told by whether the signal reached it", async () => {
    const pid = await begin({});
    expect(sendSignal(pid, 0)).toBe(true);
    const over = once(started[0]!, "exit");
    expect(sendSignal(pid, "SIGTERM")).toBe(true);
    expect(await over).toEqual([null, "SIGTERM"]);
    expect(sendSignal(pid, 0)).toBe(false);
    started.length = 0;
  });
});
