import { realpathSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import {
  getSessionInfo,
  getSessionMessages,
  listSessions,
  type SDKSessionInfo,
} from "@anthropic-ai/claude-agent-sdk";
import type { PastConversation, PastMessage } from "../domain/history.ts";
import { pageBefore, pastMessageOf, type RawEntry } from "./pastMessage.ts";

/**
 * A thread that reads Claude's transcripts with the SDK's own functions. A transcript of a long day has hundreds of
 * megabytes, which would hold the server's one thread for seconds; and the SDK finds them by its environment, which is the
 * CLI's here and not the server's.
 */
export type HistoryQuestion =
  | { id: number; kind: "conversations"; projectPath?: string }
  | {
      id: number;
      kind: "messages";
      sessionId: string;
      projectPath: string;
      before?: string;
      limit: number;
    };
export type HistoryAnswer = { id: number; value: unknown } | { id: number; fault: string };

/** The transcript that was read last: who pages through one asks for it again and again. */
let last: { key: string; messages: PastMessage[] } | undefined;

const realPaths = new Map<string, string>();

/** Claude writes down the path it was started with, which may lead through links. */
function realPathOf(cwd: string): string {
  const known = realPaths.get(cwd);
  if (known !== undefined) return known;
  let real = cwd;
  try {
    real = realpathSync(cwd);
  } catch {
    // The directory is gone; its conversations are not.
  }
  realPaths.set(cwd, real);
  return real;
}

const conversationOf = (info: SDKSessionInfo): PastConversation => ({
  sessionId: info.sessionId,
  title: (info.customTitle ?? info.summary).slice(0, 200).toWellFormed(),
  firstMessage: info.firstPrompt?.slice(0, 2_000).toWellFormed(),
  projectPath: info.cwd === undefined ? undefined : realPathOf(info.cwd),
  createdAt: info.createdAt,
  lastActivityAt: info.lastModified,
  sizeBytes: info.fileSize,
  gitBranch: info.gitBranch,
});

async function answer(question: HistoryQuestion): Promise<unknown> {
  switch (question.kind) {
    case "conversations": {
      const dir = question.projectPath;
      realPaths.clear();
      const found = await listSessions(dir === undefined ? {} : { dir, includeWorktrees: false });
      return found.map(conversationOf);
    }
    case "messages": {
      const { sessionId, projectPath: dir, before, limit } = question;
      const info = await getSessionInfo(sessionId, { dir });
      // Of a folder's name more than one path can be the origin: what was begun elsewhere is not of this project.
      if (info?.cwd === undefined || realPathOf(info.cwd) !== dir) return undefined;
      const key = `${sessionId} ${info.lastModified} ${info.fileSize}`;
      if (last?.key !== key) {
        const entries = (await getSessionMessages(sessionId, { dir })) as RawEntry[];
        last = { key, messages: entries.map(pastMessageOf).filter((message) => message !== undefined) };
      }
      return pageBefore(last.messages, before, limit);
    }
  }
}

parentPort?.on("message", (question: HistoryQuestion) => {
  answer(question).then(
    (value) => parentPort?.postMessage({ id: question.id, value } satisfies HistoryAnswer),
    (error: unknown) =>
      parentPort?.postMessage({ id: question.id, fault: String(error) } satisfies HistoryAnswer),
  );
});
