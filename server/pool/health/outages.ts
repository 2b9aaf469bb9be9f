import type { NewEvent } from "../../domain/delivery/event.ts";
import type { Failure } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { BackOff } from "../../domain/processes/circuitBreaker.ts";
import type { ProcessSignal, Refusal } from "../../domain/processes/process.ts";
import type { Handoffs } from "../processes/handoffs.ts";
import type { Interrupts } from "../processes/interrupt.ts";
import type { Termination } from "../processes/termination.ts";
import type { Gate } from "../state/gate.ts";
import type { ProcessObserver } from "../state/processObserver.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import { RetryingWriter } from "../state/retryingWriter.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";
import { CircuitBreaker } from "./circuitBreaker.ts";
import { Quarantine } from "./quarantine.ts";

export interface OutagesParts {
  store: Store;
  clock: Clock;
  log: Log;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  termination: Termination;
  interrupts: Interrupts;
  handoffs: Pick<Handoffs, "isLookAwaited">;
  advance(): void;
}

/**
 * A person needs at least some seconds for `claude /login`, and a try costs a waiting message: so not sooner than 15 s.
 * After a new login the wait is five minutes at most.
 */
const loginBackOff: BackOff = { firstMs: 15_000, mostMs: 300_000 };
/** Limits without a known end are mostly by the minute; of a longer one, a quarter of an hour is a small part. */
const limitBackOff: BackOff = { firstMs: 60_000, mostMs: 900_000 };
const startBackOff: BackOff = { firstMs: 1_000, mostMs: 60_000 };

/** The first 401 of a login whose access token is over makes the CLI renew it; the second means that it cannot. */
const refusalsOfLogin = 2;
/**
 * The CLI waits 0.5, 1, 2, 4 … s between its tries of a 429. A limit that is over within its first five seconds is not
 * reported; neither is a pause that it was told and that ends within half a minute.
 */
const refusalsOfLimit = 4;
const shortPauseMs = 30_000;
/** So many failed starts in a row, in more than one session, are not the sessions' fault. */
const failedStartsOfPool = 3;

/** Pool-wide outages (login, usage limit, failed starts) as circuit breakers, and the quarantine of single sessions. */
export class Outages implements ProcessObserver {
  readonly gates: readonly Gate[];
  readonly #parts: OutagesParts;
  readonly #login: CircuitBreaker;
  readonly #limit: CircuitBreaker;
  readonly #starts: CircuitBreaker;
  readonly #quarantine: Quarantine;
  readonly #writer: RetryingWriter;
  /** Sessions of the starts that have failed since one went well, one entry a start. */
  #failedStarts: string[] = [];
  /** Detail of the newest refusal, for the event and for `/health`. */
  #loginDetail = "";
  #limitHit: { sessionId: string; limit: string; detail: string; resetsAt?: number } | undefined;
  #startDetail = "";

