import type { ProjectStanding } from "../sessions/trust.ts";

/** Facts from which the number of spares follows; sizes in bytes. */
export interface SpareFacts {
  /** `PREWARMED_PROCESSES`, or 0 when every message has a process of its own. */
  limit: number;
  /** Spares that are there now, those that are coming up included. */
  current: number;
  /** Sessions that wait for a process. */
  waitingSessions: number;
  /** Places that are free: a session could take one without an eviction. */
  freePlaces: number;
  /** Memory that the sessions' processes use, without the spares. */
  memoryUsedBytes: number;
  memoryLimitBytes: number;
}

/** Memory that a spare holds: 230 to 260 MB by RSS, about 130 MB by PSS, and it has to become a session afterwards. */
export const spareBytes = 200 * 1_024 ** 2;

/**
 * How many spares to keep. They come on top of the sessions' processes and are given up before any of those has to go.
 * While sessions wait for a process, or the pool is full, none is started: the computer has more pressing work.
 */
export function sparesWanted(facts: SpareFacts): number {
  const fit = Math.max(0, Math.floor((facts.memoryLimitBytes - facts.memoryUsedBytes) / spareBytes));
  const most = Math.min(facts.limit, fit);
  const isLoaded = facts.waitingSessions > 0 || facts.freePlaces <= 0;
  return isLoaded ? Math.min(most, facts.current) : most;
}

/** For projects of which standing a spare is: whose settings a process follows is fixed when it starts. */
export type SpareStanding = Extract<ProjectStanding, "plain" | "trusted">;

/** How long after a session began there, spares for projects of that standing are kept beside those of the latest. */
const standingMs = 24 * 3_600_000;

/**
 * The standings that so many spares are to have: the first has that of the project in which a session began last, the
 * next that of the other projects in which any began within a day, in turns. `beganAt` holds the readings of the
 * monotonic clock at which a session last began in a project of each standing.
 */
export function spareStandings(
  count: number,
  beganAt: ReadonlyMap<SpareStanding, number>,
  nowReading: number,
): SpareStanding[] {
  const latestFirst = [...beganAt].sort(([, a], [, b]) => b - a);
  const inUse = latestFirst.filter(([, at], index) => index === 0 || nowReading - at <= standingMs);
  const standings: SpareStanding[] = inUse.length === 0 ? ["plain"] : inUse.map(([standing]) => standing);
  return Array.from({ length: count }, (_, index) => standings[index % standings.length] ?? "plain");
}
