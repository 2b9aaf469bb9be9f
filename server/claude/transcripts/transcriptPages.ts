import type { PastMessage, PastPage } from "../../domain/sessions/history.ts";
import { linesOf } from "./transcriptFile.ts";
import { mostPageUnits, pastMessageOf, type RawEntry } from "./transcriptMessages.ts";

/** A longer line is passed over: a message with the most images that one may have is shorter. */
const mostLineBytes = 64 * 1024 * 1024;

/** Entries whose ids are remembered, so that one that stands in the file twice is shown once. */
const mostRemembered = 500_000;

/**
 * The page of a conversation's messages before the one named: all that the file holds, in its order, whatever chain its
 * entries make. So what came before a compaction is there, and what a broken, circular or merged chain would hide; a subagent's
 * words and entries that are there twice are not. `undefined`: the message named is not in it. Memory holds one page.
 */
export const readPage = (
  path: string,
  before: string | undefined,
  limit: number,
): Promise<PastPage | undefined> => pageBefore(messagesOf(path), before, limit);

/** The page of messages (oldest first) before the one named; `undefined` when it is not among them. */
export async function pageBefore(
  messages: Iterable<PastMessage> | AsyncIterable<PastMessage>,
  before: string | undefined,
  limit: number,
): Promise<PastPage | undefined> {
  const page = new LastMessages(limit);
  for await (const message of messages) {
    if (message.messageId === before) return page.asPage();
    page.push(message);
  }
  return before === undefined ? page.asPage() : undefined;
}

/** A transcript's messages, oldest first. */
async function* messagesOf(path: string): AsyncGenerator<PastMessage> {
  const seen = new Set<string>();
  for await (const lines of linesOf(path, { mostLineBytes, withLast: true })) {
    for (const { text } of lines) {
      const message = text === undefined ? undefined : messageIn(text);
      if (message === undefined || seen.has(message.messageId)) continue;
      if (seen.size < mostRemembered) seen.add(message.messageId);
      yield message;
    }
  }
}

function messageIn(line: string): PastMessage | undefined {
  // Most bytes of a transcript are notes of the CLI, which need not be parsed.
  if (!line.includes('"user"') && !line.includes('"assistant"')) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null) return undefined;
    const { isSidechain, uuid } = entry as { isSidechain?: unknown; uuid?: unknown };
    if (isSidechain === true || typeof uuid !== "string") return undefined;
    return pastMessageOf(entry as RawEntry);
  } catch {
    // The last line of a process that was killed may be half a line.
    return undefined;
  }
}

/** The last messages of those that were pushed, as many as fit on a page. */
class LastMessages {
  readonly #limit: number;
  #messages: PastMessage[] = [];
  #units = 0;
  #dropped = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(message: PastMessage): void {
    this.#messages.push(message);
    this.#units += message.text.length;
    while (
      this.#messages.length > 1 &&
      (this.#messages.length > this.#limit || this.#units > mostPageUnits)
    ) {
      this.#units -= this.#messages.shift()?.text.length ?? 0;
      this.#dropped = true;
    }
  }

  /** The newest first. */
  asPage(): PastPage {
    return { messages: this.#messages.toReversed(), hasMore: this.#dropped };
  }
}
