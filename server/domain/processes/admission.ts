/**
 * Admission: which process a session's turn gets. Pure: the pool states the facts, `admit` decides, the pool acts.
 * A message never fails for want of a process: it waits, unless the queue itself is full.
 */
export interface AdmissionFacts {
  /** The session's own process: none, idle, at work or coming up, or on its way out. */
  own: "none" | "ready" | "busy" | "stopping";
  /** Processes that take a place, starting and stopping ones included. */
  processCount: number;
  processLimit: number;
  /** Places that are being vacated and are not another session's. */
  comingPlaces: number;
  /** Sessions whose process can be evicted now, longest idle first. */
  idleSessionIds: readonly string[];
  queuedTurns: number;
  queueLimit: number;
}

export type Admission =
  | { action: "use" }
  | { action: "start" }
  /** This session's process makes room. */
  | { action: "evict"; sessionId: string }
  | { action: "wait" }
  | { action: "refuse" };

/** What happens to a turn of a session, now. */
export function admit(facts: AdmissionFacts): Admission {
  const wait = (): Admission =>
    facts.queuedTurns < facts.queueLimit ? { action: "wait" } : { action: "refuse" };
  switch (facts.own) {
    case "ready":
      return { action: "use" };
    case "busy":
    case "stopping":
      return wait();
    case "none": {
      if (facts.processCount < facts.processLimit) return { action: "start" };
      if (facts.comingPlaces > 0) return wait();
      const [idlest] = facts.idleSessionIds;
      return idlest === undefined ? wait() : { action: "evict", sessionId: idlest };
    }
  }
}
