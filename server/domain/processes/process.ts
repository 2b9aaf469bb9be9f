import type { Failure } from "../errors.ts";
import type { ClaudeCommand } from "../prompts/commands.ts";
import type { AgentRef } from "../sessions/agent.ts";
import type { Form } from "../sessions/form.ts";
import type { PermissionAnswer } from "../sessions/permission.ts";
import type { PermissionMode, SessionOptions } from "../sessions/session.ts";
import type { Task, TaskEnd, TaskOutput, Wakeup } from "../sessions/task.ts";
import type { ToolOutcome } from "../sessions/toolLine.ts";
import type { OwnOrigin, Reply } from "../sessions/turn.ts";
import type { FactSignal } from "./factSignal.ts";
import type { RecordEntry } from "./handoff.ts";
import type { MachineReading } from "./machine.ts";
import type { ModelUse, PlanWindow } from "./usage.ts";

/** Specification of a process to start. */
export interface ProcessSpec {
  /** Ours, made before the start, so that a record of it exists before the operating system knows it. */
  processId: string;
  sessionId: string;
  /** Claude's id of the conversation: the session's own, until a `/clear` began another one under it. */
  claudeSessionId: string;
  projectPath: string;
  model: string | null;
  permissionMode: PermissionMode;
  options: SessionOptions;
}

/** A prompt for one turn. */
export interface Prompt {
  /** Comes back with the result, and names the user's message in Claude's transcript. */
  turnId: string;
  text: string;
  /** Text before the prompt that the user did not type: the messages of a conversation that Claude lost. */
  preamble?: string;
  /** Images, inline. */
  images: Array<{ mimeType: string; base64: string }>;
}

/** A request of Claude's to use a tool, or of an MCP server's to have a form filled in. */
export interface PermissionRequest {
  /**
   * The turn of the tool's use; for a subagent the turn that started it, which may have ended. `undefined`: Claude asked
   * before any turn.
   */
  turnId: string | undefined;
  /** The subagent that asks. */
  agent?: AgentRef;
  toolName: string;
  /** A form has none. */
  toolUseId?: string;
  title: string;
  description?: string;
  /** The MCP server whose tool, or whose form, it is. */
  server?: string;
  input: Record<string, unknown>;
  suggestions: unknown[];
  form?: Form;
  /** No rule may be kept from the answer. */
  onceOnly?: boolean;
  /** Must not be allowed by its title alone. */
  lookFirst?: boolean;
  /** The title does not show all that would be done. */
  truncated?: boolean;
  /** Of a plan that is to be approved, when it is not in the input. */
  plan?: string;
  /** Aborted when Claude no longer waits for the answer. */
  signal: AbortSignal;
}

/**
 * The figures of a finished turn. `totalCostUsd` is cumulative, as the CLI counts; `undefined` when the CLI did not
 * say.
 */
export type TurnResult = Omit<Reply, "messageId" | "costUsd"> & {
  totalCostUsd: number | undefined;
  outcome: "completed" | "interrupted" | "failed";
  failure?: Failure;
};

/** A whole answer that Claude wrote down before it could say so. Its cost is not in the transcript. */
export interface TranscriptReply {
  /** The assistant's texts since the prompt, oldest first; the last one is the reply. */
  texts: Array<{ messageId: string; text: string }>;
  usage: TurnResult["usage"];
  durationMs: number;
  numTurns: number;
}

/** Report of a rewind of the project's files to a message. Paths as the CLI names them. */
export interface RewindReport {
  canRewind: boolean;
  filesChanged: string[];
  insertions: number;
  deletions: number;
  /** Why it cannot. */
  detail?: string;
}

/** How full Claude's context window is, in tokens. */
export interface ContextUse {
  model: string;
  totalTokens: number;
  maxTokens: number;
  percentage: number;
  categories: Array<{ name: string; tokens: number }>;
}

/**
 * Signal of a live process. `claude/process/translate` makes it from a message of the CLI, and `claude/process/turnReader`
 * says which turn it belongs to: `turnId` is that of the prompt, or the one that the reader gave to an own turn.
 */
