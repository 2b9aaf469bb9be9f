import type { Attachment } from "../../domain/sessions/attachment.ts";
import type { AttachmentStore } from "../../domain/stores/operation.ts";
import { type Connection, Statement } from "../statement.ts";

interface AttachmentRow {
  attachment_id: string;
  device_id: string;
  name: string;
  mime_type: string;
  size_bytes: number;
  sha256: string;
  created_at: number;
  used_at: number | null;
}

const attachmentOf = (row: AttachmentRow): Attachment => ({
  attachmentId: row.attachment_id,
  deviceId: row.device_id,
  name: row.name,
  mimeType: row.mime_type,
  sizeBytes: row.size_bytes,
  sha256: row.sha256,
  createdAt: row.created_at,
  ...(row.used_at === null ? {} : { usedAt: row.used_at }),
});

const columns = "attachment_id, device_id, name, mime_type, size_bytes, sha256, created_at, used_at";

/** Attachments in SQLite: metadata of the files that came with messages; their bytes lie in the data folder. */
export class SqliteAttachmentStore implements AttachmentStore {
  readonly #insert: Statement<[Record<string, string | number>]>;
  readonly #get: Statement<[attachmentId: string], AttachmentRow>;
  readonly #use: Statement<[at: number, attachmentId: string]>;
  readonly #release: Statement<[attachmentId: string]>;
  readonly #kept: Statement<[deviceId: string], { count: number; bytes: number }>;
  readonly #unneeded: Statement<[beforeAt: number, limit: number], AttachmentRow>;
  readonly #remove: Statement<[attachmentId: string]>;

  constructor(connection: Connection) {
    this.#insert = new Statement(
      connection,
      `INSERT INTO attachments (attachment_id, device_id, name, mime_type, size_bytes, sha256, created_at)
       VALUES (@attachmentId, @deviceId, @name, @mimeType, @sizeBytes, @sha256, @createdAt)`,
    );
    this.#get = new Statement(connection, `SELECT ${columns} FROM attachments WHERE attachment_id = ?`);
    this.#use = new Statement(connection, "UPDATE attachments SET used_at = ? WHERE attachment_id = ?");
    this.#release = new Statement(
      connection,
      "UPDATE attachments SET used_at = NULL WHERE attachment_id = ?",
    );
    this.#kept = new Statement(
      connection,
      "SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS bytes FROM attachments WHERE device_id = ?",
    );
    // The state is in the text, so that the index of live turns can be used.
    this.#unneeded = new Statement(
      connection,
      `SELECT ${columns} FROM attachments WHERE coalesce(used_at, created_at) < ? AND attachment_id NOT IN (
         SELECT named.value FROM turns t, json_each(t.attachment_ids) named
         WHERE t.state = 'queued' OR t.state = 'running')
       ORDER BY created_at LIMIT ?`,
    );
    this.#remove = new Statement(connection, "DELETE FROM attachments WHERE attachment_id = ?");
  }

  insert({ attachmentId, deviceId, name, mimeType, sizeBytes, sha256, createdAt }: Attachment): void {
    this.#insert.run({ attachmentId, deviceId, name, mimeType, sizeBytes, sha256, createdAt });
  }

  get(attachmentId: string): Attachment | undefined {
    const row = this.#get.get(attachmentId);
    return row && attachmentOf(row);
  }

  use(attachmentId: string, at: number): boolean {
    return this.#use.run(at, attachmentId) === 1;
  }

  release(attachmentId: string): void {
    this.#release.run(attachmentId);
  }

  keptOf(deviceId: string): { count: number; bytes: number } {
    return this.#kept.get(deviceId) ?? { count: 0, bytes: 0 };
  }

  unneeded(beforeAt: number, limit: number): Attachment[] {
    return this.#unneeded.all(beforeAt, limit).map(attachmentOf);
  }

  remove(attachmentId: string): void {
    this.#remove.run(attachmentId);
  }
}
