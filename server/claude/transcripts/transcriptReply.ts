import type { TranscriptReply } from "../../domain/processes/process.ts";

/** A line of Claude's transcript, as far as the reply to a message goes. */
interface Entry {
  type?: string;
  uuid?: string;
  isSidechain?: boolean;
  isMeta?: boolean;
  isApiErrorMessage?: boolean;
  timestamp?: string;
  message?: {
    id?: string;
    model?: string;
    stop_reason?: string | null;
    content?: unknown;
    usage?: Record<string, unknown>;
  };
}
interface Block {
  type?: string;
  text?: unknown;
  id?: unknown;
  tool_use_id?: unknown;
}

function entryOf(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Entry) : undefined;
  } catch {
    // The last line of a process that was killed may be half a line.
    return undefined;
  }
}

const blocksOf = (entry: Entry): Block[] =>
  Array.isArray(entry.message?.content) ? (entry.message.content as Block[]) : [];
const count = (value: unknown): number => (typeof value === "number" ? value : 0);

/**
 * The whole answer to the user's message `messageId` in the lines of a transcript, oldest first. Whole means: the last
 * thing Claude said ended its turn, and no tool use is without its result. Pure.
 */
export function replyAfter(lines: Iterable<string>, messageId: string): TranscriptReply | undefined {
  let askedAt: number | undefined;
  let answeredAt = 0;
  let ended = false;
  const texts: TranscriptReply["texts"] = [];
  const openTools = new Set<unknown>();
  const requests = new Map<string, Record<string, unknown>>();
  for (const line of lines) {
    const entry = entryOf(line);
    if (entry === undefined || entry.isSidechain) continue;
    if (askedAt === undefined) {
      if (entry.type === "user" && entry.uuid === messageId) askedAt = Date.parse(entry.timestamp ?? "") || 0;
      continue;
    }
    if (entry.type === "user") {
      const results = blocksOf(entry).filter((block) => block.type === "tool_result");
      for (const block of results) openTools.delete(block.tool_use_id);
      // The next user message: what follows answers that one.
      if (results.length === 0 && !entry.isMeta) break;
    }
    if (entry.type !== "assistant") continue;
    // The CLI's own notices (a failed request, a repaired end) are not Claude's words.
    if (entry.isApiErrorMessage || entry.message?.model === "<synthetic>") return undefined;
    ended = entry.message?.stop_reason === "end_turn";
    answeredAt = Date.parse(entry.timestamp ?? "") || 0;
    requests.set(entry.message?.id ?? entry.uuid ?? "", entry.message?.usage ?? {});
    for (const block of blocksOf(entry)) {
      if (block.type === "tool_use") openTools.add(block.id);
      if (block.type === "text" && typeof block.text === "string" && block.text !== "" && entry.uuid)
        texts.push({ messageId: entry.uuid, text: block.text.toWellFormed() });
    }
  }
  if (!ended || openTools.size > 0 || texts.length === 0) return undefined;
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };
  for (const used of requests.values()) {
    usage.inputTokens += count(used.input_tokens);
    usage.outputTokens += count(used.output_tokens);
    usage.cacheReadTokens += count(used.cache_read_input_tokens);
    usage.cacheCreationTokens += count(used.cache_creation_input_tokens);
  }
  // A record without a sane time of the question says nothing of how long the answer took.
  const durationMs = askedAt ? Math.max(0, answeredAt - askedAt) : 0;
  return { texts, usage, durationMs, numTurns: requests.size };
}
