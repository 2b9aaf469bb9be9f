import { DaylongError } from "../../domain/errors.ts";
import type { Store } from "../../domain/ports.ts";
import type { Session } from "../../domain/sessions/session.ts";

/** The session with this id. Throws `session_not_found`. */
export function existingSession(store: Pick<Store, "sessions">, sessionId: string): Session {
  const session = store.sessions.get(sessionId);
  if (session === undefined) {
    throw new DaylongError("session_not_found", `There is no session ${sessionId}.`);
  }
  return session;
}
