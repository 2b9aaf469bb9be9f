import type { Log, Store } from "../../domain/ports.ts";
import type { ProcessHost, TranscriptReply } from "../../domain/processes/process.ts";

/**
 * The whole answer to a session's message from Claude's transcript, if it is there: for a turn whose process was ended,
 * or fell silent, before it could say so. Never throws.
 */
export async function recoverReply(
  { store, host, log }: { store: Store; host: ProcessHost; log: Log },
  sessionId: string,
  messageId: string,
): Promise<TranscriptReply | undefined> {
  try {
    const claudeSessionId = store.sessions.get(sessionId)?.claudeSessionId ?? sessionId;
    return await host.replyInTranscript(claudeSessionId, messageId);
  } catch (error) {
    log.error("transcript.look_failed", { sessionId, error: String(error) });
    return undefined;
  }
}
