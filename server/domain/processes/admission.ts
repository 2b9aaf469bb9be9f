/**
 * Who gets a process. Pure: the pool states the facts, this decides, the pool acts.
 * A message never fails for want of a process: it waits, unless the queue itself is full.
 */
export interface AdmissionFacts {
  /** The session's own process: none, coming up or able to take a prompt, at work, or on its way out. */
  own: "none" | "ready" | "busy" | "stopping";
  /** Processes of all sessions, starting and stopping ones included. */
  processCount: number;
  processLimit: number;
  /** Sessions that could be parked now, longest idle first. */
  idleSessionIds: readonly string[];
  queuedTurns: number;
  queueLimit: number;
}

export type Admission =
  | { action: "use" }
  | { action: "start" }
  | { action: "evict"; sessionId: string }
  | { action: "wait" }
  | { action: "refuse" };

/** What happens to a message of a session, now. `accepted`: it is in the queue already and cannot be refused. */
export function admit(facts: AdmissionFacts, accepted = false): Admission {
  const wait = (): Admission =>
    accepted || facts.queuedTurns < facts.queueLimit ? { action: "wait" } : { action: "refuse" };
  switch (facts.own) {
    case "ready":
      return { action: "use" };
    case "busy":
    case "stopping":
      return wait();
    case "none": {
      if (facts.processCount < facts.processLimit) return { action: "start" };
      const idlest = facts.idleSessionIds[0];
      if (idlest === undefined) return wait();
      return { action: "evict", sessionId: idlest };
    }
  }
}
