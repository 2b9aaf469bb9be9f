import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import {
  type Attachment,
  type AttachmentStorage,
  attachmentLifeMs,
  heicType,
  isImageType,
  maxKeptBytes,
  maxKeptCount,
  type PreparedAttachments,
  plainFileName,
  type Upload,
} from "../domain/sessions/attachment.ts";
import { HeicConverter } from "./heicConverter.ts";
import { headBytes, imageTypeOf, isConvertible, isShowable } from "./imageSniffer.ts";
import { PartialUploads } from "./partialUploads.ts";
import { copyToInbox } from "./projectInbox.ts";
import { storageFailure } from "./storageFailure.ts";

/** Pause between two sweeps of attachments that are not needed any more. */
const sweepMs = 3_600_000;
/** Files let go of in one sweep. */
const sweepCount = 500;

export interface DiskAttachmentStorageParts {
  /** A folder of ours under `DATA_DIR`. */
  dir: string;
  store: Pick<Store, "transaction" | "attachments" | "devices">;
  clock: Clock;
  log: Log;
  newId: () => string;
  /** What turns a phone's HEIC photos into JPEG, which Claude can be shown. */
  heic?: Pick<HeicConverter, "toJpeg">;
}

/**
 * Storage of attachments on disk: a file each, named by its id, complete before it has that name, and known to the
 * store only then. `kept -> (taken by messages) -> gone` a day after it came or was last taken, but never under a turn
 * that waits.
 */
