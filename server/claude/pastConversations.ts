import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SDKSessionInfo } from "@anthropic-ai/claude-agent-sdk";
import type { PastConversation } from "../domain/history.ts";

/** Transcripts read at once: the disk is asked for more than one, and nobody else has to wait for it. */
const readAtOnce = 16;
const transcriptName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;

interface Known {
  /** Changes with every word that is written to the transcript. */
  stamp: string;
  conversation: PastConversation | undefined;
}

/**
 * The conversations of a folder of transcripts. The SDK reads the head and the tail of each, which takes milliseconds a
 * file and is thousands of files in a long life; so what has not changed since is not read again.
 */
export class PastConversations {
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
    const changed: Array<{ sessionId: string; stamp: string }> = [];
    for (const [sessionId, stamp] of await this.#stamps()) {
      const before = this.#known.get(sessionId);
      if (before?.stamp === stamp) known.set(sessionId, before);
      else changed.push({ sessionId, stamp });
    }
    const realPaths = new Map<string, Promise<string>>();
    const left = changed.values();
    const read = async () => {
      for (const { sessionId, stamp } of left) {
        const info = await this.#readInfo(sessionId).catch(() => undefined);
        known.set(sessionId, { stamp, conversation: info && (await conversationOf(info, realPaths)) });
      }
    };
    await Promise.all(Array.from({ length: readAtOnce }, read));
    // What is gone is forgotten with the old map.
    this.#known = known;
    return [...known.values()]
      .flatMap(({ conversation }) =>
        conversation === undefined || (projectPath !== undefined && conversation.projectPath !== projectPath)
          ? []
          : [conversation],
      )
      .sort((a, b) => b.lastActivityAt - a.lastActivityAt);
  }

  async #stamps(): Promise<Map<string, string>> {
    const stamps = new Map<string, string>();
    for (const project of await readdir(this.#folder).catch(() => [])) {
      const names = await readdir(join(this.#folder, project)).catch(() => []);
      await Promise.all(
        names.map(async (name) => {
          const sessionId = transcriptName.exec(name)?.[1];
          if (sessionId === undefined) return;
          const file = await stat(join(this.#folder, project, name)).catch(() => undefined);
          if (file?.isFile()) stamps.set(sessionId, `${file.mtimeMs} ${file.size}`);
        }),
      );
    }
    return stamps;
  }
}

async function conversationOf(
  info: SDKSessionInfo,
  realPaths: Map<string, Promise<string>>,
): Promise<PastConversation> {
  const { cwd } = info;
  if (cwd !== undefined && !realPaths.has(cwd)) realPaths.set(cwd, realPathOf(cwd));
  return {
    sessionId: info.sessionId,
    title: (info.customTitle ?? info.summary).slice(0, 200).toWellFormed(),
    firstMessage: info.firstPrompt?.slice(0, 2_000).toWellFormed(),
    projectPath: cwd === undefined ? undefined : await realPaths.get(cwd),
    createdAt: info.createdAt,
    lastActivityAt: info.lastModified,
    sizeBytes: info.fileSize,
    gitBranch: info.gitBranch,
  };
}

/** Claude writes down the path it was started with, which may lead through links. Of one that is gone, the path as it was. */
export const realPathOf = (cwd: string): Promise<string> => realpath(cwd).catch(() => cwd);
