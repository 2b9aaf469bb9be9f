import { DeadlineTimer, instantOf } from "../../domain/deadlineTimer.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import {
  type BackOff,
  type Circuit,
  failed,
  type OpenCircuit,
} from "../../domain/processes/circuitBreaker.ts";
import type { Gate, GateUse } from "../state/gate.ts";

export interface CircuitBreakerParts {
  /** For the log. */
  name: string;
  clock: Clock;
  log: Log;
  backOff: BackOff;
  /** The uses of a process that an open circuit holds back. */
  uses: readonly GateUse[];
  /** Ids of what is under way now and may succeed or fail: running turns, or starts. */
  tries(): string[];
  /** Whether the try is chosen and has not begun yet. */
  isTryChosen?(): boolean;
  /** Called once per incident. */
  opened(circuit: Pick<OpenCircuit, "retryAt">): void;
  /** Called when the incident is over. */
  closed?(): void;
  /** Called at the instant of the next try, which the pool makes if there is something to try with. */
  due?(): void;
  /** Lets the pool go on. */
  advance(): void;
}

/**
 * Circuit breaker for a trouble that all sessions share, as a gate; its states are those of
 * `domain/processes/circuitBreaker`. While it is open nothing begins; from `retryAt` one message at a time is the try;
 * a success closes it. It lives in memory: after a restart of the server the first message is the try.
 */
export class CircuitBreaker implements Gate {
  readonly #parts: CircuitBreakerParts;
  /** Its instants are readings of the monotonic clock. */
  #circuit: Circuit;
  /**
   * Tries that were under way when the circuit opened and have not failed: their success may be older than the trouble.
   */
  #before = new Set<string>();
  /** For the instant of the next try. */
  readonly #retryTimer: DeadlineTimer;
  #stopped = false;

  constructor(parts: CircuitBreakerParts) {
    this.#parts = parts;
    this.#retryTimer = new DeadlineTimer({ clock: parts.clock, onDue: () => this.#due() });
  }

  get isOpen(): boolean {
    return this.#circuit !== undefined;
  }

  get retryAt(): number | undefined {
    return this.#circuit && instantOf(this.#parts.clock, this.#circuit.retryAt);
  }

  /** A try met the trouble. `resetsAt`: the instant at which it will be over, if that is known. */
  fail(tryId: string | undefined, resetsAt?: number): void {
    const { clock, log, name, backOff, tries, opened } = this.#parts;
    if (this.#stopped) return;
    const earlier = this.#circuit;
    const now = clock.monotonic();
    const circuit = failed(earlier, now, backOff, resetsAt && now + (resetsAt - clock.now()));
    if (earlier === undefined) this.#before = new Set(tries());
    if (tryId !== undefined) this.#before.delete(tryId);
    if (circuit === earlier) return;
    this.#circuit = circuit;
    const retryAt = instantOf(clock, circuit.retryAt);
    log.warn("circuit.opened", { name, failures: circuit.failures, retryAt });
    this.#retryTimer.armAt(retryAt);
    if (earlier === undefined) opened({ retryAt });
  }

  /** A try went well. */
  succeed(tryId: string): void {
    if (!this.#before.has(tryId)) this.close();
  }

  /** The trouble is over. */
  close(): void {
    if (this.#circuit === undefined) return;
    this.#retryTimer.cancel();
    this.#circuit = undefined;
    this.#before.clear();
    this.#parts.log.info("circuit.closed", { name: this.#parts.name });
    this.#parts.closed?.();
    this.#parts.advance();
  }

  holds(_sessionId: string, use: GateUse): boolean {
    const circuit = this.#circuit;
    if (circuit === undefined || !this.#parts.uses.includes(use)) return false;
    const { clock, tries, isTryChosen } = this.#parts;
    if (clock.monotonic() < circuit.retryAt || isTryChosen?.()) return true;
    return tries().some((id) => !this.#before.has(id));
  }

  #due(): void {
    this.#parts.advance();
    this.#parts.due?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#retryTimer.cancel();
  }
}
