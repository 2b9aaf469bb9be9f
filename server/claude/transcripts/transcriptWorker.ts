import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import type { PastConversationPage } from "../../domain/sessions/history.ts";
import { claudeConfigDir } from "./transcriptFile.ts";
import { TranscriptIndex } from "./transcriptIndex.ts";

/**
 * A thread that reads Claude's transcripts: one of a long day has hundreds of megabytes, which would hold the server's one
 * thread for seconds. The SDK is not loaded here, because that takes longer than a list of thousands of conversations.
 */
export type HistoryQuestion =
  | { id: number; kind: "conversations"; projectPath?: string; page?: PastConversationPage }
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
const conversations = new TranscriptIndex(join(configDir, "projects"));

/** A conversation of another project is not shown here. */
async function transcriptOf({ sessionId, projectPath }: { sessionId: string; projectPath: string }) {
  const { findTranscriptOf } = await import("./transcriptHead.ts");
  return findTranscriptOf(configDir, sessionId, projectPath);
}

/** Each kind loads what it needs: a list, which is asked for first, does not wait for what reads a conversation. */
async function answer(question: HistoryQuestion): Promise<unknown> {
  switch (question.kind) {
    case "conversations":
      return conversations.list(question.projectPath, question.page);
    case "tool": {
      const [path, { toolRecordIn }] = await Promise.all([transcriptOf(question), import("./toolRecord.ts")]);
      return path && toolRecordIn(path, question.toolUseId);
    }
    case "messages": {
      const [path, { readPage }] = await Promise.all([
        transcriptOf(question),
        import("./transcriptPages.ts"),
      ]);
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
