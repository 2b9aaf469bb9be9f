import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { cutJson, withoutDepths } from "../../domain/cutJson.ts";
import type { ToolRecord } from "../../domain/sessions/history.ts";
import { toolTitle } from "../../domain/sessions/toolLine.ts";
import { hunksIn, textOf } from "../process/toolOutcome.ts";

/** Most of a tool's input, output and diff together: more than a phone shows, whatever a tool printed. */
const mostBytes = 256 * 1024;
/** Subagents' transcripts that are searched; a day's work has some hundreds. */
const mostTranscripts = 2_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * What a use of a tool was given, and what came of it, from the transcript of its conversation or of one of its subagents,
 * which the CLI keeps in a folder beside it. `undefined`: no transcript holds the use.
 */
export async function toolRecordIn(
  transcriptPath: string,
  toolUseId: string,
): Promise<ToolRecord | undefined> {
  const folder = join(dirname(transcriptPath), basename(transcriptPath, ".jsonl"), "subagents");
  const agents = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith(".jsonl"))
    .slice(0, mostTranscripts)
    .map((name) => join(folder, name));
  for (const path of [transcriptPath, ...agents]) {
    const found = await searchIn(path, toolUseId);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function searchIn(path: string, toolUseId: string): Promise<ToolRecord | undefined> {
  const entries: Array<Record<string, unknown>> = [];
  const input = createReadStream(path, "utf8");
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (!line.includes(toolUseId)) continue;
      const entry = entryOf(line);
      if (entry !== undefined) entries.push(entry);
    }
  } finally {
    input.destroy();
  }
  return recordOf(entries, toolUseId);
}

function entryOf(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isRecord(entry) ? entry : undefined;
  } catch {
    // The last line of a process that was killed may be half a line.
    return undefined;
  }
}

/** The record in the entries of a transcript that name the use, oldest first. Pure. */
export function recordOf(
  entries: readonly Record<string, unknown>[],
  toolUseId: string,
): ToolRecord | undefined {
  const blocks = entries.flatMap((entry) => blocksOf(entry).map((block) => ({ entry, block })));
  const use = blocks.find(({ block }) => block.type === "tool_use" && block.id === toolUseId)?.block;
  if (use === undefined || typeof use.name !== "string") return undefined;
  const input = isRecord(use.input) ? withoutDepths(use.input) : {};
  const end = blocks.find(({ block }) => block.type === "tool_result" && block.tool_use_id === toolUseId);
  const told = {
    input,
    output: end && textOf(end.block.content).toWellFormed(),
    diff: end && diffOf(end.entry.toolUseResult, input),
  };
  const { value, cut } = cutJson(told, mostBytes);
  return {
    toolUseId,
    toolName: use.name,
    title: toolTitle(use.name, input),
    input: value.input,
    output: value.output,
    failed: end && end.block.is_error === true,
    diff: value.diff,
    truncated: cut,
  };
}

function blocksOf({ message }: Record<string, unknown>): Array<Record<string, unknown>> {
  const content = isRecord(message) ? message.content : undefined;
  return Array.isArray(content) ? content.filter(isRecord) : [];
}

/** What an edit changed, as unified text; `undefined`: the tool was no edit, or changed nothing. */
function diffOf(record: unknown, input: Record<string, unknown>): string | undefined {
  const hunks = hunksIn(record);
  if (hunks === undefined || hunks.length === 0 || !isRecord(record)) return undefined;
  const path = [record.filePath, input.file_path].find((named) => typeof named === "string") ?? "file";
  const isNew = record.type === "create";
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: changed }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...changed,
  ]);
  return [`--- ${isNew ? "/dev/null" : path}`, `+++ ${path}`, ...lines, ""].join("\n").toWellFormed();
}
