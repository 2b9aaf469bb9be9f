import type { Options, Query, SDKUserMessage, SpareProcess } from "@anthropic-ai/claude-agent-sdk";
import { prewarm } from "@anthropic-ai/claude-agent-sdk/core";
import type { Clock } from "../../domain/ports.ts";
import type { ProcessSpec } from "../../domain/processes/process.ts";
import type { SpareStanding } from "../../domain/processes/spare.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import { notifyServer } from "../facts/notifyTool.ts";
import type { OperatingSystem } from "../os/operatingSystem.ts";
import type { Reaper } from "../os/reaper.ts";
import { prepareSpawn, type SpawnedCli } from "../os/spawn.ts";
import type { ToolNotes } from "../process/toolNotes.ts";
import type { PreparedStart, StartedIn } from "../start/cliStarts.ts";
import { claimSettings, readDirectories } from "../start/options.ts";

/** Whether a spare can become the process of this spec: the options fixed at a spare's start must be the defaults. */
export const isClaimable = ({ options, permissionMode }: ProcessSpec): boolean =>
  Object.values(options).every((value) => value === undefined) && permissionMode !== "bypassPermissions";

/**
 * A prewarmed CLI process, which is no session yet: `starting -> ready -> claimed | ended`.
 *
 * The SDK's `prewarm()` takes the project, the model and the permission mode at the claim, but not the conversation's
 * id: that is fixed when the process starts. So a spare is started with the id of the session it will be, and a new
 * session takes its id from the spare (`Spares.reserve`); our id is Claude's id from the first byte, as without spares.
 *
 * Whose settings it follows is fixed at its start too: the owner's alone, or also those of whichever trusted project
 * claims it. Nothing of a project is read, and none of its hooks and MCP servers is started, before the claim.
 */
export class SpareCliProcess {
  readonly processId: string;
  /** Of the session it will be. */
  readonly sessionId: string;
  /** Of the projects that can claim it. */
  readonly standing: SpareStanding;
  readonly cli: SpawnedCli;
  readonly startedAt: number;
  /** Set when a session has been promised it. */
  isReserved = false;
  isReady = false;
  readonly #parts: SpareProcessParts;
  #start: PreparedStart | undefined;
  #handle: SpareProcess | undefined;
  #answers: SpareAnswers | undefined;
  #ended: Promise<void> | undefined;

  constructor(parts: SpareProcessParts) {
    this.#parts = parts;
    this.processId = parts.processId;
    this.sessionId = parts.sessionId;
    this.standing = parts.standing;
    this.startedAt = parts.clock.now();
    this.cli = prepareSpawn(parts.processId, parts.sessionId, this.startedAt, parts.processStore, parts.os);
  }

  /** Resolves when it can be claimed; rejects when it does not come up. */
  async start(deadlineMs: number): Promise<void> {
    const { processId, sessionId, dir, prepare } = this.#parts;
    this.#start = await prepare({
      processId,
      sessionId,
      claudeSessionId: sessionId,
      projectPath: dir,
      model: null,
      permissionMode: "default",
      options: {},
    });
    if (this.#ended !== undefined) {
      await this.release();
      throw new Error("The spare is not wanted any more.");
    }
    this.#handle = await prewarm({
      initializeTimeoutMs: deadlineMs,
      options: {
        ...this.#start.options,
        ...notifyServer((text) => this.#answers?.notify(text) ?? false),
        spawnClaudeCodeProcess: (command) => {
          if (this.#ended !== undefined) throw new Error("The spare is not wanted any more.");
          return this.cli.spawnClaudeCodeProcess(command);
        },
        // No permission is asked for before the claim, which brings the callback that answers.
        canUseTool: (name, input, context) =>
          this.#answers?.canUseTool?.(name, input, context) ??
          Promise.resolve({ behavior: "deny", message: "This process belongs to no session yet." }),
        onElicitation: (request, context) =>
          this.#answers?.onElicitation?.(request, context) ?? Promise.resolve({ action: "cancel" }),
      },
    });
    this.isReady = this.#ended === undefined;
  }

  /** Settles when the CLI has answered the claim. */
  get claimed(): Promise<unknown> | undefined {
    return this.#handle?.claimed;
  }

  /** Makes it the session's process. Throws when it is not there any more; `claimed` rejects when the CLI refuses. */
  claim(
    prompt: AsyncIterable<SDKUserMessage>,
    { spec, startedIn, rules }: { spec: ProcessSpec; startedIn: StartedIn; rules: readonly string[] },
    answers: SpareAnswers,
  ): Query {
    if (this.#handle === undefined || this.#start === undefined) throw new Error("The spare never came up.");
    this.#answers = answers;
    // From now on its questions are about this project.
    Object.assign(this.#start.startedIn, startedIn);
    return this.#handle.claim({
      prompt,
      options: {
        cwd: spec.projectPath,
        additionalDirectories: readDirectories(startedIn.standing),
        settings: claimSettings(rules),
        model: spec.model ?? undefined,
        permissionMode: spec.permissionMode,
      },
    });
  }

  /** Whether its end has begun. */
  get isEnding(): boolean {
    return this.#ended !== undefined;
  }

  /** Whether the owner's own setting decides if other sessions may send messages to it. */
  get hearsOthers(): boolean {
    return this.#start?.hearsOthers ?? false;
  }

  /** What Claude is to be told of tools that were ended. */
  get toolNotes(): ToolNotes {
    if (this.#start === undefined) throw new Error("The spare never came up.");
    return this.#start.toolNotes;
  }

  /** The CLI process, for the sampler and the reaper. */
  get root() {
    return { processId: this.processId, ...this.cli.identity };
  }

  /** Why we had the CLI ask about this use of a tool. */
  askedFor(toolUseId: string): string | undefined {
    return this.#start?.askedFor(toolUseId);
  }

  /** Why the process is not fit for its project any more; `undefined` while it is. */
  async staleReason(): Promise<string | undefined> {
    return this.#start?.staleReason();
  }

  /** Removes what the start left in the data folder. When nothing is left of the process. */
  async release(): Promise<void> {
    await this.#start?.release();
  }

  /** Ends it and all that it started; resolves when nothing is left. Idempotent. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    const { clock, processStore, ladderMs, processId, reaper } = this.#parts;
    this.isReady = false;
    this.cli.child?.stdin?.end();
    this.#handle?.close();
    if (this.root.pid !== null) await reaper.end([this.root], ladderMs);
    await this.release();
    // One that was given up before the spawn was never recorded.
    if (this.cli.child !== undefined) processStore.ended(processId, clock.now());
  }
}

/** What answers a spare's process once it is a session's. */
export interface SpareAnswers {
  canUseTool: Options["canUseTool"];
  onElicitation: Options["onElicitation"];
  notify(text: string): boolean;
}

export interface SpareProcessParts {
  processId: string;
  sessionId: string;
  standing: SpareStanding;
  /** Where it waits: an empty directory that is no project. */
  dir: string;
  /** Prepares its start. */
  prepare(spec: ProcessSpec): Promise<PreparedStart>;
  clock: Clock;
  processStore: ProcessStore;
  os: OperatingSystem;
  reaper: Reaper;
  ladderMs: number;
}
