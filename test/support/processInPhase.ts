import type { Clock } from "../../server/domain/ports.ts";
import type { ClaudeProcess } from "../../server/domain/processes/process.ts";
import { type ProcessPhase, SessionProcess } from "../../server/pool/state/sessionProcess.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A session's process that has come into the phase by its own transitions; busy, it works on the turn `turn`. */
export function processInPhase(
  phase: ProcessPhase,
  { sessionId, processId, clock }: { sessionId: string; processId: string; clock: Clock },
): SessionProcess {
  const sessionProcess = new SessionProcess({
    sessionId,
    processId,
    isNamed: false,
    clock,
    log: quiet,
    onWrongTransition: (wrong) => {
      throw new Error(`A wrong transition: ${JSON.stringify(wrong)}`);
    },
  });
  if (phase === "starting") return sessionProcess;
  sessionProcess.attach({ stop: async () => {} } as unknown as ClaudeProcess);
  sessionProcess.cameUp(undefined);
  if (phase === "busy") sessionProcess.assign("turn");
  if (phase === "stopping") void sessionProcess.stop("idle");
  if (phase === "exited" || phase === "gone") sessionProcess.markExited();
  if (phase === "gone") sessionProcess.markGone();
  return sessionProcess;
}
