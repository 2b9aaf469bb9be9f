import { describe, expect, test } from "@jest/globals";
import { isJobOfShell, type JobOf } from "../../../../../server/commands/attach/terminal/jobControl.ts";

/** Processes by id: parent, group, session. */
const tableOf =
  (processes: Record<number, [ppid: number, pgid: number, session: number]>): JobOf =>
  (pid) => {
    const [ppid, pgid, session] = processes[pid] ?? [];
    return ppid === undefined || pgid === undefined || session === undefined
      ? undefined
      : { ppid, pgid, session };
  };

describe("O15: whether Ctrl-Z can stop the program", () => {
  test.each<[string, boolean, Parameters<typeof tableOf>[0]]>([
    ["a job of a shell", true, { 9: [5, 9, 5], 5: [1, 5, 5] }],
    ["a wrapper's child in a job of a shell", true, { 9: [8, 8, 5], 8: [5, 8, 5], 5: [1, 5, 5] }],
    ["the leader of a session, as a terminal emulator starts it", false, { 9: [3, 9, 9], 3: [1, 3, 3] }],
    ["a wrapper's child under such a leader", false, { 9: [8, 8, 8], 8: [3, 8, 8], 3: [1, 3, 3] }],
    ["a job whose shell has gone", false, { 9: [1, 9, 5], 1: [0, 1, 1] }],
    ["a parent that cannot be seen, as of a container", false, { 9: [0, 9, 9] }],
    ["a system without /proc", true, {}],
  ])("O15: %s: %s", (_what, isJob, processes) => {
    expect(isJobOfShell(9, tableOf(processes))).toBe(isJob);
  });
});
