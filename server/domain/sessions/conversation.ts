import { DaylongError } from "../errors.ts";

/** A session that tools of `/v1` know by a name of their own. */
export interface NamedConversation {
  /** Any string; theirs. */
  conversationId: string;
  sessionId: string;
  createdAt: number;
  /** Earlier messages, from elsewhere, that Claude gets ahead of the first prompt; empty: none. */
  earlier: string;
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
