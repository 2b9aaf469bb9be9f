import type { LeaseLimits } from "../../domain/sessions/lease.ts";

/** Limits that the owner sets; all times in milliseconds. */
export interface PoolLimits {
  /** Live processes, starting and stopping ones included (`MAX_CONCURRENT_SESSIONS`). */
  maxProcesses: number;
  /** Waiting turns over all sessions (`MAX_QUEUED_TURNS`). */
  maxQueuedTurns: number;
  lease: LeaseLimits;
  permissionTimeoutMs: number;
  /** Park a session that was idle for so long; 0 = never. */
  idleParkMs: number;
  /** The same for sessions of `/v1` conversations, which are seldom closed. */
  conversationIdleParkMs: number;
  /** How long an interrupt, and a turn at the end of its lease, may take before the process is stopped. */
  drainMs: number;
  sampleMs: number;
  allowBypassPermissions: boolean;
  /** `CLAUDE_MODEL`; `null` leaves it to the CLI. */
  defaultModel: string | null;
  /** All process trees together (`MAX_TOTAL_MEMORY_GB`). */
  memoryLimitBytes: number;
  /** One process tree (`MAX_MEMORY_PER_SESSION_MB`). */
  sessionMemoryLimitBytes: number;
  /** The pool as a share of the whole machine, 0 to 100 (`CPU_USAGE_LIMIT_PERCENT`). */
  cpuLimitPercent: number;
  /** Pause between two passes of the health monitor (`HEALTH_INTERVAL_SECONDS`). */
  healthMs: number;
  /** A turn without a sign of life for so long has stalled (`TURN_STALL_MINUTES`); 0 = never. */
  stallMs: number;
  /** Spares kept ready (`PREWARMED_PROCESSES`). */
  spareProcesses: number;
  /** False: a process per message, ended after its turn (`USE_INTERACTIVE_SESSIONS`). */
  interactive: boolean;
  /** Calls back when the owner has changed a limit. */
  onChange?(listener: () => void): void;
}
