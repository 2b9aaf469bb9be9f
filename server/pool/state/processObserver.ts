import type { Failure } from "../../domain/errors.ts";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import type { SessionProcess } from "./sessionProcess.ts";

/**
 * Observer of the sessions' processes: what `processes/` reports to `health/`, which keeps the circuit breakers and the
 * quarantine. The interface lies here so that `processes/` does not import `health/`.
 */
export interface ProcessObserver {
  /** Called with every signal of a process, before the signal is written down. */
  heard(sessionProcess: SessionProcess, signal: ProcessSignal): void;
  /** The process can take a prompt for the first time. */
  cameUp(sessionProcess: SessionProcess): void;
  /** A turn of the session ended with a reply. */
  answered(sessionId: string): void;
  /** The process did not come up, although its start was not given up. */
  startFailed(sessionProcess: SessionProcess, failure: Failure): void;
  /** The session's process ended by itself. */
  crashed(sessionId: string, detail: string): void;
  /** Why the API would refuse Claude's login now, as far as is known; `undefined` while the login works. */
  readonly loginDetail: string | undefined;
}
