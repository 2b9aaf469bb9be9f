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