export type ProcessSignal =
  /** Claude took the prompt of the turn. */
  | { kind: "prompt-started"; turnId: string }
  /** Claude began a turn by itself. */
  | { kind: "own-started"; turnId: string; origin: OwnOrigin }
  /** Claude went from its own turn to a prompt, without a result between them. */
  | { kind: "own-ended"; turnId: string }
  | { kind: "delta"; turnId: string; text: string }
  /** A finished assistant text; the deltas before it were its parts. */
  | { kind: "message"; turnId: string; messageId: string; text: string }
  /** A finished text of a subagent, which is no part of a reply. */
  | { kind: "agent-message"; turnId: string; agent: AgentRef; text: string; parentToolUseId?: string }
  | {
      kind: "tool-started";
      turnId: string;
      toolUseId: string;
      toolName: string;
      title: string;
      /** What it is given, cut to some kilobytes; `truncated` says so. */
      input?: Record<string, unknown>;
      truncated?: boolean;
      /** The use that started the subagent which uses this tool. */
      parentToolUseId?: string;
      agent?: AgentRef;
    }
  | ({ kind: "tool-finished"; turnId: string; toolUseId: string; failed: boolean } & ToolOutcome)
  | { kind: "thinking"; turnId: string }
  /** A task began in the background, or a command or subagent was put there. */
  | {
      kind: "task-started";
      task: Pick<Task, "taskId" | "kind" | "description" | "agentType" | "parentTaskId" | "turnId">;
    }
  | { kind: "task-progress"; taskId: string; lastTool?: string; tokens?: number; text?: string }
  | { kind: "task-finished"; taskId: string; state: TaskEnd; summary?: string; tokens?: number }
  /**
   * The tasks that run now, all of them: one that is not among them has ended, and one that is among them runs, whether
   * that was said or not.
   */
  | {
      kind: "tasks-running";
      tasks: Array<Pick<Task, "taskId" | "kind" | "description" | "agentType" | "parentTaskId">>;
    }
  /** Where a command writes its output, which can be read there when its process is gone. */
  | { kind: "task-output-file"; taskId: string; path: string }
  /** Claude scheduled a wake-up. */
  | {
      kind: "wakeup-set";
      wakeup: Pick<Task, "taskId" | "description" | "turnId"> & Wakeup & { dueAt: number };
    }
  /** Claude dropped a wake-up; without `taskId` all those that end with its process. */
  | { kind: "wakeups-dropped"; taskId?: string }
  /** Claude begins the turn of a wake-up; the CLI says no more than whether it is that of its loop. */
  | { kind: "wakeup-begun"; turnId: string; isLoops: boolean }
  /** The end of a turn; without `turnId` that of the turn whose prompt was, or is to be, given. */
  | { kind: "result"; turnId: string | undefined; origin?: OwnOrigin; result: TurnResult }
  /** A message of the CLI without a meaning here: a sign of life. */
  | { kind: "alive" }
  /** Claude goes on under another id of its own. */
  | { kind: "conversation"; claudeSessionId: string }
  /** Claude went into another permission mode by itself. */
  | { kind: "mode"; permissionMode: PermissionMode }
  | FactSignal
  | Refusal;

/**
 * The API refuses Claude, and with it all sessions. `refusals`: so often in a row, this one included. Claude goes on
 * trying by itself, next after `waitMs`, unless it is `final`.
 */
export type Refusal = { detail: string; refusals: number; final: boolean; waitMs: number } & (
  | { kind: "login-refused" }
  /** `limit` names it; `resetsAt` is the instant from which there is an allowance again, where that is known. */
  | { kind: "limit-hit"; limit: string; resetsAt?: number }
);

export interface ProcessExit {
  /** Whether we asked for it. */
  expected: boolean;
  code: number | null;
  signal: string | null;
  /** The end of the standard error, bounded; for logs and failure details. */
  detail: string;
}

/** Listener of a process. Calls come in order, one at a time. */
export interface ProcessListener {
  signal(signal: ProcessSignal): void;
  askPermission(ask: PermissionRequest): Promise<PermissionAnswer>;
  /** Claude sends the owner a notice. False: too many were sent, and nobody is told. */
  notify(text: string): boolean;
  /** Once, after everything the process said, when it and its descendants are gone. */
  exited(exit: ProcessExit): void;
}

