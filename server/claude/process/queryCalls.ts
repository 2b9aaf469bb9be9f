import type { Query } from "@anthropic-ai/claude-agent-sdk";
import type { RewindReport } from "../../domain/processes/process.ts";
import type { PlanWindow } from "../../domain/processes/usage.ts";
import type { TaskOutput } from "../../domain/sessions/task.ts";
import { planWindowsOfUsage } from "../facts/planWindows.ts";

/** SDK 0.3.330 has the call, its types do not; it answers for tasks that have ended too. */
type TaskOutputCall = (id: string) => Promise<{ output: string; total_bytes: number; truncated: boolean }>;

export async function rewindFiles(query: Query, messageId: string, dryRun: boolean): Promise<RewindReport> {
  // Only a dry run counts, so it comes first.
  const counted = await query.rewindFiles(messageId, { dryRun: true });
  const done = dryRun || !counted.canRewind ? counted : await query.rewindFiles(messageId);
  const { filesChanged = [], insertions = 0, deletions = 0 } = counted;
  return { canRewind: done.canRewind, filesChanged, insertions, deletions, detail: done.error };
}

export async function planWindowsOf(query: Query): Promise<PlanWindow[] | undefined> {
  // Experimental, and so perhaps not there in another CLI.
  const ask = query.usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET;
  return typeof ask === "function"
    ? planWindowsOfUsage(await ask.call(query, { skipBehaviors: true }))
    : undefined;
}

export async function taskOutputOf(query: Query, taskId: string): Promise<TaskOutput> {
  const { getTaskOutput } = query as Query & { getTaskOutput: TaskOutputCall };
  const { output, total_bytes: totalBytes, truncated } = await getTaskOutput.call(query, taskId);
  return { output: output.toWellFormed(), totalBytes, truncated };
}
