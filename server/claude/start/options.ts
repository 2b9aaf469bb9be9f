import type { Options, Settings } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessSpec } from "../../domain/processes/process.ts";
import type { SessionOptions } from "../../domain/sessions/session.ts";
import type { ProjectStanding } from "../../domain/sessions/trust.ts";
import { denyRules } from "./deniedPaths.ts";

/**
 * What a process is started for: a session (also one that begins as a copy of another conversation), a spare, a one-shot
 * prompt, or a recap on a fork of a conversation.
 */
export type StartKind = "session" | "spare" | "one-shot" | "recap";

/** What the owner wants of the CLI beside its answers; each costs requests to the model. */
export interface SessionFeatures {
  /** Proposals of what to say next, one after a turn. */
  suggestions: boolean;
  /** Progress lines of subagents, one in half a minute. */
  agentSummaries: boolean;
}

/** The facts from which the SDK options of a start follow. */
export interface StartFacts {
  spec: ProcessSpec;
  standing: ProjectStanding;
  environment: Record<string, string>;
  binary: string | undefined;
  /** The file that holds what `startSettings` gives. */
  settingsPath: string;
  hooks: Options["hooks"];
  /** Default: nothing beside its answers. */
  features?: SessionFeatures;
  /** Whether Claude holds the session's conversation already. */
  transcriptExists: boolean;
}

/**
 * The SDK options of every start of the CLI, but for the callbacks of its owner. Pure. What each start has in common stands
 * here once: the project, the environment, whose settings it follows, its rules, its permission mode. The mode is always
 * said: the owner's own default (`permissions.defaultMode`) is meant for terminals.
 */
export function startOptions(kind: StartKind, facts: StartFacts): Options {
  const { spec, standing, environment, binary, settingsPath, hooks, features, transcriptExists } = facts;
  const { maxTurns, maxBudgetUsd } = spec.options;
  const common: Options = {
    cwd: spec.projectPath,
    env: environment,
    pathToClaudeCodeExecutable: binary,
    model: spec.model ?? undefined,
    systemPrompt: systemPromptOf(spec.options),
    ...settingOptions(kind, standing),
    settings: settingsPath,
    hooks,
    maxTurns,
    maxBudgetUsd,
    permissionMode: spec.permissionMode,
    allowDangerouslySkipPermissions: spec.permissionMode === "bypassPermissions",
  };
  const ofSession: Options = {
    ...sessionOptions,
    promptSuggestions: features?.suggestions,
    agentProgressSummaries: features?.agentSummaries,
  };
  switch (kind) {
    case "session":
      return { ...common, ...ofSession, ...conversationOptions(spec, transcriptExists) };
    case "spare":
      return { ...common, ...ofSession, sessionId: spec.claudeSessionId };
    case "one-shot":
      return { ...common, persistSession: false };
    case "recap": {
      const fork = { resume: spec.claudeSessionId, forkSession: true, tools: [], maxTurns: 1 };
      return { ...common, ...fork, persistSession: false };
    }
  }
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

/** The facts from which the settings of a start follow. */
export interface SettingsFacts {
  spec: Pick<ProcessSpec, "options">;
  /** The permission rules that always hold in the project. */
  rules: readonly string[];
  /** Where Claude's tools must not read or write, as absolute paths. */
  deniedPaths: readonly string[];
  sandbox: boolean;
  /** Shell lines in commands and skills do not run. */
  hasSilentCommands: boolean;
  /** Whether the owner's own setting decides if other sessions may send messages to this one. */
  hearsOthers: boolean;
}

/**
 * The settings of every start, on top of those in the owner's files: which tools are allowed, what is denied in every mode,
 * whom it hears. They are put into a file, because everybody on the computer can read a process's arguments. Pure.
 */
export function startSettings({
  spec,
  rules,
  deniedPaths,
  sandbox,
  hasSilentCommands,
  hearsOthers,
}: SettingsFacts): Settings {
  const { allowedTools = [], disallowedTools = [] } = spec.options;
  const settings: Settings = {
    permissions: {
      allow: [...rules, ...allowedTools],
      deny: [...denyRules(deniedPaths), ...disallowedTools],
    },
  };
  if (hasSilentCommands) settings.disableSkillShellExecution = true;
  if (!hearsOthers) settings.crossSessionInbound = "refuse";
  if (sandbox) {
    settings.sandbox = {
      enabled: true,
      // Without it the CLI would warn where nobody reads, and go on without a sandbox.
      failIfUnavailable: true,
      allowUnsandboxedCommands: false,
      filesystem: { denyRead: [...deniedPaths], denyWrite: [...deniedPaths] },
    };
  }
  return settings;
}

/** The settings that a spare takes over at its claim; what it was started with stays. `undefined`: nothing is added. */
export const claimSettings = (rules: readonly string[]): { permissions: { allow: string[] } } | undefined =>
  rules.length === 0 ? undefined : { permissions: { allow: [...rules] } };

/**
 * The directories whose CLAUDE.md a process reads as that of an additional directory; "." is its project, and tells no path.
 * With the settings of a trusted project its words are read anyway.
 */
export const readDirectories = (standing: ProjectStanding): string[] =>
  standing === "suspect" || standing === "trusted" ? [] : ["."];

/**
 * The setting sources of a process. As in a terminal: the owner's, and of a trusted project its own. The CLI looks at
 * settings again whenever their files change, so a project that brings none now is not given the chance to bring some
 * later. What it says to Claude (its CLAUDE.md, with what that imports, and its rules) is read all the same, as that of
 * an additional directory, for which `cliEnvironment` asks.
 */
const settingOptions = (kind: StartKind, standing: ProjectStanding): Options =>
  standing === "trusted"
    ? { settingSources: ["user", "project", "local"] }
    : { settingSources: ["user"], additionalDirectories: kind === "spare" ? [] : readDirectories(standing) };

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