/** One live Claude process. */
export interface ClaudeProcess {
  readonly processId: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Whether it went on with an earlier conversation. */
  readonly resumed: boolean;
  /** What the CLI's cumulative cost starts from: that of the conversation that it goes on with, or is a copy of. */
  readonly costBeforeUsd?: number;
  /** Whether it was a spare before it was this session's. */
  readonly wasSpare?: boolean;
  /** The commands that the process has now; `undefined` while it has not said so. */
  readonly commands?: readonly ClaudeCommand[];
  /**
   * Why the process has to be replaced before Claude reads its project's words again: how far the project is trusted, or
   * where its words lie, is not as at the start. `undefined`: it is.
   */
  staleReason?(): Promise<string | undefined>;
  /** What the owner is to know about this start; empty when there is nothing. */
  readonly notes?: readonly string[];
  send(prompt: Prompt): void;
  /** Resolves when the CLI has taken the order, or after `deadlineMs`. */
  interrupt(deadlineMs: number): Promise<void>;
  /** This and the next throw `process_crashed` when the process went, or goes, before it has answered. */
  setModel(model: string | null): Promise<void>;
  setPermissionMode(mode: PermissionMode): Promise<void>;
  /** Takes the project's files back to what they were before the user's message; `dryRun` only counts. */
  rewind(messageId: string, dryRun: boolean): Promise<RewindReport>;
  contextUse(): Promise<ContextUse>;
  /** The end of a command's output; rejects for a task that has none, such as a subagent. */
  taskOutput(taskId: string): Promise<TaskOutput>;
  /** Tells Claude to end the task; its end is a signal like any other. */
  stopTask(taskId: string): Promise<void>;
  /** The windows of the plan that Claude is logged in with; `undefined` when it is logged in with none. */
  planWindows(): Promise<PlanWindow[] | undefined>;
  /**
   * The stop ladder: end of input, SIGTERM, SIGKILL, to every descendant. Resolves when nothing is left. Idempotent.
   */
  stop(): Promise<void>;
}

/** A process of an earlier run, as the store remembers it. */
export interface ProcessRecord {
  processId: string;
  sessionId: string;
  pid: number | null;
  /** The kernel's start time of the pid, so that a reused pid is not taken for ours. */
  startTicks: string | null;
  startedAt: number;
  /** What was last seen below it; absent where its mark tells. */
  seen?: SeenProcess[];
}

/** A process that was seen below a CLI. */
export interface SeenProcess {
  pid: number;
  startTicks: string;
  /** Its process group. */
  pgid: number;
}

/** A tree of processes that the CLI started: a direct child with its descendants, or one that was handed to init. */
export interface ChildTree {
  /** Of the process at its top. */
  pid: number;
  startTicks: string;
  /** `tool`: runs a use of a tool. `server`: an MCP or language server, or another that the CLI keeps. `unknown`: has just begun. */
  kind: "tool" | "server" | "unknown";
  rssBytes: number;
}

export interface ProcessUsage {
  /** Of the CLI alone: PSS where it can be read, else RSS. */
  rssBytes: number;
  /** The trees that it started. */
  trees?: ChildTree[];
  /** Of the whole tree, as a share of one core. */
  cpuPercent: number;
  /**
   * The part of it that the CLI and what it keeps in its own group use; each shell of a tool leads a group of its own.
   */
  ownCpuPercent: number;
  processCount: number;
}

/** Pool of prewarmed processes (spares), each started for a session that does not exist yet and has its id already. */
export interface SparePool {
  /** Keeps `count` spares ready from now on; ends surplus ones. */
  keep(count: number): void;
  /** The project in which the next session probably begins: until one has begun, the spares are for such projects. */
  expect(projectPath: string): void;
  /**
   * The id of a session that can be begun in this project without waiting for a start. A process begun with it is the
   * spare; if it cannot be any more, one is started as usual. `undefined`: no spare is ready.
   */
  reserve(projectPath: string): string | undefined;
  /** Number of spares, those that start, are reserved, or are stopping included. */
  readonly count: number;
}

/** A model that the CLI offers under its login. */
export interface ClaudeModel {
  /** What a session's `model` is set to. */
  id: string;
  name: string;
  description: string;
}

