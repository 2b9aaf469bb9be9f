import type { Options } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessSpec } from "../domain/process.ts";
import type { ProjectStanding } from "../domain/trust.ts";

/** What every start has in common, a session's process and a recap's alike. */
export function baseOptions(
  spec: ProcessSpec,
  environment: Record<string, string>,
  binary: string | undefined,
  standing: ProjectStanding = "plain",
): Options {
  const { appendSystemPrompt, allowedTools, disallowedTools, maxTurns, maxBudgetUsd } = spec.options;
  return {
    cwd: spec.projectPath,
    env: environment,
    pathToClaudeCodeExecutable: binary,
    model: spec.model ?? undefined,
    systemPrompt: { type: "preset", preset: "claude_code", append: appendSystemPrompt },
    // What the CLI does in a terminal: the owner's settings, the project's CLAUDE.md and settings; without these where a
    // terminal would ask first whether to trust them.
    settingSources: standing === "untrusted" ? ["user"] : ["user", "project", "local"],
    allowedTools,
    disallowedTools,
    maxTurns,
    maxBudgetUsd,
  };
}

/**
 * Which conversation a process begins or goes on with. `sessionId` is for a conversation that does not exist yet,
 * `resume` for one that does: the CLI refuses either in the other's place.
 */
export function conversationOptions(spec: ProcessSpec, transcriptExists: boolean): Options {
  if (transcriptExists) return { resume: spec.claudeSessionId };
  const origin = spec.options.origin;
  if (origin?.fork) {
    return {
      resume: origin.resume,
      forkSession: true,
      sessionId: spec.claudeSessionId,
      resumeSessionAt: origin.resumeAt,
    };
  }
  return { sessionId: spec.claudeSessionId };
}
