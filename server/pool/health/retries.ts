import type { Clock, LiveFeed } from "../../domain/ports.ts";
import type { RetryReason } from "../../domain/processes/factSignal.ts";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";

/** From then on `/health` says it: a request that goes well at the second try is no trouble. */
const longMs = 10_000;

const words: Record<RetryReason, string> = {
  no_connection: "there is no connection to the API",
  overloaded: "the API is overloaded",
  server_error: "the API has a fault",
  rate_limit: "the API limits the rate of requests",
  login: "the API refuses the login",
  other: "the API refuses them",
};

/** Registry of the processes whose requests fail and are tried again: told at once as activity, and by `/health` when it lasts. */
export class Retries {
  readonly #parts: { clock: Clock; feed: LiveFeed; registry: ProcessRegistry };
  /** `sinceMs`: by the monotonic clock. */
  readonly #open = new Map<SessionProcess, { sinceMs: number; reason: RetryReason }>();

  constructor(parts: { clock: Clock; feed: LiveFeed; registry: ProcessRegistry }) {
    this.#parts = parts;
  }

  /** Called with every signal. */
  heard(sessionProcess: SessionProcess, signal: ProcessSignal): void {
    switch (signal.kind) {
      case "retrying": {
        const { clock, feed } = this.#parts;
        const { attempt, reason, waitMs } = signal;
        const sinceMs = this.#open.get(sessionProcess)?.sinceMs ?? clock.monotonic();
        this.#open.set(sessionProcess, { sinceMs, reason });
        const turnId = sessionProcess.activeTurn?.turnId;
        if (turnId === undefined) return;
        const nextAt = Math.round(clock.now() + waitMs);
        feed.activity(sessionProcess.sessionId, turnId, { kind: "retrying", attempt, reason, nextAt });
        return;
      }
      case "delta":
      case "thinking":
      case "message":
      case "tool-started":
      case "result":
        if (this.#open.size > 0) this.#open.delete(sessionProcess);
        return;
      default:
        return;
    }
  }

  /** What lasts, a sentence a reason, for `/health`. */
  details(): string[] {
    const { clock, registry } = this.#parts;
    const lasting = new Map<RetryReason, { count: number; sinceMs: number }>();
    for (const [sessionProcess, { sinceMs, reason }] of this.#open) {
      if (sessionProcess.hasExited || registry.get(sessionProcess.sessionId) !== sessionProcess) {
        this.#open.delete(sessionProcess);
        continue;
      }
      if (clock.monotonic() - sinceMs < longMs) continue;
      const known = lasting.get(reason) ?? { count: 0, sinceMs };
      lasting.set(reason, { count: known.count + 1, sinceMs: Math.min(known.sinceMs, sinceMs) });
    }
    return [...lasting].map(([reason, { count, sinceMs }]) => {
      const seconds = Math.round((clock.monotonic() - sinceMs) / 1_000);
      const whose = count === 1 ? "one session" : `${count} sessions`;
      return `Claude's requests of ${whose} have been failing for ${seconds} s, because ${words[reason]}; they are tried again.`;
    });
  }
}
