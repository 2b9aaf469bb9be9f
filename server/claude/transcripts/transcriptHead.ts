import { realpath } from "node:fs/promises";
import type { PastMessage } from "../../domain/sessions/history.ts";
import { entryOf, findTranscripts, linesOf } from "./transcriptFile.ts";
import { pastMessageOf, type RawEntry } from "./transcriptMessages.ts";

/** How far into a transcript is looked: past the longest first message with its images, which stands in it twice. */
const mostBytes = 64 * 1024 * 1024;
/**
 * A longer line is passed over. The longest text of a message, all of it escaped, is shorter; only images are longer, and
 * the lines after them say the directory too.
 */
const mostLineBytes = 2 * 1024 * 1024;

/** The directory a conversation was begun in, links followed where it still exists; `undefined` when nothing says so. */
export async function begunIn(path: string): Promise<string | undefined> {
  for await (const { cwd } of entriesOf(path))
    if (typeof cwd === "string") return realpath(cwd).catch(() => cwd);
  return undefined;
}

/** The transcript of a conversation that was begun in the directory, where several folders may hold one of its id. */
export async function findTranscriptOf(
  configDir: string,
  sessionId: string,
  projectPath: string,
): Promise<string | undefined> {
  for (const path of await findTranscripts(configDir, sessionId))
    if ((await begunIn(path)) === projectPath) return path;
  return undefined;
}

/** The first thing a person said in a conversation; `undefined` also for the record of a subagent. */
export async function firstSaidIn(path: string): Promise<PastMessage | undefined> {
  for await (const entry of entriesOf(path)) {
    if (entry.type !== "user") continue;
    // A subagent's words may come first; a file of nothing else is no conversation.
    if (entry.isSidechain === true) continue;
    const said = pastMessageOf(entry as unknown as RawEntry);
    if (said?.role === "user" && said.text !== "") return said;
  }
  return undefined;
}

/** The entries of a transcript from its beginning, read as far as they are asked for. */
async function* entriesOf(path: string): AsyncGenerator<Record<string, unknown>> {
  for await (const lines of linesOf(path, { end: mostBytes, mostLineBytes, withLast: true })) {
    for (const { text } of lines) {
      const entry = text === undefined ? undefined : entryOf(text);
      if (entry) yield entry;
    }
  }
}
