import { randomUUID } from "node:crypto";
import type { Caller } from "../../domain/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { CompletionRequest } from "../../wire/completions.ts";
import type { HttpParts } from "../parts.ts";
import { invalidRequest } from "../problem.ts";
import { type CompletionPrompt, promptOf } from "./prompt.ts";

/** The model of whoever has no wish: the session's own. */
export const defaultModel = "default";

/** A turn that a completion reads. */
export interface BegunTurn {
  conversationId: string;
  sessionId: string;
  turnId: string;
}

export interface CompletionCall {
  body: CompletionRequest;
  caller: Caller;
  /** The request's `Idempotency-Key`: repeated with it, it finds its first turn again. */
  key: string | undefined;
  projectPath: string | undefined;
}

/**
 * Makes a request for a completion a turn of the pool: of the conversation's session, or of a new one. It is kept in the
 * tick in which this resolves.
 */
export async function beginTurn(parts: HttpParts, call: CompletionCall): Promise<BegunTurn> {
  const { pool, store } = parts;
  const { body, caller, key } = call;
  const prompt = promptOf(body.messages);
  const repeated = key === undefined ? undefined : firstOf(parts, call, prompt, key);
  if (repeated) return repeated;

  const model = body.model === defaultModel ? undefined : body.model;
  const wanted = body.conversation_id ?? undefined;
  const find = () => (wanted === undefined ? undefined : store.conversations.get(wanted));
  const known = find();
  let place: string | undefined;
  if (known) await switchModel(parts, known.sessionId, model, caller);
  else place = await placeOf(parts, call.projectPath);
  const attachmentIds = await keepImages(prompt);

  const message = { caller, message: prompt.message, clientMessageId: key, attachmentIds };
  // Looked up again: another request may have begun the conversation in the meantime. From here on nothing waits.
  const conversation = find();
  if (conversation) {
    const { sessionId, conversationId } = conversation;
    if (place !== undefined) void parts.folders.removeIfEmpty(place);
    return { conversationId, ...idsOf(pool.submit({ ...message, sessionId })) };
  }
  // It was there a moment ago and was deleted while its model was changed.
  if (place === undefined) throw conversationNotFound();
  const conversationId = wanted ?? randomUUID();
  const options = prompt.system === "" ? {} : { appendSystemPrompt: prompt.system };
  try {
    const accepted = pool.submit({
      ...message,
      projectPath: place,
      model,
      options,
      conversation: { conversationId, earlier: prompt.earlier },
    });
    return { conversationId, ...idsOf(accepted) };
  } catch (error) {
    void parts.folders.removeIfEmpty(place);
    throw error;
  }
}

export const conversationNotFound = (): DaylongError =>
  new DaylongError("conversation_not_found", "There is no conversation with this id.");

const idsOf = ({ sessionId, turnId }: { sessionId: string; turnId: string }) => ({ sessionId, turnId });

/** The turn of the first request with this key, or nothing. Throws `idempotency_conflict` for another request's key. */
function firstOf(
  { store }: HttpParts,
  { body, caller }: CompletionCall,
  prompt: CompletionPrompt,
  key: string,
): BegunTurn | undefined {
  const turn = store.turns.byClientMessage(caller.deviceId, key);
  if (turn === undefined) return undefined;
  const conversation = store.conversations.ofSession(turn.sessionId);
  const isSamePlace =
    conversation !== undefined &&
    (body.conversation_id ?? conversation.conversationId) === conversation.conversationId;
  const isSame =
    isSamePlace && turn.message === prompt.message && turn.attachmentIds.length === prompt.images.length;
  if (!isSame)
    throw new DaylongError("idempotency_conflict", "The Idempotency-Key belongs to another request.");
  return { conversationId: conversation.conversationId, ...idsOf(turn) };
}

async function switchModel(
  { pool }: HttpParts,
  sessionId: string,
  model: string | undefined,
  caller: Caller,
): Promise<void> {
  if (model === undefined || pool.session(sessionId).model === model) return;
  await pool.updateSession(sessionId, { model }, caller);
}

const placeOf = (parts: HttpParts, projectPath: string | undefined): Promise<string> =>
  projectPath === undefined ? parts.folders.make() : parts.access.resolveProject(projectPath);

async function keepImages(prompt: CompletionPrompt): Promise<string[]> {
  if (prompt.images.length === 0) return [];
  throw invalidRequest([{ path: "messages", message: "images are not there yet" }]);
}
