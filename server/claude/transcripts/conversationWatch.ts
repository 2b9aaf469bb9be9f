import { stat } from "node:fs/promises";
import type { ConversationLook, ConversationWatch } from "../../domain/processes/process.ts";
import { readRecord } from "./conversationRecord.ts";
import { findTranscript } from "./transcriptFile.ts";

/** Paths that are remembered; more conversations than this are not gone on with at once. */
const mostPaths = 1_000;

/**
 * Watch over conversations that other programs may go on with, by looks at the CLI's folder: which process has one open, and
 * what was appended to its transcript. A look that finds nothing new reads one folder's names and one file's size.
 */
export class TranscriptWatch implements ConversationWatch {
  readonly #configDir: string;
  readonly #heldElsewhere: () => Promise<ReadonlyMap<string, number>>;
  readonly #paths = new Map<string, string>();

  constructor(parts: { configDir: string; heldElsewhere(): Promise<ReadonlyMap<string, number>> }) {
    this.#configDir = parts.configDir;
    this.#heldElsewhere = () => parts.heldElsewhere();
  }

  async look(claudeSessionId: string, from: number): Promise<ConversationLook> {
    // The holder first: what it wrote before it let go is then in what is read.
    const heldBy = (await this.#heldElsewhere()).get(claudeSessionId);
    const record = await this.#recordOf(claudeSessionId);
    if (record === undefined) return { heldBy, entries: [], endOffset: 0 };
    const { path, size } = record;
    if (size === from) return { heldBy, entries: [], endOffset: size };
    return { heldBy, ...(await readRecord(path, from, size)) };
  }

  async #recordOf(claudeSessionId: string): Promise<{ path: string; size: number } | undefined> {
    const known = this.#paths.get(claudeSessionId);
    const stats = known === undefined ? undefined : await stat(known).catch(() => undefined);
    if (known !== undefined && stats !== undefined) return { path: known, size: stats.size };
    const found = await findTranscript(this.#configDir, claudeSessionId);
    if (found === undefined) {
      this.#paths.delete(claudeSessionId);
      return undefined;
    }
    this.#paths.set(claudeSessionId, found);
    const [oldest] = this.#paths.keys();
    if (this.#paths.size > mostPaths && oldest !== undefined) this.#paths.delete(oldest);
    return { path: found, size: (await stat(found)).size };
  }
}
