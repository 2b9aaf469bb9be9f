import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HookCallbackMatcher, Options } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import type { Log } from "../../domain/ports.ts";
import type { ProcessSpec } from "../../domain/processes/process.ts";
import type { ProjectStanding, ProjectTrust } from "../../domain/sessions/trust.ts";
import { notifyToolName } from "../facts/notifyTool.ts";
import { ToolNotes } from "../process/toolNotes.ts";
import { claudeConfigDir } from "../transcripts/transcriptFile.ts";
import { bundledCli } from "./cliProgram.ts";
import type { DeniedPaths } from "./deniedPaths.ts";
import { cliEnvironment } from "./environment.ts";
import {
  type GitDangers,
  gitEnvironment,
  gitReason,
  hasHooks,
  isExternalDiff,
  isHooksPath,
  remainingDangers,
} from "./gitGuard.ts";
import { gitTools } from "./gitUse.ts";
import { type SessionFeatures, type StartKind, startOptions, startSettings } from "./options.ts";
import type { SettingsFiles } from "./settingsFiles.ts";

export interface CliStartsParts {
  log: Log;
  /** The server's environment, of which the CLI gets the allowed part. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Further names that the owner lets pass (`CLI_ENV_PASS`). */
  passesToCli?(name: string): boolean;
  binary?: string;
  trust: ProjectTrust;
  deniedPaths: Pick<DeniedPaths, "list">;
  /** Looks through everything below the directory; asked when git is used. */
  gitDangers: GitDangers;
  /** Looks at the settings of the repository around the directory alone, within milliseconds; asked at a start. */
  repositoryDangers: GitDangers;
  settingsFiles: SettingsFiles;
  sandbox?: boolean;
  /** What the owner wants of sessions beside their answers. */
  features?: SessionFeatures;
}

/** How the project stood when the process was started there. A spare gets it at its claim. */
export interface StartedIn {
  projectPath: string;
  standing: ProjectStanding;
  /** The environment puts a plain diff in the place of the repository's. */
  hasPlainDiff: boolean;
  /** The repository has hooks, which do not run. */
  hasSilentHooks: boolean;
  /** The repository names programs for git: shell lines in commands and skills, which ask nobody, do not run. */
  hasSilentCommands: boolean;
}

/** What the owner is to know about a start in a project. Pure. */
export const startNotes = ({ hasSilentHooks, hasSilentCommands }: StartedIn): string[] => [
  ...(hasSilentHooks ? ["The project's git hooks do not run until it is trusted."] : []),
  ...(hasSilentCommands
    ? [
        "Shell lines in Claude's commands and skills do not run until the project is trusted: its repository brings programs that git would run.",
      ]
    : []),
];

/** Everything that the SDK needs for a start, but the callbacks of its owner. */
export interface PreparedStart {
  options: Options;
  startedIn: StartedIn;
  /** What `CliStarts.hearsOthers` said at the start. */
  hearsOthers: boolean;
  /** Why we had the CLI ask about this use of a tool; `undefined`: we did not. */
  askedFor(toolUseId: string): string | undefined;
  /** What Claude is to be told of tools that were ended. */
  toolNotes: ToolNotes;
  /** Why the process is not fit for the project any more; `undefined` while it is. */
  staleReason(): Promise<string | undefined>;
  /** When nothing is left of the process. */
  release(): Promise<void>;
}

/** What may be known before a start is prepared. */
export interface PreparationFacts {
  /** Whether Claude holds the conversation already. */
  transcriptExists?: boolean;
  /** Default: looked up now. */
  deniedPlaces?: Promise<string[]> | readonly string[];
}

const ownersSettings = z.object({ crossSessionInbound: z.enum(["accept", "hold", "refuse"]).optional() });

/** Builder of every start of the CLI: sessions, spares, one-shot prompts, recaps and forks. */
export class CliStarts {
  readonly #parts: CliStartsParts;
  /** The SDK would look for it at every start, by a report on the whole process that holds the event loop for 5 ms and more. */
  #bundledCli: string | undefined;

  constructor(parts: CliStartsParts) {
    this.#parts = parts;
  }

  /** How the project of a start stands now. */
  async startedIn({ sessionId, projectPath }: ProcessSpec): Promise<StartedIn> {
    const standing = await this.#parts.trust.standingOf(projectPath);
    if (standing === "untrusted" || standing === "suspect") {
      const advice = "Trust it on a phone or in a terminal, and its own settings are loaded.";
      this.#parts.log.warn(`project.${standing}`, { sessionId, advice });
    }
    // What cannot be looked at is asked about when git is used.
    const free = { hasPlainDiff: false, hasSilentHooks: false, hasSilentCommands: false };
    if (standing === "trusted") return { projectPath, standing, ...free };
    const [dangers, ownHooks] = await Promise.all([
      this.#parts.repositoryDangers(projectPath).catch((): string[] => []),
      hasHooks(projectPath),
    ]);
    const hasSilentHooks = dangers.some(isHooksPath) || ownHooks;
    const hasPlainDiff = dangers.some(isExternalDiff);
    const hasSilentCommands = remainingDangers(dangers, { hasPlainDiff }).length > 0;
    return { projectPath, standing, hasPlainDiff, hasSilentHooks, hasSilentCommands };
  }

  /** Where Claude's tools must not read or write, as it is now. */
  deniedPlaces(): Promise<string[]> {
    return this.#parts.deniedPaths.list();
  }

  /** The project's standing alone. */
  standingOf(projectPath: string): Promise<ProjectStanding> {
    return this.#parts.trust.standingOf(projectPath);
  }

