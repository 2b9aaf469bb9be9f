import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { getSessionInfo, getSessionMessages } from "@anthropic-ai/claude-agent-sdk";
import type { PastMessage } from "../../domain/sessions/history.ts";
import { toolRecordIn } from "./toolRecord.ts";
import { claudeConfigDir, findTranscript } from "./transcriptFile.ts";
import { begunIn } from "./transcriptHead.ts";
import { TranscriptIndex } from "./transcriptIndex.ts";
import { pageBefore, pastMessageOf, type RawEntry } from "./transcriptMessages.ts";

/**
 * A thread that reads Claude's transcripts with the SDK's own functions. A transcript of a long day has hundreds of
 * megabytes, which would hold the server's one thread for seconds; and the SDK finds them by its environment, which is
 * the CLI's here and not the server's.
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
    }
  | { id: number; kind: "tool"; sessionId: string; projectPath: string; toolUseId: string };
export type HistoryAnswer = { id: number; value: unknown } | { id: number; fault: string };

const configDir = claudeConfigDir(process.env);
const conversations = new TranscriptIndex({
  folder: join(configDir, "projects"),
  readInfo: (sessionId) => getSessionInfo(sessionId),
});

/** A transcript beyond this is read anew for each page rather than kept in memory. */
const keptBytes = 64 * 1024 * 1024;

/** Cache of the transcript that was read last: a client that pages through one asks for it again and again. */
let last: { key: string; messages: PastMessage[] } | undefined;

/** A conversation of another project is not shown here. */
async function transcriptOf(named: { sessionId: string; projectPath: string }): Promise<string | undefined> {
  const path = await findTranscript(configDir, named.sessionId);
  return path !== undefined && (await begunIn(path)) === named.projectPath ? path : undefined;
}

async function answer(question: HistoryQuestion): Promise<unknown> {
  switch (question.kind) {
    case "conversations":
      return conversations.list(question.projectPath);
    case "tool": {
      const path = await transcriptOf(question);
      return path && toolRecordIn(path, question.toolUseId);
    }
    case "messages": {
      const { sessionId, before, limit } = question;
      const path = await transcriptOf(question);
      if (path === undefined) return undefined;
      const { mtimeMs, size } = await stat(path);
      const key = `${sessionId} ${mtimeMs} ${size}`;
      if (last?.key === key) return pageBefore(last.messages, before, limit);
      const entries = (await getSessionMessages(sessionId)) as RawEntry[];
      const messages = entries.map(pastMessageOf).filter((message) => message !== undefined);
      last = size <= keptBytes ? { key, messages } : undefined;
      return pageBefore(messages, before, limit);
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
