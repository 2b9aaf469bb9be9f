/**
 * The machine that the processes run on, as the operating system tells it. Pure: the pool reads and acts, this judges.
 */
export interface MachineReading {
  /** Memory of the machine, or of the container that the server runs in, in bytes. */
  totalBytes: number;
  /** What programs could still have of it without another one being swapped out. */
  availableBytes: number;
  /** Processes that run or want to run, on average over the last minute. */
  load: number;
  coreCount: number;
}

/** Whether the machine's memory runs out; slow to say that it does no longer. */
export interface Shortage {
  isShort: boolean;
  /** Readings in a row in which there was enough. */
  streak: number;
}
export const noShortage: Shortage = { isShort: false, streak: 0 };
/** With less than this share of the memory available no process is started (docs/api.md). */
const shortShare = 0.1;
/** It is short until more than this share is available again, so that it does not flap. */
const enoughShare = 0.13;
const enoughReadings = 3;

/** At once when it begins, because memory runs out within seconds; after three readings when it ends. */
export function readShortage(shortage: Shortage, machine: MachineReading): Shortage {
  const share = machine.availableBytes / Math.max(1, machine.totalBytes);
  if (share < shortShare) return { isShort: true, streak: 0 };
  if (!shortage.isShort) return noShortage;
  const streak = share > enoughShare ? shortage.streak + 1 : 0;
  return streak < enoughReadings ? { isShort: true, streak } : noShortage;
}

/** The limit of sessions that follows the machine (`MAX_CONCURRENT_SESSIONS=auto`). */
export const autoBounds = { least: 2, most: 20 } as const;

/** What keeps the limit from being more: memory, the load, or nothing but its own most. */
export const limitReasons = ["memory", "load", "maximum"] as const;

export type LimitReason = (typeof limitReasons)[number];

export interface AutoLimit {
  value: number;
  limitedBy: LimitReason;
  /** Readings in a row that spoke for more, or for less (negative). */
  streak: number;
}

export interface AutoFacts {
  /** `undefined` while it could not be read: the limit stays. */
  machine: MachineReading | undefined;
  /** Processes that take a place now. */
  processCount: number;
  /** What one CLI takes, measured, or expected as long as none was. */
  bytesEach: number;
  /** `MAX_TOTAL_MEMORY_GB`. */
  maxTotalBytes: number;
}

/** Load of a core, above which no more is begun, and above which less is. */
const fullLoad = 1;
const overLoad = 1.5;
/** Readings in a row that it takes to change the limit: more of them to raise than to lower it. */
const raiseAfter = 6;
const lowerAfter = 3;

/** What the machine has room for now, undamped. */
export function autoTarget(facts: AutoFacts, value: number): Pick<AutoLimit, "value" | "limitedBy"> {
  const { machine, processCount, bytesEach, maxTotalBytes } = facts;
  if (machine === undefined) return { value, limitedBy: "memory" };
  const spareBytes = machine.availableBytes - machine.totalBytes * shortShare;
  const fits = Math.min(
    processCount + Math.floor(spareBytes / bytesEach),
    Math.floor(maxTotalBytes / bytesEach),
  );
  const load = machine.load / Math.max(1, machine.coreCount);
  const bears = load > overLoad ? processCount - 1 : load > fullLoad ? processCount : autoBounds.most;
  const most = Math.min(fits, bears, autoBounds.most);
  const limitedBy = most >= autoBounds.most ? "maximum" : fits <= bears ? "memory" : "load";
  return { value: Math.max(autoBounds.least, most), limitedBy };
}

/** The limit before the first reading. */
export const firstAutoLimit: AutoLimit = { value: autoBounds.least, limitedBy: "memory", streak: 0 };

/**
 * The limit after another reading. The first one counts as it is; from then on it goes by one step, and only when several
 * readings in a row have spoken for it, so that it does not flap.
 */
export function nextAutoLimit(limit: AutoLimit | undefined, facts: AutoFacts): AutoLimit {
  if (limit === undefined) {
    if (facts.machine === undefined) return firstAutoLimit;
    return { ...autoTarget(facts, autoBounds.least), streak: 0 };
  }
  if (facts.machine === undefined) return limit;
  const target = autoTarget(facts, limit.value);
  const direction = Math.sign(target.value - limit.value);
  if (direction === 0) return { value: limit.value, limitedBy: target.limitedBy, streak: 0 };
  const streak = Math.sign(limit.streak) === direction ? limit.streak + direction : direction;
  const isDue = direction > 0 ? streak >= raiseAfter : -streak >= lowerAfter;
  return isDue
    ? { value: limit.value + direction, limitedBy: target.limitedBy, streak: 0 }
    : { value: limit.value, limitedBy: limit.limitedBy, streak };
}
