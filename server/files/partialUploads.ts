import { constants, createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DaylongError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import {
  type Attachment,
  type AttachmentStorage,
  maxUploadBytes,
  type PartialUpload,
  type UploadPart,
  type UploadState,
} from "../domain/sessions/attachment.ts";
import { storageFailure } from "./storageFailure.ts";

/** Uploads that a device may have under way; more are more than any phone sends at once. */
const mostOfDevice = 10;
const ending = ".upload";
const factsSchema = z.object({ name: z.string(), mimeType: z.string() });

export interface PartialUploadsParts {
  /** The folder of the attachments; what lies there for a day without being one is swept away. */
  dir: string;
  storage: Pick<AttachmentStorage, "keep"> & {
    /** `attachment_limit` when the device's share has no room for so many bytes more. */
    refuseFull(deviceId: string, moreBytes: number): void;
  };
  store: Pick<Store, "attachments">;
  newId: () => string;
}

/**
 * Uploads that go on where they were cut off: two files each, the bytes so far and what the file is called, which outlive the
 * connection and the server. `begun -> (appended) -> an attachment of the same id`.
 *
 * One request at a time appends to an upload. A later one takes over: the connection of the earlier one may be dead without
 * the server having noticed.
 */
export class PartialUploads {
  readonly #parts: PartialUploadsParts;
  /** One is begun after the other: each counts those before it. */
  #begun: Promise<unknown> = Promise.resolve();
  readonly #appending = new Map<string, { giveUp(): void; done: Promise<unknown> }>();
  /** Bytes on the disk by key: they count to the device's share before they are an attachment. */
  readonly #sizes = new Map<string, number>();
  #loaded: Promise<void> | undefined;

  constructor(parts: PartialUploadsParts) {
    this.#parts = parts;
  }

  /** Learns of the uploads that an earlier run left on the disk, once. */
  load(): Promise<void> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  async #load(): Promise<void> {
    const { dir } = this.#parts;
    for (const name of await readdir(dir).catch((): string[] => [])) {
      if (!name.endsWith(ending)) continue;
      const size = (await stat(join(dir, name)).catch(() => undefined))?.size;
      // One that is appended to meanwhile is known better.
      const key = name.slice(0, -ending.length);
      if (size !== undefined && !this.#sizes.has(key)) this.#sizes.set(key, size);
    }
  }

  /** Bytes of the device's uploads that are not attachments yet, as far as `load` has found them. */
  bytesOf(deviceId: string, except?: string): number {
    let bytes = 0;
    for (const [key, size] of this.#sizes)
      if (key.endsWith(`.${deviceId}`) && key !== `${except}.${deviceId}`) bytes += size;
    return bytes;
  }

  /** A file in the folder was swept away. */
  forgetFile(name: string): void {
    if (name.endsWith(ending)) this.#sizes.delete(name.slice(0, -ending.length));
  }

  /** Resolves to its id. `attachment_limit` when the device has too many under way. */
  begin(upload: PartialUpload, deviceId: string): Promise<string> {
    const begun = this.#begun.then(() => this.#begin(upload, deviceId));
    this.#begun = begun.catch(() => {});
    return begun;
  }

  async #begin(upload: PartialUpload, deviceId: string): Promise<string> {
    const { dir, newId } = this.#parts;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const ofDevice = `.${deviceId}${ending}`;
    const underWay = (await readdir(dir)).filter((name) => name.endsWith(ofDevice)).length;
    if (underWay >= mostOfDevice) {
      throw new DaylongError(
        "attachment_limit",
        `${underWay} uploads of this device are under way. Each goes a day after its last byte came.`,
        { retryAfterMs: 60_000 },
      );
    }
    const uploadId = newId();
    const { bytesPath, factsPath } = this.#pathsOf(uploadId, deviceId);
    await writeFile(factsPath, JSON.stringify(upload), { mode: 0o600, flag: "wx" });
    await writeFile(bytesPath, "", { mode: 0o600, flag: "wx" });
    return uploadId;
  }

  /** Where the upload is; `attachment_not_found` when the device has none of this id. Ends a request that appends to it. */
  async stateOf(uploadId: string, deviceId: string): Promise<UploadState> {
    await this.#endAppending(uploadId, deviceId);
    const kept = this.#parts.store.attachments.get(uploadId);
    if (kept?.deviceId === deviceId) return { sizeBytes: kept.sizeBytes, attachment: kept };
    const file = await stat(this.#pathsOf(uploadId, deviceId).bytesPath).catch(() => undefined);
    if (file === undefined) {
      throw new DaylongError(
        "attachment_not_found",
        `This device has no upload ${uploadId}. A cut one is gone after a day.`,
      );
    }
    return { sizeBytes: file.size };
  }

  /**
   * Appends what comes, and makes an attachment of it after the last part. `upload_offset_mismatch` when the part does not begin
   * where the upload ends; what came of a part that breaks off is kept.
   */
  async append(uploadId: string, deviceId: string, part: UploadPart): Promise<UploadState> {
    await this.#endAppending(uploadId, deviceId);
    const appended = this.#append(uploadId, deviceId, part);
    const key = keyOf(uploadId, deviceId);
    const forget = () => void this.#appending.delete(key);
    this.#appending.set(key, { giveUp: part.giveUp, done: appended.then(forget, forget) });
    return appended;
  }

  async remove(uploadId: string, deviceId: string): Promise<void> {
    await this.stateOf(uploadId, deviceId);
    await this.#forget(uploadId, deviceId);
  }

  async #append(
    uploadId: string,
    deviceId: string,
    { offset, bytes, isLast }: UploadPart,
  ): Promise<UploadState> {
    const { bytesPath } = this.#pathsOf(uploadId, deviceId);
    const kept = this.#parts.store.attachments.get(uploadId);
    if (kept?.deviceId === deviceId) throw mismatch(kept.sizeBytes);
    const file = await open(bytesPath, constants.O_WRONLY | constants.O_APPEND).catch(() => undefined);
    if (file === undefined) {
      throw new DaylongError(
        "attachment_not_found",
        `This device has no upload ${uploadId}. A cut one is gone after a day.`,
      );
    }
    const key = keyOf(uploadId, deviceId);
    let sizeBytes: number;
    try {
      await this.load();
      sizeBytes = (await file.stat()).size;
      if (offset !== sizeBytes) throw mismatch(sizeBytes);
      for await (const chunk of bytes) {
        if (sizeBytes + chunk.length > maxUploadBytes) {
          await this.#forget(uploadId, deviceId);
          throw new DaylongError("body_too_large", `A file may have ${maxUploadBytes} bytes.`);
        }
        this.#parts.storage.refuseFull(deviceId, chunk.length);
        // Before it is written: another upload of the device looks meanwhile.
        this.#sizes.set(key, sizeBytes + chunk.length);
        await file.writeFile(chunk);
        sizeBytes += chunk.length;
      }
    } catch (error) {
      throw storageFailure(error);
    } finally {
      // A write that failed may have written a part.
      const size = (await file.stat().catch(() => undefined))?.size;
      if (size !== undefined && this.#sizes.has(key)) this.#sizes.set(key, size);
      await file.close();
    }
    return isLast ? this.#complete(uploadId, deviceId, sizeBytes) : { sizeBytes };
  }

  async #complete(uploadId: string, deviceId: string, sizeBytes: number): Promise<UploadState> {
    const { bytesPath, factsPath } = this.#pathsOf(uploadId, deviceId);
    const { name, mimeType } = factsSchema.parse(JSON.parse(await readFile(factsPath, "utf8")));
    const upload = { name, mimeType, bytes: createReadStream(bytesPath), maxBytes: maxUploadBytes };
    try {
      const attachment: Attachment = await this.#parts.storage.keep(upload, deviceId, uploadId);
      await this.#forget(uploadId, deviceId);
      return { sizeBytes, attachment };
    } catch (error) {
      // What it is does not change; all else may be better at the next try.
      if (error instanceof DaylongError && error.code === "unsupported_media_type")
        await this.#forget(uploadId, deviceId);
      throw error;
    }
  }

  /** Ends requests of the device that append to the upload; those of others are not its business. */
  async #endAppending(uploadId: string, deviceId: string): Promise<void> {
    const key = keyOf(uploadId, deviceId);
    for (let current = this.#appending.get(key); current; current = this.#appending.get(key)) {
      current.giveUp();
      await current.done;
    }
  }

  async #forget(uploadId: string, deviceId: string): Promise<void> {
    const { bytesPath, factsPath } = this.#pathsOf(uploadId, deviceId);
    await rm(bytesPath, { force: true });
    this.#sizes.delete(keyOf(uploadId, deviceId));
    await rm(factsPath, { force: true });
  }

  #pathsOf(uploadId: string, deviceId: string): { bytesPath: string; factsPath: string } {
    const path = join(this.#parts.dir, keyOf(uploadId, deviceId));
    return { bytesPath: path + ending, factsPath: `${path}.facts` };
  }
}

const keyOf = (uploadId: string, deviceId: string): string => `${uploadId}.${deviceId}`;

const mismatch = (sizeBytes: number): DaylongError =>
  new DaylongError(
    "upload_offset_mismatch",
    `The upload has ${sizeBytes} bytes so far; the part must begin there.`,
  );
