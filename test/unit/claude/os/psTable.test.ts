import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import {
  isSameSecond,
  parseMarks,
  parsePsTable,
  psCommandOf,
  psStartOf,
  readPsMarks,
  readPsTable,
  secondsOfTime,
  startOfText,
} from "../../../../server/claude/os/psTable.ts";

const at = (text: string) => String(Date.parse(text) / 1_000);

describe("REPORT-23 F10: the process table of macOS, as its ps prints it", () => {
  test("REPORT-23: is read column by column, whatever their widths are", () => {
    const text = [
      "    1     0     1 Ss     3:25.07  18432 Fri Nov 27 09:00:00 2026    ",
      " 4242     1  4242 S+     0:00.25 210944 Sat Nov 28 10:11:12 2026",
      " 4243  4242  4242 Z      0:00.00      0 Sat Nov 28 10:11:13 2026    ",
      "99998  4242 99998 R    125:01.50   3072 Sat Nov  7 10:11:13 2026",
      "a line of another kind",
      "",
    ].join("\n");
    const row = { zombie: false };
    expect(parsePsTable(text)).toEqual([
      {
        ...row,
        pid: 1,
        ppid: 0,
        pgid: 1,
        cpuTicks: 20_507,
        residentPages: 18_432,
        startTicks: at("2026-11-27T09:00:00Z"),
      },
      {
        ...row,
        pid: 4242,
        ppid: 1,
        pgid: 4242,
        cpuTicks: 25,
        residentPages: 210_944,
        startTicks: at("2026-11-28T10:11:12Z"),
      },
      {
        pid: 4243,
        ppid: 4242,
        pgid: 4242,
        cpuTicks: 0,
        residentPages: 0,
        zombie: true,
        startTicks: at("2026-11-28T10:11:13Z"),
      },
      {
        ...row,
        pid: 99_998,
        ppid: 4242,
        pgid: 99_998,
        cpuTicks: 750_150,
        residentPages: 3_072,
        startTicks: at("2026-11-07T10:11:13Z"),
      },
    ]);
  });

  test.each([
    ["0:00.25", 0.25],
    ["125:01.50", 7_501.5],
    ["00:00:07", 7],
    ["23:59:59", 86_399],
    ["1-00:00:00", 86_400],
    ["02-03:04:05", 183_845],
    ["107-00:00:01", 9_244_801],
    ["3:25,07", 205.07],
    ["1441:00.00", 86_460],
    ["-", Number.NaN],
    ["12", Number.NaN],
    ["1-02:03", Number.NaN],
  ])("REPORT-23: a CPU time of %s is %p seconds, days counted as days", (text, seconds) => {
    expect(secondsOfTime(text)).toBe(seconds);
  });

  test.each([
    ["Sat Nov 28 10:11:12 2026", "2026-11-28T10:11:12Z"],
    ["Sat Nov  7 10:11:12 2026", "2026-11-07T10:11:12Z"],
    ["  Thu Jan  1 00:00:01 2026  ", "2026-01-01T00:00:01Z"],
    ["Sun Mar 29 02:30:00 2026", "2026-03-29T02:30:00Z"],
  ])("REPORT-23: a start at %p is the same instant in every time zone of the owner's", (text, instant) => {
    expect(startOfText(text)).toBe(at(instant));
  });

  test("REPORT-23: a start in words that are not known stays as it is, and is the same only as itself", () => {
    expect(startOfText("samedi 28 frimaire")).toBe("samedi 28 frimaire");
    expect(isSameSecond("sam. 28", "sam. 28")).toBe(true);
    expect(isSameSecond("sam. 28", "sam. 29")).toBe(false);
  });

  test("REPORT-23: two readings of one start may differ by a second, and no more", () => {
    expect(isSameSecond("1795848276", "1795848277")).toBe(true);
    expect(isSameSecond("1795848277", "1795848276")).toBe(true);
    expect(isSameSecond("1795848276", "1795848278")).toBe(false);
  });

  test("REPORT-23: marks are found in what ps -E prints, whole and of known processes only", () => {
    const text = [
      "  101 /opt/homebrew/bin/node server.js PATH=/bin DAYLONG_PROCESS=p1 HOME=/Users/a",
      "  102 /bin/sleep 300",
      "  103 node x DAYLONG_PROCESS=p12",
      "  104 node y XDAYLONG_PROCESS=p1",
      "  105 python3 z DAYLONG_PROCESS=p2",
    ].join("\n");
    expect(parseMarks(text, (id) => ["p1", "p2"].includes(id))).toEqual(
      new Map([
        [101, "p1"],
        [105, "p2"],
      ]),
    );
  });
});

describe("REPORT-23 F10: the ps of this computer", () => {
  test("REPORT-23: tells of this very process what Node knows, and of a child when it started", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(child, "spawn");
    try {
      const rows = await readPsTable();
      const own = rows.find(({ pid }) => pid === process.pid);
      expect(own).toMatchObject({ ppid: process.ppid, zombie: false });
      const rss = process.memoryUsage().rss / 1_024;
      expect(own?.residentPages).toBeGreaterThan(rss / 4);
      expect(own?.residentPages).toBeLessThan(rss * 4);
      const row = rows.find(({ pid }) => pid === child.pid);
      expect(row).toMatchObject({ ppid: process.pid });
      expect(isSameSecond(psStartOf(child.pid!) ?? "", row?.startTicks ?? "-")).toBe(true);
      expect(Math.abs(Number(row?.startTicks) - Date.now() / 1_000)).toBeLessThan(30);
      expect(await psCommandOf(child.pid!)).toContain("process.stdin.resume()");
      expect(await readPsMarks(() => false)).toEqual(new Map());
    } finally {
      child.stdin.end();
      await once(child, "exit");
    }
    expect(psStartOf(child.pid!)).toBeNull();
    expect(await psCommandOf(child.pid!)).toBe("");
  });
});
