import type { TurnResult } from "../../domain/processes/process.ts";
import type { CurrentTurn } from "../state/sessionProcess.ts";
import type { TurnEnd } from "./turnWriter.ts";

/** How a turn ends with this result. */
export function endOf(
  result: TurnResult,
  { lastMessageId, interrupt, fault, limited }: CurrentTurn,
): TurnEnd {
  if (result.outcome === "completed") return { kind: "completed", result, messageId: lastMessageId };
  if (interrupt !== undefined) {
    return { kind: "interrupted", failure: { code: "interrupted", detail: interrupt.detail }, result };
  }
  if (fault !== undefined) return { kind: "failed", failure: fault, result };
  if (result.outcome === "interrupted") {
    return {
      kind: "failed",
      failure: { code: "claude_error", detail: "Claude broke off the turn." },
      result,
    };
  }
  // The limit, of which the phones were told, and not a fault of this turn.
  if (limited !== undefined) {
    return {
      kind: "failed",
      failure: { ...limited, detail: result.failure?.detail ?? limited.detail },
      result,
    };
  }
  return {
    kind: "failed",
    failure: result.failure ?? { code: "claude_error", detail: "Claude gave no reason." },
    result,
  };
}
