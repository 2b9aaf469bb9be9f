import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/process.ts";
import type { Turn } from "../domain/turn.ts";
import type { Endings } from "./endings.ts";
import type { HeldEvents } from "./heldEvents.ts";
import { type Incarnation, newIncarnation } from "./incarnation.ts";
import type { PoolLimits } from "./limits.ts";
import { Narrator } from "./narrator.ts";
import type { PermissionDesk } from "./permissionDesk.ts";
import type { Roster } from "./roster.ts";
import type { TurnClerk } from "./turnClerk.ts";

export interface ConductorParts {
  store: Store;
  host: ProcessHost;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  newId: () => string;
  roster: Roster;
  clerk: TurnClerk;
  permissions: PermissionDesk;
  held: HeldEvents;
  endings: Endings;
  leaseChanged(deadlineAt: number): void;
}

/**
 * Gives waiting turns to processes and processes their places: start, use, evict. `advance` is safe to call at any time; it looks at the store and does what can be done now.
 */
export class Conductor {
  readonly #parts: ConductorParts;
  readonly #store: Store;
  readonly #roster: Roster;
  readonly #narrator: Narrator;
  readonly #endings: Endings;
  #cancelSchedule: (() => void) | undefined;
  #closing = false;

  constructor(parts: ConductorParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#roster = parts.roster;
    this.#endings = parts.endings;
    this.#narrator = new Narrator({ ...parts, turnEnded: () => this.advance() });
  }

  start(): void {
    this.advance();
  }

  /** Lets running turns finish for `graceMs`, then ends every process and reports the turns that were cut. */
  stop(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#cancelSchedule?.();
    return this.#endings.endAll(graceMs);
  }

  /** Writes the prompt of a turn that is kept, marked as given and running, to its idle process. */
  give(turn: Turn): void {
    const incarnation = this.#roster.get(turn.sessionId);
    if (incarnation?.process === undefined) return;
    incarnation.phase = "busy";
    incarnation.turn = { turnId: turn.turnId, messageId: turn.turnId };
    incarnation.process.send({ turnId: turn.turnId, messageId: turn.turnId, text: turn.message, images: [] });
  }

  /** Goes through the waiting turns, oldest first, and gives each session what it can have now. */
  advance(): void {
    if (this.#closing) return;
    // Places that are being vacated belong to the sessions that have waited longest.
    let coming = this.#roster.stoppingCount();
    for (const sessionId of this.#store.turns.sessionsWithQueued(this.#parts.clock.now())) {
      const own = this.#roster.ownState(sessionId);
      if (own === "busy" || own === "stopping") continue;
      if (own === "ready") {
        this.#runNext(sessionId);
        continue;
      }
      if (this.#roster.size < this.#parts.limits.maxProcesses) {
        this.#spawn(sessionId);
      } else if (coming > 0) {
        coming -= 1;
      } else {
        const idlest = this.#roster.idlest()[0];
        const victim = idlest === undefined ? undefined : this.#roster.get(idlest);
        if (victim === undefined) break;
        void this.#endings.stopProcess(victim, "evicted");
      }
    }
    this.armSchedule();
  }

  /** Brings a session's process up without a turn, if there is a free place. */
  wake(sessionId: string): void {
    const leaving = this.#roster.get(sessionId);
    if (leaving?.phase === "stopping") {
      // Never two processes of one conversation: the old one goes first.
      void leaving.gone.then(() => this.wake(sessionId));
      return;
    }
    const free = this.#roster.size < this.#parts.limits.maxProcesses;
    const isParked = this.#store.sessions.get(sessionId)?.state === "parked";
    if (!this.#closing && free && isParked && leaving === undefined) this.#spawn(sessionId);
  }

  /** Arms a timer for the next scheduled message. */
  armSchedule(): void {
    const { clock } = this.#parts;
    this.#cancelSchedule?.();
    this.#cancelSchedule = undefined;
    const now = clock.now();
    const nextAt = this.#store.turns.nextSendAt(now);
    if (nextAt === undefined || this.#closing) return;
    // Never further than a minute: a computer that slept, or a clock that was set, is noticed.
    this.#cancelSchedule = clock.after(Math.min(nextAt - now, 60_000), () => this.advance());
  }

  #runNext(sessionId: string): void {
    const turn = this.#store.turns.nextQueued(sessionId, this.#parts.clock.now());
    if (turn === undefined) return;
    this.#store.transaction(
      () => this.#parts.clerk.begin(sessionId, turn.turnId, true),
      () => this.give(turn),
    );
  }

  /** Starts a process for the session's next turn, or for none. */
  #spawn(sessionId: string): void {
    const { clock, host, log, newId, clerk } = this.#parts;
    const session = this.#store.sessions.get(sessionId);
    if (session === undefined) return;
    const incarnation = newIncarnation(sessionId, newId(), clock.now());
    const turn = this.#store.turns.nextQueued(sessionId, clock.now());
    if (turn) {
      this.#store.transaction(() => clerk.begin(sessionId, turn.turnId, false));
      incarnation.turn = { turnId: turn.turnId, messageId: turn.turnId };
    }
    this.#roster.add(incarnation);
    const { projectPath, model, permissionMode, options } = session;
    const spec = { processId: incarnation.processId, sessionId, projectPath, model, permissionMode, options };
    host.start(spec, this.#narrator.listenerFor(incarnation)).then(
      (process) => {
        incarnation.process = process;
        this.#cameUp(incarnation, turn);
      },
      (error: unknown) => {
        log.warn("process.start_failed", {
          sessionId,
          processId: incarnation.processId,
          error: String(error),
        });
        this.#narrator.startFailed(incarnation, error);
      },
    );
  }

  /** The process can take a prompt. Its turn may have been interrupted, or the session closed, in the meantime. */
  #cameUp(incarnation: Incarnation, turn: Turn | undefined): void {
    const { clock, log } = this.#parts;
    const { sessionId, process } = incarnation;
    if (process === undefined || incarnation.phase === "stopping") {
      void process?.stop();
      return;
    }
    const gives = turn !== undefined && incarnation.turn?.turnId === turn.turnId;
    try {
      this.#store.transaction(() => {
        const { pid, resumed } = process;
        this.#store.events.append({ sessionId, type: "session.woken", data: { pid, resumed } });
        if (gives) this.#store.turns.markGiven(turn.turnId, clock.now());
        else this.#store.sessions.setState(sessionId, "idle");
      });
    } catch (error) {
      // Nothing may be given that is not written down; the turn stays and the process goes.
      log.error("process.handover_failed", { sessionId, error: String(error) });
      void this.#endings.stopProcess(incarnation, "failed");
      return;
    }
    if (gives) {
      this.give(turn);
    } else {
      incarnation.phase = "idle";
      incarnation.idleSinceAt = clock.now();
      this.advance();
    }
  }
}
