import { closeSync, openSync, readSync } from "node:fs";
import type { RecordEntry } from "../../domain/processes/handoff.ts";
import { linesOf } from "./transcriptFile.ts";
import { pastMessageOf, type RawEntry } from "./transcriptMessages.ts";

/** Farthest look back from the end of a record: a day's words of a person fit in, and a look must not hold up the server. */
const mostBytes = 64 * 1024 * 1024;
/** A longer line is passed over: only images and outputs of tools are longer. */
const mostLineBytes = 8 * 1024 * 1024;

/** What a process of ours writes beside `"entrypoint"` of its entries: the SDK's own name. */
const ourEntrypoint = "sdk-ts";

/** Whole lines of a file from a place on, oldest first, and where the last of them ended. */
export interface RecordPart {
  entries: RecordEntry[];
  /** Where the next look goes on. */
  endOffset: number;
}

/**
 * Reads the entries that were appended to a transcript of `size` bytes after `from`. A last line that is still being written is left to the
 * next look. A file that is shorter than `from` was replaced, and is read from its beginning.
 */
export async function readRecord(path: string, from: number, size: number): Promise<RecordPart> {
  const start = from > size ? 0 : from;
  const begin = Math.max(start, size - mostBytes);
  const entries: RecordEntry[] = [];
  let endOffset = begin;
  // A line that was begun before the first byte is not whole.
  let isSkipping = begin > start;
  for await (const lines of linesOf(path, { start: begin, end: size, mostLineBytes, withLast: false })) {
    for (const { text, endOffset: lineEnd } of lines) {
      const entry = isSkipping || text === undefined ? undefined : entryOf(text);
      if (entry !== undefined) entries.push(entry);
      isSkipping = false;
      endOffset = lineEnd;
    }
  }
  return { entries, endOffset };
}

/** The same at once, of a part that is small and on a disk that answers at once. */
export function readRecordNow(path: string, from: number, size: number): RecordPart {
  const bytes = Buffer.allocUnsafe(size - from);
  const file = openSync(path, "r");
  try {
    const whole = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
    const end = whole.lastIndexOf("\n") + 1;
    const lines = whole.toString("utf8", 0, end).split("\n");
    return { entries: lines.map(entryOf).filter((entry) => entry !== undefined), endOffset: from + end };
  } finally {
    closeSync(file);
  }
}

/** An entry's fields as far as a hand-off goes. */
interface RawRecordEntry extends RawEntry {
  parentUuid?: unknown;
  logicalParentUuid?: unknown;
  isSidechain?: unknown;
  isApiErrorMessage?: unknown;
  entrypoint?: unknown;
  promptSource?: unknown;
  origin?: { kind?: unknown };
}

/** The CLI's own word in a person's place: the mark of a request that was broken off. */
const brokenOff = /^\[Request interrupted/;

/** The entry in a line of a transcript; `undefined` for a line without an id, or of a subagent. */
export function entryOf(line: string): RecordEntry | undefined {
  // Most bytes of a transcript are requests' own figures, which name no entry.
  if (!line.includes('"uuid":')) return undefined;
  let raw: RawRecordEntry;
  try {
    raw = JSON.parse(line) as RawRecordEntry;
  } catch {
    return undefined;
  }
  if (typeof raw !== "object" || raw === null || typeof raw.uuid !== "string" || raw.isSidechain === true)
    return undefined;
  const parent = [raw.parentUuid, raw.logicalParentUuid].find((named) => typeof named === "string");
  const at = typeof raw.timestamp === "string" ? Date.parse(raw.timestamp) : Number.NaN;
  return {
    entryId: raw.uuid,
    parentId: parent as string | undefined,
    at: Number.isNaN(at) ? 0 : at,
    ...saidIn(raw),
  };
}

function saidIn(raw: RawRecordEntry): Pick<RecordEntry, "kind" | "text" | "isLast"> {
  const other = { kind: "other", text: "", isLast: false } as const;
  const said = raw.isCompactSummary === true ? undefined : pastMessageOf(raw);
  if (raw.type === "assistant") {
    const { model, stop_reason: stopReason } = (raw.message ?? {}) as Record<string, unknown>;
    // What the CLI puts in Claude's place: a failed request, the repair of a turn that was cut off.
    if (model === "<synthetic>" || raw.isApiErrorMessage === true) return other;
    return { kind: "answer", text: said?.text ?? "", isLast: stopReason === "end_turn" };
  }
  if (said === undefined || !isPersons(raw) || brokenOff.test(said.text)) return other;
  return { kind: "prompt", text: said.text, isLast: false };
}

/**
 * Whether a person, or a program in a person's name, gave the words: not the end of a task, a wake-up or another agent. A
 * process of ours names the source of each prompt that it was given, so that what it writes without one is its own note.
 */
function isPersons({ promptSource, origin, entrypoint }: RawRecordEntry): boolean {
  if (origin?.kind !== undefined && origin.kind !== "human") return false;
  if (promptSource === undefined) return entrypoint !== ourEntrypoint;
  return promptSource !== "system";
}
