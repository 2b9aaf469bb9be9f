import { randomUUID } from "node:crypto";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { Clock } from "../../../server/domain/ports.ts";
import type { FactSignal } from "../../../server/domain/processes/factSignal.ts";
import type { MachineReading } from "../../../server/domain/processes/machine.ts";
import type {
  ChildTree,
  ClaudeModel,
  ClaudeProcess,
  ContextUse,
  OneShotAnswer,
  OneShotPrompt,
  PermissionRequest,
  ProcessExit,
  ProcessHost,
  ProcessListener,
  ProcessRecord,
  ProcessSignal,
  ProcessSpec,
  ProcessUsage,
  Prompt,
  Refusal,
  RewindReport,
  TranscriptReply,
  TurnResult,
  UseListener,
} from "../../../server/domain/processes/process.ts";
import type { ModelUse, PlanWindow } from "../../../server/domain/processes/usage.ts";
import type { ClaudeCommand } from "../../../server/domain/prompts/commands.ts";
import type { AgentRef } from "../../../server/domain/sessions/agent.ts";
import type { PermissionAnswer } from "../../../server/domain/sessions/permission.ts";
import type { PermissionMode } from "../../../server/domain/sessions/session.ts";
import type { Task, TaskEnd, TaskOutput } from "../../../server/domain/sessions/task.ts";
import type { OwnOrigin } from "../../../server/domain/sessions/turn.ts";
import { ScriptedSpares } from "./scriptedSpares.ts";
import type { ScriptedWatch } from "./scriptedWatch.ts";

/** How fake processes behave until a test says otherwise; read at the moment of the start, the stop, the interrupt. */
export interface HostManners {
  /** `held` starts wait for `ScriptedStart.comeUp` or `fail`. */
  start: "at-once" | "held" | "fail";
  /** `held` stops wait for `ScriptedProcess.leave`. */
  stop: "at-once" | "held";
  /** `deaf`: the order is taken only by its deadline, and nothing comes of it. */
  interrupt: "obeyed" | "deaf";
}

/**
 * Acts for the processes where no test speaks for them, in a test over many hours; what it does not define goes by the
 * manners.
 */
export interface HostScript {
  started?(start: ScriptedStart): void;
  prompted?(process: ScriptedProcess, prompt: Prompt): void;
  /** Whether the process hears the order. */
  hears?(process: ScriptedProcess): boolean;
  stopping?(process: ScriptedProcess): void;
}

/** A permission that a fake process asked for. */
export interface OpenAsk {
  answer: Promise<PermissionAnswer>;
  /** The answer as soon as it is there. */
  decision?: PermissionAnswer;
  /** Claude gives up waiting. */
  abort(): void;
}

/** One fake Claude process. The test speaks for it; what the pool orders is written down. */
export class ScriptedProcess implements ClaudeProcess {
  readonly processId: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly resumed: boolean;
  readonly wasSpare: boolean;
  readonly spec: ProcessSpec;
  readonly sent: Prompt[] = [];
  /** Deadlines of the interrupts. */
  readonly interrupts: number[] = [];
  readonly models: Array<string | null> = [];
  readonly modes: PermissionMode[] = [];
  /** What it says of its commands; `undefined`: nothing. */
  commands: readonly ClaudeCommand[] | undefined;
  /** Why it is to be replaced before Claude reads its project's words again. */
  stale: string | undefined;
  /** Whether it leaves what it is asked about itself without an answer. */
  isDumb = false;
  /** What it answers to a change of its mode. */
  refuseModes: Error | undefined;
  /** The windows of its login's plan. */
  plan: PlanWindow[] | undefined;
  /** How often it was asked for them. */
  planAsks = 0;
  readonly rewinds: Array<{ messageId: string; dryRun: boolean }> = [];
  readonly asks: OpenAsk[] = [];
  /** What commands have written, by task. */
  readonly taskOutputs = new Map<string, string>();
  readonly stoppedTasks: string[] = [];
  stopCount = 0;
  /** What it and its descendants use. */
  readonly uses: ProcessUsage = { rssBytes: 1_000_000, cpuPercent: 1.5, ownCpuPercent: 1.5, processCount: 2 };
  alive = true;
  /** Prompts that have had no result yet. */
  readonly unanswered: Prompt[] = [];
  readonly #host: ScriptedHost;
  readonly #listener: ProcessListener;
  readonly #gone: Promise<void>;
  #ownTurnId: string | undefined;
  readonly #endInterrupts = new Set<() => void>();
  #markGone!: () => void;

