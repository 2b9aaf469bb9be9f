import { statSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import type { ConversationLook, ConversationWatch } from "../../domain/processes/process.ts";
import { heldConversations, heldConversationsNow } from "./conversationHolders.ts";
import { readRecord, readRecordNow } from "./conversationRecord.ts";
import { findTranscript } from "./transcriptFile.ts";

/** Paths that are remembered; more conversations than this are not gone on with at once. */
const mostPaths = 1_000;

/** Largest part of a transcript that is read on the event loop, which takes some tenths of a millisecond: a turn adds a few kilobytes. */
const mostBytesAtOnce = 64 * 1_024;

/**
 * File systems of Linux (its `statfs` names them by number) whose disk is the machine's own: ext, XFS, Btrfs, ZFS, F2FS, the
 * layers of a container, memory. On any other the disk may be a server's that is gone, and a read is then never answered.
 */
const ownDisks = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x794c7630, 0x01021994, 0x858458f6,
]);

const isOwnDisk = (path: string): Promise<boolean> =>
  statfs(path).then(
    ({ type }) => process.platform === "linux" && ownDisks.has(type),
    () => false,
  );

interface KnownRecord {
  path: string;
  /** Whether its disk, and that of the CLI's folder, are the machine's own. */
  isNear: boolean;
}

/**
 * Watch over conversations that other programs may go on with, by looks at the CLI's folder: which process has one open, and
 * what was appended to its transcript. A look that finds nothing new reads one folder's names and one file's size.
 */
export class TranscriptWatch implements ConversationWatch {
  readonly #configDir: string;
  readonly #ownPids: () => ReadonlySet<number>;
  readonly #records = new Map<string, KnownRecord>();

  constructor(parts: { configDir: string; ownPids(): ReadonlySet<number> }) {
    this.#configDir = parts.configDir;
    this.#ownPids = () => parts.ownPids();
  }

  /** Conversations that other programs have open, with their pids. */
  held(): Promise<Map<string, number>> {
    const own = this.#ownPids();
    return heldConversations(this.#configDir, (pid) => own.has(pid));
  }

  async look(claudeSessionId: string, from: number): Promise<ConversationLook> {
    // The holder first: what it wrote before it let go is then in what is read.
    const heldBy = (await this.held()).get(claudeSessionId);
    const record = await this.#recordOf(claudeSessionId);
    if (record === undefined) return { heldBy, entries: [], endOffset: 0 };
    const { path, size } = record;
    if (size === from) return { heldBy, entries: [], endOffset: size };
    return { heldBy, ...(await readRecord(path, from, size)) };
  }

  lookNow(claudeSessionId: string, from: number): ConversationLook | undefined {
    const known = this.#records.get(claudeSessionId);
    if (!known?.isNear) return undefined;
    const own = this.#ownPids();
    try {
      const held = heldConversationsNow(this.#configDir, (pid) => own.has(pid));
      const { size } = statSync(known.path);
      // A file that became shorter was replaced.
      if (held === undefined || size < from || size - from > mostBytesAtOnce) return undefined;
      const part = size === from ? { entries: [], endOffset: size } : readRecordNow(known.path, from, size);
      return { heldBy: held.get(claudeSessionId), ...part };
    } catch {
      // Something was moved or went away: the other look finds out what.
      return undefined;
    }
  }

  async #recordOf(claudeSessionId: string): Promise<{ path: string; size: number } | undefined> {
    const known = this.#records.get(claudeSessionId);
    const stats = known && (await stat(known.path).catch(() => undefined));
    if (known !== undefined && stats !== undefined) return { path: known.path, size: stats.size };
    const path = await findTranscript(this.#configDir, claudeSessionId);
    if (path === undefined) {
      this.#records.delete(claudeSessionId);
      return undefined;
    }
    const [isOwn, hasOwn] = await Promise.all([isOwnDisk(path), isOwnDisk(this.#configDir)]);
    this.#records.set(claudeSessionId, { path, isNear: isOwn && hasOwn });
    const [oldest] = this.#records.keys();
    if (this.#records.size > mostPaths && oldest !== undefined) this.#records.delete(oldest);
    return { path, size: (await stat(path)).size };
  }
}
