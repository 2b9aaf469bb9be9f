/**
 * A task: work of Claude's that outlives a turn.
 *
 *   running -> completed | failed | stopped
 *   completed | failed | stopped -> running      a subagent that was given more to do keeps its id
 *
 * `Tasks` in the pool is the only writer.
 */
export const taskKinds = ["command", "agent", "workflow", "wakeup", "other"] as const;
export type TaskKind = (typeof taskKinds)[number];

export const taskStates = ["running", "completed", "failed", "stopped"] as const;
export type TaskState = (typeof taskStates)[number];
export type TaskEnd = Exclude<TaskState, "running">;

/** The end of a task's output. */
export interface TaskOutput {
  /** Plain text, at most the last 8 KiB. */
  output: string;
  totalBytes: number;
  truncated: boolean;
  /** The task has ended, and what it wrote could not be kept. */
  lost?: true;
}

/** What the server has to know of a wake-up to see to it when the process that scheduled it is gone. */
export interface Wakeup {
  /** What Claude is to be told when it is due. */
  prompt: string;
  /** Of a recurring one: five fields, as of crontab(5). */
  schedule?: string;
  /** Whether a CLI that resumes the conversation before it is due sees to it again. */
  survivesResume: boolean;
}

export interface Task {
  /** Claude's id, unique in the session. */
  taskId: string;
  sessionId: string;
  kind: TaskKind;
  description: string;
  /** Of a subagent, such as `general-purpose`. */
  agentType?: string;
  /** The subagent whose task this is. */
  parentTaskId?: string;
  /** The turn that started it. */
  turnId?: string;
  state: TaskState;
  startedAt: number;
  endedAt?: number;
  /** Of a wake-up: when it is due. */
  dueAt?: number;
  /** The name of the tool that a subagent used last. */
  lastTool?: string;
  /** How it ended, in Claude's words. */
  summary?: string;
  /** What a subagent has used, in all. */
  tokens?: number;
}