  constructor(
    host: ScriptedHost,
    spec: ProcessSpec,
    listener: ProcessListener,
    origin: { pid: number; wasSpare: boolean },
  ) {
    const { pid, wasSpare } = origin;
    this.wasSpare = wasSpare;
    this.#host = host;
    this.#listener = listener;
    this.spec = spec;
    this.commands = host.commands;
    this.processId = spec.processId;
    this.pid = pid;
    this.startedAt = host.clock.now();
    this.resumed = host.transcripts.has(spec.claudeSessionId);
    this.#gone = new Promise((resolve) => {
      this.#markGone = resolve;
    });
  }

  send(prompt: Prompt): void {
    this.sent.push(prompt);
    this.unanswered.push(prompt);
    this.#host.transcripts.add(this.spec.claudeSessionId);
    this.#host.script?.prompted?.(this, prompt);
    this.#host.notePrompt();
  }

  interrupt(deadlineMs: number): Promise<void> {
    this.interrupts.push(deadlineMs);
    const hears = this.#host.script?.hears?.(this) ?? this.#host.manners.interrupt === "obeyed";
    if (!hears) return this.#until(deadlineMs);
    for (const ask of this.asks) ask.abort();
    if (this.#ownTurnId !== undefined || this.unanswered.length > 0)
      this.result({ outcome: "interrupted", text: "" });
    return Promise.resolve();
  }

  async setModel(model: string | null): Promise<void> {
    this.#refuseLeaving();
    if (this.#host.refusal) throw this.#host.refusal;
    this.models.push(model);
  }

  async setPermissionMode(mode: PermissionMode): Promise<void> {
    this.#refuseLeaving();
    const refusal = this.refuseModes ?? this.#host.refusal;
    if (refusal) throw refusal;
    this.modes.push(mode);
  }

  /** As the SDK says it. */
  #refuseLeaving(): void {
    if (this.stopCount > 0 || !this.alive) throw new Error("Query closed before response received");
  }

  async staleReason(): Promise<string | undefined> {
    return this.stale;
  }

  async rewind(messageId: string, dryRun: boolean): Promise<RewindReport> {
    this.rewinds.push({ messageId, dryRun });
    if (this.isDumb) return new Promise(() => {});
    const inProject = `${this.spec.projectPath}/a.txt`;
    return { canRewind: true, filesChanged: [inProject, "/elsewhere/b.txt"], insertions: 1, deletions: 2 };
  }

  async planWindows(): Promise<PlanWindow[] | undefined> {
    this.planAsks += 1;
    if (this.isDumb) return new Promise(() => {});
    return this.plan;
  }

  /** Says something about its session beside its turns. */
  fact(signal: FactSignal): void {
    this.#listener.signal(signal);
  }

  /** Sends the owner a notice; answers whether it was taken. */
  notify(text: string): boolean {
    return this.#listener.notify(text);
  }

  async contextUse(): Promise<ContextUse> {
    if (this.isDumb) return new Promise(() => {});
    return { model: "claude", totalTokens: 10, maxTokens: 100, percentage: 10, categories: [] };
  }

  async taskOutput(taskId: string): Promise<TaskOutput> {
    if (this.isDumb) return new Promise(() => {});
    const output = this.taskOutputs.get(taskId);
    if (output === undefined) throw new Error("get_task_output: no shell or Monitor task with that task_id");
    return { output, totalBytes: output.length, truncated: false };
  }

  async stopTask(taskId: string): Promise<void> {
    this.#refuseLeaving();
    this.stoppedTasks.push(taskId);
    if (this.isDumb) return new Promise(() => {});
  }

  /** Begins background work in the turn that it works on. */
  startTask(taskId: string, task: Partial<Task> = {}): void {
    const { kind = "command", description = `Task ${taskId}`, agentType } = task;
    const started = { taskId, kind, description, agentType, turnId: this.#turnNow() };
    this.#listener.signal({ kind: "task-started", task: started });
  }

  /** A command writes into a file, of which the CLI says where it is. */
  writeTaskTo(taskId: string, path: string, output: string): void {
    this.#host.outputFiles.set(path, output);
    this.#listener.signal({ kind: "task-output-file", taskId, path });
  }

  finishTask(taskId: string, state: TaskEnd = "completed", summary = `${taskId} has ended`): void {
    this.#listener.signal({ kind: "task-finished", taskId, state, summary });
  }

  progressTask(taskId: string, progress: { lastTool?: string; tokens?: number; text?: string }): void {
    this.#listener.signal({ kind: "task-progress", taskId, ...progress });
  }

  /** The tasks that run, as the CLI lists them. */
  listTasks(...listed: Array<string | { taskId: string; parentTaskId?: string }>): void {
    const tasks = listed.map((one) => {
      const named = typeof one === "string" ? { taskId: one } : one;
      return { ...named, kind: "command", description: `Task ${named.taskId}` } as const;
    });
    this.#listener.signal({ kind: "tasks-running", tasks });
  }

  stop(): Promise<void> {
    this.stopCount += 1;
    if (this.stopCount > 1) return this.#gone;
    const { script, manners } = this.#host;
    if (script?.stopping) script.stopping(this);
    else if (manners.stop === "at-once") queueMicrotask(() => this.leave());
    return this.#gone;
  }

  delta(text: string): void {
    this.#listener.signal({ kind: "delta", turnId: this.#turnNow(), text });
  }

  /** Begins a turn by itself, as the reader of a real CLI's stream would say it; returns the turn's id. */
  beginOwn(origin: OwnOrigin = "task"): string {
    // Unique over several hosts of one store, as the server's are.
    const turnId = randomUUID();
    this.#ownTurnId = turnId;
    this.#listener.signal({ kind: "own-started", turnId, origin });
    return turnId;
  }

  /** What no other method says. */
  say(signal: ProcessSignal): void {
    this.#listener.signal(signal);
  }

  /** Takes up the oldest unanswered prompt, into its own turn if it is at one. */
  takePrompt(): void {
    const turnId = this.unanswered[0]?.turnId;
    if (turnId === undefined) throw new Error("There is no prompt to take up.");
    if (this.#ownTurnId !== undefined) {
      this.#listener.signal({ kind: "own-ended", turnId: this.#ownTurnId });
      this.#ownTurnId = undefined;
    }
    this.#listener.signal({ kind: "prompt-started", turnId });
  }

  /** It has given a result to neither its own turn nor a prompt. */
  get isAtWork(): boolean {
    return this.#ownTurnId !== undefined || this.unanswered.length > 0;
  }

  /** The turn that it works on; what it says between turns begins one of its own. */
  #turnNow(): string {
    return this.#ownTurnId ?? this.unanswered[0]?.turnId ?? this.beginOwn();
  }

  /** Goes into a permission mode by itself. */
  enterMode(permissionMode: PermissionMode): void {
    this.#listener.signal({ kind: "mode", permissionMode });
  }

  think(): void {
    this.#listener.signal({ kind: "thinking", turnId: this.#turnNow() });
  }

  message(text: string, messageId = this.#host.nextId("message")): string {
    this.#listener.signal({ kind: "message", turnId: this.#turnNow(), messageId, text });
    return messageId;
  }

  startTool(toolUseId: string, toolName = "Bash"): void {
    const title = `${toolName}: ls`;
    this.#listener.signal({ kind: "tool-started", turnId: this.#turnNow(), toolUseId, toolName, title });
  }

  finishTool(toolUseId: string, failed = false): void {
    this.#listener.signal({ kind: "tool-finished", turnId: this.#turnNow(), toolUseId, failed });
  }

  /** A finished text of a subagent that the turn started, by default the one that it works on. */
  agentMessage(turnId: string | undefined, agent: AgentRef, text: string): void {
    this.#listener.signal({ kind: "agent-message", turnId: turnId ?? this.#turnNow(), agent, text });
  }

  /**
   * Ends its own turn if it is at one, else the oldest unanswered prompt. `messageIds` says which messages it names instead:
   * none, or others, whose turn it then ends.
   */
  result({ messageIds, ...result }: Partial<TurnResult> & { messageIds?: string[] } = {}): void {
    const turnId = this.#resultOf(messageIds);
    if (turnId === null) {
      this.#listener.signal({ kind: "alive" });
      return;
    }
    this.#listener.signal({
      kind: "result",
      turnId,
      result: {
        text: "Done.",
        usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 2, cacheCreationTokens: 1 },
        durationMs: 7,
        numTurns: 1,
        totalCostUsd: 0.5,
        outcome: "completed",
        ...result,
      },
    });
  }

  /** The turn that a result ends, as the reader of a real stream finds it; `null`: it is nobody's. */
  #resultOf(messageIds: string[] | undefined): string | undefined | null {
    if (messageIds !== undefined) {
      const [named] = messageIds;
      if (named === undefined) return undefined;
      return this.sent.some(({ turnId }) => turnId === named) ? named : null;
    }
    const ownTurnId = this.#ownTurnId;
    this.#ownTurnId = undefined;
    return ownTurnId ?? this.unanswered.shift()?.turnId ?? null;
  }

  /** A text and the result that carries it, as every ordinary turn ends. Returns the text's message id. */
  reply(text: string): string {
    const messageId = this.message(text);
    this.result({ text });
    return messageId;
  }

  /** Writes the whole answer to the oldest unanswered prompt into the transcript, and says nothing. */
  writeReply(text: string): void {
    const [prompt] = this.unanswered;
    if (prompt === undefined) return;
    this.#host.written.set(prompt.turnId, {
      texts: [{ messageId: this.#host.nextId("message"), text }],
      usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 2, cacheCreationTokens: 1 },
      durationMs: 7,
      numTurns: 1,
    });
  }

  ask(ask: Partial<PermissionRequest> = {}): OpenAsk {
    const controller = new AbortController();
    const open: OpenAsk = {
      answer: this.#listener.askPermission({
        turnId: this.#turnNow(),
        toolName: "Bash",
        toolUseId: this.#host.nextId("tool"),
        title: "Run a command",
        input: { command: "ls" },
        suggestions: [],
        signal: controller.signal,
        ...ask,
      }),
      abort: () => controller.abort(),
    };
    open.answer.then(
      (decision) => {
        open.decision = decision;
      },
      () => undefined,
    );
    this.asks.push(open);
    return open;
  }

  /** The API refuses it; by default for the second time in a row, while it goes on trying. */
  refused(refusal: Partial<Refusal> & Pick<Refusal, "kind">): void {
    const base = { detail: "Refused.", refusals: 2, final: false, waitMs: 1_000, limit: "rate_limit" };
    this.#listener.signal({ ...base, ...refusal } as Refusal);
  }

  /** Ends by itself. */
  crash(exit: Partial<ProcessExit> = {}): void {
    this.#end({ expected: false, code: 1, signal: null, detail: "It broke.", ...exit });
  }

  /** Ends because it was told to; what a held stop waits for. */
  leave(): void {
    this.#end({ expected: true, code: 0, signal: null, detail: "" });
  }

  #end(exit: ProcessExit): void {
    if (!this.alive) return;
    this.alive = false;
    this.#host.forget(this);
    for (const end of [...this.#endInterrupts]) end();
    this.#listener.exited(exit);
    this.#markGone();
  }

  #until(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#endInterrupts.delete(end);
        resolve();
      };
      const cancel = this.#host.clock.after(deadlineMs, end);
      this.#endInterrupts.add(end);
    });
  }
}

