import { signal } from "@preact/signals";
import { type DaylongClient, DaylongProblem } from "../../../../client/src/index.ts";
import { bytesInWords } from "../../design/quantities.ts";
import type { Attached } from "../../state/chat/chat.ts";

/** Limits of the server (docs/api.md, Chat). */
const maxFiles = 5;
const maxBytes = 25_000_000;

export interface PendingFile {
  id: number;
  file: File;
  /** A picture of it. */
  preview?: string;
  /** There when it was uploaded. */
  attachmentId?: string;
  fault?: string;
}

/** Files that go with the next message; they are uploaded while it is being written. */
export class Attachments {
  readonly #client: DaylongClient;
  readonly list = signal<readonly PendingFile[]>([]);
  #ids = 0;

  constructor(client: DaylongClient) {
    this.#client = client;
  }

  /** Takes files; says what was not taken, and why. */
  add(files: readonly File[]): string {
    const large = files.filter(({ size }) => size > maxBytes);
    const taken = files.filter(({ size }) => size <= maxBytes).slice(0, maxFiles - this.list.value.length);
    for (const file of taken) {
      const preview = /^image\/(png|jpeg|gif|webp)$/.test(file.type) ? URL.createObjectURL(file) : undefined;
      const pending: PendingFile = { id: ++this.#ids, file, preview };
      this.list.value = [...this.list.value, pending];
      void this.#upload(pending);
    }
    const [first] = large;
    if (first)
      return `${first.name} has ${bytesInWords(first.size)}; a file may have ${bytesInWords(maxBytes)}.`;
    return taken.length < files.length ? `A message takes ${maxFiles} files.` : "";
  }

  remove(id: number): void {
    const file = this.list.value.find((one) => one.id === id);
    if (file?.preview) URL.revokeObjectURL(file.preview);
    this.list.value = this.list.value.filter((one) => one.id !== id);
  }

  /** Tries again what did not arrive. */
  retry(): void {
    for (const file of this.list.value) if (file.fault !== undefined) void this.#upload(file);
  }

  /** The uploaded files, for a message; the list is empty afterwards. */
  take(): Attached[] {
    const taken = this.list.value.flatMap(({ attachmentId, file }) =>
      attachmentId === undefined ? [] : [{ attachmentId, name: file.name }],
    );
    this.clear();
    return taken;
  }

  clear(): void {
    for (const { id } of this.list.value) this.remove(id);
  }

  async #upload({ id, file }: PendingFile): Promise<void> {
    this.#change(id, { fault: undefined });
    try {
      const { attachmentId } = await this.#client.rest.upload(file, file.name);
      this.#change(id, { attachmentId });
    } catch (error) {
      const fault = error instanceof DaylongProblem ? error.message : "waits for the server";
      this.#change(id, { fault });
    }
  }

  #change(id: number, change: Partial<PendingFile>): void {
    this.list.value = this.list.value.map((one) => (one.id === id ? { ...one, ...change } : one));
  }
}

/** The files that were pasted or dropped. */
export const filesOf = (transfer: DataTransfer | null): File[] => [...(transfer?.files ?? [])];
