import { open, readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TranscriptReply } from "../../domain/processes/process.ts";
import { replyAfter } from "./transcriptReply.ts";

/** How much of a transcript's end is read for a reply: one turn, however chatty, is shorter. */
const tailBytes = 8 * 1024 * 1024;
/** How far back a message is looked for. */
const searchBytes = 256 * 1024 * 1024;
/** A transcript beyond this is a reason for a start that does not come up. */
export const giantBytes = 20 * 1024 * 1024;

/** Where the CLI keeps its state: `CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export const claudeConfigDir = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment.CLAUDE_CONFIG_DIR || join(environment.HOME || homedir(), ".claude");

/**
 * The transcript of a conversation, if the CLI has written one. Its folder's name is the CLI's own encoding of the
 * project path, so every project folder is looked into rather than the encoding guessed. An empty file, which a crash or
 * a full disk leaves behind, is none: the CLI refuses to go on with it.
 */
export const findTranscript = async (configDir: string, sessionId: string): Promise<string | undefined> =>
  (await findTranscripts(configDir, sessionId))[0];

/** The same where a project was moved or copied and several folders hold one: the one that was written last comes first. */
export async function findTranscripts(configDir: string, sessionId: string): Promise<string[]> {
  const projects = join(configDir, "projects");
  const folders = await readdir(projects).catch(() => []);
  // Side by side: each look adds to a start, and Claude keeps a folder for each project that it ever worked in.
  const looks = folders.map(async (folder) => {
    const path = join(projects, folder, `${sessionId}.jsonl`);
    const file = await stat(path).catch(() => undefined);
    return file?.isFile() && file.size > 0 ? [{ path, changedAt: file.mtimeMs }] : [];
  });
  const found = (await Promise.all(looks)).flat();
  return found.sort((a, b) => b.changedAt - a.changedAt).map(({ path }) => path);
}

/** The last bytes of a file, from the first whole line on. */
export async function readTail(path: string, mostBytes: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - mostBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.toString("utf8", 0, bytesRead);
    return from === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    await file.close();
  }
}

/** The whole answer to a user's message, if the end of the transcript holds it. */
export async function findReply(path: string, messageId: string): Promise<TranscriptReply | undefined> {
  const text = await readTail(path, tailBytes);
  // Only from the prompt on: the rest of a day's conversation need not be parsed.
  const at = text.indexOf(messageId);
  if (at < 0) return undefined;
  return replyAfter(text.slice(text.lastIndexOf("\n", at) + 1).split("\n"), messageId);
}

/** Whether an entry of the transcript carries the id. Reads the file in pieces. */
export async function holdsEntry(path: string, messageId: string): Promise<boolean> {
  // The CLI writes its lines without spaces. An entry that only refers to the id names it otherwise.
  const sought = `"uuid":"${messageId}"`;
  const file = await open(path, "r");
  try {
    let rest = "";
    const { size } = await file.stat();
    const start = Math.max(0, size - searchBytes);
    for await (const piece of file.createReadStream({ encoding: "latin1", start, autoClose: false })) {
      if ((rest + piece).includes(sought)) return true;
      rest = String(piece).slice(-sought.length);
    }
    return false;
  } finally {
    await file.close();
  }
}

/** Size of the transcript in bytes; 0 when there is none. */
export const transcriptBytes = (path: string | undefined): Promise<number> =>
  path === undefined
    ? Promise.resolve(0)
    : stat(path).then(
        (file) => file.size,
        () => 0,
      );

const newline = 10;

export interface TranscriptLine {
  /** `undefined`: the line is longer than was asked for. */
  text: string | undefined;
  /** The first byte after it, in the file. */
  endOffset: number;
}

export interface LinesWanted {
  /** The first byte; the line that it lies in must begin there. */
  start?: number;
  /** The end, if it is not that of the file. */
  end?: number;
  /** A longer line is passed over, and never in memory as a whole. */
  mostLineBytes: number;
  /** Whether a last line without an end is given too: it may still be written. */
  withLast: boolean;
}

/** Of a file so many bytes are read at once. */
const readBytes = 64 * 1_024;

/**
 * Lines of a transcript, in the batches in which the file is read: bounded memory for a file of any size, and a pause for
 * other work after each batch. A byte order mark at the beginning is no part of the first line.
 */
export async function* linesOf(path: string, wanted: LinesWanted): AsyncGenerator<TranscriptLine[]> {
  const { start = 0, end = Number.POSITIVE_INFINITY, mostLineBytes, withLast } = wanted;
  const file = await open(path, "r");
  try {
    let pieces: Buffer[] = [];
    let lineBytes = 0;
    let offset = start;
    const take = (piece: Buffer) => {
      lineBytes += piece.length;
      if (lineBytes > mostLineBytes) pieces = [];
      else if (piece.length > 0) pieces.push(piece);
    };
    const endLine = (endOffset: number): TranscriptLine => {
      const isTooLong = lineBytes > mostLineBytes;
      const whole = isTooLong ? undefined : Buffer.concat(pieces).toString("utf8");
      const text = endOffset - lineBytes <= 1 && start === 0 ? whole?.replace(/^\uFEFF/, "") : whole;
      pieces = [];
      lineBytes = 0;
      return { text, endOffset };
    };
    // No stream: a few lines, as most calls read, are one read.
    while (offset < end) {
      const length = Math.min(readBytes, end - offset);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      const lines: TranscriptLine[] = [];
      let lineStart = 0;
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, lineStart)) {
        take(bytes.subarray(lineStart, at));
        lineStart = at + 1;
        lines.push(endLine(offset + lineStart));
      }
      take(bytes.subarray(lineStart));
      offset += bytes.length;
      if (lines.length > 0) yield lines;
    }
    if (withLast && lineBytes > 0) yield [endLine(offset)];
  } finally {
    await file.close();
  }
}

/** The entry in a line of a transcript; `undefined` for what is no object of JSON. */
export function entryOf(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>) : undefined;
  } catch {
    // The last line may be half a line, and a crash leaves others.
    return undefined;
  }
}
