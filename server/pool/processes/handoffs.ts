import { withDeadline } from "../../domain/deadline.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { judgeLook } from "../../domain/processes/handoff.ts";
import type { ConversationLook, ProcessHost } from "../../domain/processes/process.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { Handoff } from "../../domain/stores/sessions.ts";
import type { Gate } from "../state/gate.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { ForeignTurns } from "../turns/foreignTurns.ts";
import type { Termination } from "./termination.ts";

/** How long a prompt may wait for a look at the disk: on a mount that is dead it is never answered, and the start says so. */
const lookDeadlineMs = 2_000;
/** For how long a look is good for the prompt that it was made for. */
const freshMs = 200;
/** How often a conversation that is held is looked at while messages wait for it. */
const heldLookMs = 1_000;
/** Sessions without a process that a health pass looks at, the latest ones; an older one is looked at before its next turn. */
const mostParked = 100;
/** Conversations that are remembered; one that is forgotten is read from where its row says. */
const mostWatched = 2_000;
const behindDetail =
  "The conversation was gone on with in a terminal, so Claude is started anew with all of it; the next message does that.";

export interface HandoffsParts {
  store: Store;
  host: Pick<ProcessHost, "watch">;
  clock: Clock;
  log: Log;
  registry: ProcessRegistry;
  foreignTurns: ForeignTurns;
  termination: Pick<Termination, "recycle">;
  /** A conversation is free again, or a look is over that a message waited for. */
  advance(): void;
}

/** What memory knows of a session's conversation. */
interface Watched extends Omit<Handoff, "sessionId"> {
  /** When it was looked at last, by the monotonic clock. */
  lookedAt: number;
  looking?: Promise<void>;
}

/**
 * Hand-offs of conversations between this server and other programs (a terminal's `claude --resume`): looks at Claude's
 * record before each prompt and in each health pass, keeps what was said elsewhere, replaces a process that does not know it,
 * and is the gate that makes messages wait while another program has the conversation open.
 */
export class Handoffs implements Gate {
  readonly #parts: HandoffsParts;
  readonly #store: Store;
  readonly #watched = new Map<string, Watched>();
  /**
   * Sessions whose look is waited for by the scheduler, which is told once: it asks for every waiting session each time that it
   * is told of one, so that the news would multiply with each look.
   */
  readonly #awaited = new Set<string>();
  #cancelPoll: (() => void) | undefined;
  #isStopped = false;

  constructor(parts: HandoffsParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelPoll?.();
  }

