import { isUtf8 } from "node:buffer";

/**
 * A path as git gives it, byte by byte as latin1: a file's name need not be UTF-8, and has to be found again by its bytes.
 */
export type BytePath = string;

/** One changed file of `git diff --raw --numstat -z`. */
export interface DiffRecord {
  /** `A`, `M`, `D`, `R`, `T` or `U`. */
  status: string;
  oldMode: string;
  oldObjectId: string;
  newMode: string;
  path: BytePath;
  /** Of a rename. */
  oldPath?: BytePath;
  /** Lines; absent where git did not count them. */
  insertions?: number;
  deletions?: number;
  isBinary: boolean;
}

/** The items of a list in which each ends with NUL; one that was cut off is left out. */
export const itemsOf = (output: Buffer): string[] => output.toString("latin1").split("\0").slice(0, -1);

const rawPattern = /^:(\d{6}) (\d{6}) ([0-9a-f]+) [0-9a-f]+ ([A-Z])\d*$/;
const figuresPattern = /^(\d+|-)\t(\d+|-)\t([\s\S]*)$/;

/**
 * Reads the output of `git diff --raw --numstat -z`: a record of each file, then the figures of each. Output that was cut off
 * gives the records that it holds whole. Throws for anything else.
 */
export function parseDiffRecords(output: Buffer): DiffRecord[] {
  const items = itemsOf(output);
  const records = new Map<BytePath, DiffRecord>();
  let at = 0;
  const next = () => items[at++];
  for (let item = next(); item !== undefined; item = next()) {
    const raw = rawPattern.exec(item);
    if (raw !== null) {
      const [, oldMode = "", newMode = "", oldObjectId = "", status = ""] = raw;
      const first = next();
      const second = status === "R" || status === "C" ? next() : first;
      if (first === undefined || second === undefined) break;
      const path = second;
      const oldPath = status === "R" ? first : undefined;
      records.set(path, { status, oldMode, newMode, oldObjectId, path, oldPath, isBinary: false });
      continue;
    }
    const [, insertions, deletions, name] = figuresPattern.exec(item) ?? [];
    if (name === undefined) throw new Error("git diff answered in another form than was asked for.");
    if (name === "") next();
    const path = name === "" ? next() : name;
    const record = path === undefined ? undefined : records.get(path);
    if (record === undefined) continue;
    if (insertions === "-") record.isBinary = true;
    else {
      record.insertions = Number(insertions);
      record.deletions = Number(deletions);
    }
  }
  return [...records.values()];
}

/** A path for people and for JSON: bytes that are not UTF-8 become `\xNN`. */
export function displayPath(path: BytePath): string {
  const bytes = Buffer.from(path, "latin1");
  if (isUtf8(bytes)) return bytes.toString();
  let shown = "";
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find(
      (size) => at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)),
    );
    shown +=
      length === undefined
        ? `\\x${bytes.toString("hex", at, at + 1)}`
        : bytes.toString("utf8", at, at + length);
    at += length ?? 1;
  }
  return shown;
}

/** The bytes of a path that was given as text. */
export const bytePath = (path: string): BytePath => Buffer.from(path).toString("latin1");

/**
 * A diff as text of at most `maxBytes` of UTF-8: cut after its last whole line, in a single longer line at a code point. Bytes
 * that are not UTF-8 become U+FFFD.
 */
export function diffText(
  bytes: Buffer,
  isCut: boolean,
  maxBytes: number,
): { diff: string; truncated: boolean } {
  const text = Buffer.from(bytes.toString());
  if (!isCut && text.length <= maxBytes) return { diff: text.toString(), truncated: false };
  const kept = text.subarray(0, maxBytes);
  const lastLine = kept.lastIndexOf(0x0a);
  if (lastLine >= 0) return { diff: kept.toString("utf8", 0, lastLine + 1), truncated: true };
  let end = kept.length;
  // A byte 10xxxxxx goes on with the character before it.
  while (end > 0 && ((text[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return { diff: kept.toString("utf8", 0, end), truncated: true };
}
