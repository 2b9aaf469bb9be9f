import { unlessLate } from "../../domain/deadline.ts";
import { DeadlineTimer } from "../../domain/deadlineTimer.ts";
import { DaylongError, type ErrorCode } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import { type Gate, isHeld } from "../state/gate.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessObserver } from "../state/processObserver.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import { rewriteMs } from "../state/retryingWriter.ts";
import { SessionProcess, type WrongTransition } from "../state/sessionProcess.ts";
import { setWorkState } from "../state/workState.ts";
import type { FactWriter } from "../turns/factWriter.ts";
import { needsPreparing } from "../turns/submitRules.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";
import type { Capacity } from "./capacity.ts";
import type { Handoffs } from "./handoffs.ts";
import type { ProcessExits } from "./processExit.ts";
import type { PoolProcessListener } from "./processListener.ts";
import type { ResumeSource, ResumeSources } from "./resumeSource.ts";
import type { PromptSender } from "./sendPrompt.ts";
import type { Termination } from "./termination.ts";

/** How long a disk is asked about a project or a conversation; a start may take as long. */
const lookDeadlineMs = 60_000;

export interface SchedulerParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  newId: () => string;
  /** Told of a bug: a transition of a process that its phase does not allow. */
  onWrongTransition(wrong: WrongTransition): void;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  termination: Termination;
  gates: readonly Gate[];
  capacity: Capacity;
  handoffs: Pick<Handoffs, "mustWait" | "heldBy">;
  facts: Pick<FactWriter, "lookAtBranchSoon">;
  observer: ProcessObserver;
  listener: PoolProcessListener;
  exits: ProcessExits;
  promptSender: PromptSender;
  resumeSources: ResumeSources;
  /** Throws when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** All sessions have been looked at: places that are left are free for one-shot prompts. */
  sessionsServed(): void;
}

