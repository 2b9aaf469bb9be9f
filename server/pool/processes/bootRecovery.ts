import type { Log, Store } from "../../domain/ports.ts";
import type { ProcessHost, TranscriptReply } from "../../domain/processes/process.ts";
import type { FactWriter } from "../turns/factWriter.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import { recoverReply } from "../turns/recoverReply.ts";
import type { Tasks } from "../turns/tasks.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";

/** Counts of what the recovery at boot found. */
export interface Recovery {
  interruptedTurns: number;
  /** Turns whose whole answer was in Claude's transcript. */
  answeredTurns: number;
  requeuedTurns: number;
  parkedSessions: number;
  reapedProcesses: number;
}

/**
 * Puts the store right after a run that ended anyhow. Processes of that run are ended before anything else, so that no
 * conversation ever has two. A turn whose prompt was given may have had effects and is reported as interrupted, unless
 * Claude had written its whole answer down: then that is the reply. One that was not given, or waited, runs, unnoticed. A
 * quarantined session is tried again: memory alone knew how often it had failed.
 */
export async function recover(parts: {
  store: Store;
  host: ProcessHost;
  turnWriter: TurnWriter;
  permissions: PermissionRequests;
  tasks: Pick<Tasks, "cutOff" | "lastOutputs">;
  facts: Pick<FactWriter, "recover">;
  log: Log;
}): Promise<Recovery> {
  const { store, host, turnWriter, permissions, tasks, log } = parts;
  const reapedProcesses = await host.reap(store.processes.unended());
  const replies = new Map<string, TranscriptReply>();
  // Also of prompts that this log does not know as given: after a restore the server that went on with the original has given
  // them, and Claude passes in silence over a prompt whose id its transcript holds.
  for (const turn of [...store.turns.inState("running"), ...store.turns.inState("queued")]) {
    if (turn.origin !== "user") continue;
    const reply = await recoverReply(parts, turn.sessionId, turn.turnId);
    if (reply) replies.set(turn.turnId, reply);
  }
  const cutOff = new Set(store.tasks.running().map((task) => task.sessionId));
  const outputs = new Map<string, Awaited<ReturnType<Tasks["lastOutputs"]>>>();
  for (const sessionId of cutOff) outputs.set(sessionId, await tasks.lastOutputs(sessionId));
  const recovery = store.transaction(() => {
    for (const sessionId of cutOff)
      tasks.cutOff(sessionId, { isOwners: false, outputs: outputs.get(sessionId) });
    const found = { interruptedTurns: 0, answeredTurns: 0, requeuedTurns: 0, parkedSessions: 0 };
    parts.facts.recover();
    for (const permission of store.permissions.open())
      permissions.expireAll(permission.sessionId, "server_restarted");
    for (const turn of [...store.turns.inState("running"), ...store.turns.inState("queued")]) {
      const reply = replies.get(turn.turnId);
      if (reply && turnWriter.endWithTranscript(turn.sessionId, turn.turnId, reply, false, undefined)) {
        found.answeredTurns += 1;
        continue;
      }
      if (turn.state === "queued") continue;
      if (turn.givenAt === undefined) {
        store.turns.requeue(turn.turnId);
        found.requeuedTurns += 1;
        continue;
      }
      const failure = {
        code: "server_restarted" as const,
        detail:
          "The server restarted in the middle of this turn. Send a message to go on; the context is kept.",
      };
      turnWriter.end(turn.sessionId, turn.turnId, { kind: "interrupted", failure }, false);
      found.interruptedTurns += 1;
    }
    for (const session of store.sessions.inStates(["idle", "busy", "waiting", "quarantined"])) {
      store.sessions.setState(session.sessionId, "parked");
      store.events.append({
        sessionId: session.sessionId,
        type: "session.parked",
        data: { reason: "server_restarted" },
      });
      found.parkedSessions += 1;
    }
    return found;
  });
  log.info("pool.recovered", { ...recovery, reapedProcesses });
  return { ...recovery, reapedProcesses };
}
