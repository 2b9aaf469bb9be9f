import { availableParallelism } from "node:os";
import { query } from "@anthropic-ai/claude-agent-sdk/core";
import { unlessLate, withDeadline } from "../domain/deadline.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { MachineReading } from "../domain/processes/machine.ts";
import type {
  ChildTree,
  ClaudeModel,
  ClaudeProcess,
  OneShotAnswer,
  OneShotPrompt,
  ProcessExit,
  ProcessHost,
  ProcessListener,
  ProcessRecord,
  ProcessSpec,
  ProcessUsage,
  TranscriptReply,
  UseListener,
} from "../domain/processes/process.ts";
import { refuseHeld } from "../domain/sessions/conversation.ts";
import type { TaskOutput } from "../domain/sessions/task.ts";
import type { ProcessStore } from "../domain/stores/operation.ts";
import { AuxiliaryProcesses } from "./auxiliary/auxiliaryProcesses.ts";
import type { SpareCliProcess } from "./auxiliary/spareProcess.ts";
import { SpareProcesses } from "./auxiliary/spareProcesses.ts";
import { notifyServer } from "./facts/notifyTool.ts";
import { savedUse, transcriptFacts } from "./facts/savedUse.ts";
import { outputInFile } from "./facts/taskOutputFile.ts";
import { UsageMeter, type UseByModel } from "./facts/usageMeter.ts";
import { type OperatingSystem, operatingSystemOf } from "./os/operatingSystem.ts";
import { Reaper } from "./os/reaper.ts";
import { Sampler } from "./os/sampler.ts";
import { CliProcess } from "./process/cliProcess.ts";
import type { ProcessStart } from "./process/processStart.ts";
import { type CliStarts, type StartedIn, startNotes } from "./start/cliStarts.ts";
import { ConfigFile } from "./start/configFile.ts";
import { askLogin, LoginWatch } from "./start/loginStatus.ts";
import { StartThrottle } from "./start/startThrottle.ts";
import { TranscriptWatch } from "./transcripts/conversationWatch.ts";
import { eraseTranscript } from "./transcripts/eraseTranscript.ts";
import { withPlan } from "./transcripts/planFile.ts";
import {
  claudeConfigDir,
  findReply,
  findTranscript,
  giantBytes,
  holdsEntry,
} from "./transcripts/transcriptFile.ts";
import { findTranscriptOf } from "./transcripts/transcriptHead.ts";

export interface CliHostParts {
  clock: Clock;
  log: Log;
  processStore: ProcessStore;
  /** The server's environment, of which the CLI gets the allowed part. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Each rung of the stop ladder; the CLI itself takes up to two seconds to go on its own. */
  ladderMs?: number;
  startDeadlineMs?: number;
  /** Builds every start. */
  starts: CliStarts;
  /** A live CLI takes a new model or mode in milliseconds, also in the middle of a turn. */
  orderDeadlineMs?: number;
  /** Ids for the turns that Claude begins by itself. */
  newId(): string;
  /** An empty directory of ours in which spares wait; without it there are none. */
  sparesDir?: string;
  /** Default: that of the computer. */
  os?: OperatingSystem;
}

/** How long a turn's end may wait for a look into the transcript. */
const transcriptDeadlineMs = 3_000;

/** Process host: starts, finds and ends real Claude CLI processes. */
export class CliHost implements ProcessHost {
  readonly #parts: Required<Omit<CliHostParts, "sparesDir">> &
    Pick<CliHostParts, "sparesDir"> & { reaper: Reaper };
  readonly coreCount = availableParallelism();
  readonly #live = new Map<string, CliProcess>();
  readonly #sampler: Sampler;
  readonly #line: StartThrottle;
  readonly #auxiliary: AuxiliaryProcesses;
  readonly #configFile: ConfigFile;
  readonly spares: SpareProcesses | undefined;
  readonly watch: TranscriptWatch;
  readonly login: LoginWatch;
  #lastFault: string | undefined;
  /** What the CLI offered when a process was last started; empty before the first. */
  models: readonly ClaudeModel[] = [];

