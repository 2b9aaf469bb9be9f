/**
 * An entry of Claude's record of a conversation, as far as a hand-off goes. Every entry that has an id is one, because the
 * chain from an answer back to its prompt runs through notes of the CLI too.
 */
export interface RecordEntry {
  entryId: string;
  /** The entry that it follows; absent for the first of a chain. */
  parentId?: string;
  at: number;
  kind: "prompt" | "answer" | "other";
  /** What was said; empty for an entry that says nothing. */
  text: string;
  /** The last of its turn: Claude asked for nothing more. */
  isLast: boolean;
}

/** A turn that another program ran in a conversation of ours. */
export interface ForeignTurn {
  /** The prompt's id in Claude's record. */
  turnId: string;
  message: string;
  startedAt: number;
  endedAt: number;
  texts: Array<{ messageId: string; text: string }>;
  /** Whether Claude said the last of it. */
  isWhole: boolean;
}

/** What a part of a record says of a hand-off. */
export interface HandoffReading {
  /** Turns of other programs, oldest first. */
  foreign: ForeignTurn[];
  /**
   * Turns, ours and theirs, that are not on one chain: two programs went on from the same entry, and a process that is
   * resumed will know one side only. Empty: there is one chain.
   */
  apart: ForeignTurn[];
}

/**
 * Reads entries in the order of the file. `isOurs` says whether a prompt is that of a turn of ours; what was said before
 * `sinceAt` is of no interest (a copied conversation brings its past along). Pure.
 */
export function readHandoff(
  entries: readonly RecordEntry[],
  { isOurs, sinceAt }: { isOurs(entryId: string): boolean; sinceAt: number },
): HandoffReading {
  const byId = new Map(entries.map((entry) => [entry.entryId, entry]));
  const turns = turnsOf(entries, byId);
  const foreign = turns.filter(({ turnId, startedAt, message, texts }) => {
    // A command that Claude never hears of (`/model`, `/exit`) begins no turn.
    const isHeard = texts.length > 0 || !message.startsWith("/");
    return !isOurs(turnId) && startedAt >= sinceAt && isHeard;
  });
  return { foreign, apart: foreign.length === 0 ? [] : turnsApart(entries, byId, turns) };
}

function turnsOf(entries: readonly RecordEntry[], byId: ReadonlyMap<string, RecordEntry>): ForeignTurn[] {
  const turns = new Map<string, ForeignTurn>();
  const turnOf = new Map<string, string | undefined>();
  for (const { entryId, kind, text, at } of entries) {
    if (kind !== "prompt" || turns.has(entryId)) continue;
    const began = { turnId: entryId, message: text, startedAt: at, endedAt: at };
    turns.set(entryId, { ...began, texts: [], isWhole: false });
  }
  for (const entry of entries) {
    if (entry.kind !== "answer") continue;
    const turn = turns.get(promptOf(entry, byId, turnOf) ?? "");
    if (turn === undefined) continue;
    if (entry.text !== "") turn.texts.push({ messageId: entry.entryId, text: entry.text });
    turn.isWhole = entry.isLast;
    turn.endedAt = Math.max(turn.endedAt, entry.at);
  }
  return [...turns.values()];
}

/** The prompt that an entry goes back to. Follows each entry once, so that a record with a circle in it ends too. */
function promptOf(
  entry: RecordEntry,
  byId: ReadonlyMap<string, RecordEntry>,
  known: Map<string, string | undefined>,
): string | undefined {
  const passed: string[] = [];
  let found: string | undefined;
  for (let at: RecordEntry | undefined = entry; at !== undefined; at = byId.get(at.parentId ?? "")) {
    if (known.has(at.entryId)) {
      found = known.get(at.entryId);
      break;
    }
    known.set(at.entryId, undefined);
    passed.push(at.entryId);
    if (at.kind === "prompt") {
      found = at.entryId;
      break;
    }
  }
  for (const entryId of passed) known.set(entryId, found);
  return found;
}

/**
 * Turns that no single chain holds: those of each side branch, and those of the main chain that came after the earliest entry
 * at which such a branch left it. Follows each entry once. Pure.
 */
