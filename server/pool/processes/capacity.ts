import type { Clock, Store } from "../../domain/ports.ts";
import { type Admission, type AdmissionFacts, admit } from "../../domain/processes/admission.ts";
import { parkedFor } from "../../domain/processes/health.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionLimit } from "../state/sessionLimit.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";

export interface CapacityParts {
  store: Pick<Store, "turns">;
  clock: Clock;
  sessionLimit: SessionLimit;
  registry: ProcessRegistry;
}

/**
 * Which place a session without a process has. `free`: a process can be started now; `coming`: one is being vacated,
 * and the session's turn comes when it is free; `none`: all processes are at work.
 */
export type Place = "free" | "coming" | "none";

/** How long a message waits for a place before a task is cut off for it (docs/api.md). */
const taskPatienceMs = 60_000;

/** The queue of a turn that is kept already: it has no bound for it. */
const keptTurn = { queuedTurns: 0, queueLimit: Number.POSITIVE_INFINITY };

/**
 * Capacity of the pool: which places for processes are free, coming or waited for, and the only chooser of the process
 * to evict. The longest idle process is evicted first; a process that works or is held for a call never is. One that is idle
 * but has tasks is the last resort: for a message that has waited a minute, and for memory.
 */
export class Capacity {
  readonly #parts: CapacityParts;
  readonly #registry: ProcessRegistry;

  constructor(parts: CapacityParts) {
    this.#parts = parts;
    this.#registry = parts.registry;
  }

  /** Places without a process; below 0 after the owner lowered the limit. */
  get freePlaces(): number {
    return this.#parts.sessionLimit.value - this.#registry.size;
  }

  get hasPlace(): boolean {
    return this.freePlaces > 0;
  }

  /** Whether a place is free, or an idle session's can be taken at once. */
  get canMakePlace(): boolean {
    return this.hasPlace || this.#registry.idlest().length > 0;
  }

  /** Whether another one-shot prompt may have a place: with several places, one is reserved for sessions. */
  get admitsOneShot(): boolean {
    return this.#registry.oneShots.size < Math.max(1, this.#parts.sessionLimit.value - 1);
  }