  /** From memory: whether another program had the conversation open at the last look. */
  holds(sessionId: string): boolean {
    if (this.#stateOf(sessionId)?.heldBy === undefined) return false;
    this.#armPoll();
    return true;
  }

  /** The process of the other program that has the conversation open, as of the last look. */
  heldBy(sessionId: string): number | undefined {
    return this.#stateOf(sessionId)?.heldBy;
  }

  /** Whether a message waits for a look at its conversation, which is over soon: the message keeps its place in the order. */
  get isLookAwaited(): boolean {
    return this.#awaited.size > 0;
  }

  /**
   * Whether the session's next prompt has to wait: for a look, which is begun then (the scheduler is told when it is over), or
   * for the other program.
   */
  mustWait(session: Session): boolean {
    const { sessionId } = session;
    // Nothing was said yet, so nobody can have gone on with it.
    if (this.#parts.host.watch === undefined || session.turnCount === 0) return false;
    const state = this.#stateOf(sessionId);
    const isFresh =
      state !== undefined &&
      state.looking === undefined &&
      this.#parts.clock.monotonic() - state.lookedAt < freshMs;
    if (isFresh) return this.holds(sessionId);
    if (this.#awaited.has(sessionId)) return true;
    this.#awaited.add(sessionId);
    void this.look(sessionId).then(() => {
      this.#awaited.delete(sessionId);
      this.#parts.advance();
    });
    return true;
  }

  /** Looks at the session's conversation now. Concurrent looks of one session are one. Never rejects. */
  look(sessionId: string): Promise<void> {
    const { watch } = this.#parts.host;
    const session = this.#store.sessions.get(sessionId);
    if (watch === undefined || session === undefined || session.state === "closed" || this.#isStopped)
      return Promise.resolve();
    const state = this.#watch(session);
    state.looking ??= this.#lookAt(session, state).finally(() => {
      state.looking = undefined;
    });
    return state.looking;
  }

  /**
   * The look before a prompt is kept: done at once where the disk answers at once, else a promise of it. Never rejects. A
   * prompt must not wait for the other one's turns of the event loop while the CLI could have it.
   */
  lookBeforePrompt(sessionId: string): Promise<void> | undefined {
    const { watch } = this.#parts.host;
    const session = this.#store.sessions.get(sessionId);
    if (watch === undefined || session === undefined || session.state === "closed") return undefined;
    const state = this.#watch(session);
    const found =
      state.looking === undefined && !this.#isStopped
        ? watch.lookNow(state.claudeSessionId, state.readOffset)
        : undefined;
    if (found === undefined) return this.look(sessionId);
    state.lookedAt = this.#parts.clock.monotonic();
    this.#tryTake(session, state, found);
    return undefined;
  }

  /** A health pass: looks at the sessions with a process, at those that are held, and at the latest of the others. */
  async pass(): Promise<void> {
    if (this.#parts.host.watch === undefined) return;
    const live = this.#parts.registry.all().map(({ sessionId }) => sessionId);
    const parked = this.#store.sessions.list({ state: "parked", limit: mostParked }).sessions;
    const said = parked.filter(({ turnCount }) => turnCount > 0).map(({ sessionId }) => sessionId);
    // One after the other: no look is urgent, and the disk is others' too.
    for (const sessionId of new Set([...live, ...this.#store.handoffs.held(), ...said])) {
      if (this.#isStopped) return;
      await this.look(sessionId);
    }
  }

  /** What the session's next process is to be told of what was said side by side; `undefined`: nothing. */
  untold(sessionId: string): string | undefined {
    return this.#stateOf(sessionId)?.untold || undefined;
  }

  /** The words were given to Claude. */
  told(sessionId: string): void {
    const state = this.#stateOf(sessionId);
    if (state === undefined || state.untold === "") return;
    state.untold = "";
    this.#save(sessionId, state);
  }

  /** The start of a process was refused because another program has the conversation: the last look is out of date. */
  distrustLook(sessionId: string): void {
    const state = this.#stateOf(sessionId);
    if (state !== undefined) state.lookedAt = Number.NEGATIVE_INFINITY;
  }

  async #lookAt({ sessionId }: Session, state: Watched): Promise<void> {
    const { clock, log, host } = this.#parts;
    const { claudeSessionId, readOffset } = state;
    const work = host.watch?.look(claudeSessionId, readOffset) ?? Promise.resolve(undefined);
    const found = await withDeadline(clock, lookDeadlineMs, work, () => undefined).catch((error: unknown) => {
      log.warn("handoff.look_failed", { sessionId, error: String(error) });
      return undefined;
    });
    state.lookedAt = clock.monotonic();
    const session = this.#store.sessions.get(sessionId);
    // Claude may have gone on under another id, the session may be closed, in the meantime.
    if (found === undefined || session === undefined || session.state === "closed") return;
    if ((session.claudeSessionId ?? sessionId) !== claudeSessionId) return;
    this.#tryTake(session, state, found);
  }

  #tryTake(session: Session, state: Watched, found: ConversationLook): void {
    try {
      this.#take(session, state, found);
    } catch (error) {
      // The next look finds the same again.
      this.#parts.log.error("handoff.write_failed", { sessionId: session.sessionId, error });
    }
  }

  #take(session: Session, state: Watched, { heldBy, entries, endOffset }: ConversationLook): void {
    const { foreignTurns, registry, log } = this.#parts;
    const { sessionId } = session;
    const sessionProcess = registry.get(sessionId);
    const verdict = judgeLook({
      entries,
      heldBy,
      isOursAtWork: sessionProcess !== undefined && sessionProcess.phase !== "idle",
      isOurs: (entryId) => (this.#store.turns.get(entryId)?.origin ?? "terminal") !== "terminal",
      sinceAt: session.createdAt,
    });
    const { keep, isRead } = verdict;
    // What was read beside a process at work may still change: it is good for no prompt.
    if (!isRead && heldBy === undefined) state.lookedAt = Number.NEGATIVE_INFINITY;
    const changed: Watched = { ...state, heldBy };
    if (isRead) {
      changed.readOffset = endOffset;
      changed.untold = [state.untold, verdict.untold].filter(Boolean).join("\n\n");
    }
    const isHandoff = heldBy !== state.heldBy || keep.length > 0 || verdict.untold !== "";
    const write = () => {
      const count = keep.length === 0 ? 0 : foreignTurns.keep(sessionId, keep);
      this.#tellHolder(sessionId, state.heldBy, heldBy);
      this.#save(sessionId, changed);
      return count;
    };
    // A commit costs a sync of the disk, also one of nothing: before each turn, and for each session at each health pass.
    const kept = isHandoff ? this.#store.transaction(write) : 0;
    const { readOffset, untold } = changed;
    Object.assign(state, { heldBy, readOffset, untold });
    if (kept === 0) return;
    log.info("handoff.continued", { sessionId, turns: kept });
    // It would answer from a memory that lacks what was said elsewhere, and its branch would become the newest.
    if (sessionProcess !== undefined && !sessionProcess.isLeaving)
      this.#parts.termination.recycle(sessionProcess, behindDetail);
  }

  /** Inside a transaction: tells that another program has the conversation open, or has it no more. */
  #tellHolder(sessionId: string, before: number | undefined, now: number | undefined): void {
    const { events, turns } = this.#store;
    if ((before === undefined) === (now === undefined)) return;
    if (now === undefined) {
      events.append({ sessionId, type: "session.released", data: {} });
      return;
    }
    events.append({ sessionId, type: "session.held", data: { by: "terminal", pid: now } });
    for (const { turnId } of turns.queuedOf(sessionId)) {
      const queuePosition = turns.queuePosition(turnId);
      events.append({ sessionId, turnId, type: "turn.queued", data: { queuePosition, reason: "held" } });
    }
  }

  #stateOf(sessionId: string): Watched | undefined {
    const known = this.#watched.get(sessionId);
    if (known !== undefined || this.#parts.host.watch === undefined) return known;
    const kept = this.#store.handoffs.get(sessionId);
    if (kept === undefined) return undefined;
    const { sessionId: _sessionId, ...handoff } = kept;
    const state: Watched = { ...handoff, lookedAt: Number.NEGATIVE_INFINITY };
    this.#remember(sessionId, state);
    return state;
  }

  /** The state of the session's present conversation. */
  #watch(session: Session): Watched {
    const { sessionId } = session;
    const claudeSessionId = session.claudeSessionId ?? sessionId;
    const known = this.#stateOf(sessionId);
    if (known?.claudeSessionId === claudeSessionId) return known;
    const state: Watched = {
      claudeSessionId,
      readOffset: 0,
      heldBy: known?.heldBy,
      untold: known?.untold ?? "",
      lookedAt: Number.NEGATIVE_INFINITY,
    };
    this.#remember(sessionId, state);
    return state;
  }

  #remember(sessionId: string, state: Watched): void {
    this.#watched.set(sessionId, state);
    if (this.#watched.size <= mostWatched) return;
    for (const [id, { heldBy, looking }] of this.#watched) {
      if (heldBy !== undefined || looking !== undefined || id === sessionId) continue;
      this.#watched.delete(id);
      return;
    }
  }

  #save(sessionId: string, { claudeSessionId, readOffset, heldBy, untold }: Watched): void {
    this.#store.handoffs.set({ sessionId, claudeSessionId, readOffset, heldBy, untold });
  }

  /** Looks again soon at the conversations that are held and that messages wait for. */
  #armPoll(): void {
    if (this.#cancelPoll !== undefined || this.#isStopped) return;
    this.#cancelPoll = this.#parts.clock.after(heldLookMs, () => {
      const waiting = this.#store.turns.sessionsWithQueued(this.#parts.clock.now());
      const held = waiting.filter((sessionId) => this.#watched.get(sessionId)?.heldBy !== undefined);
      void Promise.all(held.map((sessionId) => this.look(sessionId))).then(() => {
        this.#cancelPoll = undefined;
        // A conversation that is still held arms the next look.
        this.#parts.advance();
      });
    });
  }
}
