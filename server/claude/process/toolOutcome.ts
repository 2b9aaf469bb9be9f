import { cutJson } from "../../domain/cutJson.ts";
import type { ToolOutcome } from "../../domain/sessions/toolLine.ts";
import { visibleLine } from "../../domain/visibleText.ts";

/** Most of a tool's input in its event: enough to show what was done, the whole is in the transcript. */
const mostInputBytes = 4_096;
const mostSummaryUnits = 200;
/** How far into an output a line is looked for. */
const searchedUnits = 4_096;

/** The input as the event of a tool's start has it. */
export function shownInput(input: Record<string, unknown>): {
  input: Record<string, unknown>;
  truncated?: true;
} {
  const { value, cut } = cutJson(input, mostInputBytes);
  return cut ? { input: value, truncated: true } : { input: value };
}

/** A hunk of a unified diff, as the CLI's file tools give it. */
export interface PatchHunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** Each begins with a space, `+` or `-`. */
  lines: string[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isHunk = (value: unknown): value is PatchHunk =>
  isRecord(value) &&
  [value.oldStart, value.oldLines, value.newStart, value.newLines].every(Number.isSafeInteger) &&
  Array.isArray(value.lines) &&
  value.lines.every((line) => typeof line === "string");

/** The hunks of an edit, in the CLI's own record of it; `undefined`: it was no edit. A new file is one hunk. */
export function hunksIn(record: unknown): PatchHunk[] | undefined {
  if (!isRecord(record) || !Array.isArray(record.structuredPatch)) return undefined;
  const hunks = record.structuredPatch.filter(isHunk);
  if (hunks.length > 0 || record.type !== "create" || typeof record.content !== "string") return hunks;
  const lines = linesOf(record.content);
  const newStart = Math.min(1, lines.length);
  return [
    { oldStart: 0, oldLines: 0, newStart, newLines: lines.length, lines: lines.map((line) => `+${line}`) },
  ];
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

/** The outcome of a tool: `content` is what Claude is told of it, `record` the CLI's own record. Cheap for any size. */
export function outcomeOf(content: unknown, record: unknown): ToolOutcome {
  const hunks = hunksIn(record);
  // What Claude is told of an edit says no more than the figures.
  if (hunks === undefined) return { summary: summaryOf(content) };
  let insertions = 0;
  let deletions = 0;
  for (const { lines } of hunks) {
    for (const line of lines) {
      if (line.startsWith("+")) insertions += 1;
      else if (line.startsWith("-")) deletions += 1;
    }
  }
  return { insertions, deletions };
}

function summaryOf(content: unknown): string | undefined {
  const line = textOf(content)
    .slice(0, searchedUnits)
    .split("\n")
    .find((one) => one.trim() !== "");
  return line === undefined ? undefined : visibleLine(line.trim(), mostSummaryUnits).text;
}

/** The texts of a tool's result. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((block: unknown) => (isRecord(block) && typeof block.text === "string" ? [block.text] : []))
    .join("\n");
}
