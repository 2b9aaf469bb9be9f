import type { Clock, Log, Store } from "../../domain/ports.ts";

/**
 * An incident of the machine's resources, reported once to the phones: it is opened, stays open, and closes by itself.
 */
export interface Incident {
  /**
   * `memory` and `cpu` of the pool; `machine_memory` of the computer; `session_memory`, `tool_memory` and `server_memory`
   * of one session's CLI and of what it started; `stalled` turns are told by their own end.
   */
  kind: "memory" | "cpu" | "machine_memory" | "session_memory" | "tool_memory" | "server_memory";
  sessionId: string | null;
  detail: string;
}

/**
 * Register of the open incidents, in memory only: after a restart the processes are new, and so are their incidents.
 */
export class Incidents {
  readonly #parts: { store: Store; clock: Clock; log: Log };
  readonly #open = new Map<string, Incident & { openedAt: number }>();
  readonly #untold: Incident[] = [];

  constructor(parts: { store: Store; clock: Clock; log: Log }) {
    this.#parts = parts;
  }

  /** Opens an incident and writes its one `resource.warning`; nothing while it is open already. */
  open(incident: Incident): void {
    const { clock, log } = this.#parts;
    const { kind, sessionId } = incident;
    const key = keyOf(kind, sessionId);
    if (this.#open.has(key)) return;
    this.#open.set(key, { ...incident, openedAt: clock.monotonic() });
    log.warn("health.incident_opened", { kind, sessionId });
    this.#untold.push(incident);
    this.tell();
  }

  /** Writes the warnings that are not written yet; a failed write is tried again at the next pass of the monitor. */
  tell(): void {
    const { store, log } = this.#parts;
    for (const { kind, sessionId, detail } of [...this.#untold]) {
      try {
        store.transaction(() =>
          store.events.append({ sessionId, type: "resource.warning", data: { kind, detail } }),
        );
      } catch (error) {
        log.error("health.warning_unwritten", { kind, sessionId, error });
        return;
      }
      this.#untold.shift();
    }
  }

  close(kind: Incident["kind"], sessionId: string | null): void {
    const key = keyOf(kind, sessionId);
    const incident = this.#open.get(key);
    if (incident === undefined) return;
    this.#open.delete(key);
    const openMs = this.#parts.clock.monotonic() - incident.openedAt;
    this.#parts.log.info("health.incident_closed", { kind, sessionId, openMs });
  }

  /** Closes the incidents of sessions that `isOver` no longer confirms. */
  closeSessions(isOver: (sessionId: string) => boolean): void {
    for (const { kind, sessionId } of [...this.#open.values()]) {
      if (sessionId !== null && kind === "session_memory" && !isOver(sessionId)) this.close(kind, sessionId);
    }
  }

  /** One line of each, for `/health`. */
  details(): string[] {
    return [...this.#open.values()].map(({ detail }) => detail);
  }
}

/** The CPU of the pool is one incident, whichever session it names. */
const keyOf = (kind: Incident["kind"], sessionId: string | null): string =>
  kind === "cpu" ? kind : `${kind} ${sessionId}`;
