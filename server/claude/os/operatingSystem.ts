import { readFile } from "node:fs/promises";
import type { MachineReading } from "../../domain/processes/machine.ts";
import { readLinuxMachine, readPortableMachine } from "./machine.ts";
import {
  markedPids,
  marksOf,
  ProcessTable,
  type ProcRow,
  readProcTable,
  startOfPid,
} from "./processTable.ts";
import { isSameSecond, psCommandOf, psStartOf, readPsMarks, readPsTable } from "./psTable.ts";

/**
 * Port of the operating system: everything about processes and the machine that Node itself does not tell. There is a
 * Linux side, which reads `/proc`, and a portable one, which asks `ps` and is what a Mac gets.
 */
export interface OperatingSystem {
  /** Every process, read anew. */
  processes(): Promise<ProcRow[]>;
  /** A reader for one who asks again and again for the trees below some roots; strangers may be older. */
  openTable(): { read(roots: readonly number[]): Promise<ProcRow[]> };
  /** Start time of a pid, in the words of the rows; `null` where it cannot be read. Blocks. */
  startOf(pid: number): string | null;
  isSameStart(one: string, other: string): boolean;
  /** Pids whose environment is seen to hold one of the marks, with it. */
  marked(rows: readonly ProcRow[], processIds: ReadonlySet<string>): Promise<Map<number, string>>;
  /** The values of a variable of a process's environment, where they are seen, by pid. */
  marks(rows: readonly ProcRow[], variable: string): Promise<Map<number, string>>;
  /** Whether every mark is seen. Where not, only what was seen below a process tells that it belongs to it. */
  readonly showsMarks: boolean;
  /** Memory of one process in bytes; 0 when it is gone. */
  memoryOf(row: ProcRow): Promise<number>;
  /** Command and arguments of a process; empty when it is gone. */
  commandOf(pid: number): Promise<string>;
  machine(): Promise<MachineReading>;
  /** The command that keeps the computer from idle-sleeping for as long as it runs, or the process `pid` lives. */
  keepAwakeCommand(pid: number): readonly [command: string, ...arguments: string[]];
}

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/**
 * PSS: summed RSS would count the shared pages of the CLI's 360 MB binary once for every process. RSS where PSS cannot be
 * read.
 */
async function linuxMemoryOf({ pid }: ProcRow): Promise<number> {
  const pss = /^Pss:\s+(\d+) kB/m.exec(await textOf(`/proc/${pid}/smaps_rollup`))?.[1];
  const kilobytes = pss ?? /^VmRSS:\s+(\d+) kB/m.exec(await textOf(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

export const linuxSystem: OperatingSystem = {
  processes: readProcTable,
  openTable: () => new ProcessTable(),
  startOf: startOfPid,
  isSameStart: (one, other) => one === other,
  marked: markedPids,
  marks: marksOf,
  showsMarks: true,
  memoryOf: linuxMemoryOf,
  commandOf: async (pid) => (await textOf(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim(),
  machine: readLinuxMachine,
  keepAwakeCommand: (pid) => [
    "systemd-inhibit",
    "--what=idle:sleep",
    "--who=Daylong",
    "--why=Claude is at work",
    "--mode=block",
    "tail",
    "--follow",
    `--pid=${pid}`,
    "/dev/null",
  ],
};

export const portableSystem: OperatingSystem = {
  processes: readPsTable,
  openTable: () => ({ read: readPsTable }),
  startOf: psStartOf,
  isSameStart: isSameSecond,
  marked: async (_rows, processIds) =>
    processIds.size === 0 ? new Map() : readPsMarks((id) => processIds.has(id)),
  marks: (_rows, variable) => readPsMarks(() => true, variable),
  showsMarks: false,
  memoryOf: async ({ residentPages }) => residentPages * 1_024,
  commandOf: psCommandOf,
  machine: readPortableMachine,
  keepAwakeCommand: (pid) => ["caffeinate", "-i", "-w", String(pid)],
};

/** The side for this platform, as `process.platform` names it. */
export const operatingSystemOf = (platform: NodeJS.Platform): OperatingSystem =>
  platform === "linux" ? linuxSystem : portableSystem;
