import { pause } from "../../domain/deadline.ts";
import type { Clock } from "../../domain/ports.ts";
import { exhaustionFault } from "../../domain/processes/startFailures.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import { Descendants, type Root } from "./descendants.ts";
import type { OperatingSystem } from "./operatingSystem.ts";
import { type ProcRow, sendSignal, treeOf } from "./processTable.ts";
import { isLeft, serverMark } from "./serverMark.ts";

/** Pause between looks while descendants go. */
const lookMs = 25;

/** For so long the process table is asked for while the system has no files or processes left for the reading. */
const exhaustedMs = 30_000;

/**
 * Looks after a tool was begun, on a system that shows no marks: one after the other for a while, because the shell of a quick
 * command lives for some 50 ms, and two later ones. What lives for less than a look takes is not seen.
 */
const closeLooks = { pauseMs: 10, forMs: 400 } as const;
const laterLooksMs = [700, 1_500] as const;

export interface ReaperParts {
  os: OperatingSystem;
  clock: Clock;
  /** Keeps what was seen below the processes, for a run after a crash; where marks are shown it is not needed. */
  processStore?: Pick<ProcessStore, "saw">;
  /** Of the processes: it holds the mark of this server, by which what a former one left is known. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reaper of CLI processes and of everything that they started: knows what belongs to a process, by its tree, its group, its
 * mark and what was seen below it, and ends it, SIGTERM first.
 */
export class Reaper {
  readonly #parts: ReaperParts;
  readonly #descendants: Descendants;
  readonly #looks = new Set<() => void>();
  /** By process, until when its tools are looked at closely. */
  readonly #closeUntil = new Map<string, number>();

  constructor(parts: ReaperParts) {
    this.#parts = parts;
    this.#descendants = new Descendants(parts);
  }

  /** The rows of the table that belong to CLI processes, zombies left out. */
  async belongings(rows: readonly ProcRow[], roots: readonly Root[]): Promise<ProcRow[]> {
    const own = new Set(roots.flatMap((root) => this.#descendants.of(rows, root).map(({ pid }) => pid)));
    const marked = await this.#parts.os.marked(rows, new Set(roots.map(({ processId }) => processId)));
    for (const pid of marked.keys()) for (const row of treeOf(rows, pid)) own.add(row.pid);
    own.delete(process.pid);
    return rows.filter((row) => own.has(row.pid) && !row.zombie);
  }

  /** Remembers what is below a process, by a reading of the table; returns it. */
  note(rows: readonly ProcRow[], root: Root): ProcRow[] {
    const { os, processStore } = this.#parts;
    const { found, hasChanged } = this.#descendants.note(rows, root);
    if (hasChanged && !os.showsMarks)
      processStore?.saw(root.processId, this.#descendants.seen(root.processId));
    return found;
  }

  /** The pids that were seen below a process. */
  seenPids(processId: string): number[] {
    return this.#descendants.seen(processId).map(({ pid }) => pid);
  }

  /**
   * A tool begins in the process: looks at what it starts, several times, because a shell may be gone before the next sample
   * and what it left behind could then not be told from a stranger. Nothing where marks tell.
   */
  toolBegan(root: Root, isLive: () => boolean): void {
    const { os, clock } = this.#parts;
    if (os.showsMarks) return;
    const until = clock.monotonic() + closeLooks.forMs;
    const isRunning = this.#closeUntil.has(root.processId);
    this.#closeUntil.set(root.processId, until);
    if (!isRunning) void this.#lookClosely(root, isLive);
    for (const ms of laterLooksMs) this.#lookIn(ms, () => this.#look(root, isLive));
  }

  async #lookClosely(root: Root, isLive: () => boolean): Promise<void> {
    const { clock } = this.#parts;
    await this.#look(root, isLive);
    if (isLive() && clock.monotonic() < (this.#closeUntil.get(root.processId) ?? 0))
      this.#lookIn(closeLooks.pauseMs, () => this.#lookClosely(root, isLive));
    else this.#closeUntil.delete(root.processId);
  }

  #lookIn(ms: number, look: () => Promise<void>): void {
    const cancel = this.#parts.clock.after(ms, () => {
      this.#looks.delete(cancel);
      void look();
    });
    this.#looks.add(cancel);
  }

  /** A table that cannot be read now is read by the next look. */
  async #look(root: Root, isLive: () => boolean): Promise<void> {
    const rows = await this.#parts.os.processes().catch(() => undefined);
    if (rows !== undefined && isLive()) this.note(rows, root);
  }

