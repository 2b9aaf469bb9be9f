import type { ProcessRecord, SeenProcess } from "../../domain/processes/process.ts";
import type { OperatingSystem } from "./operatingSystem.ts";
import { type ProcRow, treeOf } from "./processTable.ts";

/** A CLI process as far as its descendants are asked for. */
export type Root = Pick<ProcessRecord, "processId" | "pid" | "startTicks"> &
  Partial<Pick<ProcessRecord, "seen">>;

interface Family {
  /** By pid. */
  seen: Map<number, SeenProcess>;
  /** Groups that one of them led or is in. */
  groups: Set<number>;
}

/**
 * Registry of the descendants that were seen below each CLI process. A descendant whose parent dies is handed to init, and
 * then neither its parent nor, on most systems, anything else tells where it came from: so pid, start time and group of
 * each are remembered as long as it lives.
 */
export class Descendants {
  readonly #os: Pick<OperatingSystem, "isSameStart">;
  readonly #families = new Map<string, Family>();

  constructor(parts: { os: Pick<OperatingSystem, "isSameStart"> }) {
    this.#os = parts.os;
  }

  /** The rows that belong to a process: its tree, its group, what was seen below it before, and what is below that. */
  of(rows: readonly ProcRow[], root: Root): ProcRow[] {
    const family = this.#familyOf(root);
    const own = new Set<number>();
    const add = (pid: number) => {
      for (const row of own.has(pid) ? [] : treeOf(rows, pid)) own.add(row.pid);
    };
    const isKnown = (row: ProcRow): boolean => {
      if (row.pid === root.pid) return root.startTicks === null || this.#isSame(root.startTicks, row);
      const seen = family.seen.get(row.pid);
      return seen !== undefined && this.#isSame(seen.startTicks, row);
    };
    // A pid that was reused by a stranger is not ours, and neither is its tree.
    for (const row of rows) if (isKnown(row)) add(row.pid);
    const groups = this.#groupsOf(rows, family, own);
    for (const row of rows) if (groups.has(row.pgid)) add(row.pid);
    own.delete(process.pid);
    return rows.filter((row) => own.has(row.pid));
  }

  /**
   * Remembers what is below the process now; returns it, and whether it differs from what was known. What has gone is
   * forgotten.
   */
  note(rows: readonly ProcRow[], root: Root): { found: ProcRow[]; hasChanged: boolean } {
    const family = this.#familyOf(root);
    const found = this.of(rows, root).filter(({ zombie }) => !zombie);
    const before = family.seen;
    const kept = found.filter(({ pid }) => pid !== root.pid);
    family.seen = new Map(kept.map(({ pid, startTicks, pgid }) => [pid, { pid, startTicks, pgid }]));
    family.groups = new Set(found.map(({ pgid }) => pgid));
    const isNews = ({ pid, startTicks, pgid }: ProcRow) => {
      const known = before.get(pid);
      return (
        known === undefined || known.pgid !== pgid || !this.#os.isSameStart(known.startTicks, startTicks)
      );
    };
    return { found, hasChanged: before.size !== kept.length || kept.some(isNews) };
  }

  /** What is remembered of a process. */
  seen(processId: string): SeenProcess[] {
    return [...(this.#families.get(processId)?.seen.values() ?? [])];
  }

  forget(processId: string): void {
    this.#families.delete(processId);
  }

  /** Of a process of an earlier run the record tells what was seen. */
  #familyOf({ processId, seen = [] }: Root): Family {
    const known = this.#families.get(processId);
    if (known !== undefined) return known;
    const family: Family = { seen: new Map(seen.map((one) => [one.pid, one])), groups: new Set() };
    this.#families.set(processId, family);
    return family;
  }

  /**
   * The groups that are the process's: those in which one of its own is, and those that were at the last look and whose
   * leader has gone since. While a group has members its number is given to no other process, so that a leader who is
   * there and is not known shows that the number was given anew.
   */
  #groupsOf(rows: readonly ProcRow[], { groups }: Family, own: ReadonlySet<number>): Set<number> {
    const living = new Set(rows.flatMap(({ pid, pgid, zombie }) => (own.has(pid) && !zombie ? [pgid] : [])));
    const leaders = new Set(rows.map(({ pid }) => pid));
    for (const group of groups) if (!leaders.has(group)) living.add(group);
    // This server's own group is nobody's below it, whatever a table says.
    const self = rows.find(({ pid }) => pid === process.pid)?.pgid;
    if (self !== undefined) living.delete(self);
    return living;
  }

  #isSame(startTicks: string, row: ProcRow): boolean {
    return this.#os.isSameStart(startTicks, row.startTicks);
  }
}
