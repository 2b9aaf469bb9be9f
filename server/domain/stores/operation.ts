import type { ProcessRecord, SeenProcess } from "../processes/process.ts";
import type { Attachment } from "../sessions/attachment.ts";

/** Repository of attachments; their bytes are files. */
export interface AttachmentStore {
  insert(attachment: Attachment): void;
  get(attachmentId: string): Attachment | undefined;
  /** A message takes it; false when it is gone. */
  use(attachmentId: string, at: number): boolean;
  /** A message that took it was cancelled: it is kept for another one as long as if none had. */
  release(attachmentId: string): void;
  /** Number and size of the device's kept attachments. */
  keptOf(deviceId: string): { count: number; bytes: number };
  /** Sent or last taken before the instant, and named by no turn that waits or runs. */
  unneeded(beforeAt: number, limit: number): Attachment[];
  remove(attachmentId: string): void;
}

/** Repository of CLI processes, by which orphans are found and ended at the next start. */
export interface ProcessStore {
  /** Before the spawn: the mark is known before the process is. */
  open(record: ProcessRecord): void;
  started(processId: string, pid: number, startTicks: string | null): void;
  /** What is below the process now, as far as it was seen. */
  saw(processId: string, seen: readonly SeenProcess[]): void;
  ended(processId: string, at: number): void;
  unended(): ProcessRecord[];
}

/** Retention: deletes rows that are older than the retention period. */
export interface RetentionStore {
  /**
   * Cuts at most `limit` rows of each kind that are older than `beforeAt`: events (and with them their deliveries), the
   * audit log, ended processes. Returns the number of rows cut; 0 when nothing is left to cut.
   */
  cut(beforeAt: number, limit: number): number;
  /** The instant of the event that was appended last; `undefined`: there is none. */
  newestAt(): number | undefined;
}

/** Repository of the limits that the owner set while the server ran; names and bounds are checked above. */
export interface SettingsStore {
  all(): Map<string, number>;
  set(name: string, value: number): void;
  remove(name: string): void;
}

/** One change that a device made. */
export interface AuditEntry {
  at: number;
  deviceId: string;
  action: string;
  target: string;
  detail: string;
}

/** The audit log. */
export interface AuditStore {
  add(entry: AuditEntry): void;
  list(before: string | undefined, limit: number): { entries: AuditEntry[]; nextBefore?: string };
}
