import { createHash } from "node:crypto";
import { DaylongError } from "../../domain/errors.ts";
import type { Store } from "../../domain/ports.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { Accepted, SubmitRequest } from "../port.ts";

/** Hash of a request's meaning: two requests with the same hash and the same place are the same message. */
export function requestHashOf(request: SubmitRequest): string {
  const meaning = [
    request.message,
    (request.attachments ?? []).map(({ identity }) => identity),
    request.model ?? null,
    request.permissionMode ?? null,
    request.sendAt ?? null,
    // Left out where they are not given, so that the hashes of messages kept before there were any stay as they are.
    ...(request.timeoutMs === undefined && request.contextFiles === undefined
      ? []
      : [request.timeoutMs ?? null, request.contextFiles ?? []]),
  ];
  return createHash("sha256").update(JSON.stringify(meaning)).digest("base64url");
}

/** A request whose client message id its device has used before, and the turn that the id belongs to. */
export interface Repeat {
  earlier: Turn;
  clientMessageId: string;
  request: SubmitRequest;
  requestHash: string;
}

/**
 * Idempotency of messages: the same message under the same id is answered as the duplicate of its first turn and runs
 * nothing. Throws `idempotency_conflict` when the id belongs to another message. `nowAt`: milliseconds since the epoch.
 */
export function answerRepeat(
  store: Pick<Store, "sessions" | "turns" | "events">,
  nowAt: number,
  { earlier, clientMessageId, request, requestHash }: Repeat,
): Accepted {
  const session = store.sessions.get(earlier.sessionId);
  // A client that learnt the new session's id from an event may repeat the message with it.
  const isSamePlace =
    request.sessionId === undefined
      ? request.projectPath === session?.projectPath && beganSession(store, earlier)
      : request.sessionId === earlier.sessionId;
  if (earlier.requestHash !== requestHash || !isSamePlace) {
    throw new DaylongError(
      "idempotency_conflict",
      `The clientMessageId ${clientMessageId} belongs to another message.`,
    );
  }
  return {
    sessionId: earlier.sessionId,
    turnId: earlier.turnId,
    clientMessageId,
    state: earlier.state,
    queuePosition: store.turns.queuePosition(earlier.turnId),
    duplicate: true,
    expiresAt: session?.lease.expiresAt ?? nowAt,
  };
}

/** Whether the message came without a session and made one. */
function beganSession({ events }: Pick<Store, "events">, turn: Turn): boolean {
  const [, second] = events.ofSession(turn.sessionId, 0, 2);
  return second?.turnId === turn.turnId;
}
