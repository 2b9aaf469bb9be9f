import { describe, expect, test } from "@jest/globals";
import { Descendants } from "../../../../server/claude/os/descendants.ts";
import { linuxSystem, portableSystem } from "../../../../server/claude/os/operatingSystem.ts";
import type { ProcRow } from "../../../../server/claude/os/processTable.ts";

/** Above every pid that Linux gives. */
const base = 2 ** 22;
const row = (pid: number, ppid: number, pgid = pid, startTicks = "100"): ProcRow => ({
  pid: base + pid,
  ppid: ppid === 1 ? 1 : base + ppid,
  pgid: base + pgid,
  startTicks,
  cpuTicks: 0,
  residentPages: 0,
  zombie: false,
});
const root = { processId: "p1", pid: base + 10, startTicks: "100" };
const cli = row(10, 1);
const shell = row(20, 10);
const work = row(21, 20, 20);

const bench = (os: Pick<typeof linuxSystem, "isSameStart"> = linuxSystem) => {
  const descendants = new Descendants({ os });
  const of = (rows: ProcRow[], of = root) => descendants.of(rows, of).map(({ pid }) => pid - base);
  return { descendants, of };
};

describe("REPORT-23: what was seen below a process", () => {
  test("REPORT-23: is known when its parents are gone, one after the other", () => {
    const { descendants, of } = bench();
    descendants.note([cli, shell, work], root);
    expect(of([cli, row(21, 1, 20)])).toEqual([10, 21]);
    expect(of([row(21, 1, 20)])).toEqual([21]);
    descendants.note([row(21, 1, 20)], root);
    expect(of([row(21, 1, 20), row(22, 21)])).toEqual([21, 22]);
  });

  test("REPORT-23: takes along what its group has got since, though the group's leader is gone", () => {
    const { descendants, of } = bench();
    descendants.note([cli, shell], root);
    expect(of([cli, row(23, 1, 20)])).toEqual([10, 23]);
  });

  test("REPORT-23: is no stranger that got the pid, the group's number, or both", () => {
    const { descendants, of } = bench();
    descendants.note([cli, shell, work], root);
    expect(of([cli, row(21, 1, 21, "200")])).toEqual([10]);
    // A new leader of that number, with a child in its group.
    expect(of([cli, row(20, 1, 20, "200"), row(24, 20, 20, "201")])).toEqual([10]);
    expect(of([row(10, 1, 10, "200"), row(25, 10, 10, "201")])).toEqual([]);
  });

  test("REPORT-23: is forgotten when it has gone, and so is a group without members", () => {
    const { descendants, of } = bench();
    descendants.note([cli, shell, work], root);
    descendants.note([cli], root);
    expect(descendants.seen("p1")).toEqual([]);
    expect(of([cli, row(21, 1, 20)])).toEqual([10]);
  });

  test("REPORT-23: of an earlier run is what the record tells, and nothing that only has a pid or a group of it", () => {
    const seen = [
      { pid: base + 20, startTicks: "100", pgid: base + 20 },
      { pid: base + 21, startTicks: "100", pgid: base + 20 },
    ];
    const record = { ...root, processId: "earlier", seen };
    expect(bench().of([row(21, 1, 20), row(22, 1, 20)], record)).toEqual([21, 22]);
    expect(bench().of([row(21, 1, 20, "101")], record)).toEqual([]);
    expect(bench().of([row(26, 1, 20)], record)).toEqual([]);
  });

  test("REPORT-23: is the same though its start is read a second off, where the system does that", () => {
    const near = row(21, 1, 21, "101");
    const { descendants, of } = bench(portableSystem);
    descendants.note([cli, shell, row(21, 20, 21)], root);
    expect(of([near])).toEqual([21]);
    expect(of([row(21, 1, 21, "102")])).toEqual([]);
    const strict = bench(linuxSystem);
    strict.descendants.note([cli, shell, row(21, 20, 21)], root);
    expect(strict.of([near])).toEqual([]);
  });

  test("REPORT-23: of one process is nothing of another's, and neither is this very server", () => {
    const { descendants, of } = bench();
    const other = { processId: "p2", pid: base + 30, startTicks: "100" };
    const rows = [cli, shell, row(30, 1), row(31, 30)];
    descendants.note(rows, root);
    descendants.note(rows, other);
    expect(of(rows)).toEqual([10, 20]);
    expect(of(rows, other)).toEqual([30, 31]);
    const self = { ...row(0, 20), pid: process.pid, pgid: base + 20 };
    expect(descendants.of([cli, shell, self], root)).toEqual([cli, shell]);
  });

  test("REPORT-23: is told as changed only when it is", () => {
    const { descendants } = bench();
    const news = (rows: ProcRow[]) => descendants.note(rows, root).hasChanged;
    expect([
      news([cli]),
      news([cli, shell]),
      news([cli, shell]),
      news([cli, row(20, 10, 27)]),
      news([cli]),
    ]).toEqual([false, true, false, true, true]);
    descendants.forget("p1");
    expect(descendants.seen("p1")).toEqual([]);
  });
});