/** A start that the test holds. */
export interface ScriptedStart {
  spec: ProcessSpec;
  /** Whether it goes on with a conversation. */
  resumes: boolean;
  /** Whether it still waits for its end. */
  isOpen(): boolean;
  comeUp(): ScriptedProcess;
  fail(error?: Error): void;
}

/** A prompt that was asked of a process of its own. */
export interface AskedOnce {
  spec: ProcessSpec;
  prompt: string;
  signal: AbortSignal;
}

/** A host whose processes do what the test says. Places count from the call of `start` until nothing is left. */
export class ScriptedHost implements ProcessHost {
  readonly clock: Clock;
  readonly coreCount = 4;
  readonly manners: HostManners = { start: "at-once", stop: "at-once", interrupt: "obeyed" };
  script: HostScript | undefined;
  /** Every process that ever came up, oldest first. */
  readonly processes: ScriptedProcess[] = [];
  readonly specs: ProcessSpec[] = [];
  /** Starts under way. */
  readonly starts: ScriptedStart[] = [];
  /** Conversations that Claude holds. */
  readonly transcripts = new Set<string>();
  /** Where a conversation was begun; one that is not named was begun wherever it is asked for. */
  readonly begunIn = new Map<string, string>();
  /** Conversations that terminals hold, with their pids. */
  readonly heldByTerminals = new Map<string, number>();
  /** Whole answers in the transcripts, by the id of the user's message. */
  readonly written = new Map<string, TranscriptReply>();
  /** Messages that Claude's records hold; `undefined`: every one. */
  held: Set<string> | undefined;
  readonly reaped: ProcessRecord[] = [];
  readonly forks: Array<{ spec: ProcessSpec; prompt: string }> = [];
  /** What a fork answers. */
  forkAnswer: () => Promise<string> = async () => "A recap.";
  /** What files hold that commands wrote, by path. */
  readonly outputFiles = new Map<string, string>();
  /** What every recap and one-shot prompt uses. */
  usedBeside: ModelUse[] = [];
  readonly oneShots: AskedOnce[] = [];
  /** The commands that its processes have. */
  commands: readonly ClaudeCommand[] = [];
  /** What a one-shot prompt is answered with. */
  oneShot: (one: AskedOnce) => Promise<OneShotAnswer | undefined> = async ({ prompt }) => ({
    text: `Answer to ${prompt}`,
    costUsd: 0.01,
    durationMs: 5,
    denied: [],
  });
  /** What a live process answers to a change that it does not take. */
  refusal: Error | undefined;
  /** The most processes that were there at once, starting and stopping ones included. */
  mostAtOnce = 0;
  /** The same with the spares. */
  mostWithSpares = 0;
  spares: ScriptedSpares | undefined;
  /** Without it no other program can reach the conversations. */
  watch: ScriptedWatch | undefined;
  /** The most processes that one session had at once; a second one would damage the conversation. */
  mostOfOneSession = 0;
  /** What the CLI offers. */
  models: readonly ClaudeModel[] = [];
  readonly #present = new Map<object, string>();
  readonly #promptListeners = new Set<() => void>();
  #ids = 0;