function turnsApart(
  entries: readonly RecordEntry[],
  byId: ReadonlyMap<string, RecordEntry>,
  turns: readonly ForeignTurn[],
): ForeignTurn[] {
  const prompts = new Set(turns.map(({ turnId }) => turnId));
  /** How far from the newest entry an entry's branch leaves the main chain; on the main chain, how far the entry lies. */
  const depthOf = new Map<string, number>();
  const mainDepthOf = new Map<string, number>();
  const apart = new Set<string>();
  let deepest = -1;
  // From the newest on: the first chain with a turn in it is the main one.
  for (const entry of entries.toReversed()) {
    const passed: string[] = [];
    const met = new Set<string>();
    let at: RecordEntry | undefined = entry;
    while (at !== undefined && !depthOf.has(at.entryId) && !met.has(at.entryId)) {
      met.add(at.entryId);
      passed.push(at.entryId);
      at = byId.get(at.parentId ?? "");
    }
    const own = passed.filter((entryId) => prompts.has(entryId));
    const isMain = mainDepthOf.size === 0 && own.length > 0;
    const joinedAt = (at && depthOf.get(at.entryId)) ?? Number.POSITIVE_INFINITY;
    for (const [index, entryId] of passed.entries()) {
      depthOf.set(entryId, isMain ? index : joinedAt);
      if (isMain) mainDepthOf.set(entryId, index);
    }
    if (isMain || own.length === 0) continue;
    for (const entryId of own) apart.add(entryId);
    deepest = Math.max(deepest, joinedAt);
  }
  return turns.filter(({ turnId }) => apart.has(turnId) || (mainDepthOf.get(turnId) ?? deepest) < deepest);
}

/** Length of the words about turns that were apart, in UTF-16 units: as long as the seed of a lost conversation. */
const apartUnits = 20_000;

/** Words for Claude about turns that were said side by side; its record may show it one side only. */
function apartText(turns: readonly ForeignTurn[]): string {
  const lines: string[] = [];
  let left = apartUnits;
  for (const { message, texts } of turns.toReversed()) {
    const said = [`User: ${message}`, ...texts.map(({ text }) => `Assistant: ${text}`)].join("\n\n");
    if (left <= 0) break;
    lines.push(said.length <= left ? said : `${said.slice(0, left).toWellFormed()} …`);
    left -= said.length;
  }
  return [
    "<earlier-conversation>",
    "This conversation was gone on with in two places at the same time, so that your own record of it may show one side " +
      "only. This is what was said on both sides, in the order in which it began:",
    ...lines.reverse(),
    "</earlier-conversation>",
  ].join("\n\n");
}

/** What is known when a look at a conversation is judged. */
export interface HandoffFacts {
  entries: readonly RecordEntry[];
  /** The process of another program that has the conversation open. */
  heldBy: number | undefined;
  /** A process of ours works on a turn, or comes up: what it writes is not all there yet. */
  isOursAtWork: boolean;
  isOurs(entryId: string): boolean;
  /** What was said before is of no interest. */
  sinceAt: number;
}

/** What is done after a look. */
export interface HandoffVerdict {
  /** Turns of other programs that are over and belong into the session. */
  keep: ForeignTurn[];
  /** The part of the record is settled, and is not to be read again. */
  isRead: boolean;
  /** Words for the next process about what was said side by side; mostly empty. */
  untold: string;
}

/**
 * Judges a look: which turns of other programs are kept now, and whether the part can be left behind. A turn that the other
 * program may still be at is kept when it is over; and while a process of ours works, its turn may turn out to be another
 * chain than theirs, so that the part is read again. Pure.
 */
export function judgeLook({ entries, heldBy, isOursAtWork, ...known }: HandoffFacts): HandoffVerdict {
  const { foreign, apart } = readHandoff(entries, known);
  const keep = heldBy === undefined ? foreign : foreign.filter(({ isWhole }) => isWhole);
  const isRead = !isOursAtWork && keep.length === foreign.length;
  return { keep, isRead, untold: isRead && apart.length > 0 ? apartText(apart) : "" };
}