/**
 * Scheduler: gives waiting turns to processes, and starts processes in free places. `advance` may be called at any
 * time: it reads the store and does what can be done now.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #store: Store;
  readonly #registry: ProcessRegistry;
  readonly #termination: Termination;
  /** For the instant of the next scheduled message. */
  readonly #scheduleTimer: DeadlineTimer;
  /** For the instant from which a task may be cut off for the message that waits longest. */
  readonly #patienceTimer: DeadlineTimer;
  #cancelRetry: (() => void) | undefined;
  #closing = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#registry = parts.registry;
    this.#termination = parts.termination;
    this.#scheduleTimer = new DeadlineTimer({
      clock: parts.clock,
      onDue: () => this.advance(),
      // The instant of a scheduled message is one of the calendar.
      follows: "wall",
    });
    this.#patienceTimer = new DeadlineTimer({ clock: parts.clock, onDue: () => this.advance() });
  }

  start(): void {
    this.#parts.limits.onChange?.(() => this.advance());
    this.advance();
  }

  /** Lets running turns finish for `graceMs`, then ends every process and reports the turns that were cut. */
  stop(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#scheduleTimer.cancel();
    this.#patienceTimer.cancel();
    this.#cancelRetry?.();
    return this.#termination.endAll(graceMs);
  }

  /** Goes through the waiting turns, oldest first, and gives each session what it can have now. */
  advance(): void {
    if (this.#closing) return;
    try {
      this.#advance();
      this.armSchedule();
      this.#parts.sessionsServed();
    } catch (error) {
      // The messages are kept; after a fault of the disk they must not wait until the next message arrives.
      this.#parts.log.error("pool.advance_failed", { error, retryMs: rewriteMs });
      this.#cancelRetry?.();
      this.#cancelRetry = this.#parts.clock.after(rewriteMs, () => this.advance());
    }
  }

  #advance(): void {
    const { capacity } = this.#parts;
    this.#termination.recycleDue();
    capacity.vacateSurplus();
    // The rollback: a process per message, kept while it has tasks. The next one resumes the conversation in a process of
    // its own.
    if (!this.#parts.limits.interactive) {
      for (const one of this.#registry.all()) {
        if (one.isFree && one.tasks.areOver) void one.stop("idle");
      }
    }
    const nextPlace = capacity.allot();
    this.#patienceTimer.armAt(Number.POSITIVE_INFINITY);
    // No younger message takes the place of one whose conversation is being looked at: it would need a new look, and lose the
    // next place too.
    let mayStart = true;
    for (const sessionId of this.#store.turns.sessionsWithQueued(this.#parts.clock.now())) {
      const own = this.#registry.ownState(sessionId);
      if (own === "busy" || own === "stopping") continue;
      if (isHeld(this.#parts.gates, sessionId, own === "ready" ? "give" : "start")) continue;
      if (own === "ready") {
        if (!this.#isElsewhere(sessionId)) this.#runNext(sessionId);
        continue;
      }
      if (!mayStart) continue;
      const place = nextPlace(sessionId);
      if (place === "free") {
        if (!this.#isElsewhere(sessionId)) this.#spawn(sessionId);
        else mayStart = this.#parts.handoffs.heldBy(sessionId) !== undefined;
      } else if (place === "none") {
        if (capacity.waitsForTasks) {
          this.#patienceTimer.armAt(capacity.patienceEndsAt(sessionId));
          this.#tellTasksKeepPlaces();
        }
        break;
      }
    }
  }

  /** The messages that have no place may have come when turns kept the places that tasks keep now. */
  #tellTasksKeepPlaces(): void {
    for (const sessionId of this.#parts.capacity.waitingSessions()) {
      if (this.#parts.handoffs.heldBy(sessionId) !== undefined) continue;
      const turn = this.#store.turns.nextQueued(sessionId, this.#parts.clock.now());
      if (turn !== undefined) this.#parts.turnWriter.announceQueued(turn, "tasks");
    }
  }

  /** Whether another program has the session's conversation, or has yet to be looked for. */
  #isElsewhere(sessionId: string): boolean {
    const session = this.#store.sessions.get(sessionId);
    return session !== undefined && this.#parts.handoffs.mustWait(session);
  }

  /** Brings a session's process up without a turn, if there is a free place. */
  wake(sessionId: string): void {
    const leaving = this.#registry.get(sessionId);
    if (leaving?.isLeaving && leaving.stopReason !== undefined) {
      // Never two processes of one conversation: the old one goes first, and its end is written.
      void leaving.gone.then(() => this.wake(sessionId));
      return;
    }
    const free = this.#parts.capacity.hasPlace;
    const isParked = this.#store.sessions.get(sessionId)?.state === "parked";
    const isHeldBack = isHeld(this.#parts.gates, sessionId, "start");
    if (!this.#closing && free && isParked && !isHeldBack && leaving === undefined) this.#spawn(sessionId);
  }

  /** Arms a timer for the next scheduled message. */
  armSchedule(): void {
    if (this.#closing) return;
    const nextAt = this.#store.turns.nextSendAt(this.#parts.clock.now());
    this.#scheduleTimer.armAt(nextAt ?? Number.POSITIVE_INFINITY);
  }

  #runNext(sessionId: string): void {
    const turn = this.#store.turns.nextQueued(sessionId, this.#parts.clock.now());
    if (turn !== undefined) this.#parts.promptSender.run(turn);
  }

  /** Starts a process for the session's next turn, or for none. */
  #spawn(sessionId: string): void {
    const { clock, log, newId, turnWriter, onWrongTransition } = this.#parts;
    const session = this.#store.sessions.get(sessionId);
    if (session === undefined) return;
    const isNamed = this.#store.conversations.ofSession(sessionId) !== undefined;
    const sessionProcess = new SessionProcess({
      sessionId,
      processId: newId(),
      isNamed,
      clock,
      log,
      onWrongTransition,
    });
    const turn = this.#store.turns.nextQueued(sessionId, clock.now());
    if (turn) {
      this.#store.transaction(() => turnWriter.begin(turn, false));
      sessionProcess.assign(turn.turnId, turn.origin);
    }
    this.#registry.add(sessionProcess);
    this.#start(sessionProcess, session).then(
      (conversation) => this.#cameUp(sessionProcess, turn, conversation),
      (error: unknown) => {
        log.warn("process.start_failed", { sessionId, processId: sessionProcess.processId, error });
        this.#parts.exits.startFailed(sessionProcess, error);
      },
    );
  }

  async #start(sessionProcess: SessionProcess, session: Session): Promise<ResumeSource> {
    const { host, checkProject, resumeSources } = this.#parts;
    const { sessionId, projectPath, model, permissionMode } = session;
    // The roots may have been narrowed, the directory moved or swapped for a link, since the session was begun.
    await this.#look(checkProject(projectPath), sessionProcess, "project_not_found");
    const conversation = await this.#look(resumeSources.of(session), sessionProcess, "process_start_failed");
    const { claudeSessionId, options } = conversation;
    const { processId } = sessionProcess;
    const spec = { processId, sessionId, claudeSessionId, projectPath, model, permissionMode, options };
    const process = await host.start(
      spec,
      this.#parts.listener.listenerFor(sessionProcess),
      sessionProcess.startSignal,
    );
    sessionProcess.attach(process);
    // Changes that were made during the start went into the store only.
    const now = this.#store.sessions.get(sessionId);
    if (now && now.permissionMode !== permissionMode) await process.setPermissionMode(now.permissionMode);
    if (now && now.model !== model) await process.setModel(now.model);
    return conversation;
  }

  /**
   * Waits for what the disk says, until the start is given up or it was waited for long enough: on a mount that is dead
   * it never says anything, and the start would hold its place for ever.
   */
  #look<T>(work: Promise<T>, { startSignal: signal }: SessionProcess, code: ErrorCode): Promise<T> {
    const seconds = lookDeadlineMs / 1_000;
    const late = () => new DaylongError(code, `The disk it is on did not answer within ${seconds} s.`);
    return unlessLate(work, {
      clock: this.#parts.clock,
      deadlineMs: lookDeadlineMs,
      late,
      signal,
    });
  }

  /** The process can take a prompt. Its turn may have been interrupted, or the session closed, in the meantime. */
  #cameUp(sessionProcess: SessionProcess, turn: Turn | undefined, conversation: ResumeSource): void {
    const { clock, log, resumeSources } = this.#parts;
    const { claudeSessionId, preamble, lossDetail } = conversation;
    const { sessionId, process } = sessionProcess;
    // The process may have exited already; then its end is written, or will be.
    if (process === undefined || sessionProcess.hasExited || this.#registry.get(sessionId) !== sessionProcess)
      return;
    if (this.#closing || sessionProcess.phase === "stopping") {
      void sessionProcess.stop("server_stopped");
      return;
    }
    this.#parts.observer.cameUp(sessionProcess);
    const gives = turn !== undefined && sessionProcess.turn?.turnId === turn.turnId;
    const isPrepared = turn !== undefined && !needsPreparing(turn);
    try {
      this.#store.transaction(() => {
        const { pid, resumed, wasSpare, notes = [] } = process;
        const told = notes.length > 0 ? { notes: [...notes] } : {};
        const data = { pid, resumed, ...(wasSpare ? { spare: true } : {}), ...told };
        this.#store.events.append({ sessionId, type: "session.woken", data });
        if (process.costBeforeUsd !== undefined)
          this.#store.sessions.setCliCost(sessionId, process.costBeforeUsd);
        if (lossDetail !== undefined) resumeSources.adopt(sessionId, claudeSessionId, lossDetail);
        if (gives && isPrepared) this.#store.turns.markGiven(turn.turnId, clock.now());
        else if (!gives) setWorkState(this.#store, sessionId, { isLive: true });
      });
    } catch (error) {
      // Nothing may be given that is not written down; the turn stays and the process goes.
      log.error("process.handover_failed", { sessionId, error: String(error) });
      void sessionProcess.stop("unwritten");
      return;
    }
    sessionProcess.cameUp(preamble);
    this.#parts.facts.lookAtBranchSoon(sessionProcess);
    if (gives) {
      if (isPrepared) this.#parts.promptSender.give(turn);
      else this.#parts.promptSender.prepareAndGive(sessionProcess, turn);
    } else this.advance();
  }
}
