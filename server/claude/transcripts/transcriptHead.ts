import { open, realpath } from "node:fs/promises";
import type { PastMessage } from "../../domain/sessions/history.ts";
import { pastMessageOf, type RawEntry } from "./transcriptMessages.ts";

/** How far into a transcript is looked: past the longest first message with its images, which stands in it twice. */
const mostBytes = 64 * 1024 * 1024;
/**
 * A longer line is passed over. The longest text of a message, all of it escaped, is shorter; only images are longer, and
 * the lines after them say the directory too.
 */
const mostLineBytes = 2 * 1024 * 1024;
const newline = 10;

/** The directory a conversation was begun in, links followed where it still exists; `undefined` when nothing says so. */
export async function begunIn(path: string): Promise<string | undefined> {
  for await (const { cwd } of entriesOf(path))
    if (typeof cwd === "string") return realpath(cwd).catch(() => cwd);
  return undefined;
}

/** The first thing a person said in a conversation; `undefined` also for the record of a helper of Claude's own. */
export async function firstSaidIn(path: string): Promise<PastMessage | undefined> {
  for await (const entry of entriesOf(path)) {
    if (entry.type !== "user") continue;
    if (entry.isSidechain === true) return undefined;
    const said = pastMessageOf(entry as unknown as RawEntry);
    if (said?.text) return said;
  }
  return undefined;
}

/** The entries of a transcript from its beginning, read as far as they are asked for. */
async function* entriesOf(path: string): AsyncGenerator<Record<string, unknown>> {
  const file = await open(path, "r");
  try {
    let pieces: Buffer[] = [];
    let lineBytes = 0;
    const take = (piece: Buffer) => {
      lineBytes += piece.length;
      if (lineBytes > mostLineBytes) pieces = [];
      else pieces.push(piece);
    };
    const endLine = () => {
      const entry = lineBytes > mostLineBytes ? undefined : entryOf(Buffer.concat(pieces).toString("utf8"));
      pieces = [];
      lineBytes = 0;
      return entry;
    };
    for await (const read of file.createReadStream({ end: mostBytes - 1, autoClose: false })) {
      const bytes = read as Buffer;
      let from = 0;
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
        take(bytes.subarray(from, at));
        from = at + 1;
        const entry = endLine();
        if (entry) yield entry;
      }
      take(bytes.subarray(from));
    }
    const last = endLine();
    if (last) yield last;
  } finally {
    await file.close();
  }
}

function entryOf(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>) : undefined;
  } catch {
    // The last line may be half a line, and a crash leaves others.
    return undefined;
  }
}
