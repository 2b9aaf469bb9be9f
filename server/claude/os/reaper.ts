import type { Clock } from "../../domain/ports.ts";
import type { ProcessRecord } from "../../domain/processes/process.ts";
import { exhaustionFault } from "../../domain/processes/startFailures.ts";
import { markedPids, type ProcRow, readProcTable, sendSignal, treeOf } from "./processTable.ts";

/** Pause between looks while descendants go. */
const lookMs = 25;

/** For so long the process table is asked for while the system has no files or processes left for the reading. */
const exhaustedMs = 30_000;

/** The process table; a table of open files that is full is waited for, because what is not found would live on. */
async function readTable(clock: Clock): Promise<ProcRow[]> {
  const giveUpAt = clock.monotonic() + exhaustedMs;
  for (;;) {
    try {
      return await readProcTable();
    } catch (error) {
      const isExhausted = exhaustionFault((error as NodeJS.ErrnoException).code) !== undefined;
      if (!isExhausted || clock.monotonic() >= giveUpAt) throw error;
      await pause(clock, 10 * lookMs);
    }
  }
}

const pause = (clock: Clock, ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

/** The rows of the table that belong to a CLI process: its tree, its group, and all processes that carry its mark. */
export async function belongings(
  rows: readonly ProcRow[],
  records: ReadonlyArray<Pick<ProcessRecord, "processId" | "pid" | "startTicks">>,
): Promise<ProcRow[]> {
  const own = new Set<number>();
  for (const record of records) {
    const root = rows.find((row) => row.pid === record.pid);
    // A pid that was reused by a stranger is not ours, and neither is its tree.
    const ours = root !== undefined && (record.startTicks === null || root.startTicks === record.startTicks);
    if (ours && record.pid !== null) {
      for (const row of treeOf(rows, record.pid)) own.add(row.pid);
      // The CLI leads its own group, so the group's number is its pid.
      for (const row of rows) if (row.pgid === record.pid) own.add(row.pid);
    }
  }
  const marked = await markedPids(rows, new Set(records.map((record) => record.processId)));
  for (const pid of marked.keys()) {
    own.add(pid);
    for (const row of treeOf(rows, pid)) own.add(row.pid);
  }
  own.delete(process.pid);
  return rows.filter((row) => own.has(row.pid) && !row.zombie);
}

/**
 * Ends everything that belongs to the records: SIGTERM, then SIGKILL after `termGraceMs`, looked up anew each time,
 * because a dying parent hands its children to pid 1. Resolves to the number of processes found at the start.
 */
export async function endBelongings(
  records: ReadonlyArray<Pick<ProcessRecord, "processId" | "pid" | "startTicks">>,
  clock: Clock,
  termGraceMs: number,
): Promise<number> {
  const found = await belongings(await readTable(clock), records);
  if (found.length === 0) return 0;
  // Children found through the tree are remembered: once their parent is gone, the walk cannot find them again.
  const known = new Map(found.map((row) => [row.pid, row.startTicks]));
  const killAt = clock.monotonic() + termGraceMs;
  const giveUpAt = killAt + 5_000;
  let signalled: NodeJS.Signals = "SIGTERM";
  for (const row of found) sendSignal(row.pid, signalled);
  for (;;) {
    await pause(clock, lookMs);
    const rows = await readTable(clock);
    for (const row of await belongings(rows, records)) {
      if (!known.has(row.pid)) {
        known.set(row.pid, row.startTicks);
        sendSignal(row.pid, signalled);
      }
    }
    const left = rows.filter((row) => !row.zombie && known.get(row.pid) === row.startTicks);
    // Not before SIGKILL was sent: when the computer slept meanwhile, both instants have passed at the first look.
    if (left.length === 0 || (signalled === "SIGKILL" && clock.monotonic() > giveUpAt)) return found.length;
    if (clock.monotonic() >= killAt) {
      signalled = "SIGKILL";
      for (const row of left) sendSignal(row.pid, signalled);
    }
  }
}
