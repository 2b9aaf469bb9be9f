import type { CanUseTool, OnElicitation, Query, SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { abortOf, withDeadline } from "../../domain/deadline.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import type {
  ChildTree,
  ClaudeModel,
  ClaudeProcess,
  ContextUse,
  ProcessExit,
  ProcessListener,
  ProcessSignal,
  ProcessSpec,
  Prompt,
  RewindReport,
} from "../../domain/processes/process.ts";
import type { PlanWindow } from "../../domain/processes/usage.ts";
import type { ClaudeCommand } from "../../domain/prompts/commands.ts";
import type { SessionCommand } from "../../domain/sessions/facts.ts";
import type { PermissionMode } from "../../domain/sessions/session.ts";
import type { TaskOutput } from "../../domain/sessions/task.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import type { SpareCliProcess } from "../auxiliary/spareProcess.ts";
import { FactReader, sessionCommands } from "../facts/factReader.ts";
import type { UseByModel } from "../facts/usageMeter.ts";
import type { OperatingSystem } from "../os/operatingSystem.ts";
import type { Reaper } from "../os/reaper.ts";
import { prepareSpawn, type SpawnedCli } from "../os/spawn.ts";
import { contextUseOf } from "./contextUse.ts";
import { KeepOpenInput } from "./keepOpenInput.ts";
import { exitDelayMs, LiveSetting } from "./liveSetting.ts";
import { askForTool, fillInForm } from "./permissionRequest.ts";
import type { ProcessStart } from "./processStart.ts";
import { promptLine } from "./promptLine.ts";
import { planWindowsOf, rewindFiles, taskOutputOf } from "./queryCalls.ts";
import { claudeCommands, claudeModels, isLostConversation } from "./translate.ts";
import { type StreamMessage, TurnReader } from "./turnReader.ts";

/**
 * How long the message of a tool use may come after the request of its permission, which overtakes it inside the SDK by
 * some turns of the event loop.
 */
const toolUseDeadlineMs = 1_000;

/** A claim takes a tenth of a second; one that takes longer than a start is worth nothing. */
const claimDeadlineMs = 3_000;

export interface CliProcessParts {
  spec: ProcessSpec;
  listener: ProcessListener;
  transcriptExists: boolean;
  start: ProcessStart;
  /** A start that does not come up in time with such a transcript is given up together with it. */
  transcriptIsGiant: boolean;
  clock: Clock;
  log: Log;
  processStore: ProcessStore;
  os: OperatingSystem;
  reaper: Reaper;
  /** What was used in the conversation before. */
  usedBefore: UseByModel;
  /** Ids for the turns that Claude begins by itself. */
  newId(): string;
  /** How long each rung of the stop ladder waits. */
  ladderMs: number;
  /** How long a start may take. */
  startDeadlineMs: number;
  orderDeadlineMs: number;
  /** Gives the start up. */
  signal?: AbortSignal;
  /** Becomes this process; otherwise one is spawned. */
  spare?: SpareCliProcess;
}

/**
 * One real CLI process, driven by one reader loop for its whole life (leaving a `for await` over the query would end
 * the process). `starting -> live -> stopping -> gone`; the listener hears `exited` exactly once, after the last signal
 * and after every descendant is gone.
 */
export class CliProcess implements ClaudeProcess {
  readonly processId: string;
  readonly resumed: boolean;
  readonly wasSpare: boolean;
  readonly startedAt: number;
  readonly costBeforeUsd: number;
  readonly #parts: CliProcessParts;
  readonly #cli: SpawnedCli;
  readonly #query: Query;
  readonly #input = new KeepOpenInput();
  readonly #gone: Promise<void>;
  readonly #model: LiveSetting<string | null>;
  readonly #mode: LiveSetting<PermissionMode>;
  #commands: readonly ClaudeCommand[] | undefined;
  readonly #turns: TurnReader;
  readonly #facts: FactReader;
  #claudeSessionId: string;
  /** Whether Claude has used a tool in it: what it started before that is no tool's. */
  hasUsedTools = false;
  #hasGone = false;
  #stopping = false;
  #recycled = false;
  #stopped?: Promise<void>;