export class DiskAttachmentStorage implements AttachmentStorage {
  /** Uploads in parts, which become attachments here. */
  readonly partial: PartialUploads;
  readonly #parts: Required<DiskAttachmentStorageParts>;
  /** Bytes of uploads under way, by device: they are not in the store yet, but on the disk. */
  readonly #arriving = new Map<string, { count: number; bytes: number }>();
  #cancelSweep: (() => void) | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: DiskAttachmentStorageParts) {
    this.#parts = { heic: new HeicConverter(parts), ...parts };
    const { dir, store, newId } = parts;
    const storage = {
      keep: this.keep.bind(this),
      refuseFull: (deviceId: string, moreBytes: number) => this.#refuseBytes(deviceId, { moreBytes }),
    };
    this.partial = new PartialUploads({ dir, store, newId, storage });
  }

  /** Sweeps now and from then on every hour. */
  start(): void {
    this.#sweeping = this.#sweep();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelSweep?.();
    await this.#sweeping;
  }

  async keep(upload: Upload, deviceId: string, attachmentId = this.#parts.newId()): Promise<Attachment> {
    const { dir, store, clock } = this.#parts;
    const arriving = this.#arrivingOf(deviceId);
    arriving.count += 1;
    const partial = join(dir, `${attachmentId}.part`);
    let sizeBytes = 0;
    try {
      await this.partial.load();
      this.#refuseFull(deviceId, attachmentId);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const file = await open(partial, "wx", 0o600);
      const hash = createHash("sha256");
      let head = Buffer.alloc(0);
      try {
        for await (const chunk of upload.bytes) {
          sizeBytes += chunk.length;
          arriving.bytes += chunk.length;
          if (sizeBytes > upload.maxBytes) {
            throw new DaylongError("body_too_large", `A file may have ${upload.maxBytes} bytes.`);
          }
          this.#refuseFull(deviceId, attachmentId);
          hash.update(chunk);
          if (head.length < 12) head = Buffer.concat([head, chunk.subarray(0, 12)]);
          await writeAll(file, chunk);
        }
        // The power may fail right after the device is told that the file is kept.
        await file.sync();
      } finally {
        await file.close();
      }
      const attachment: Attachment = {
        attachmentId,
        deviceId,
        name: plainFileName(upload.name),
        mimeType: typeOf(upload.mimeType, imageTypeOf(head)),
        sizeBytes,
        sha256: hash.digest("hex"),
        createdAt: clock.now(),
      };
      await rename(partial, this.#pathOf(attachmentId));
      store.transaction(() => {
        // The body of an upload can take minutes.
        if (store.devices.isRevoked(deviceId))
          throw new DaylongError("unauthenticated", "The device was revoked.");
        store.attachments.insert(attachment);
      });
      return attachment;
    } catch (error) {
      await rm(partial, { force: true });
      await rm(this.#pathOf(attachmentId), { force: true });
      throw error instanceof DaylongError ? error : storageFailure(error);
    } finally {
      arriving.count -= 1;
      arriving.bytes -= sizeBytes;
      if (arriving.count === 0) this.#arriving.delete(deviceId);
    }
  }

  async prepare(attachmentIds: readonly string[], projectPath: string): Promise<PreparedAttachments> {
    const images: PreparedAttachments["images"] = [];
    const lines: string[] = [];
    for (const attachmentId of attachmentIds) {
      const attachment = this.#parts.store.attachments.get(attachmentId);
      if (attachment === undefined) {
        throw new DaylongError("attachment_not_found", "An attachment of this message is gone.");
      }
      const { name, mimeType, sizeBytes } = attachment;
      const path = this.#pathOf(attachmentId);
      const image = await this.#imageOf(attachment, path);
      if (image !== undefined) {
        images.push({ mimeType: image.mimeType, base64: image.bytes.toString("base64") });
        lines.push(`- image ${images.length}, shown with this message: ${name}`);
        continue;
      }
      const place = await copyToInbox(projectPath, attachment, path);
      lines.push(`- ${place} (${mimeType}, ${sizeBytes} bytes)`);
    }
    return {
      images,
      note: [
        "<attached-files>",
        "These came with the message below. Paths are relative to the project's directory.",
        ...lines,
        "</attached-files>",
      ].join("\n"),
    };
  }

  letGo(attachmentIds: readonly string[]): void {
    const { store, log } = this.#parts;
    const isUnused = (id: string) => {
      const kept = store.attachments.get(id);
      return kept !== undefined && kept.usedAt === undefined;
    };
    try {
      const unused = attachmentIds.filter(isUnused);
      if (unused.length === 0) return;
      store.transaction(() => {
        for (const attachmentId of unused) store.attachments.remove(attachmentId);
      });
      // A file without its row is swept away in time.
      for (const attachmentId of unused) rm(this.#pathOf(attachmentId), { force: true }).catch(() => {});
    } catch (error) {
      log.warn("attachments.not_removed", { count: attachmentIds.length, error });
    }
  }

  /** What Claude is shown of the file; `undefined` when it is given as a file. */
  async #imageOf(
    { mimeType, sizeBytes }: Attachment,
    path: string,
  ): Promise<{ mimeType: string; bytes: Buffer } | undefined> {
    if (isImageType(mimeType)) {
      return isShowable(await readHead(path), sizeBytes)
        ? { mimeType, bytes: await readFile(path) }
        : undefined;
    }
    if (mimeType !== heicType || !isConvertible(await readHead(path))) return undefined;
    const jpeg = await this.#parts.heic.toJpeg(await readFile(path));
    if (jpeg === undefined || !isShowable(jpeg, jpeg.length)) return undefined;
    return { mimeType: "image/jpeg", bytes: jpeg };
  }

  #pathOf(attachmentId: string): string {
    return join(this.#parts.dir, attachmentId);
  }

  #arrivingOf(deviceId: string): { count: number; bytes: number } {
    const known = this.#arriving.get(deviceId) ?? { count: 0, bytes: 0 };
    this.#arriving.set(deviceId, known);
    return known;
  }

  #refuseFull(deviceId: string, attachmentId: string): void {
    const kept = this.#parts.store.attachments.keptOf(deviceId);
    if (kept.count + this.#arrivingOf(deviceId).count > maxKeptCount) throw limitReached(kept);
    this.#refuseBytes(deviceId, { becoming: attachmentId });
  }

  /** `becoming`: the upload in parts that is made an attachment of just now, which counts once. */
  #refuseBytes(
    deviceId: string,
    { becoming, moreBytes = 0 }: { becoming?: string; moreBytes?: number },
  ): void {
    const kept = this.#parts.store.attachments.keptOf(deviceId);
    const arriving = this.#arriving.get(deviceId)?.bytes ?? 0;
    const inParts = this.partial.bytesOf(deviceId, becoming);
    if (kept.bytes + arriving + inParts + moreBytes > maxKeptBytes) throw limitReached(kept);
  }

  async #sweep(): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      const gone = await this.#removeUnneeded();
      if (gone > 0) log.info("attachments.swept", { count: gone });
    } catch (error) {
      log.error("attachments.sweep_failed", { error, retryMs: sweepMs });
    }
    if (this.#isStopped) return;
    this.#cancelSweep = clock.after(sweepMs, () => {
      this.#sweeping = this.#sweep();
    });
  }

  async #removeUnneeded(): Promise<number> {
    const { store, clock, dir } = this.#parts;
    const beforeAt = clock.now() - attachmentLifeMs;
    const unneeded = store.attachments.unneeded(beforeAt, sweepCount);
    // First the row: a listed attachment has its file.
    store.transaction(() => {
      for (const { attachmentId } of unneeded) store.attachments.remove(attachmentId);
    });
    for (const { attachmentId } of unneeded) await rm(this.#pathOf(attachmentId), { force: true });
    let gone = unneeded.length;
    // Files that a crash left behind before the store knew of them.
    for (const name of await readdir(dir).catch(() => [])) {
      if (store.attachments.get(name) !== undefined) continue;
      const file = await stat(join(dir, name)).catch(() => undefined);
      if (file === undefined || file.mtimeMs > beforeAt) continue;
      await rm(join(dir, name), { force: true });
      this.partial.forgetFile(name);
      gone += 1;
    }
    return gone;
  }
}

const limitReached = ({ count, bytes }: { count: number; bytes: number }): DaylongError =>
  new DaylongError(
    "attachment_limit",
    `${count} attachments of this device are kept, with ${bytes} bytes. Each goes a day after it came or a message took it.`,
    { retryAfterMs: sweepMs },
  );

/** The type by the bytes where they tell; otherwise the declared type, unless it is of an image that this is not. */
function typeOf(said: string, found: string | undefined): string {
  if (found !== undefined) return found;
  if (!isImageType(said)) return said;
  throw new DaylongError("unsupported_media_type", `The file's bytes are not those of ${said}.`);
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    written += (await file.write(chunk, written, chunk.length - written)).bytesWritten;
  }
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
