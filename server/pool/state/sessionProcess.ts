import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import { hotSamplesAfter, toolsWork } from "../../domain/processes/health.ts";
import type { ClaudeProcess, ProcessUsage } from "../../domain/processes/process.ts";
import type { TurnOrigin } from "../../domain/sessions/turn.ts";
import { LiveTasks } from "./liveTasks.ts";
import { type CurrentTurn, OpenTurns, type ToolAtWork, type TurnEndRequest } from "./openTurns.ts";
import { RetryingWriter } from "./retryingWriter.ts";

/**
 * Why a process is stopped; decides what the session becomes when the process is gone. `failed`: it did not do what it
 * has to; `recycled`: a fresh one is better; `unwritten`: the store could not take what has to be written before it is
 * used.
 */
export type StopReason =
  | "evicted"
  | "idle"
  | "cancelled"
  | "server_stopped"
  | "expired"
  | "closed"
  | "failed"
  | "recycled"
  | "unwritten";

export const processPhases = ["starting", "idle", "busy", "stopping", "exited", "gone"] as const;
export type ProcessPhase = (typeof processPhases)[number];

/** A transition that the phase does not allow: a bug of the pool. */
export interface WrongTransition {
  sessionId: string;
  transition: string;
  phase: ProcessPhase;
}

/** The phases that a transition may be made from; a method that is not listed may be called in any phase. */
const allowedFrom = {
  attach: ["starting", "stopping", "exited", "gone"],
  assign: ["starting", "idle"],
  beginOwn: ["starting", "idle", "busy"],
  cameUp: ["starting"],
  markGiven: ["busy"],
  finishTurn: ["starting", "idle", "busy", "stopping", "exited", "gone"],
  requestEnd: ["starting", "busy", "stopping", "exited"],
  recycleNow: ["busy"],
  hold: ["starting", "idle", "busy"],
  markExited: ["starting", "idle", "busy", "stopping"],
  markGone: ["starting", "stopping", "exited"],
} as const satisfies Record<string, readonly ProcessPhase[]>;

export interface SessionProcessParts {
  sessionId: string;
  processId: string;
  /** Its session is a conversation of `/v1`. */
  isNamed: boolean;
  clock: Clock;
  log: Log;
  /** Told of a transition that the phase does not allow, which is then ignored. Tests throw here. */
  onWrongTransition(wrong: WrongTransition): void;
}

/**
 * A session's process, from the decision to start it until nothing is left of it, and the only writer of its own state.
 * It takes one of the pool's places for all of that time; `ProcessRegistry` holds it.
 *
 *   from                     method                        to
 *   starting                 assign(turn), beginOwn,       starting
 *                            requestEnd, finishTurn
 *   starting                 cameUp                        busy with a turn, else idle
 *   idle                     assign(turn), beginOwn        busy
 *   busy                     markGiven, beginOwn,          busy
 *                            requestEnd
 *   busy                     finishTurn, becomeIdle        idle when no turn is left
 *   busy                     recycleNow                    stopping
 *   starting, idle, busy     stop                          stopping
 *   any of these             markExited                    exited: no operating system process, but its end is not written yet
 *   starting, stopping       markGone                      gone: its start failed or was given up, and that is written
 *   exited                   markGone                      gone: its end is written
 *
 * Several turns can be open at once: that of a prompt, one that Claude begins by itself while the prompt is on its way to
 * it, and those of Claude's own whose end waits for the disk. A prompt is given only to a process that has none.
 *
 * Each method asserts the phases that it may be called in (`allowedFrom`). A process speaks before its start is over: a
 * refused login asks for the end of a turn that waits for the start, and a result without an id ends that turn.
 */
export class SessionProcess {
  readonly sessionId: string;
  readonly processId: string;
  readonly isNamed: boolean;
  /** Its background work; a process with any is stopped for others only when nothing else is left. */
  readonly tasks: LiveTasks;
  /** Writes ends of turns, and the end of the process, in the order in which they came. */
  readonly writer: RetryingWriter;
  /** Resolves when the process can take a prompt for the first time. */
  readonly up: Promise<void>;
  /** Resolves when nothing is left of the process. */
  readonly gone: Promise<void>;
  readonly #clock: Clock;
  readonly #onWrongTransition: (wrong: WrongTransition) => void;
  readonly #start = new AbortController();
  #resolveUp!: () => void;
  #resolveGone!: () => void;
  #phase: ProcessPhase = "starting";
  #process: ClaudeProcess | undefined;
  readonly #turns = new OpenTurns();
  #preamble: string | undefined;
  #calls = 0;
  #idleSinceAt: number;
  #lastSignAt: number;
  #hotSamples = 0;
  #stopReason: StopReason | undefined;
  /** False while a stop waits for a start that could not be given up in time. */
  #isToldToStop = false;
  #recycleDetail: string | undefined;