  /** Looks no more. */
  stop(): void {
    for (const cancel of this.#looks) cancel();
    this.#looks.clear();
  }

  /**
   * Ends everything that belongs to the processes: SIGTERM, then SIGKILL after `termGraceMs`, looked up anew each time,
   * because a dying parent hands its children to init. Resolves to the number of processes found at the start.
   */
  async end(roots: readonly Root[], termGraceMs: number): Promise<number> {
    const ended = await this.#end(async (rows) => {
      for (const root of roots) this.#descendants.note(rows, root);
      return this.belongings(rows, roots);
    }, termGraceMs);
    for (const { processId } of roots) this.#descendants.forget(processId);
    return ended;
  }

  /**
   * Ends what a former server of this data folder left: what it recorded, and what no record tells of, because the database was
   * restored from a backup, or deleted. Resolves to the number of processes.
   */
  async endFormer(records: readonly Root[], termGraceMs: number): Promise<number> {
    const { os, environment = {} } = this.#parts;
    const own = environment[serverMark];
    const recorded = await this.end(records, termGraceMs);
    if (own === undefined) return recorded;
    const unrecorded = await this.#end(async (rows) => {
      const left = new Set<number>();
      for (const [pid, mark] of await os.marks(rows, serverMark))
        if (isLeft(own, mark, rows, os)) for (const row of treeOf(rows, pid)) left.add(row.pid);
      left.delete(process.pid);
      return rows.filter(({ pid, zombie }) => left.has(pid) && !zombie);
    }, termGraceMs);
    return recorded + unrecorded;
  }

  /** Ends one tree below a CLI process by the same ladder: its processes, and the groups that they lead. */
  endTree(top: Pick<ProcRow, "pid" | "startTicks">, root: Root, termGraceMs: number): Promise<number> {
    const { os } = this.#parts;
    const groups = new Set<number>();
    return this.#end(async (rows) => {
      const found = rows.find(({ pid }) => pid === top.pid);
      const tree = found && os.isSameStart(top.startTicks, found.startTicks) ? treeOf(rows, top.pid) : [];
      for (const row of tree) if (row.pgid !== root.pid) groups.add(row.pgid);
      const pids = new Set(tree.map(({ pid }) => pid));
      return this.#descendants
        .of(rows, root)
        .filter(({ pid, pgid, zombie }) => !zombie && (pids.has(pid) || groups.has(pgid)));
    }, termGraceMs);
  }

  async #end(find: (rows: readonly ProcRow[]) => Promise<ProcRow[]>, termGraceMs: number): Promise<number> {
    const { os, clock } = this.#parts;
    const found = await find(await this.#read());
    if (found.length === 0) return 0;
    // Children found through the tree are remembered: once their parent is gone, the walk cannot find them again.
    const known = new Map(found.map((row) => [row.pid, row.startTicks]));
    const killAt = clock.monotonic() + termGraceMs;
    const giveUpAt = killAt + 5_000;
    let signalled: NodeJS.Signals = "SIGTERM";
    for (const row of found) sendSignal(row.pid, signalled);
    let emptyLooks = 0;
    for (;;) {
      await pause(clock, lookMs);
      const rows = await this.#read();
      for (const row of await find(rows)) {
        if (!known.has(row.pid)) {
          known.set(row.pid, row.startTicks);
          sendSignal(row.pid, signalled);
        }
      }
      const isKnown = ({ pid, startTicks }: ProcRow) => {
        const start = known.get(pid);
        return start !== undefined && os.isSameStart(start, startTicks);
      };
      const left = rows.filter((row) => !row.zombie && isKnown(row));
      // Not before SIGKILL was sent: when the computer slept meanwhile, both instants have passed at the first look.
      // A table is not read in one moment: what a dying process has just started may be in the next one only.
      emptyLooks = left.length === 0 ? emptyLooks + 1 : 0;
      if (emptyLooks > 1 || (signalled === "SIGKILL" && clock.monotonic() > giveUpAt)) return found.length;
      if (clock.monotonic() >= killAt) {
        signalled = "SIGKILL";
        for (const row of left) sendSignal(row.pid, signalled);
      }
    }
  }

  /** The process table; a table of open files that is full is waited for, because what is not found would live on. */
  async #read(): Promise<ProcRow[]> {
    const { os, clock } = this.#parts;
    const giveUpAt = clock.monotonic() + exhaustedMs;
    for (;;) {
      try {
        return await os.processes();
      } catch (error) {
        const isExhausted = exhaustionFault((error as NodeJS.ErrnoException).code) !== undefined;
        if (!isExhausted || clock.monotonic() >= giveUpAt) throw error;
        await pause(clock, 10 * lookMs);
      }
    }
  }
}
