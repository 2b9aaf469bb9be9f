import type { Options } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessSpec } from "../../domain/processes/process.ts";
import type { SessionOptions } from "../../domain/sessions/session.ts";
import type { ProjectStanding } from "../../domain/sessions/trust.ts";

/** The SDK options that every start has in common, a session's process and a recap's alike. */
export function baseOptions(
  spec: ProcessSpec,
  environment: Record<string, string>,
  binary: string | undefined,
  standing: ProjectStanding,
  rules: readonly string[] = [],
): Options {
  const { allowedTools, disallowedTools, maxTurns, maxBudgetUsd } = spec.options;
  return {
    cwd: spec.projectPath,
    env: environment,
    pathToClaudeCodeExecutable: binary,
    model: spec.model ?? undefined,
    systemPrompt: systemPromptOf(spec.options),
    ...settingOptions(spec.projectPath, standing),
    settings: ruleSettings(rules),
    allowedTools,
    disallowedTools,
    maxTurns,
    maxBudgetUsd,
  };
}

/** Claude's own system prompt, or the one chosen in its place, and what was added to it. */
const systemPromptOf = ({ systemPrompt, appendSystemPrompt }: SessionOptions): Options["systemPrompt"] =>
  systemPrompt === undefined
    ? { type: "preset", preset: "claude_code", append: appendSystemPrompt }
    : [systemPrompt, appendSystemPrompt].filter((text) => text !== undefined).join("\n\n");

/** The further options of a session's process. A spare has them from its start: none can be added at the claim. */
export const sessionOptions = {
  // Copies of files before Claude changes them, in its own folder: what a rewind goes back to.
  enableFileCheckpointing: true,
  includePartialMessages: true,
  // Without it the CLI ends all background tasks at an interrupt; we stop them one by one.
  perTaskStopAffordance: true,
  // The texts of subagents; their tool uses come without it.
  forwardSubagentText: true,
} as const satisfies Options;

/** The settings that carry the kept permission rules, on top of the settings in files. */
export const ruleSettings = (rules: readonly string[]): { permissions: { allow: string[] } } | undefined =>
  rules.length === 0 ? undefined : { permissions: { allow: [...rules] } };

/**
 * The setting sources of a process. As in a terminal: the owner's, and of a trusted project its own. The CLI looks at
 * settings again whenever their files change, so a project that brings none now is not given the chance to bring some
 * later. What it says to Claude (its CLAUDE.md, with what that imports, and its rules) is read all the same, as that of
 * an additional directory, for which `cliEnvironment` asks.
 */
const settingOptions = (projectPath: string, standing: ProjectStanding): Options =>
  standing === "trusted"
    ? { settingSources: ["user", "project", "local"] }
    : { settingSources: ["user"], additionalDirectories: standing === "suspect" ? [] : [projectPath] };

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
