import type { ProcessUsage } from "./process.ts";

/**
 * What samples mean. Pure: the pool measures and acts, this judges.
 */

/** Above this share of its memory limit a process is replaced between two turns, before the limit cuts a turn. */
export const recycleShare = 0.8;
/**
 * Share of a core, in percent, that an idle CLI never uses for long: at rest it takes 1 to 2. Not higher, because one that
 * spins on a busy machine gets no whole core.
 */
export const spinPercent = 25;
/** Samples in a row that make a spin; with the default of 5 s between them, half a minute. */
export const spinSamples = 6;
/** What a tool's processes use of a core, in percent, when they are at work and not only there. */
const toolPercent = 1;
/** Memory of a process that was not measured yet: PSS of an idle CLI is about 130 MB. */
const typicalBytes = 150 * 1_024 ** 2;

export type Verdict =
  | { kind: "ok" }
  /** A turn without a sign of life. */
  | { kind: "stalled"; silentMs: number }
  /** Idle, and busy with itself. */
  | { kind: "spinning"; cpuPercent: number }
  /** Should be replaced when its turn is over. */
  | { kind: "grown"; rssBytes: number }
  /** Must go now. */
  | { kind: "over-memory"; rssBytes: number };

export interface ProcessFacts {
  isBusy: boolean;
  /** The newest sample, when there is one. */
  usage: ProcessUsage | undefined;
  /** Samples in a row in which it was idle and hot. */
  hotSamples: number;
  /** Since the last sign of life in the turn. */
  silentMs: number;
  /** A permission or a question is open: the owner is awaited, not Claude. Asked only when it matters. */
  readonly isWaiting: boolean;
}

export interface HealthLimits {
  /** Memory of one CLI, without what its tools started. */
  maxMemoryPerSessionBytes: number;
  /** 0 = a turn may be silent for ever. */
  turnStallMs: number;
}

/** The verdict on a process now; the more urgent one comes first. */
export function judge(facts: ProcessFacts, limits: HealthLimits): Verdict {
  const { usage, isBusy, silentMs } = facts;
  const rssBytes = usage?.rssBytes ?? 0;
  if (rssBytes > limits.maxMemoryPerSessionBytes) return { kind: "over-memory", rssBytes };
  if (isBusy && limits.turnStallMs > 0 && silentMs >= limits.turnStallMs && !facts.isWaiting) {
    return { kind: "stalled", silentMs };
  }
  if (usage !== undefined && !isBusy && facts.hotSamples >= spinSamples) {
    return { kind: "spinning", cpuPercent: usage.ownCpuPercent };
  }
  if (rssBytes > limits.maxMemoryPerSessionBytes * recycleShare) return { kind: "grown", rssBytes };
  return { kind: "ok" };
}

/**
 * Samples in a row in which an idle process was hot, this one included. Only the CLI and what it keeps in its own group
 * count: a shell that the owner left running in the background may work as hard as it likes.
 */
export const hotSamplesAfter = (before: number, isIdle: boolean, usage: ProcessUsage | undefined): number =>
  isIdle && usage !== undefined && usage.ownCpuPercent >= spinPercent ? before + 1 : 0;

/** Whether the tools of a process (each leads a group of its own) are at work, which is a sign of life. */
export const toolsWork = (usage: ProcessUsage | undefined): boolean =>
  usage !== undefined && usage.cpuPercent - usage.ownCpuPercent >= toolPercent;

/** A figure that is over its limit or not, slow to change its mind either way. */
export interface Gauge {
  isOver: boolean;
  /** Readings in a row that speak for the other state. */
  streak: number;
}
export const restingGauge: Gauge = { isOver: false, streak: 0 };
const gaugeReadings = 3;
/** It is over until it falls below this share of the limit, so that it does not flap. */
const releaseShare = 0.9;

export function readGauge(gauge: Gauge, value: number, limit: number): Gauge {
  const speaksAgainst = gauge.isOver ? value < limit * releaseShare : value > limit;
  if (!speaksAgainst) return { isOver: gauge.isOver, streak: 0 };
  const streak = gauge.streak + 1;
  return streak < gaugeReadings ? { isOver: gauge.isOver, streak } : { isOver: !gauge.isOver, streak: 0 };
}

/** The pool as a share of the whole machine, 0 to 100. `cpuPercents` are shares of one core. */
export const machineShare = (cpuPercents: readonly number[], coreCount: number): number =>
  cpuPercents.reduce((total, value) => total + value, 0) / Math.max(1, coreCount);

export interface MemoryFacts {
  /** Measured CLIs of sessions, in bytes. */
  sampled: readonly number[];
  /** Processes that were not measured yet. */
  unsampledCount: number;
  /** Measured processes of no session (spares, forks). */
  otherBytes: number;
}

export const totalBytes = ({ sampled, otherBytes }: MemoryFacts): number =>
  sampled.reduce((total, bytes) => total + bytes, otherBytes);

/** Memory that another process is expected to take: as much as those that were measured, on average. */
export const expectedBytes = ({ sampled }: Pick<MemoryFacts, "sampled">): number =>
  sampled.length === 0 ? typicalBytes : sampled.reduce((total, bytes) => total + bytes, 0) / sampled.length;

/** Whether one more process would stay below the limit, counting those that are still coming up. */
export const hasRoom = (facts: MemoryFacts, limitBytes: number): boolean =>
  totalBytes(facts) + (facts.unsampledCount + 1) * expectedBytes(facts) <= limitBytes;

/**
 * Which idle processes have to go so that the rest stays within the limit: the first of `idle` (longest idle first), no
 * more than needed. `remains` is what would still be too much.
 */
export function parkedFor(
  totalBytes: number,
  limitBytes: number,
  idle: ReadonlyArray<{ sessionId: string; rssBytes: number }>,
): { parks: string[]; remains: boolean } {
  const parks: string[] = [];
  let left = totalBytes;
  for (const { sessionId, rssBytes } of idle) {
    if (left <= limitBytes) break;
    parks.push(sessionId);
    left -= rssBytes;
  }
  return { parks, remains: left > limitBytes };
}
