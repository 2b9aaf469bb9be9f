import type { Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import type { ClaudeHistory, PastConversation } from "../../domain/sessions/history.ts";
import type { Session } from "../../domain/sessions/session.ts";

/** Sessions read at a time. */
const pageSize = 500;

/** The conversation to resume in a project; without `session` it was begun in a terminal. */
export interface LatestConversation {
  claudeSessionId: string;
  session?: Session;
}

/**
 * The newest conversation of a project in which something was said: a session that is not closed, or one of Claude's
 * own. A session's time is its last activity; the time of its transcript is not asked, because the CLI writes to it
 * when it is parked, too. `undefined` when there is none. Throws what reading Claude's transcripts throws.
 */
export async function latestConversation(
  {
    store,
    host,
    history,
  }: { store: Store; host: ProcessHost; history: Pick<ClaudeHistory, "conversations"> },
  projectPath: string,
): Promise<LatestConversation | undefined> {
  const ours = new Set<string>();
  const closed: Session[] = [];
  let newest: Session | undefined;
  let before: string | undefined;
  do {
    const page = store.sessions.list({ projectPath, limit: pageSize, before });
    for (const session of page.sessions) {
      const { sessionId, claudeSessionId = sessionId } = session;
      ours.add(sessionId).add(claudeSessionId);
      if (session.state === "closed") closed.push(session);
      if (newest !== undefined || session.state === "closed") continue;
      const isSaid = session.turnCount > 0 || store.events.transcript(sessionId, undefined, 1).length > 0;
      if (isSaid || (await host.hasTranscript(claudeSessionId))) newest = session;
    }
    before = page.nextBefore;
  } while (before !== undefined);
  const own = newest && { claudeSessionId: newest.claudeSessionId ?? newest.sessionId, session: newest };
  const kept = await history.conversations(projectPath);
  // Several project paths can map to one folder name of Claude's.
  const open = newest?.claudeSessionId ?? newest?.sessionId;
  const returned = new Set(
    closed.flatMap((session) =>
      beganElsewhere(session, kept) ? [session.claudeSessionId ?? session.sessionId] : [],
    ),
  );
  const foreign = kept.find(
    (one) =>
      one.projectPath === projectPath &&
      (!ours.has(one.sessionId) || (returned.has(one.sessionId) && one.sessionId !== open)),
  );
  if (foreign === undefined) return own;
  return newest !== undefined && newest.lastActivityAt >= foreign.lastActivityAt
    ? own
    : { claudeSessionId: foreign.sessionId };
}

/**
 * Whether the session's conversation is older than the session: it was begun in a terminal, and a close of the session here
 * is not the end of it.
 */
export const beganElsewhere = (
  { sessionId, claudeSessionId = sessionId, createdAt }: Session,
  kept: readonly PastConversation[],
): boolean =>
  kept.some((one) => one.sessionId === claudeSessionId && (one.createdAt ?? createdAt) < createdAt);