  constructor(parts: CliProcessParts) {
    this.#parts = parts;
    const { spec, listener } = parts;
    this.processId = spec.processId;
    this.startedAt = parts.clock.now();
    this.resumed = parts.transcriptExists;
    this.costBeforeUsd = Object.values(parts.usedBefore).reduce((sum, { costUSD }) => sum + costUSD, 0);
    this.#claudeSessionId = spec.claudeSessionId;
    this.#turns = new TurnReader(parts);
    this.#facts = new FactReader(parts);
    this.wasSpare = parts.spare !== undefined;
    this.#cli =
      parts.spare?.cli ??
      prepareSpawn(spec.processId, spec.sessionId, this.startedAt, parts.processStore, parts.os);
    this.#cli.inputLost = () => this.#recycle();
    const callbacks = {
      spawnClaudeCodeProcess: this.#cli.spawnClaudeCodeProcess,
      notify: (text: string) => listener.notify(text),
      canUseTool: async (...[toolName, input, context]: Parameters<CanUseTool>) => {
        const asker = await this.#askedIn(context);
        const why = parts.start.askedFor(context.toolUseID);
        const { log } = parts;
        const asked = { asker, why, listener, log, sessionId: spec.sessionId };
        const result = await askForTool(toolName, input, context, asked);
        this.#toolBegan();
        return result;
      },
      onElicitation: async (...[request, { signal }]: Parameters<OnElicitation>) => {
        const asked = { signal, turnId: this.#turns.latestTurnId, sessionId: spec.sessionId };
        return fillInForm(request, { listener, log: parts.log, ...asked });
      },
    };
    this.#query = parts.start.open(this.#input, callbacks);
    const hasGone = async () =>
      this.#stopping ||
      (await withDeadline(parts.clock, exitDelayMs, this.#cli.exit, () => undefined)) !== undefined;
    const orders = { clock: parts.clock, deadlineMs: parts.orderDeadlineMs, hasGone };
    this.#model = new LiveSetting({
      ...orders,
      what: "the model",
      agreed: spec.model,
      tell: (model) => this.#query.setModel(model ?? undefined),
    });
    this.#mode = new LiveSetting({
      ...orders,
      what: "the permission mode",
      agreed: spec.permissionMode,
      tell: (mode) => this.#query.setPermissionMode(mode),
    });
    this.#gone = this.#read();
  }

  get pid(): number {
    return this.#cli.child?.pid ?? 0;
  }

  /** Resolves when the CLI has answered the handshake. Ends the process and throws when it does not. */
  async ready(): Promise<void> {
    const { clock, startDeadlineMs, signal } = this.#parts;
    let reason: unknown;
    const { aborted, release } = abortOf(signal);
    const handshake = Promise.race([
      this.#takeCommands(),
      aborted.then(() => undefined),
      // A CLI that closes its output and lives on answers nothing any more.
      this.#gone.then(() => undefined),
    ]);
    const deadlineMs = this.wasSpare ? Math.min(claimDeadlineMs, startDeadlineMs) : startDeadlineMs;
    const answered = await withDeadline(clock, deadlineMs, handshake, () => undefined)
      .catch((error: unknown) => {
        reason = error;
        return undefined;
      })
      .finally(release);
    if (answered !== undefined && this.pid !== 0) return;
    await this.stop();
    const said = this.#cli.stderrTail.trim() || (reason instanceof Error ? reason.message : "");
    const isLost =
      this.resumed &&
      !signal?.aborted &&
      (isLostConversation(said) || (said === "" && this.#parts.transcriptIsGiant));
    throw new DaylongError(
      isLost ? "conversation_lost" : "process_start_failed",
      said
        ? `Claude could not be started: ${said.slice(-500)}`
        : signal?.aborted
          ? "The start of Claude was given up."
          : `Claude did not come up within ${deadlineMs} ms.`,
      { cause: reason },
    );
  }

  /** Resolves when the CLI has answered the start or the claim, and has said which commands it has. */
  async #takeCommands(): Promise<true> {
    await this.#parts.spare?.claimed;
    const { commands } = await this.#query.initializationResult();
    this.#commands = claudeCommands(commands);
    return true;
  }

  get notes(): readonly string[] {
    return this.#parts.start.notes;
  }

  get commands(): readonly ClaudeCommand[] | undefined {
    return this.#commands;
  }

  staleReason(): Promise<string | undefined> {
    return this.#parts.start.staleReason();
  }

  async #read(): Promise<void> {
    const { listener, log, spec, clock, processStore, reaper, ladderMs } = this.#parts;
    let fault = "";
    try {
      for (;;) {
        const { value, done } = await this.#query.next();
        if (done || value === undefined) break;
        this.#follow(value);
        const signals = this.#signalsOf(value);
        if (signals.length === 0) listener.signal({ kind: "alive" });
        for (const signal of signals) {
          this.#parts.start.toolNotes.follow(signal);
          if (signal.kind === "tool-started" || signal.kind === "task-started") this.#toolBegan();
          // A mode that the CLI reports while it obeys an order of ours is no news.
          if (signal.kind === "mode" && !this.#mode.heard(signal.permissionMode)) continue;
          listener.signal(signal);
        }
      }
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
    this.#turns.close();
    this.#hasGone = true;
    // Before the spawn there is nothing to wait for; after it, a CLI that closed its output but lives is ended.
    const exited = this.#cli.child
      ? await withDeadline(clock, ladderMs, this.#cli.exit, () => undefined)
      : { code: null, signal: null };
    // Nothing was born: its failure is not held up until the process table can be read.
    if (this.#cli.child) await reaper.end([this.root], ladderMs);
    await this.#parts.start.release();
    const exit: ProcessExit = {
      expected: this.#stopping,
      code: exited?.code ?? null,
      signal: exited?.signal ?? null,
      detail: this.#cli.stderrTail.trim() || fault,
    };
    processStore.ended(this.#recordedAs, clock.now());
    const { processId, pid } = this;
    const { expected, code: exitCode, signal } = exit;
    log.info("process.exited", { processId, sessionId: spec.sessionId, pid, expected, exitCode, signal });
    listener.exited(exit);
  }

  /** A message of a shape that is not known must not end the reader loop, and with it the process. */
  #signalsOf(message: SDKMessage): ProcessSignal[] {
    try {
      if (this.#parts.start.toolNotes.isAbout(message)) return [];
      // Facts first: what they change shares the commit of a turn's end.
      return [...this.#facts.read(message), ...this.#turns.read(message as StreamMessage)];
    } catch (error) {
      const about = { processId: this.processId, type: message.type, error: String(error) };
      this.#parts.log.error("process.message_unread", about);
      return [];
    }
  }

  /** The turn and the subagent of a tool use that the CLI asks about. */
  async #askedIn({ toolUseID, agentID }: Parameters<CanUseTool>[2]) {
    const late = () => this.#turns.latestTurnId;
    const { clock } = this.#parts;
    const turnId = await withDeadline(clock, toolUseDeadlineMs, this.#turns.turnOfTool(toolUseID), late);
    return { turnId: turnId ?? late(), agent: this.#turns.agent(agentID) };
  }

  /** A `/clear` makes the CLI go on under a new id, which is the one to resume from then on. */
  #follow(message: SDKMessage): void {
    if (message.type !== "system") return;
    if (message.subtype === "commands_changed") this.#commands = claudeCommands(message.commands);
    if (message.subtype !== "init" || message.session_id === this.#claudeSessionId) return;
    this.#claudeSessionId = message.session_id;
    this.#parts.listener.signal({ kind: "conversation", claudeSessionId: message.session_id });
  }

  /** A spare keeps the mark and the record that it was started with. */
  get #recordedAs(): string {
    return this.#parts.spare?.processId ?? this.processId;
  }

  /** The CLI process, for the sampler and the reaper. */
  get root() {
    return { processId: this.#recordedAs, ...this.#cli.identity };
  }

  #toolBegan(): void {
    this.hasUsedTools = true;
    this.#parts.reaper.toolBegan(this.root, () => !this.#hasGone);
  }

  /** Ends a tree below it by the ladder, and has Claude told why. */
  async endTree({ pid, startTicks }: ChildTree, why: string): Promise<void> {
    const { os, reaper, ladderMs, start } = this.#parts;
    // Before the end, whose notification makes Claude begin a turn.
    this.#write(start.toolNotes.add({ why, commandLine: await os.commandOf(pid) }));
    await reaper.endTree({ pid, startTicks }, this.root, ladderMs);
  }

  /** A CLI that takes no input can do nothing but wait for ever: it goes, and the next message gets another one. */
  #recycle(): void {
    if (this.#stopping || this.#recycled) return;
    this.#recycled = true;
    const { reaper, ladderMs, log } = this.#parts;
    log.warn("process.input_lost", { processId: this.processId, pid: this.pid });
    void reaper.end([this.root], ladderMs);
  }

  /**
   * Writes the prompt to the CLI in this very tick, past the SDK's input iterator, whose turns of the event loop would
   * let everything else of the tick go first. It is the line that the SDK would write.
   */
  send(prompt: Prompt): void {
    this.#turns.given(prompt.turnId);
    this.#write(this.#parts.start.toolNotes.linesLeft + promptLine(prompt));
  }

  #write(lines: string): void {
    // A stream that is destroyed tells only the callback.
    if (lines !== "") this.#cli.child?.stdin?.write(lines, (error) => error && this.#recycle());
  }

  async interrupt(deadlineMs: number): Promise<void> {
    await withDeadline(this.#parts.clock, deadlineMs, this.#query.interrupt(), () => undefined).catch(
      (error: unknown) => {
        this.#parts.log.warn("process.interrupt_failed", { processId: this.processId, error: String(error) });
      },
    );
  }

  setModel(model: string | null): Promise<void> {
    return this.#model.set(model);
  }

  setPermissionMode(mode: PermissionMode): Promise<void> {
    return this.#mode.set(mode);
  }

  rewind(messageId: string, dryRun: boolean): Promise<RewindReport> {
    return rewindFiles(this.#query, messageId, dryRun);
  }

  models(): Promise<ClaudeModel[]> {
    return this.#query.supportedModels().then(claudeModels);
  }

  sessionCommands(): Promise<SessionCommand[]> {
    return this.#query.supportedCommands().then(sessionCommands);
  }

  planWindows(): Promise<PlanWindow[] | undefined> {
    return planWindowsOf(this.#query);
  }

  async contextUse(): Promise<ContextUse> {
    // `full` asks the API to count each part; the total is the same.
    return contextUseOf(await this.#query.getContextUsage({ detail: "summary" }));
  }

  taskOutput(taskId: string): Promise<TaskOutput> {
    return taskOutputOf(this.#query, taskId);
  }

  stopTask(taskId: string): Promise<void> {
    return this.#query.stopTask(taskId);
  }

  stop(): Promise<void> {
    this.#stopping = true;
    this.#stopped ??= this.#descend();
    return this.#stopped;
  }

  /** The stop ladder. The reader loop does the last sweep and tells the listener. */
  async #descend(): Promise<void> {
    const { clock, reaper, ladderMs } = this.#parts;
    this.#input.end();
    if (this.#cli.child) {
      this.#cli.child.stdin?.end();
      const left = await withDeadline(clock, ladderMs, this.#cli.exit, () => undefined);
      if (left === undefined) await reaper.end([this.root], ladderMs);
    }
    this.#query.close();
    await this.#gone;
  }
}