  /** Sessions that have no process and a turn that is due, longest waiting first. */
  waitingSessions(): string[] {
    return this.#parts.store.turns
      .sessionsWithQueued(this.#parts.clock.now())
      .filter((sessionId) => this.#registry.ownState(sessionId) === "none");
  }

  /** What becomes of a new message, as things are now. Nothing is evicted: the message is not kept yet. */
  admission(
    own: AdmissionFacts["own"],
    queue: Pick<AdmissionFacts, "queuedTurns" | "queueLimit">,
  ): Admission {
    return admit(this.#factsOf(own, 0, queue));
  }

  /**
   * Gives places to sessions in the order in which the returned function is called for them, and evicts where a place
   * has to be made. Places that are being vacated belong to the sessions that ask first. Without a session it is for a
   * one-shot prompt, for which no task is cut off.
   */
  allot(): (sessionId?: string) => Place {
    let coming = this.#registry.stoppingCount();
    return (sessionId) => {
      const facts = this.#factsOf("none", coming, keptTurn);
      const isPatient = sessionId === undefined || this.#parts.clock.now() < this.patienceEndsAt(sessionId);
      const admission = admit(isPatient ? facts : this.#withTasks(facts));
      if (admission.action === "start") return "free";
      if (admission.action === "evict") {
        this.#evict(admission.sessionId);
        return "coming";
      }
      if (coming <= 0) return "none";
      coming -= 1;
      return "coming";
    };
  }

  /** From when on a task may be cut off for the session's waiting message. */
  patienceEndsAt(sessionId: string): number {
    const turn = this.#parts.store.turns.nextQueued(sessionId, this.#parts.clock.now());
    if (turn === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(turn.acceptedAt, turn.sendAt ?? 0) + taskPatienceMs;
  }

  /** Whether a message has no place only because tasks would be cut off for it. */
  get waitsForTasks(): boolean {
    return !this.canMakePlace && this.#registry.idleWithTasks().length > 0;
  }

  /**
   * The process whose place a call without a message gets when that process is gone: one that stops and that no message
   * waits for, else the longest idle, which is evicted. `undefined`: a place is free, or none can be made.
   */
  makePlaceForCall(): SessionProcess | undefined {
    const coming = this.#registry.stoppingCount() - this.waitingSessions().length;
    const admission = admit(this.#factsOf("none", coming, keptTurn));
    if (admission.action === "evict") return this.#evict(admission.sessionId);
    return admission.action === "wait" && coming > 0
      ? this.#registry.all().find(({ isLeaving }) => isLeaving)
      : undefined;
  }

  /**
   * A session waits for a process although a place is free, because memory is short: the longest idle is evicted for
   * it.
   */
  makeMemoryForWaiting(): void {
    const [waiting] = this.waitingSessions();
    if (this.#registry.stoppingCount() > 0 || waiting === undefined) return;
    const isPatient = this.#parts.clock.now() < this.patienceEndsAt(waiting);
    const [idlest] = [...this.#registry.idlest(), ...(isPatient ? [] : this.#registry.idleWithTasks())];
    if (idlest !== undefined) this.#evict(idlest);
  }

  /** The machine's memory runs out: the longest idle is evicted, those with tasks last; one at a time. */
  vacateLongestIdle(): void {
    if (this.#registry.stoppingCount() > 0) return;
    const [idlest] = [...this.#registry.idlest(), ...this.#registry.idleWithTasks()];
    if (idlest !== undefined) this.#evict(idlest);
  }

  /**
   * Evicts idle processes, the longest idle first and those with tasks last, until the memory of the others fits. Returns
   * whether it does not.
   */
  vacateMemory(
    keptBytes: number,
    limitBytes: number,
    bytesOf: (sessionProcess: SessionProcess) => number,
  ): boolean {
    const idle = [...this.#registry.idlest(), ...this.#registry.idleWithTasks()].flatMap((sessionId) => {
      const sessionProcess = this.#registry.get(sessionId);
      return sessionProcess ? [{ sessionId, rssBytes: bytesOf(sessionProcess) }] : [];
    });
    const { parks, remains } = parkedFor(keptBytes, limitBytes, idle);
    for (const sessionId of parks) this.#evict(sessionId);
    return remains;
  }

  /**
   * Evicts idle processes that are too many after the owner lowered the limit; the busy ones follow when they are idle.
   */
  vacateSurplus(): void {
    const surplus = -this.freePlaces - this.#registry.stoppingCount();
    if (surplus <= 0) return;
    for (const sessionId of this.#registry.idlest().slice(0, surplus)) this.#evict(sessionId);
  }

  #withTasks(facts: AdmissionFacts): AdmissionFacts {
    const registry = this.#registry;
    return {
      ...facts,
      get idleSessionIds() {
        return [...registry.idlest(), ...registry.idleWithTasks()];
      },
    };
  }

  #evict(sessionId: string): SessionProcess | undefined {
    const victim = this.#registry.get(sessionId);
    void victim?.stop("evicted");
    return victim;
  }

  #factsOf(
    own: AdmissionFacts["own"],
    comingPlaces: number,
    queue: Pick<AdmissionFacts, "queuedTurns" | "queueLimit">,
  ): AdmissionFacts {
    const registry = this.#registry;
    return {
      own,
      processCount: registry.size,
      processLimit: this.#parts.sessionLimit.value,
      comingPlaces,
      // Looked up only where the decision needs them: the message to a live process does not.
      get idleSessionIds() {
        return registry.idlest();
      },
      get queuedTurns() {
        return queue.queuedTurns;
      },
      queueLimit: queue.queueLimit,
    };
  }
}