  /** Whether the owner's own setting decides if other sessions may send messages to a process that is started now. */
  async hearsOthers(standing: ProjectStanding): Promise<boolean> {
    return standing === "trusted" && (await this.#ownerSaysWhomToHear());
  }

  /** The permission rules that always hold in the project, and those of the session. */
  rulesOf({ projectPath, sessionId }: ProcessSpec): string[] {
    return this.#parts.trust.rulesOf(projectPath, sessionId);
  }

  /** Writes the settings of the start; the result is to be released when nothing is left of its process. */
  async prepare(
    kind: StartKind,
    spec: ProcessSpec,
    startedIn: StartedIn,
    { transcriptExists = false, deniedPlaces = this.deniedPlaces() }: PreparationFacts = {},
  ): Promise<PreparedStart> {
    const { environment, passesToCli, settingsFiles, sandbox = false, features } = this.#parts;
    const { standing } = startedIn;
    const [hearsOthers, denied] = await Promise.all([this.hearsOthers(standing), deniedPlaces]);
    const settings = startSettings({
      spec,
      rules:
        kind === "session" || kind === "spare" ? [...this.rulesOf(spec), notifyToolName] : this.rulesOf(spec),
      deniedPaths: denied,
      sandbox,
      hasSilentCommands: startedIn.hasSilentCommands,
      hearsOthers,
    });
    const settingsPath = await settingsFiles.write(spec.processId, settings);
    const cliEnv = cliEnvironment(environment, spec.processId, passesToCli);
    if (standing !== "trusted") Object.assign(cliEnv, gitEnvironment(startedIn, cliEnv));
    const asked = new Map<string, string>();
    const toolNotes = new ToolNotes();
    const guards = standing === "trusted" ? {} : this.#hooks(startedIn, asked);
    const options = startOptions(kind, {
      spec,
      standing,
      environment: cliEnv,
      binary: this.#program(),
      settingsPath,
      hooks: { ...toolNotes.hooks, ...guards },
      features,
      transcriptExists,
    });
    return {
      options,
      startedIn,
      hearsOthers,
      toolNotes,
      askedFor: (toolUseId) => {
        const reason = asked.get(toolUseId);
        asked.delete(toolUseId);
        return reason;
      },
      staleReason: () => this.#staleReason(startedIn),
      release: () => settingsFiles.remove(spec.processId),
    };
  }

  /** Takes away the settings that processes of a crashed run left behind. */
  sweep(): Promise<void> {
    return this.#parts.settingsFiles.sweep();
  }

  /**
   * The questions that the CLI asks us in a project that is not trusted. Before it has git run: whether the repository brings
   * programs, now and not only at the start. Before it reads the project's words again, at the end of a compaction: whether
   * they still lie in the project. `startedIn` changes when a spare is claimed; `asked` gets the reasons, by the tool's use.
   */
  #hooks(startedIn: StartedIn, asked: Map<string, string>): NonNullable<Options["hooks"]> {
    const beforeTool: HookCallbackMatcher = {
      matcher: gitTools,
      hooks: [
        async (input, toolUseId) => {
          if (input.hook_event_name !== "PreToolUse") return {};
          const use = { toolName: input.tool_name, input: input.tool_input, cwd: input.cwd };
          const dangersOf = (directory: string) => this.#parts.gitDangers(directory);
          // The shell lines of a skill: they do not run at all, or are asked about with it.
          if (use.toolName === "Skill" && startedIn.hasSilentCommands) return {};
          const reason = await gitReason(use, { dangersOf, hasPlainDiff: startedIn.hasPlainDiff });
          if (reason === undefined) return {};
          if (toolUseId !== undefined) asked.set(toolUseId, reason);
          const hookEventName = "PreToolUse" as const;
          return {
            hookSpecificOutput: {
              hookEventName,
              permissionDecision: "ask",
              permissionDecisionReason: reason,
            },
          };
        },
      ],
    };
    const beforeCompaction: HookCallbackMatcher = {
      hooks: [
        async () => {
          const reason = await this.#staleReason(startedIn);
          return reason === undefined ? {} : { decision: "block", reason };
        },
      ],
    };
    // The shell lines of a command run without a permission and without the hook above.
    const beforeCommand: HookCallbackMatcher = {
      hooks: [
        async (input) => {
          if (startedIn.hasSilentCommands) return {};
          const use = { toolName: "Skill", input: {}, cwd: input.cwd };
          const dangersOf = (directory: string) => this.#parts.gitDangers(directory);
          const reason = await gitReason(use, { dangersOf, hasPlainDiff: startedIn.hasPlainDiff });
          return reason === undefined ? {} : { decision: "block", reason };
        },
      ],
    };
    return {
      PreToolUse: [beforeTool],
      PreCompact: [beforeCompaction],
      UserPromptExpansion: [beforeCommand],
    };
  }

  /** The path of the CLI that is run; `undefined`: the SDK looks for its own and names the missing package. */
  #program(): string | undefined {
    if (this.#parts.binary === undefined) this.#bundledCli ??= bundledCli();
    return this.#parts.binary ?? this.#bundledCli;
  }

  async #staleReason({ projectPath, standing }: StartedIn): Promise<string | undefined> {
    const now = await this.#parts.trust.standingOf(projectPath);
    if (now === standing) return undefined;
    if (now === "suspect") return "The project's CLAUDE.md leads out of the project now, so it is not read.";
    // What a plain project brings beside its words is not loaded anyway.
    const isSame = standing !== "trusted" && now !== "trusted" && standing !== "suspect";
    return isSame ? undefined : "How far the project is trusted has changed.";
  }

  async #ownerSaysWhomToHear(): Promise<boolean> {
    const path = join(claudeConfigDir(this.#parts.environment), "settings.json");
    try {
      const settings = ownersSettings.parse(JSON.parse(await readFile(path, "utf8")));
      return settings.crossSessionInbound !== undefined;
    } catch {
      return false;
    }
  }
}
