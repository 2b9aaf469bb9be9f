import type { LimitValues } from "../../domain/limits.ts";
import type { AllowanceSettings } from "../../domain/sessions/allowances.ts";

/** The settings that the pool goes by. They are read when they are needed, because the owner may change them meanwhile. */
export interface PoolLimits
  extends Omit<LimitValues, "pushGraceMs" | "retentionMs" | "shutdownGraceMs" | "requestsPerMinute">,
    AllowanceSettings {
  /** `sessionIdleMs` for sessions of `/v1` conversations, which are seldom closed; 0 = never. */
  conversationIdleMs: number;
  /** How long an interrupt, and a turn at the end of its lease, may take before the process is stopped. */
  drainMs: number;
  /** `CLAUDE_MODEL`; `null` leaves it to the CLI. */
  claudeModel: string | null;
  /** False: a process per message, ended after its turn (`USE_INTERACTIVE_SESSIONS`). */
  interactive: boolean;
  /** Calls back when the owner has changed a limit. */
  onChange?(listener: () => void): void;
}
