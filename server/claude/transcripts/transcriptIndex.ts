import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SDKSessionInfo } from "@anthropic-ai/claude-agent-sdk";
import type { PastConversation } from "../../domain/sessions/history.ts";
import { begunIn, firstSaidIn } from "./transcriptHead.ts";

/** Transcripts read at once: enough to keep the disk busy, and few enough that other reads do not wait. */
const readAtOnce = 16;
const transcriptName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;

interface Transcript {
  sessionId: string;
  path: string;
  changedAt: number;
  sizeBytes: number;
  /** No other folder holds one of this id. */
  isAlone: boolean;
}

interface Known {
  /** Changes with every word that is written to the transcript. */
  stamp: string;
  conversation: PastConversation | undefined;
}

/**
 * Index of the conversations in a folder of transcripts. The SDK reads the head and the tail of each, which takes
 * milliseconds a file and is thousands of files in a long life; so what has not changed since is not read again.
 */
export class TranscriptIndex {
  readonly #folder: string;
  readonly #readInfo: (sessionId: string) => Promise<SDKSessionInfo | undefined>;
  #known = new Map<string, Known>();

  constructor(parts: {
    /** `projects` of the CLI's own folder. */
    folder: string;
    /** The SDK's `getSessionInfo`. */
    readInfo(sessionId: string): Promise<SDKSessionInfo | undefined>;
  }) {
    this.#folder = parts.folder;
    this.#readInfo = parts.readInfo;
  }

  /** All of them, or those that were begun in a directory; the latest first. */
  async list(projectPath?: string): Promise<PastConversation[]> {
    const known = new Map<string, Known>();
    const changed: Transcript[] = [];
    for (const transcript of await this.#transcripts()) {
      const before = this.#known.get(transcript.path);
      if (before?.stamp === stampOf(transcript)) known.set(transcript.path, before);
      else changed.push(transcript);
    }
    const left = changed.values();
    const read = async () => {
      for (const transcript of left) {
        const { sessionId, path, isAlone } = transcript;
        // The SDK looks an id up in one folder only.
        const info = isAlone ? await this.#readInfo(sessionId).catch(() => undefined) : undefined;
        // One that went, or cannot be read, is as if it had nothing in it.
        const conversation = await conversationOf(transcript, info).catch(() => undefined);
        known.set(path, { stamp: stampOf(transcript), conversation });
      }
    };
    await Promise.all(Array.from({ length: readAtOnce }, read));
    // Transcripts that are gone are forgotten with the old map.
    this.#known = known;
    const latest = [...known.values()]
      .flatMap(({ conversation }) =>
        conversation === undefined || (projectPath !== undefined && conversation.projectPath !== projectPath)
          ? []
          : [conversation],
      )
      .sort((a, b) => b.lastActivityAt - a.lastActivityAt);
    // Where a project was moved or copied, several folders hold an id: each of its directories has its own, and the latest counts.
    const places = new Set<string>();
    return latest.filter(({ sessionId, projectPath: begun }) => {
      const place = JSON.stringify([sessionId, begun]);
      return !places.has(place) && places.add(place);
    });
  }

  async #transcripts(): Promise<Iterable<Transcript>> {
    const transcripts: Array<Omit<Transcript, "isAlone">> = [];
    const counts = new Map<string, number>();
    for (const project of await readdir(this.#folder).catch(() => [])) {
      const names = await readdir(join(this.#folder, project)).catch(() => []);
      await Promise.all(
        names.map(async (name) => {
          const sessionId = transcriptName.exec(name)?.[1];
          if (sessionId === undefined) return;
          const path = join(this.#folder, project, name);
          const file = await stat(path).catch(() => undefined);
          if (!file?.isFile()) return;
          const { mtimeMs: changedAt, size: sizeBytes } = file;
          transcripts.push({ sessionId, path, changedAt, sizeBytes });
          counts.set(sessionId, (counts.get(sessionId) ?? 0) + 1);
        }),
      );
    }
    return transcripts.map((one) => ({ ...one, isAlone: counts.get(one.sessionId) === 1 }));
  }
}

const stampOf = ({ changedAt, sizeBytes, isAlone }: Transcript) => `${changedAt} ${sizeBytes} ${isAlone}`;

/** What the SDK says of a transcript, and what it does not see in one whose first message is longer than its look. */
async function conversationOf(
  { sessionId, path, changedAt, sizeBytes }: Transcript,
  info: SDKSessionInfo | undefined,
): Promise<PastConversation | undefined> {
  const first = info?.firstPrompt === undefined ? await firstSaidIn(path) : undefined;
  const firstMessage = info?.firstPrompt ?? first?.text;
  const title = info?.customTitle ?? info?.summary ?? firstMessage;
  // It holds no message.
  if (title === undefined) return undefined;
  return {
    sessionId,
    title: title.slice(0, 200).toWellFormed(),
    firstMessage: firstMessage?.slice(0, 2_000).toWellFormed(),
    projectPath: await begunIn(path),
    createdAt: info?.createdAt ?? first?.createdAt,
    lastActivityAt: info?.lastModified ?? Math.floor(changedAt),
    sizeBytes,
    gitBranch: info?.gitBranch,
  };
}