  constructor(parts: CliHostParts) {
    const { clock, processStore, os = operatingSystemOf(process.platform) } = parts;
    this.#parts = {
      ladderMs: 2_000,
      startDeadlineMs: 60_000,
      orderDeadlineMs: 5_000,
      ...parts,
      os,
      reaper: new Reaper({ os, clock, processStore, environment: parts.environment }),
    };
    this.#sampler = new Sampler(this.#parts);
    this.#line = new StartThrottle({ clock: parts.clock });
    this.#configFile = new ConfigFile(this.#parts);
    this.#auxiliary = new AuxiliaryProcesses(this.#parts);
    const { environment } = parts;
    this.login = new LoginWatch({ clock, environment, ask: () => askLogin(environment) });
    const configDir = claudeConfigDir(environment);
    this.watch = new TranscriptWatch({ configDir, ownPids: () => this.#ownPids() });
    this.spares =
      parts.sparesDir === undefined
        ? undefined
        : new SpareProcesses({ ...this.#parts, dir: parts.sparesDir });
  }

  async start(spec: ProcessSpec, listener: ProcessListener, signal?: AbortSignal): Promise<ClaudeProcess> {
    const { sizeBytes, startedIn, usedBefore, deniedPlaces } = await this.#bounded(this.#ready(spec), signal);
    const spare = sizeBytes > 0 ? undefined : await this.spares?.take(spec, startedIn);
    if (spare !== undefined) {
      try {
        const start = this.#claimOf(spare, spec, startedIn);
        return await this.#bringUp({ spec, start, listener, signal, sizeBytes: 0, usedBefore, spare });
      } catch (error) {
        // Nothing was given to it and nothing is left of it, so the session can begin anew under the same id.
        this.spares?.refused(spare, spec.projectPath, error);
        if (signal?.aborted) throw error;
      }
    }
    const preparing = this.#parts.starts.prepare("session", spec, startedIn, {
      transcriptExists: sizeBytes > 0,
      deniedPlaces,
    });
    const prepared = await this.#bounded(preparing, signal);
    const start: ProcessStart = {
      ...prepared,
      notes: startNotes(startedIn),
      open: (prompt, { notify, ...callbacks }) =>
        query({ prompt, options: { ...prepared.options, ...callbacks, ...notifyServer(notify) } }),
    };
    return this.#bringUp({ spec, start, listener, signal, sizeBytes, usedBefore });
  }

  #claimOf(spare: SpareCliProcess, spec: ProcessSpec, startedIn: StartedIn): ProcessStart {
    const rules = this.#parts.starts.rulesOf(spec);
    return {
      notes: startNotes(startedIn),
      open: (prompt, answers) => spare.claim(prompt, { spec, startedIn, rules }, answers),
      askedFor: (toolUseId) => spare.askedFor(toolUseId),
      toolNotes: spare.toolNotes,
      staleReason: () => spare.staleReason(),
      release: () => spare.release(),
    };
  }

  /** The facts that have to be known before a start; all but the last are looked up side by side, as each adds to a wake. */
  async #ready(spec: ProcessSpec) {
    const { starts } = this.#parts;
    const [transcript, startedIn, deniedPlaces] = await Promise.all([
      transcriptFacts(claudeConfigDir(this.#parts.environment), spec),
      starts.startedIn(spec),
      starts.deniedPlaces(),
    ]);
    await this.#line.wait();
    const [held] = await Promise.all([
      transcript.sizeBytes > 0 ? this.heldElsewhere() : undefined,
      this.#configFile.mend(),
    ]);
    if (held !== undefined) refuseHeld(held, spec.claudeSessionId);
    return Object.assign({ startedIn, deniedPlaces }, transcript);
  }

  /**
   * The project, or Claude's own folder, may be on a mount that is dead, and a read of such a disk is never answered; so what
   * comes before a start is bounded as the start itself is.
   */
  async #bounded<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { clock, startDeadlineMs } = this.#parts;
    const late = () =>
      new DaylongError("process_start_failed", `The disk did not answer within ${startDeadlineMs} ms.`);
    try {
      return await unlessLate(work, { clock, deadlineMs: startDeadlineMs, late, signal });
    } catch (error) {
      if (signal?.aborted)
        throw new DaylongError("process_start_failed", "The start of Claude was given up.");
      throw error;
    }
  }