/** The answer to a one-shot prompt. */
export interface OneShotAnswer {
  text: string;
  costUsd: number;
  durationMs: number;
  /** Uses of tools that were denied, because a one-shot prompt cannot ask for permission. */
  denied: Array<{ toolName: string; title: string }>;
}

/**
 * Words for a one-shot prompt, given when it is known which commands its process has. What it throws, the one who asked is
 * told.
 */
export type OneShotPrompt = (commands: readonly ClaudeCommand[]) => Promise<string>;

/** Told what a prompt beside the sessions' turns has used of each model. */
export type UseListener = (models: readonly ModelUse[]) => void;

/** What a look at a conversation found. */
export interface ConversationLook {
  /** The process of another program that has it open. */
  heldBy: number | undefined;
  /** What was appended to its record since the place that was asked about, in order. */
  entries: RecordEntry[];
  /** The end of it, which is what to ask about next. */
  endOffset: number;
}

/** Port of what sees other programs go on with Claude's conversations. */
export interface ConversationWatch {
  /** Looks at a conversation, and at its record from byte `from` on. */
  look(claudeSessionId: string, from: number): Promise<ConversationLook>;
  /** The same at once, within microseconds; `undefined`: it may take longer, or is not known to be quick. */
  lookNow(claudeSessionId: string, from: number): ConversationLook | undefined;
}

/** Port of the edge that owns the Claude CLI. */
export interface ProcessHost {
  /** Cores of the machine. */
  readonly coreCount: number;
  /**
   * Resolves when the process can take a prompt; rejects with a DaylongError when it cannot be started, or when
   * `signal` aborts first; then nothing is left of it. `conversation_lost`: the conversation that it was to go on with
   * cannot be.
   */
  start(spec: ProcessSpec, listener: ProcessListener, signal?: AbortSignal): Promise<ClaudeProcess>;
  /** Whether Claude keeps a conversation under this id; with a directory, one that was begun there. */
  hasTranscript(sessionId: string, projectPath?: string): Promise<boolean>;
  /** Conversations that Claude processes hold which are not ours (a terminal's), with the process's id. */
  heldElsewhere(): Promise<Map<string, number>>;
  /** Removes everything that Claude keeps of the conversation. */
  eraseConversation(claudeSessionId: string): Promise<void>;
  /** Whether Claude's record of the conversation holds the message: one that it can be resumed or forked at. */
  holdsMessage(claudeSessionId: string, messageId: string): Promise<boolean>;
  /**
   * The whole answer to a user's message, if Claude has written it down; `undefined` when it is not there, not whole,
   * or not found in time. Never throws.
   */
  replyInTranscript(claudeSessionId: string, messageId: string): Promise<TranscriptReply | undefined>;
  /** The end of what a command has written into its file; `undefined` when it cannot be read. Never throws. */
  savedTaskOutput(path: string): Promise<TaskOutput | undefined>;
  /** Asks on a fork of the conversation that leaves no trace in it. `used`: called with what it used, also when it fails. */
  askFork(spec: ProcessSpec, prompt: string, deadlineMs: number, used: UseListener): Promise<string>;
  /**
   * Asks a process of its own, of which nothing is kept; what it would need a permission for is denied. `undefined`
   * when `signal` aborted first. Either way it settles when nothing is left of the process. Throws `ask_failed`. `used` as
   * for a fork.
   */
  askOnce(
    spec: ProcessSpec,
    prompt: OneShotPrompt,
    signal: AbortSignal,
    used: UseListener,
  ): Promise<OneShotAnswer | undefined>;
  /** Use of each live process and its descendants, by process id. */
  usage(): Promise<Map<string, ProcessUsage>>;
  /** The machine as it is now. */
  machine(): Promise<MachineReading>;
  /** Ends a tree below a process by the ladder, SIGTERM first, and has Claude told why. Resolves when it is gone. */
  endTree(processId: string, tree: ChildTree, why: string): Promise<void>;
  /** Ends the processes that an earlier run left behind; resolves to the number of operating-system processes ended. */
  reap(records: ProcessRecord[]): Promise<number>;
  health(): { state: "ok" | "failing"; detail?: string };
  readonly spares?: SparePool;
  /** Absent: no other program can reach the conversations. */
  readonly watch?: ConversationWatch;
}
