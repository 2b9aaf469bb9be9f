import type { PageCursor } from "../pageCursor.ts";

/** A conversation that Claude keeps a transcript of, whoever began it: a terminal, an editor, or this server. */
export interface PastConversation {
  sessionId: string;
  title: string;
  /** The first thing a person said in it. */
  firstMessage?: string;
  /** The directory it was begun in, as Claude wrote it down. */
  projectPath?: string;
  createdAt?: number;
  lastActivityAt: number;
  sizeBytes?: number;
  gitBranch?: string;
}

/** A message of a transcript, as a person would read it. */
export interface PastMessage {
  messageId: string;
  role: "user" | "assistant" | "system";
  /** Of a `system` message: the summary that takes the place of everything before it, for the model. */
  kind?: "summary";
  /** May be empty: an answer that only used tools. */
  text: string;
  /** What Claude did along with it. */
  tools: Array<{ toolUseId?: string; toolName: string; title: string }>;
  /** Images that came with it; their bytes stay on the computer. */
  imageCount: number;
  createdAt?: number;
}

/** One use of a tool; `truncated`: input, output and diff are cut to 256 KB together. */
export interface ToolRecord {
  toolUseId: string;
  toolName: string;
  title: string;
  input: Record<string, unknown>;
  /** What Claude was told; absent while the tool runs. */
  output?: string;
  failed?: boolean;
  /** Of an edit, unified. */
  diff?: string;
  truncated: boolean;
}

/** A page of a transcript, the newest message first. */
export interface PastPage {
  messages: PastMessage[];
  /** There are older ones; the page before begins before this page's last message. */
  hasMore: boolean;
}

/** A part of a list of conversations: at most `limit` of them, after the one that a page ended with. */
export interface PastConversationPage {
  before?: PageCursor;
  limit?: number;
}

type Listed = Pick<PastConversation, "lastActivityAt" | "sessionId">;

/** The place of a conversation in lists, which are ordered by the last activity and then by the id. */
export const placeInList = ({ lastActivityAt, sessionId }: Listed): PageCursor => [lastActivityAt, sessionId];

/** Orders conversations for lists. */
export const latestFirst = (a: Listed, b: Listed): number =>
  b.lastActivityAt - a.lastActivityAt || (a.sessionId < b.sessionId ? 1 : -1);

/** Whether a list shows the conversation after the place. */
export const isListedAfter = (one: Listed, [at, id]: PageCursor): boolean =>
  one.lastActivityAt < at || (one.lastActivityAt === at && one.sessionId < id);

/** Port of what reads Claude's own transcripts. Throws `history_unavailable` when it takes too long. */
export interface ClaudeHistory {
  /** Every conversation, or those begun in one directory, or a page of them; `latestFirst`. */
  conversations(projectPath?: string, page?: PastConversationPage): Promise<PastConversation[]>;
  /**
   * The messages of a conversation before the one named, at most `limit`. `undefined`: there is no such conversation, or
   * the message named is none of it.
   */
  messages(
    conversation: { sessionId: string; projectPath: string },
    before: string | undefined,
    limit: number,
  ): Promise<PastPage | undefined>;
  /** One use of a tool in a conversation, or in one of its subagents'. `undefined`: neither holds it. */
  tool(
    conversation: { sessionId: string; projectPath: string },
    toolUseId: string,
  ): Promise<ToolRecord | undefined>;
}
