import { createHash } from "node:crypto";
import type { Caller } from "../domain/delivery/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import {
  type Attachment,
  type AttachmentStorage,
  type MessageAttachment,
  maxAttachments,
  maxInlineBytes,
  maxUploadBytes,
} from "../domain/sessions/attachment.ts";

/** A file of a message: one that was uploaded before, or its bytes in base64. */
export type GivenAttachment = { attachmentId: string } | { name: string; mimeType: string; data: string };

/** An attachment of a message that is about to be sent. */
export interface TakenAttachment extends MessageAttachment {
  /** It came inside the message and was kept for it alone. */
  isInline: boolean;
}

/**
 * Attachments of messages. They are stored before the message is accepted, so that an accepted message has its files.
 */
export class MessageAttachments {
  readonly #store: Pick<Store, "attachments" | "turns">;
  readonly #storage: AttachmentStorage;

  constructor(parts: { store: Pick<Store, "attachments" | "turns">; storage: AttachmentStorage }) {
    this.#store = parts.store;
    this.#storage = parts.storage;
  }

  /** A file on its own, to be named by a message later. */
  upload(upload: { name: string; mimeType: string; bytes: AsyncIterable<Uint8Array> }, caller: Caller) {
    return this.#storage.keep({ ...upload, maxBytes: maxUploadBytes }, caller.deviceId);
  }

  /**
   * The attachments of a message, kept. A message that was accepted before keeps nothing again: whether it is the same
   * one follows from the identities. The caller has to give the taken files back (`giveBack`) once the message is sent or
   * refused. Throws `message_too_large`, `attachment_not_found`, `attachment_limit`, `unsupported_media_type`; then
   * nothing is kept.
   */
  async take(
    given: readonly GivenAttachment[],
    caller: Caller,
    clientMessageId: string | undefined,
  ): Promise<TakenAttachment[]> {
    if (given.length > maxAttachments) {
      throw new DaylongError(
        "message_too_large",
        `The message has ${given.length} attachments; ${maxAttachments} are the most.`,
      );
    }
    const read = given.map((one) =>
      "data" in one ? { ...one, bytes: Buffer.from(one.data, "base64") } : one,
    );
    const inlineBytes = read.reduce((sum, one) => sum + ("bytes" in one ? one.bytes.length : 0), 0);
    if (inlineBytes > maxInlineBytes) {
      throw new DaylongError(
        "message_too_large",
        `The inline attachments have ${inlineBytes} bytes together; ${maxInlineBytes} are the most. Upload larger files first.`,
      );
    }
    const isRepeat =
      clientMessageId !== undefined &&
      this.#store.turns.byClientMessage(caller.deviceId, clientMessageId) !== undefined;
    const taken: TakenAttachment[] = [];
    try {
      for (const one of read) {
        if ("bytes" in one) {
          const sha256 = createHash("sha256").update(one.bytes).digest("hex");
          const identity = JSON.stringify([one.name, one.mimeType, sha256]);
          const attachmentId = isRepeat ? "" : (await this.#keep(one, caller)).attachmentId;
          taken.push({ attachmentId, identity, isInline: true });
          continue;
        }
        if (!isRepeat) this.#refuseForeign(one.attachmentId, caller);
        taken.push({ attachmentId: one.attachmentId, identity: one.attachmentId, isInline: false });
      }
    } catch (error) {
      this.giveBack(taken);
      throw error;
    }
    return taken;
  }

  /**
   * Removes the files kept for a message that was refused, or had been accepted before: a repeat brings its files again.
   */
  giveBack(taken: readonly TakenAttachment[]): void {
    this.#storage.letGo(taken.filter(({ isInline }) => isInline).map(({ attachmentId }) => attachmentId));
  }

  #keep(file: { name: string; mimeType: string; bytes: Buffer }, caller: Caller): Promise<Attachment> {
    const { name, mimeType, bytes } = file;
    return this.#storage.keep(
      { name, mimeType, bytes: once(bytes), maxBytes: maxInlineBytes },
      caller.deviceId,
    );
  }

  #refuseForeign(attachmentId: string, caller: Caller): void {
    if (this.#store.attachments.get(attachmentId)?.deviceId === caller.deviceId) return;
    throw new DaylongError(
      "attachment_not_found",
      `This device has no attachment ${attachmentId}. One that no message uses is gone after a day.`,
    );
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
