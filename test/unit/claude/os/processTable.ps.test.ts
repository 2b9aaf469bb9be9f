import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";

/** What `ps` prints; undefined: it fails. */
let lines: string[] | undefined;
let asked: string[];
const execFile = (
  command: string,
  args: string[],
  told: (error: Error | null, output?: { stdout: string }) => void,
) => {
  asked.push([command, ...args].join(" "));
  if (lines === undefined) told(new Error("ps failed"));
  else told(null, { stdout: `${lines.join("\n")}\n` });
};
jest.unstable_mockModule("node:child_process", () => ({ execFile }));
const { markedPids, ProcessTable, readProcTable, sendSignal } = await import(
  "../../../../server/claude/os/processTable.ts"
);

const { platform } = process;
beforeEach(() => {
  Object.defineProperty(process, "platform", { value: "darwin" });
  [lines, asked] = [[], []];
});
afterEach(() => void Object.defineProperty(process, "platform", { value: platform }));

describe("F10: the process table of macOS", () => {
  test("F10: is what ps tells of every process", async () => {
    lines = [
      "    1     0     1 Ss     3:25.07 Fri Nov 27 09:00:00 2026    ",
      " 4242     1  4242 S+     0:00.25 Sat Nov 28 10:11:12 2026",
      " 4243  4242  4242 Z      0:00.00 Sat Nov 28 10:11:13 2026",
      " 4244  4242  4244 R    125:01.50 Sat Nov 28 10:11:13 2026",
      "a line of another kind",
      "",
    ];
    const row = { residentPages: 0, zombie: false };
    const expected = [
      { ...row, pid: 1, ppid: 0, pgid: 1, cpuTicks: 20_507, startTicks: "Fri Nov 27 09:00:00 2026" },
      { ...row, pid: 4242, ppid: 1, pgid: 4242, cpuTicks: 25, startTicks: "Sat Nov 28 10:11:12 2026" },
      {
        ...row,
        pid: 4243,
        ppid: 4242,
        pgid: 4242,
        cpuTicks: 0,
        zombie: true,
        startTicks: "Sat Nov 28 10:11:13 2026",
      },
      {
        ...row,
        pid: 4244,
        ppid: 4242,
        pgid: 4244,
        cpuTicks: 750_150,
        startTicks: "Sat Nov 28 10:11:13 2026",
      },
    ];
    expect(await readProcTable()).toEqual(expected);
    expect(await new ProcessTable().read([4242])).toEqual(expected);
    // Without headings, and of all users.
    expect(asked[0]).toBe("ps -A -o pid=,ppid=,pgid=,stat=,time=,lstart=");
  });

  test("F10: tells no marks, so that the recorded groups have to do", async () => {
    lines = [" 1 0 1 S 0:00.00 Sat Nov 28 10:11:12 2026"];
    expect(await markedPids(await readProcTable(), new Set(["p1"]))).toEqual(new Map());
  });

  test("F10: that ps does not give is an error, and no empty table", async () => {
    lines = undefined;
    await expect(readProcTable()).rejects.toThrow("ps failed");
  });
});

describe("F10: a signal", () => {
  const refuse = (code: string) =>
    jest.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
  afterEach(() => void jest.restoreAllMocks());

  test("F10: to a process of another user finds it alive, and to one that is gone does not", () => {
    refuse("EPERM");
    expect(sendSignal(4242, "SIGTERM")).toBe(true);
    refuse("ESRCH");
    expect(sendSignal(4242, "SIGTERM")).toBe(false);
  });
});
