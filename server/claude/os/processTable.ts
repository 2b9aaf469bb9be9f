import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { exhaustionFault } from "../../domain/processes/startFailures.ts";
import { processMark } from "../start/environment.ts";

/** One row of the operating system's process table. */
export interface ProcRow {
  pid: number;
  ppid: number;
  pgid: number;
  /** Start time, opaque: tells a reused pid from the process that was recorded. */
  startTicks: string;
  /** Clock ticks (100 a second) of user and system time. */
  cpuTicks: number;
  /** Memory in use, in a unit of the table's own: whether it has changed is all that is asked of it. */
  residentPages: number;
  zombie: boolean;
}

/** Ticks a second of `cpuTicks`; Linux fixes USER_HZ at 100 for user space. */
export const ticksPerSecond = 100;

/** `/proc/PID/stat`: the command name stands in brackets and may hold anything, so count fields after the last one. */
export function parseProcStat(stat: string): ProcRow | undefined {
  const close = stat.lastIndexOf(")");
  const pid = Number.parseInt(stat, 10);
  const fields = stat.slice(close + 2).split(" ");
  if (close < 0 || !Number.isInteger(pid) || fields.length < 20) return undefined;
  return {
    pid,
    zombie: fields[0] === "Z" || fields[0] === "X",
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks: fields[19]!,
    residentPages: Number(fields[21] ?? 0),
  };
}

const listPids = async (): Promise<number[]> =>
  (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);

/** A process may end between the listing and the reading; but one that could not be read for want of files lives. */
function unlessExhausted(error: NodeJS.ErrnoException): undefined {
  if (exhaustionFault(error.code) !== undefined) throw error;
}

const readRow = (pid: number): Promise<ProcRow | undefined> =>
  readFile(`/proc/${pid}/stat`, "utf8").then(parseProcStat, unlessExhausted);

/** Kernel start time of a pid, or `null` where it cannot be read. */
export function startOfPid(pid: number): string | null {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, "utf8"))?.startTicks ?? null;
  } catch {
    return null;
  }
}

/** Every process that `/proc` names. */
export async function readProcTable(): Promise<ProcRow[]> {
  const rows = await Promise.all((await listPids()).map(readRow));
  return rows.filter((row) => row !== undefined);
}

/** The longest row: 52 numbers and a name of 64 bytes. */
const rowBytes = 2_048;
/** Rows that are read before other work gets its turn: a row takes some 10 µs. */
const rowsAtOnce = 100;
const otherWork = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Readings after which strangers are read again as well: a pid that was reused must not hide a child for long. */
const fullReadingEach = 12;

/**
 * The process table of Linux, read again and again for the trees below some roots: after the first time only the trees
 * and the newcomers are read, because a process that was no descendant does not become one. Descendants that were handed
 * to init are roots too. Rows are read on the event loop: the kernel has them in memory, and a thread for each of them costs
 * several times as much.
 */
export class ProcessTable {
  #known = new Map<number, ProcRow>();
  #readings = 0;
  readonly #buffer = Buffer.alloc(rowBytes);

  async read(roots: readonly number[]): Promise<ProcRow[]> {
    const known = this.#readings % fullReadingEach === 0 ? new Map<number, ProcRow>() : this.#known;
    this.#readings += 1;
    const earlier = [...known.values()];
    const own = new Set(roots.flatMap((pid) => [pid, ...treeOf(earlier, pid).map((row) => row.pid)]));
    const rows = new Map<number, ProcRow>();
    let readCount = 0;
    for (const pid of await listPids()) {
      const before = own.has(pid) ? undefined : known.get(pid);
      if (before === undefined) {
        readCount += 1;
        if (readCount % rowsAtOnce === 0) await otherWork();
      }
      const row = before ?? this.#readRow(pid);
      if (row !== undefined) rows.set(pid, row);
    }
    this.#known = rows;
    return [...rows.values()];
  }

  #readRow(pid: number): ProcRow | undefined {
    try {
      const file = openSync(`/proc/${pid}/stat`, "r");
      try {
        return parseProcStat(this.#buffer.toString("latin1", 0, readSync(file, this.#buffer)));
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return unlessExhausted(error as NodeJS.ErrnoException);
    }
  }
}

/** Trees of up to so many processes are found by a scan for each of them, which is cheaper than an index of all. */
const mostScanned = 8;

/** The pid and everything below it, parents first. */
export function treeOf(rows: readonly ProcRow[], rootPid: number): ProcRow[] {
  const found = rows.filter((row) => row.pid === rootPid);
  let children: ReadonlyMap<number, readonly ProcRow[]> | undefined;
  for (let index = 0; index < found.length; index += 1) {
    const { pid } = found[index]!;
    if (index === mostScanned) children = childrenByParent(rows);
    found.push(...(children ? (children.get(pid) ?? []) : rows.filter(({ ppid }) => ppid === pid)));
  }
  return found;
}

function childrenByParent(rows: readonly ProcRow[]): Map<number, ProcRow[]> {
  const children = new Map<number, ProcRow[]>();
  for (const row of rows) {
    const siblings = children.get(row.ppid);
    if (siblings) siblings.push(row);
    else children.set(row.ppid, [row]);
  }
  return children;
}

/**
 * Marks of processes: the values that a variable has in their environments. A double-forked child hangs on pid 1 and leads its
 * own session, and nothing but the mark tells which process it belongs to.
 */
export async function marksOf(rows: readonly ProcRow[], variable: string): Promise<Map<number, string>> {
  const marks = new Map<number, string>();
  await Promise.all(
    rows.map(async (row) => {
      const environ = await readFile(`/proc/${row.pid}/environ`, "latin1").catch(() => "");
      const start = environ.startsWith(`${variable}=`) ? 0 : environ.indexOf(`\0${variable}=`) + 1;
      if (start === 0 && !environ.startsWith(`${variable}=`)) return;
      const end = environ.indexOf("\0", start);
      marks.set(row.pid, environ.slice(start + variable.length + 1, end < 0 ? undefined : end));
    }),
  );
  return marks;
}

/** Pids that carry one of the marks in their environment. */
export async function markedPids(
  rows: readonly ProcRow[],
  processIds: ReadonlySet<string>,
): Promise<Map<number, string>> {
  const marks = processIds.size === 0 ? [] : await marksOf(rows, processMark);
  return new Map([...marks].filter(([, id]) => processIds.has(id)));
}

/** False when there is no such process any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user; there is nothing we may do about it.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
