import { randomUUID } from "node:crypto";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { SubmitRequest } from "../../pool/port.ts";
import type { InlineImage } from "../../wire/openai/inlineImage.ts";
import type { HttpDependencies } from "../dependencies.ts";
import type { CompletionPrompt } from "./prompt.ts";

/** The name of the session's own model, for requests that want no other. */
export const defaultModel = "default";

/** A turn that a completion reads. */
export interface StartedCompletion {
  conversationId: string;
  sessionId: string;
  turnId: string;
}

export interface CompletionCall {
  model: string;
  prompt: CompletionPrompt;
  /** The name of the conversation to go on with, or to begin; `undefined`: a new one. */
  conversationId: string | undefined;
  caller: Caller;
  /** The request's `Idempotency-Key`: repeated with it, it finds its first turn again. */
  key: string | undefined;
  projectPath: string | undefined;
}

/**
 * Makes a request for a completion a turn of the pool: of the conversation's session, or of a new one. It is kept in the
 * tick in which this resolves.
 */
export async function startCompletion(
  parts: HttpDependencies,
  call: CompletionCall,
): Promise<StartedCompletion> {
  const { prompt, caller, key } = call;
  const attachments = await parts.attachments.take(prompt.images.map(fileOf), caller, key);
  try {
    const model = call.model === defaultModel ? undefined : call.model;
    const message = { caller, message: prompt.message, clientMessageId: key, model, attachments };
    return await submitTo(parts, call, message);
  } finally {
    parts.attachments.giveBack(attachments);
  }
}

async function submitTo(
  parts: HttpDependencies,
  call: CompletionCall,
  message: SubmitRequest,
): Promise<StartedCompletion> {
  const { pool, store } = parts;
  const { caller, conversationId: wanted } = call;
  const { system, earlier } = call.prompt;
  const { model } = message;
  const repeated = firstOf(parts, call, message);
  if (repeated) return repeated;

  const find = () => (wanted === undefined ? undefined : store.conversations.get(wanted));
  const known = find();
  let place: string | undefined;
  if (known) await switchModel(parts, known.sessionId, model, caller);
  else place = await placeOf(parts, call.projectPath);

  // Looked up again: another request may have begun the conversation in the meantime. From here on nothing waits.
  const conversation = find();
  try {
    const again = firstOf(parts, call, message);
    if (again) return await again;
    if (conversation) {
      const { sessionId, conversationId } = conversation;
      return { conversationId, ...idsOf(await pool.submit({ ...message, sessionId })) };
    }
    // It was there a moment ago and was deleted while its model was changed.
    if (place === undefined) throw conversationNotFound();
    const conversationId = wanted ?? randomUUID();
    const options = system === "" ? {} : { appendSystemPrompt: system };
    const named = { conversationId, earlier };
    const accepted = await pool.submit({ ...message, projectPath: place, options, conversation: named });
    place = undefined;
    return { conversationId, ...idsOf(accepted) };
  } finally {
    // The directory was made and no session got it.
    if (place !== undefined) parts.folders.removeIfEmpty(place);
  }
}

export const conversationNotFound = (): DaylongError =>
  new DaylongError("conversation_not_found", "There is no conversation with this id.");

const idsOf = ({ sessionId, turnId }: { sessionId: string; turnId: string }) => ({ sessionId, turnId });

/** The turn of the first request with this key, or nothing. Throws `idempotency_conflict` for another request's key. */
function firstOf(
  { store, pool }: HttpDependencies,
  call: CompletionCall,
  message: SubmitRequest,
): Promise<StartedCompletion> | undefined {
  const key = message.clientMessageId;
  const turn = key === undefined ? undefined : store.turns.byClientMessage(message.caller.deviceId, key);
  if (turn === undefined) return undefined;
  const conversation = store.conversations.ofSession(turn.sessionId);
  const wanted = call.conversationId ?? conversation?.conversationId;
  if (conversation === undefined || wanted !== conversation.conversationId)
    throw new DaylongError("idempotency_conflict", "The Idempotency-Key belongs to another request.");
  // The pool knows whether it is the same message.
  const accepted = pool.submit({ ...message, sessionId: turn.sessionId });
  return Promise.resolve(accepted).then((kept) => ({ conversationId: wanted, ...idsOf(kept) }));
}

async function switchModel(
  { pool }: HttpDependencies,
  sessionId: string,
  model: string | undefined,
  caller: Caller,
): Promise<void> {
  if (model === undefined || pool.session(sessionId).model === model) return;
  await pool.updateSession(sessionId, { model }, caller);
}

const placeOf = (parts: HttpDependencies, projectPath: string | undefined): Promise<string> =>
  projectPath === undefined ? parts.folders.make() : parts.access.resolveProject(projectPath);

const fileOf = ({ mimeType, base64 }: InlineImage, index: number) => ({
  name: `image-${index + 1}.${mimeType.slice("image/".length)}`,
  mimeType,
  data: base64,
});
