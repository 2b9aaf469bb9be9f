import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { textBetween } from "../../domain/trimText.ts";
import { entryOf } from "./transcriptFile.ts";

/** How much of a transcript's beginning, and of its end, is read: as much as the SDK's `getSessionInfo` reads. */
const endBytes = 64 * 1024;
/** Characters of a first message: the SDK's own cut. */
const mostMessageUnits = 200;

/** Texts that a program, not the person, put into a user's message. */
const notSaid = /^(?:<[a-z][\w-]*[\s>]|\[Request interrupted by user[^\]]*\])/;

/** The facts of a conversation that the list of conversations shows. */
export interface TranscriptSummary {
  title?: string;
  /** A person's first words, as one line; absent when they begin beyond the bytes that are read. */
  firstMessage?: string;
  createdAt?: number;
  gitBranch?: string;
  /** The directory that the first entry names; absent when it stands beyond what is read. */
  directory?: string;
}

/**
 * Reads the summary of a transcript from its head and its tail. The rules are those of the SDK's `getSessionInfo`, which a
 * test holds this to; the SDK itself takes ten times the processor time for each, and 30 MB and a quarter of a second to load.
 * Synchronous, because it runs in a thread of its own, where waiting for each call would take several times as long.
 */
export function readSummary(path: string): TranscriptSummary {
  const { head, tail } = readEnds(path);
  // Of a file that is read as a whole both are the same text.
  const [inHead = "", inTail = ""] = [head === tail ? "" : head, tail].map(withTitles);
  const { firstMessage, directory, hasImage } = beginningOf(head);
  const named =
    lastValue(inTail, "customTitle", "custom-title") ||
    titleBeside(path) ||
    lastValue(inHead, "customTitle", "custom-title") ||
    lastValue(inTail, "aiTitle", "ai-title") ||
    lastValue(inHead, "aiTitle", "ai-title");
  const title = named || lastValue(inTail, "lastPrompt") || lastValue(inTail, "summary") || firstMessage;
  const createdAt = Date.parse(/"timestamp": ?"([^"]*)"/.exec(head)?.[1] ?? "");
  return {
    title: title || (hasImage ? "Image" : undefined),
    firstMessage,
    createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
    gitBranch: lastValue(tail, "gitBranch") || undefined,
    directory,
  };
}

/** The fields that give a title: one pass tells that a text has none of them, as most have not. */
const titleFields = /"(?:customTitle|aiTitle|lastPrompt|summary)":/;
const withTitles = (text: string): string => (titleFields.test(text) ? text : "");

function readEnds(path: string): { head: string; tail: string } {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const read = (from: number) => {
      const buffer = Buffer.allocUnsafe(Math.min(endBytes, size - from));
      return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, from));
    };
    const head = read(0);
    return { head: head.replace(/^\uFEFF/, ""), tail: size > endBytes ? read(size - endBytes) : head };
  } finally {
    closeSync(file);
  }
}

function beginningOf(head: string): { firstMessage?: string; directory?: string; hasImage: boolean } {
  let directory: string | undefined;
  let command: string | undefined;
  let hasImage = false;
  for (const entry of entriesIn(head)) {
    if (directory === undefined && typeof entry.cwd === "string") directory = entry.cwd;
    if (entry.type !== "user" || entry.isSidechain === true) continue;
    if (entry.isMeta === true || entry.isCompactSummary === true) continue;
    const { texts, isResult, isImage } = contentOf(entry.message);
    if (isResult) continue;
    hasImage ||= isImage;
    for (const text of texts) {
      const line = text.replaceAll("\n", " ").trim();
      const name = textBetween(line, "<command-name>", "</command-name>");
      const input = textBetween(line, "<bash-input>", "</bash-input>");
      if (name !== undefined) command ??= name;
      else if (input !== undefined) return { firstMessage: `! ${input.trim()}`, directory, hasImage };
      else if (line !== "" && !notSaid.test(line)) return { firstMessage: cut(line), directory, hasImage };
    }
  }
  return { firstMessage: command, directory, hasImage };
}

/** The entries of whole lines; the last line may be cut. */
function* entriesIn(text: string): Generator<Record<string, unknown>> {
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const entry = entryOf(text.slice(from, end));
    if (entry) yield entry;
    from = end + 1;
  }
}

/** A field of the last entry that has it, and is of the type asked for; only the lines that name it are parsed. */
function lastValue(text: string, field: string, type?: string): string | undefined {
  const mark = `"${field}":`;
  // The search from the beginning is many times as fast, and mostly finds nothing.
  if (!text.includes(mark)) return undefined;
  for (let at = text.lastIndexOf(mark); at >= 0; ) {
    const from = text.lastIndexOf("\n", at) + 1;
    const newline = text.indexOf("\n", at);
    const entry = entryOf(text.slice(from, newline < 0 ? undefined : newline));
    const value = type === undefined || entry?.type === type ? entry?.[field] : undefined;
    if (typeof value === "string") return value;
    if (from === 0) return undefined;
    at = text.lastIndexOf(mark, from - 1);
  }
  return undefined;
}

/** The title that a person gave a conversation, in the file that the CLI keeps beside its transcript. */
function titleBeside(path: string): string | undefined {
  const kept = join(dirname(path), basename(path, ".jsonl"), "custom-title.json");
  // Asked first: most have none, and an error costs more than the question.
  if (!existsSync(kept)) return undefined;
  try {
    const title = entryOf(readFileSync(kept, "utf8"))?.customTitle;
    return typeof title === "string" ? title.trim() : undefined;
  } catch {
    return undefined;
  }
}

function contentOf(message: unknown): { texts: string[]; isResult: boolean; isImage: boolean } {
  const content = (message as { content?: unknown } | undefined)?.content;
  if (typeof content === "string") return { texts: [content], isResult: false, isImage: false };
  const blocks = (Array.isArray(content) ? content : []) as Array<{ type?: unknown; text?: unknown } | null>;
  return {
    texts: blocks.flatMap((block) =>
      block?.type === "text" && typeof block.text === "string" ? [block.text] : [],
    ),
    isResult: blocks.some((block) => block?.type === "tool_result"),
    isImage: blocks.some((block) => block?.type === "image"),
  };
}

const cut = (line: string): string =>
  line.length > mostMessageUnits ? `${line.slice(0, mostMessageUnits).toWellFormed().trim()}…` : line;
