import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { getSessionInfo } from "@anthropic-ai/claude-agent-sdk";
import { toolRecordIn } from "./toolRecord.ts";
import { claudeConfigDir } from "./transcriptFile.ts";
import { findTranscriptOf } from "./transcriptHead.ts";
import { TranscriptIndex } from "./transcriptIndex.ts";
import { readPage } from "./transcriptPages.ts";

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

/** A conversation of another project is not shown here. */
const transcriptOf = ({ sessionId, projectPath }: { sessionId: string; projectPath: string }) =>
  findTranscriptOf(configDir, sessionId, projectPath);

async function answer(question: HistoryQuestion): Promise<unknown> {
  switch (question.kind) {
    case "conversations":
      return conversations.list(question.projectPath);
    case "tool": {
      const path = await transcriptOf(question);
      return path && toolRecordIn(path, question.toolUseId);
    }
    case "messages": {
      const path = await transcriptOf(question);
      return path && readPage(path, question.before, question.limit);
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