  constructor(parts: SessionProcessParts) {
    this.sessionId = parts.sessionId;
    this.processId = parts.processId;
    this.isNamed = parts.isNamed;
    this.writer = new RetryingWriter(parts);
    this.tasks = new LiveTasks(parts);
    this.#clock = parts.clock;
    this.#onWrongTransition = parts.onWrongTransition;
    this.#idleSinceAt = parts.clock.monotonic();
    this.#lastSignAt = parts.clock.monotonic();
    this.up = new Promise((resolve) => {
      this.#resolveUp = resolve;
    });
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  get phase(): ProcessPhase {
    return this.#phase;
  }
  /** The live CLI; `undefined` until it was started. */
  get process(): ClaudeProcess | undefined {
    return this.#process;
  }
  /** The turn of a prompt that the process has, or is to be given. */
  get turn(): Readonly<CurrentTurn> | undefined {
    return this.#turns.prompts;
  }
  /** The turn that Claude began by itself. */
  get ownTurn(): Readonly<CurrentTurn> | undefined {
    return this.#turns.own;
  }
  /** The turn that Claude works on, as far as is known: its own before that of a prompt, which waits for its end. */
  get activeTurn(): Readonly<CurrentTurn> | undefined {
    return this.#turns.own ?? this.#turns.prompts;
  }
  /** The open turns; Claude's own first, because it ends first. */
  get turns(): ReadonlyArray<Readonly<CurrentTurn>> {
    return this.#turns.all;
  }
  /** The open turn of this id. */
  turnOf(turnId: string): Readonly<CurrentTurn> | undefined {
    return this.#turns.open(turnId);
  }
  /** Since when the process is idle, by the monotonic clock; the longest idle is evicted first. */
  get idleSinceAt(): number {
    return this.#idleSinceAt;
  }
  /** When the last sign of life was, by the monotonic clock: anything the process said, a prompt, an answer to what it asked. */
  get lastSignAt(): number {
    return this.#lastSignAt;
  }
  /** Samples in a row in which the process was idle and hot. */
  get hotSamples(): number {
    return this.#hotSamples;
  }
  get stopReason(): StopReason | undefined {
    return this.#stopReason;
  }
  /** Why the process is to be replaced by a fresh one as soon as no turn runs; `undefined` when it is not. */
  get recycleDetail(): string | undefined {
    return this.#recycleDetail;
  }
  /** Aborts when a start that is under way is given up. */
  get startSignal(): AbortSignal {
    return this.#start.signal;
  }
  /** The operating system's process is gone; nothing can be given to it, even while its end is not written yet. */
  get hasExited(): boolean {
    return this.#phase === "exited" || this.#phase === "gone";
  }
  /** Nothing of the process can be used any more, though something of it is left. */
  get isLeaving(): boolean {
    return this.#phase === "stopping" || this.hasExited;
  }
  /** The process is idle and nothing is asked of it: it can be stopped, to make room or to be replaced. */
  get isFree(): boolean {
    return this.#phase === "idle" && this.#calls === 0;
  }

  /** The CLI was started. */
  attach(process: ClaudeProcess): void {
    if (this.#may("attach")) this.#process = process;
  }

  /** The process can take a prompt. `preamble`: what its first prompt tells Claude beforehand. */
  cameUp(preamble: string | undefined): void {
    if (!this.#may("cameUp")) return;
    this.#preamble = preamble;
    if (this.turns.length === 0) this.#enterIdle();
    else this.#enterBusy();
    this.#resolveUp();
  }

  /** The turn is the process's next one: it waits for the start, or makes an idle process busy. */
  assign(turnId: string, origin: TurnOrigin = "user"): void {
    if (!this.#may("assign", this.turn === undefined)) return;
    this.#turns.assign(turnId, origin);
    if (this.#phase === "idle") this.#enterBusy();
  }

  /** Claude began a turn by itself. */
  beginOwn(turnId: string, origin: TurnOrigin): void {
    if (!this.#may("beginOwn")) return;
    this.#turns.beginOwn(turnId, origin);
    if (this.#phase === "idle") this.#enterBusy();
  }

  /** The prompt of the assigned turn is being written. Returns what Claude has to be told before it, once. */
  markGiven(): string | undefined {
    if (!this.#may("markGiven", this.turn?.isGiven === false)) return undefined;
    this.#turns.markGiven();
    this.noteSign();
    const preamble = this.#preamble;
    this.#preamble = undefined;
    return preamble;
  }

  /** The end of the turn is written. False: the process does not work on it any more. */
  finishTurn(turn: Readonly<CurrentTurn>): boolean {
    if (!this.#may("finishTurn") || this.turnOf(turn.turnId) !== turn) return false;
    this.dropTurn(turn.turnId);
    if (this.#phase === "busy" && this.turns.length === 0) this.#enterIdle();
    return true;
  }

  /** The turn has ended, or went back to the queue, without its result; the phase stays until the process is told. */
  dropTurn(turnId: string): void {
    this.#turns.drop(turnId);
  }

  /** A busy process whose turn was dropped before it was given has nothing to do. False: it has, or is not busy. */
  becomeIdle(): boolean {
    if (this.#phase !== "busy" || this.turns.length > 0) return false;
    this.#enterIdle();
    return true;
  }

  /** An open turn is to end. The owner's interrupt is told rather than a fault, and the first fault stays. */
  requestEnd(turnId: string, end: TurnEndRequest): void {
    const turn = this.#turns.open(turnId);
    if (!this.#may("requestEnd", turn !== undefined) || turn === undefined) return;
    if (turn.end === undefined || end.kind === "interrupt") turn.end = end;
  }

  /** The process is replaced by a fresh one as soon as no turn runs. The first reason stays. */
  recycleAfterTurn(detail: string): void {
    this.#recycleDetail ??= detail;
  }

  /** The process is replaced at once, in the middle of its turns, which fail with the failure. */
  recycleNow(failure: Failure): void {
    if (!this.#may("recycleNow")) return;
    for (const { turnId } of this.turns) this.requestEnd(turnId, { kind: "fault", failure });
    this.#recycleDetail = failure.detail;
    void this.stop("recycled");
  }

  /**
   * Ends the process by the stop sequence, or gives up its start. Resolves when nothing is left. The first reason
   * stays.
   */
  stop(reason: StopReason): Promise<void> {
    if (this.#phase === "gone") return this.gone;
    this.#stopReason ??= reason;
    if (!this.isLeaving) this.#phase = "stopping";
    this.#start.abort(new DaylongError("process_start_failed", "The start of Claude was given up."));
    if (this.#process !== undefined && !this.#isToldToStop) {
      this.#isToldToStop = true;
      void this.#process.stop();
    }
    return this.gone;
  }

  /** The operating system's process has ended. False: that was told before. */
  markExited(): boolean {
    if (!this.#may("markExited")) return false;
    this.#phase = "exited";
    return true;
  }

  /** The end of the process is written. */
  markGone(): void {
    if (!this.#may("markGone")) return;
    this.#phase = "gone";
    this.#turns.dropAll();
    this.#resolveGone();
  }

  /** Something is asked of the process without a message: idle or not, it must not be stopped for another session. */
  hold(): void {
    if (this.#may("hold")) this.#calls += 1;
  }

  /** What `hold` was called for is over. True when nothing else is asked of the process. */
  release(): boolean {
    this.#calls -= 1;
    return this.#calls === 0;
  }

  /** A sign of life. */
  noteSign(): void {
    this.#lastSignAt = this.#clock.monotonic();
  }

  /** The computer was suspended for `sleptMs`: that is no silence of the process. */
  forgiveSilence(sleptMs: number): void {
    this.#lastSignAt = Math.min(this.#lastSignAt + sleptMs, this.#clock.monotonic());
  }

  /** A sample of what the process uses; tools that are at work are a sign of life. */
  noteUsage(usage: ProcessUsage | undefined): void {
    // Subagents work inside the CLI.
    const rests = this.#phase === "idle" && this.tasks.count === 0;
    this.#hotSamples = hotSamplesAfter(this.#hotSamples, rests, usage);
    if (!toolsWork(usage)) return;
    if (this.#turns.hasTools) this.noteSign();
    this.tasks.noteWork();
  }

  /** Claude finished a text of the turn. */
  noteMessage(turnId: string, messageId: string, text: string): void {
    const turn = this.#turns.open(turnId);
    if (turn === undefined) return;
    turn.lastMessage = { messageId, text };
    turn.hasActed = true;
  }

  /** A tool of the turn, or of a subagent that the turn started, is at work. */
  noteToolStarted(tool: ToolAtWork): void {
    this.#turns.toolStarted(tool);
  }

  /** Returns the tool's name; `undefined` for a tool of which no start was heard. */
  noteToolFinished(toolUseId: string): string | undefined {
    return this.#turns.toolFinished(toolUseId);
  }

  /** Claude refused the turn that it works on for a usage limit. */
  noteLimit(failure: Failure): void {
    const turn = this.activeTurn && this.#turns.open(this.activeTurn.turnId);
    if (turn !== undefined) turn.limit = failure;
  }

  #enterIdle(): void {
    this.#phase = "idle";
    this.#idleSinceAt = this.#clock.monotonic();
  }

  #enterBusy(): void {
    this.#phase = "busy";
    this.noteSign();
  }

  /** Whether the transition is allowed now; a wrong one is reported and not made. */
  #may(transition: keyof typeof allowedFrom, holds = true): boolean {
    const phases: readonly ProcessPhase[] = allowedFrom[transition];
    if (holds && phases.includes(this.#phase)) return true;
    this.#onWrongTransition({ sessionId: this.sessionId, transition, phase: this.#phase });
    return false;
  }
}
