import type { LeaseLimits } from "../domain/lease.ts";

/** What the owner set; all times in milliseconds. */
export interface PoolLimits {
  /** Live processes, starting and stopping ones included (`MAX_CONCURRENT_SESSIONS`). */
  maxProcesses: number;
  /** Waiting turns over all sessions (`MAX_QUEUED_TURNS`). */
  maxQueuedTurns: number;
  lease: LeaseLimits;
  permissionTimeoutMs: number;
  /** Park a session that was idle for so long; 0 = never. */
  idleParkMs: number;
  /** How long an interrupt, and a turn at the end of its lease, may take before the process is stopped. */
  drainMs: number;
  sampleMs: number;
  allowBypassPermissions: boolean;
  /** `CLAUDE_MODEL`; `null` leaves it to the CLI. */
  defaultModel: string | null;
  memoryLimitBytes: number;
}
