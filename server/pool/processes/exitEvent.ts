import type { ProcessExit } from "../../domain/processes/process.ts";
import type { EventStore } from "../../domain/stores/delivery.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";

/** How a process ended, in the middle of a sentence. */
export const describeExit = (exit: ProcessExit): string =>
  exit.signal ? `ended by ${exit.signal}` : `ended with exit code ${exit.code ?? "unknown"}`;

/** Inside a transaction: what the session's log says of a process that is gone. Returns the word of a crash. */
export function tellExit(
  events: EventStore,
  { sessionId, turn, stopReason, recycle }: SessionProcess,
  exit: ProcessExit,
): string | undefined {
  if (stopReason === "closed" || stopReason === "expired") return undefined;
  if (stopReason === "recycled") {
    const detail = recycle?.detail ?? "Claude did not obey an interrupt and was ended.";
    events.append({ sessionId, type: "session.recycled", data: { detail } });
    return undefined;
  }
  if (stopReason === undefined && (turn !== undefined || exit.code !== 0)) {
    const detail = `Claude ${describeExit(exit)}.`;
    events.append({ sessionId, type: "session.crashed", data: { detail } });
    return detail;
  }
  const isOurs = stopReason !== undefined && stopReason !== "failed" && stopReason !== "unwritten";
  events.append({
    sessionId,
    type: "session.parked",
    data: { reason: isOurs ? stopReason : "process_ended" },
  });
  return undefined;
}
