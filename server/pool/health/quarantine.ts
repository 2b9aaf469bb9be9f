import { DeadlineTimer, instantOf } from "../../domain/deadlineTimer.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { afterFailure, type StartFailures } from "../../domain/processes/startFailures.ts";
import type { Gate, GateUse } from "../state/gate.ts";
import { RetryingWriter } from "../state/retryingWriter.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";

export interface QuarantineParts {
  store: Store;
  clock: Clock;
  log: Log;
  turnWriter: TurnWriter;
  advance(): void;
}

/**
 * Pauses between the starts of a session whose process does not come up or keeps ending in its turns, and the
 * quarantine that follows: waiting turns fail once, the phones are told once, and until `retryAt` a new message is
 * refused with that time, so that the app keeps it and nothing is accepted only to fail. After it, the next message is
 * the try. Answered turns clear the record. It lives in memory: a restart of the server is a new chance.
 */
export class Quarantine implements Gate {
  readonly #parts: QuarantineParts;
  /** Their instants are readings of the monotonic clock. */
  readonly #records = new Map<string, StartFailures>();
  /** For the instant of each session's next try. */
  readonly #retryTimers = new Map<string, DeadlineTimer>();
  readonly #writer: RetryingWriter;
  #stopped = false;

  constructor(parts: QuarantineParts) {
    this.#parts = parts;
    this.#writer = new RetryingWriter(parts);
  }

  /** Sessions that are quarantined now. */
  get count(): number {
    let count = 0;
    for (const record of this.#records.values()) if (record.quarantined) count += 1;
    return count;
  }

  holds(sessionId: string, use: GateUse): boolean {
    const record = this.#records.get(sessionId);
    return record !== undefined && use === "start" && this.#parts.clock.monotonic() < record.retryAt;
  }

  refusal(sessionId: string): DaylongError | undefined {
    const record = this.#records.get(sessionId);
    const leftMs = record?.quarantined ? record.retryAt - this.#parts.clock.monotonic() : 0;
    if (leftMs <= 0) return undefined;
    const detail = `Claude keeps failing in this session. Send the message again in ${Math.ceil(leftMs / 1_000)} s.`;
    return new DaylongError("session_quarantined", detail, { retryAfterMs: leftMs });
  }

  failed(sessionId: string, kind: "start" | "crash", why: string): void {
    const { clock, log, advance } = this.#parts;
    if (this.#stopped) return;
    const earlier = this.#records.get(sessionId);
    const record = afterFailure(earlier, kind, clock.monotonic());
    this.#records.set(sessionId, record);
    const timer = this.#retryTimers.get(sessionId) ?? new DeadlineTimer({ clock, onDue: advance });
    this.#retryTimers.set(sessionId, timer);
    const isLater = record.retryAt > clock.monotonic();
    const retryAt = instantOf(clock, record.retryAt);
    timer.armAt(isLater ? retryAt : Number.POSITIVE_INFINITY);
    if (!record.quarantined) return;
    log.warn("session.quarantined", { sessionId, failures: record.failures, retryAt });
    const isNew = !earlier?.quarantined;
    const detail = `Claude failed ${record.failures} times in a row in this session. ${why}`;
    this.#writer.run(
      () => this.#parts.store.transaction(() => this.#write(sessionId, detail, retryAt, isNew)),
      () => {},
    );
  }

  succeeded(sessionId: string): void {
    this.#retryTimers.get(sessionId)?.cancel();
    this.#retryTimers.delete(sessionId);
    this.#records.delete(sessionId);
  }

  stop(): void {
    this.#stopped = true;
    void this.#writer.limitRetries(0);
    for (const timer of this.#retryTimers.values()) timer.cancel();
  }

  #write(sessionId: string, detail: string, retryAt: number, isNew: boolean): void {
    const { store, clock, turnWriter } = this.#parts;
    for (const turn of store.turns.queuedOf(sessionId)) {
      // A message for later may well find the session mended.
      if (turn.sendAt !== undefined && turn.sendAt > clock.now()) continue;
      const failure = { code: "session_quarantined" as const, detail };
      turnWriter.end(sessionId, turn.turnId, { kind: "failed", failure }, false);
    }
    const state = store.sessions.get(sessionId)?.state;
    if (state === undefined || state === "closed" || state === "expired") return;
    store.sessions.setState(sessionId, "quarantined");
    if (isNew) store.events.append({ sessionId, type: "session.quarantined", data: { detail, retryAt } });
  }
}