  constructor(parts: { clock: Clock }) {
    this.clock = parts.clock;
  }

  /** From now on it keeps spares. */
  keepSpares(newId: () => string): void {
    this.spares = new ScriptedSpares({ clock: this.clock, newId, arrived: () => this.#count() });
  }

  nextId(kind: string): string {
    this.#ids += 1;
    return `${kind}-${this.#ids}`;
  }

  start(spec: ProcessSpec, listener: ProcessListener, signal?: AbortSignal): Promise<ClaudeProcess> {
    this.specs.push(spec);
    const wasSpare = this.spares?.take(spec.claudeSessionId) ?? false;
    return new Promise((resolve, reject) => {
      const start: ScriptedStart = {
        spec,
        resumes: this.transcripts.has(spec.claudeSessionId),
        isOpen: () => this.starts.includes(start),
        comeUp: () => {
          this.#over(start);
          const origin = { pid: 1_000 + this.specs.length, wasSpare };
          const process = new ScriptedProcess(this, spec, listener, origin);
          this.#arrive(process, spec.sessionId);
          this.processes.push(process);
          resolve(process);
          return process;
        },
        fail: (error = new DaylongError("process_start_failed", "Claude could not be started.")) => {
          this.#over(start);
          reject(error);
        },
      };
      if (signal?.aborted) {
        reject(new DaylongError("process_start_failed", "The start was given up."));
        return;
      }
      signal?.addEventListener("abort", () => this.starts.includes(start) && start.fail(), { once: true });
      this.starts.push(start);
      this.#arrive(start, spec.sessionId);
      if (this.script?.started) this.script.started(start);
      else if (this.manners.start === "at-once") start.comeUp();
      else if (this.manners.start === "fail") start.fail();
    });
  }

  /** The session's live process. Throws when it has none, so that a test fails where it goes wrong. */
  process(sessionId: string): ScriptedProcess {
    const found = this.live().find((process) => process.spec.sessionId === sessionId);
    if (!found) throw new Error(`Session ${sessionId} has no live process.`);
    return found;
  }

  /** Resolves with the process that was given the turn's prompt, as soon as it was; rejects after 20 s of real time. */
  prompted(turnId: string): Promise<ScriptedProcess> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#promptListeners.delete(look);
      };
      const look = () => {
        const found = this.processes.findLast(({ sent }) => sent.some((prompt) => prompt.turnId === turnId));
        if (found === undefined) return;
        end();
        resolve(found);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`No process was given the prompt of turn ${turnId} within 20 s.`));
      }, 20_000);
      this.#promptListeners.add(look);
      look();
    });
  }

  /** Called by a process that was given a prompt. */
  notePrompt(): void {
    for (const look of this.#promptListeners) look();
  }

  live(): ScriptedProcess[] {
    return this.processes.filter((process) => process.alive);
  }

  async hasTranscript(sessionId: string, projectPath?: string): Promise<boolean> {
    const begunIn = this.begunIn.get(sessionId);
    const isThere = projectPath === undefined || begunIn === undefined || begunIn === projectPath;
    return this.transcripts.has(sessionId) && isThere;
  }

  async heldElsewhere(): Promise<Map<string, number>> {
    return this.heldByTerminals;
  }

  async eraseConversation(claudeSessionId: string): Promise<void> {
    this.transcripts.delete(claudeSessionId);
  }

  async holdsMessage(_claudeSessionId: string, messageId: string): Promise<boolean> {
    return this.held?.has(messageId) ?? true;
  }

  async replyInTranscript(_claudeSessionId: string, messageId: string): Promise<TranscriptReply | undefined> {
    return this.written.get(messageId);
  }

  async savedTaskOutput(path: string): Promise<TaskOutput | undefined> {
    const output = this.outputFiles.get(path);
    return output === undefined ? undefined : { output, totalBytes: output.length, truncated: false };
  }

  askFork(spec: ProcessSpec, prompt: string, _deadlineMs: number, used: UseListener): Promise<string> {
    this.forks.push({ spec, prompt });
    used(this.usedBeside);
    return this.forkAnswer();
  }

  /** Settles as the test's `oneShot` says; it has a place until then. */
  async askOnce(
    spec: ProcessSpec,
    words: OneShotPrompt,
    signal: AbortSignal,
    used: UseListener,
  ): Promise<OneShotAnswer | undefined> {
    const one = { spec, prompt: await words(this.commands), signal };
    this.oneShots.push(one);
    this.#arrive(one, spec.processId);
    used(this.usedBeside);
    try {
      return await this.oneShot(one);
    } finally {
      this.#present.delete(one);
    }
  }

  async usage(): Promise<Map<string, ProcessUsage>> {
    return new Map(this.live().map(({ processId, uses }) => [processId, { ...uses }]));
  }

  /** The machine as it is now. */
  machineNow: MachineReading = { totalBytes: 16e9, availableBytes: 12e9, load: 0.5, coreCount: 4 };
  async machine(): Promise<MachineReading> {
    return this.machineNow;
  }

  /** Trees that it was told to end, with what Claude is told. */
  readonly endedTrees: Array<{ processId: string; pid: number; why: string }> = [];
  async endTree(processId: string, { pid }: ChildTree, why: string): Promise<void> {
    this.endedTrees.push({ processId, pid, why });
  }

  async reap(records: ProcessRecord[]): Promise<number> {
    this.reaped.push(...records);
    return records.length;
  }

  health(): { state: "ok" } {
    return { state: "ok" };
  }

  /** Ends what is left, as the server does when its pool has stopped. */
  async stop(): Promise<void> {
    for (const process of this.live()) process.leave();
  }

  /** Called by a process that is gone. */
  forget(process: ScriptedProcess): void {
    this.#present.delete(process);
  }

  #over(start: ScriptedStart): void {
    const index = this.starts.indexOf(start);
    if (index < 0) throw new Error("This start is over already.");
    this.starts.splice(index, 1);
    this.#present.delete(start);
  }

  #count(): void {
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#present.size);
    this.mostWithSpares = Math.max(this.mostWithSpares, this.#present.size + (this.spares?.count ?? 0));
  }

  #arrive(what: object, sessionId: string): void {
    this.#present.set(what, sessionId);
    const ofSession = [...this.#present.values()].filter((id) => id === sessionId).length;
    this.#count();
    this.mostOfOneSession = Math.max(this.mostOfOneSession, ofSession);
  }
}
