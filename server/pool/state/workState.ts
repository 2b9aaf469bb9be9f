import type { Store } from "../../domain/ports.ts";
import type { SessionState } from "../../domain/sessions/session.ts";

const workStates: readonly SessionState[] = ["waiting", "busy", "idle"];

/**
 * Inside a transaction: puts a session that has a process into the state that its open permissions and running turns call
 * for. Without `isLive` only a session that is in one of these states is put into another.
 */
export function setWorkState(
  store: Pick<Store, "sessions" | "turns" | "permissions">,
  sessionId: string,
  { isLive = false }: { isLive?: boolean } = {},
): void {
  const now = store.sessions.get(sessionId)?.state;
  if (now === undefined || (!isLive && !workStates.includes(now))) return;
  const isWaiting = store.permissions.openCountOf(sessionId) > 0;
  const state = isWaiting ? "waiting" : store.turns.isRunning(sessionId) ? "busy" : "idle";
  if (state !== now) store.sessions.setState(sessionId, state);
}