  async #bringUp(parts: {
    spec: ProcessSpec;
    start: ProcessStart;
    listener: ProcessListener;
    signal: AbortSignal | undefined;
    sizeBytes: number;
    usedBefore: UseByModel;
    spare?: SpareCliProcess;
  }): Promise<ClaudeProcess> {
    const { spec, start, listener, signal, sizeBytes, usedBefore, spare } = parts;
    // A start that fails is told by the rejection alone; `exited` is for a process that was handed over.
    let handedOver = false;
    let exitBefore: ProcessExit | undefined;
    const beganAt = this.#parts.clock.monotonic();
    const cli = new CliProcess({
      ...this.#parts,
      spec,
      start,
      signal,
      spare,
      usedBefore,
      transcriptExists: sizeBytes > 0,
      transcriptIsGiant: sizeBytes > giantBytes,
      listener: {
        signal: (signal) => listener.signal(signal),
        notify: (text) => listener.notify(text),
        askPermission: async (ask) =>
          listener.askPermission(await withPlan(ask, spec.claudeSessionId, this.#parts)),
        exited: (exit) => {
          this.#live.delete(spec.processId);
          if (handedOver) listener.exited(exit);
          else exitBefore = exit;
        },
      },
    });
    this.#live.set(spec.processId, cli);
    try {
      await cli.ready();
    } catch (error) {
      if (!signal?.aborted && spare === undefined)
        this.#lastFault = error instanceof Error ? error.message : String(error);
      throw error;
    }
    this.#lastFault = undefined;
    cli.models().then(
      (models) => {
        this.models = models;
      },
      () => {},
    );
    cli.sessionCommands().then(
      (commands) => listener.signal({ kind: "commands", commands }),
      () => {},
    );
    this.#parts.log.info("process.started", {
      processId: spec.processId,
      sessionId: spec.sessionId,
      pid: cli.pid,
      resumed: cli.resumed,
      spare: cli.wasSpare,
      tookMs: this.#parts.clock.monotonic() - beganAt,
    });
    handedOver = true;
    if (exitBefore !== undefined) {
      throw new DaylongError(
        "process_start_failed",
        `Claude ended right after its start: ${exitBefore.detail}`,
      );
    }
    return cli;
  }

  async hasTranscript(sessionId: string, projectPath?: string): Promise<boolean> {
    if (projectPath === undefined) return (await this.#transcriptOf(sessionId)) !== undefined;
    const configDir = claudeConfigDir(this.#parts.environment);
    return (await findTranscriptOf(configDir, sessionId, projectPath)) !== undefined;
  }

  heldElsewhere(): Promise<Map<string, number>> {
    return this.watch.held();
  }

  #ownPids(): Set<number> {
    const spares = this.spares?.live() ?? [];
    return new Set([...this.#live.values(), ...this.#auxiliary.live(), ...spares].map(({ pid }) => pid));
  }

  eraseConversation(claudeSessionId: string): Promise<void> {
    return eraseTranscript(claudeConfigDir(this.#parts.environment), claudeSessionId);
  }

  async holdsMessage(claudeSessionId: string, messageId: string): Promise<boolean> {
    const path = await this.#transcriptOf(claudeSessionId);
    return path !== undefined && holdsEntry(path, messageId);
  }

  async replyInTranscript(claudeSessionId: string, messageId: string): Promise<TranscriptReply | undefined> {
    const { clock, log } = this.#parts;
    const path = this.#transcriptOf(claudeSessionId);
    const look = path.then((found) => (found === undefined ? undefined : findReply(found, messageId)));
    return withDeadline(clock, transcriptDeadlineMs, look, () => undefined).catch((error: unknown) => {
      log.warn("transcript.unreadable", { claudeSessionId, error: String(error) });
      return undefined;
    });
  }

  #transcriptOf(claudeSessionId: string): Promise<string | undefined> {
    return findTranscript(claudeConfigDir(this.#parts.environment), claudeSessionId);
  }

  savedTaskOutput(path: string): Promise<TaskOutput | undefined> {
    return outputInFile(path);
  }

  async askFork(spec: ProcessSpec, prompt: string, deadlineMs: number, used: UseListener): Promise<string> {
    const late = new AbortController();
    const cancel = this.#parts.clock.after(deadlineMs, () => late.abort());
    const path = await this.#transcriptOf(spec.claudeSessionId);
    const meter = new UsageMeter(path === undefined ? {} : await savedUse(path));
    const end = await this.#auxiliary
      .ask(
        { kind: "recap", spec, prompt: async () => prompt, used: (total) => used(meter.read(total)) },
        late.signal,
      )
      .finally(cancel);
    switch (end.kind) {
      case "answered":
        return end.answer.text;
      case "given-up":
        throw new DaylongError("recap_failed", `Claude gave no recap within ${deadlineMs} ms.`);
      case "failed":
        throw new DaylongError("recap_failed", `Claude gave no recap: ${end.detail}`, { cause: end.cause });
    }
  }

  async askOnce(
    spec: ProcessSpec,
    prompt: OneShotPrompt,
    signal: AbortSignal,
    used: UseListener,
  ): Promise<OneShotAnswer | undefined> {
    await this.#line.wait();
    const meter = new UsageMeter({});
    const end = await this.#auxiliary.ask(
      { kind: "one-shot", spec, prompt, used: (total) => used(meter.read(total)) },
      signal,
    );
    switch (end.kind) {
      case "answered":
        return end.answer;
      case "given-up":
        return undefined;
      case "failed":
        if (end.cause instanceof DaylongError) throw end.cause;
        throw new DaylongError("ask_failed", `Claude gave no answer: ${end.detail}`, { cause: end.cause });
    }
  }

  usage(): Promise<Map<string, ProcessUsage>> {
    const sampled = [
      ...this.#live.values(),
      ...this.#auxiliary.live(),
      ...(this.spares?.live() ?? []),
    ].flatMap((one) => {
      const { processId, root } = one;
      const { pid } = root;
      const hasUsedTools = () => "hasUsedTools" in one && one.hasUsedTools;
      return pid === null ? [] : [{ processId, root: { ...root, pid }, hasUsedTools }];
    });
    return this.#sampler.sample(sampled);
  }

  machine(): Promise<MachineReading> {
    return this.#parts.os.machine();
  }

  async endTree(processId: string, tree: ChildTree, why: string): Promise<void> {
    const { log } = this.#parts;
    log.warn("tool.ended", { processId, pid: tree.pid, rssBytes: tree.rssBytes });
    await this.#live.get(processId)?.endTree(tree, why);
  }

  async reap(records: ProcessRecord[]): Promise<number> {
    const { clock, processStore, ladderMs, log, starts, reaper } = this.#parts;
    const ended = await reaper.endFormer(records, ladderMs);
    for (const record of records) processStore.ended(record.processId, clock.now());
    await starts.sweep();
    if (records.length + ended > 0) log.info("process.reaped", { records: records.length, processes: ended });
    return ended;
  }

  /** Ends those that are still asked something; sessions' processes are the pool's to end. */
  async stop(): Promise<void> {
    this.#auxiliary.close();
    await this.spares?.stop();
    const { reaper, processStore, ladderMs } = this.#parts;
    reaper.stop();
    await reaper.end(processStore.unended(), ladderMs);
  }

  health(): { state: "ok" | "failing"; detail?: string } {
    const { fault } = this.login;
    if (fault !== undefined) return { state: "failing", detail: fault };
    if (this.#lastFault !== undefined) return { state: "failing", detail: this.#lastFault };
    const { detail } = this.#configFile;
    return detail === undefined ? { state: "ok" } : { state: "ok", detail };
  }
}
