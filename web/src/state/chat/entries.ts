/** Who of Claude's helpers spoke or acted; absent: Claude. */
export interface AgentName {
  agentId: string;
  type?: string;
  description?: string;
}

/** A message of the owner's. */
export interface Said {
  kind: "said";
  /** The same from the moment of writing on, so that the row never jumps. */
  key: string;
  seq: number;
  turnId: string;
  messageId?: string;
  text: string;
  /** Names of the files that came with it. */
  attachments: string[];
  at: number;
  /** `past`: it was said elsewhere, before the session began here. */
  state: "queued" | "running" | "ended" | "failed" | "interrupted" | "cancelled" | "past";
  queuePosition?: number;
  /** Why it waits, where the server said so. */
  reason?: string;
  sendAt?: number;
}

/** Finished words of Claude's. */
export interface Words {
  kind: "words";
  key: string;
  seq: number;
  turnId: string;
  messageId: string;
  text: string;
  at: number;
  /** It was cut off in the middle. */
  isPartial: boolean;
  /** The frame was too long: the whole is to be asked for. */
  isCut: boolean;
}

/** The use of a tool, with what a subagent did in it. */
export interface ToolUse {
  kind: "tool";
  key: string;
  seq: number;
  turnId: string;
  toolUseId: string;
  toolName: string;
  title: string;
  input?: Record<string, unknown>;
  at: number;
  state: "running" | "done" | "failed" | "stopped";
  /** A device allowed another input than Claude gave: this one ran. */
  isEdited?: boolean;
  summary?: string;
  insertions?: number;
  deletions?: number;
  agent?: AgentName;
  children: Array<ToolUse | AgentWords>;
}

export interface AgentWords {
  kind: "agentWords";
  key: string;
  seq: number;
  turnId: string;
  agent: AgentName;
  text: string;
  at: number;
}

/** A line between messages: what happened to the turn, the session or a task. */
export interface Mark {
  kind: "mark";
  key: string;
  seq: number;
  turnId: string;
  tone: "plain" | "need" | "bad";
  text: string;
  at: number;
  /** The message that may be sent again. */
  again?: string;
}

export type Entry = Said | Words | ToolUse | AgentWords | Mark;