  constructor(parts: OutagesParts) {
    const { clock, log, registry } = parts;
    this.#parts = parts;
    this.#writer = new RetryingWriter(parts);
    this.#quarantine = new Quarantine(parts);
    const running = () => registry.all().flatMap(({ turns }) => turns.map(({ turnId }) => turnId));
    const starting = () => registry.all().flatMap((one) => (one.phase === "starting" ? [one.processId] : []));
    const common = {
      clock,
      log,
      advance: parts.advance,
      isTryChosen: () => parts.handoffs.isLookAwaited,
    };
    this.#login = new CircuitBreaker({
      ...common,
      name: "login",
      backOff: loginBackOff,
      uses: ["start", "give"],
      tries: running,
      opened: () =>
        this.#tell({ sessionId: null, type: "login.required", data: { detail: this.#loginDetail } }),
    });
    this.#limit = new CircuitBreaker({
      ...common,
      name: "limit",
      backOff: limitBackOff,
      uses: ["start", "give"],
      tries: running,
      opened: ({ retryAt }) => this.#tellLimit(retryAt),
      closed: () => this.#tellLifted(),
      due: () => this.#endUntriedLimit(),
    });
    this.#starts = new CircuitBreaker({
      ...common,
      name: "starts",
      backOff: startBackOff,
      uses: ["start"],
      tries: starting,
      opened: () =>
        this.#tell({
          sessionId: null,
          type: "resource.warning",
          data: { kind: "process_start", detail: this.#startDetail },
        }),
    });
    this.gates = [this.#login, this.#limit, this.#starts, this.#quarantine];
  }

  /** Whether a request of Claude's would be refused now, as far as is known. */
  get loginDetail(): string | undefined {
    return this.#login.isOpen ? this.#loginDetail : undefined;
  }

  /** Called with every signal, before it is written down. */
  heard(sessionProcess: SessionProcess, signal: ProcessSignal): void {
    switch (signal.kind) {
      case "login-refused":
        this.#loginRefused(sessionProcess, signal);
        return;
      case "limit-hit":
        this.#limitReached(sessionProcess, signal);
        return;
      case "delta":
      case "thinking":
      case "message":
      case "tool-started":
        this.#modelSpoke(signal.turnId);
        return;
      case "result":
        if (signal.result.outcome === "completed" && signal.turnId !== undefined)
          this.#modelSpoke(signal.turnId);
        return;
      case "prompt-started":
      case "own-started":
      case "own-ended":
      case "agent-message":
      case "task-started":
      case "task-progress":
      case "task-finished":
      case "task-output-file":
      case "tasks-running":
      case "wakeup-set":
      case "wakeups-dropped":
      case "wakeup-begun":
      case "tool-finished":
      case "conversation":
      case "mode":
        return;
    }
  }

  /** A turn of the session ended with a reply. */
  answered(sessionId: string): void {
    this.#quarantine.succeeded(sessionId);
  }

  cameUp({ processId }: SessionProcess): void {
    this.#failedStarts = [];
    this.#starts.succeed(processId);
  }

  startFailed({ sessionId, processId }: SessionProcess, failure: Failure): void {
    // A missing project directory is the owner's to repair; the failure says so, and the next try costs nothing.
    if (failure.code !== "process_start_failed") return;
    this.#failedStarts.push(sessionId);
    const isShared = this.#failedStarts.length >= failedStartsOfPool && new Set(this.#failedStarts).size > 1;
    if (this.#starts.isOpen || isShared) {
      this.#startDetail = failure.detail;
      this.#starts.fail(processId);
      return;
    }
    this.#quarantine.failed(sessionId, "start", failure.detail);
  }

  /** A process ended by itself. */
  crashed(sessionId: string, detail: string): void {
    this.#quarantine.failed(sessionId, "crash", detail);
  }

  /** The present outages, a sentence each, for `/health`. */
  details(): string[] {
    const quarantined = this.#quarantine.count;
    return [
      ...(this.#login.isOpen ? [this.#loginDetail] : []),
      ...(this.#limit.isOpen && this.#limitHit ? [this.#limitHit.detail] : []),
      ...(this.#starts.isOpen ? [this.#startDetail] : []),
      ...(quarantined > 0 ? [`Quarantined sessions: ${quarantined}.`] : []),
    ];
  }

  stop(): void {
    for (const circuit of [this.#login, this.#limit, this.#starts]) circuit.stop();
    this.#quarantine.stop();
    void this.#writer.limitRetries(0);
  }

  #modelSpoke(turnId: string): void {
    this.#login.succeed(turnId);
    this.#limit.succeed(turnId);
  }

  #loginRefused(sessionProcess: SessionProcess, { detail, refusals, final }: Refusal): void {
    if (!final && refusals < refusalsOfLogin) return;
    this.#loginDetail = detail;
    const turn = sessionProcess.activeTurn;
    this.#login.fail(turn?.turnId);
    if (turn === undefined || turn.end?.kind === "fault") return;
    // The CLI would go on for minutes; an interrupt ends that at once. A process that starts after the login reads it,
    // this one may keep the old.
    this.#parts.termination.recycle(sessionProcess, detail);
    if (turn.end === undefined)
      void this.#parts.interrupts.breakOff(sessionProcess, turn, { code: "login_required", detail });
  }

  #limitReached(sessionProcess: SessionProcess, hit: Refusal & { kind: "limit-hit" }): void {
    const { final, refusals, waitMs, limit, detail } = hit;
    if (!final && refusals < refusalsOfLimit && waitMs < shortPauseMs) return;
    const told = waitMs < shortPauseMs ? undefined : this.#parts.clock.now() + waitMs;
    const resetsAt = hit.resetsAt ?? told;
    if (final) sessionProcess.noteLimit({ code: "usage_limit", detail });
    // After the named limit the CLI also reports the refused request, which says less.
    const isKnown = this.#limit.isOpen && this.#limitHit?.resetsAt !== undefined && resetsAt === undefined;
    if (!isKnown) this.#limitHit = { sessionId: sessionProcess.sessionId, limit, detail, resetsAt };
    // The turn goes on: the CLI's own retries are bounded, and the turn's work so far is worth the wait.
    this.#limit.fail(sessionProcess.activeTurn?.turnId, resetsAt);
  }

  #tellLimit(retryAt: number): void {
    if (this.#limitHit === undefined) return;
    const { sessionId, limit, detail, resetsAt } = this.#limitHit;
    const data = { kind: limit, ...(resetsAt === undefined ? {} : { resetsAt }), retryAt, detail };
    this.#tell({ sessionId, type: "limit.reached", data });
  }

  #tellLifted(): void {
    if (this.#limitHit === undefined) return;
    const { sessionId, limit } = this.#limitHit;
    this.#limitHit = undefined;
    this.#tell({ sessionId, type: "limit.lifted", data: { kind: limit } });
  }

  /** The named end of a limit has come, and no message is there to try it with: the word of the API stands. */
  #endUntriedLimit(): void {
    const { store, clock, registry } = this.#parts;
    const resetsAt = this.#limitHit?.resetsAt;
    const isTried =
      store.turns.queuedCount(clock.now()) > 0 || registry.all().some(({ turns }) => turns.length > 0);
    if (resetsAt !== undefined && resetsAt <= clock.now() && !isTried) this.#limit.close();
  }

  #tell(event: NewEvent): void {
    const { store } = this.#parts;
    this.#writer.run(
      () => store.transaction(() => store.events.append(event)),
      () => {},
    );
  }
}
