import { type Stats, statSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import {
  isListedAfter,
  latestFirst,
  type PastConversation,
  type PastConversationPage,
} from "../../domain/sessions/history.ts";
import { readSummary } from "./transcriptSummary.ts";

/** Transcripts read between two pauses for other questions. */
const readAtOnce = 16;
const transcriptName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;

type Place = Pick<PastConversation, "sessionId" | "lastActivityAt">;

interface Transcript {
  sessionId: string;
  path: string;
  /** Changes with every word that is written to the transcript. */
  stamp: string;
  lastActivityAt: number;
  sizeBytes: number;
}

interface Known {
  stamp: string;
  conversation: PastConversation | undefined;
}

/**
 * Index of the conversations in a folder of transcripts, which are thousands of files in a long life. A file's own time is
 * its place in the list, so a page needs the heads of its own transcripts only; and a transcript that has not changed since
 * is not read again.
 */
export class TranscriptIndex {
  readonly #folder: string;
  #known = new Map<string, Known>();

  /** `folder`: `projects` of the CLI's own folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All of them, or those that were begun in a directory, or a page of those; the latest first. */
  async list(projectPath?: string, page: PastConversationPage = {}): Promise<PastConversation[]> {
    const transcripts = await this.#transcripts();
    this.#forgetGone(transcripts);
    const { before, limit = Number.POSITIVE_INFINITY } = page;
    const isWanted = (one: Place) => before === undefined || isListedAfter(one, before);
    // Where a project was moved or copied, several folders hold an id: each of its directories has its own, and the latest
    // counts, also when an earlier page had it.
    const shared = sharedIdsOf(transcripts);
    const listed = transcripts.filter((one) => isWanted(one) || shared.has(one.sessionId));
    const found: PastConversation[] = [];
    const places = new Set<string>();
    const directories = new Directories();
    for (let from = 0; from < listed.length && found.length < limit; from += readAtOnce) {
      const some = listed.slice(from, from + readAtOnce);
      for (const conversation of await Promise.all(some.map((one) => this.#read(one, directories)))) {
        if (conversation === undefined) continue;
        if (projectPath !== undefined && conversation.projectPath !== projectPath) continue;
        const place = JSON.stringify([conversation.sessionId, conversation.projectPath]);
        if (!places.has(place) && isWanted(conversation)) found.push(conversation);
        places.add(place);
      }
    }
    return found.slice(0, limit);
  }

  async #read(transcript: Transcript, directories: Directories): Promise<PastConversation | undefined> {
    const { path, stamp } = transcript;
    const before = this.#known.get(path);
    if (before?.stamp === stamp) return before.conversation;
    // One that went, or cannot be read, is as if it had nothing in it.
    const conversation = await conversationOf(transcript, directories).catch(() => undefined);
    this.#known.set(path, { stamp, conversation });
    return conversation;
  }

  #forgetGone(transcripts: readonly Transcript[]): void {
    const there = new Set(transcripts.map(({ path }) => path));
    for (const path of this.#known.keys()) if (!there.has(path)) this.#known.delete(path);
  }

  async #transcripts(): Promise<Transcript[]> {
    const transcripts: Transcript[] = [];
    for (const project of await readdir(this.#folder).catch(() => [])) {
      const folder = join(this.#folder, project);
      const names = await readdir(folder).catch(() => []);
      for (const name of names) {
        const sessionId = transcriptName.exec(name)?.[1];
        if (sessionId === undefined) continue;
        // To join the two takes several times as long as the look at the file.
        const path = `${folder}${sep}${name}`;
        const file = statOf(path);
        if (!file?.isFile()) continue;
        const { mtimeMs, size: sizeBytes } = file;
        const lastActivityAt = Math.floor(mtimeMs);
        transcripts.push({ sessionId, path, stamp: `${mtimeMs} ${sizeBytes}`, lastActivityAt, sizeBytes });
      }
    }
    return transcripts.sort(latestFirst);
  }
}

/** Synchronous: thousands of files are looked at, each for microseconds, in a thread of its own. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function sharedIdsOf(transcripts: readonly Transcript[]): Set<string> {
  const seen = new Set<string>();
  return new Set(
    transcripts.flatMap(({ sessionId }) => (seen.has(sessionId) || !seen.add(sessionId) ? [sessionId] : [])),
  );
}

/** Real paths of directories, each looked up once for a list: thousands of conversations share a few. */
class Directories {
  readonly #real = new Map<string, Promise<string>>();

  realPathOf(path: string): Promise<string> {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    const found = realpath(path).catch(() => path);
    this.#real.set(path, found);
    return found;
  }
}

/** Loaded when a transcript needs it: most need none, and loading it would hold up the first list. */
const longerLook = () => import("./transcriptHead.ts");

/** What the ends of a transcript say, and what only a longer look finds where its first message is longer than they are. */
async function conversationOf(
  { sessionId, path, lastActivityAt, sizeBytes }: Transcript,
  directories: Directories,
): Promise<PastConversation | undefined> {
  const summary = readSummary(path);
  const first = summary.firstMessage === undefined ? await (await longerLook()).firstSaidIn(path) : undefined;
  const firstMessage = summary.firstMessage ?? first?.text;
  const title = summary.title ?? firstMessage;
  // It holds no message.
  if (title === undefined) return undefined;
  const { directory } = summary;
  return {
    sessionId,
    title: title.slice(0, 200).toWellFormed(),
    firstMessage: firstMessage?.slice(0, 2_000).toWellFormed(),
    projectPath: await (directory === undefined
      ? longerLook().then(({ begunIn }) => begunIn(path))
      : directories.realPathOf(directory)),
    createdAt: summary.createdAt ?? first?.createdAt,
    lastActivityAt,
    sizeBytes,
    gitBranch: summary.gitBranch,
  };
}
