import { DaylongError } from "../errors.ts";

/** A session that tools of `/v1` know by a name of their own. */
export interface NamedConversation {
  /** Any string; theirs. */
  conversationId: string;
  sessionId: string;
  createdAt: number;
  /** What was said elsewhere before it began, for Claude to know ahead of the first prompt; empty: nothing. */
  earlier: string;
}

export interface ConversationStore {
  /** Throws when the name, or the session, is taken: whoever inserts has looked in the same transaction. */
  insert(conversation: NamedConversation): void;
  get(conversationId: string): NamedConversation | undefined;
  ofSession(sessionId: string): NamedConversation | undefined;
  /** The newest first; `after`: those that come after this one in the list. */
  list(after: string | undefined, limit: number): NamedConversation[];
  /** The session's name, if it has one, is free again; the session stays. */
  removeOf(sessionId: string): boolean;
}

/** Throws `conversation_held` when a process that is not ours holds Claude's conversation: two would overwrite each other. */
export function refuseHeld(held: ReadonlyMap<string, number>, claudeSessionId: string): void {
  const pid = held.get(claudeSessionId);
  if (pid === undefined) return;
  throw new DaylongError(
    "conversation_held",
    `A terminal on the computer holds this conversation (process ${pid}). Close it there, or fork it to go on in a copy.`,
  );
}
