import { describe, expect, test } from "@jest/globals";
import { type ProcRow, parseProcStat, treeOf } from "../../../../server/claude/os/processTable.ts";

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

  test("is empty for a pid that is not there", () => {
    expect(treeOf(rows, 5)).toEqual([]);
  });
});
