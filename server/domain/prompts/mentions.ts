/**
 * Mentions of files in a prompt, as the CLI (2.1.330) reads them: it puts the content of what stands after an `@` into the
 * prompt, without a permission. Measured: an `@` counts at the beginning and after white space or one of 。、？！; what
 * follows is a path in double quotes, or everything up to white space, from whose end it drops characters until a word
 * ends. `#L1-5` and what else follows a `#` is no part of the path.
 */
const boundary = String.raw`(?<=^|[\s。、？！])`;
const quoted = new RegExp(`${boundary}@"([^"]+)"`, "g");
const bare = new RegExp(`${boundary}@([^\\s]+)`, "g");

/**
 * WORD JOINER: not to be seen, no white space, and no part of a path. Before an `@` or a `/` it makes plain words of them,
 * and leaves every character of the path as it was.
 */
const wordJoiner = "\u2060";

/** Links to documents, which the CLI takes out of the text before it looks for mentions. */
const referenceLink = /@\[[^[\]\n]*\]\(/;

export interface Mention {
  /** Of the `@`, in UTF-16 units. */
  at: number;
  /** What the CLI would open; relative paths from the session's project. */
  path: string;
  /** It may name a subagent, which is no file. */
  isAgent: boolean;
}

/** The part of a bare mention that the CLI takes for its path: it ends where a word begins or ends. */
const upToWord = (path: string): string => /^.+\b/s.exec(path)?.[0] ?? "";

const withoutLines = (path: string): string =>
  /^([^#]+)(?:#L\d+(?:-\d+)?)?(?:#[^#]*)?$/.exec(path)?.[1] ?? path;

/** Every mention in a text that the CLI would look up, in the order of the text. Pure. */
export function mentionsIn(text: string): Mention[] {
  if (!text.includes("@")) return [];
  const found = new Map<number, Mention>();
  for (const { index, 1: path = "" } of text.matchAll(quoted))
    found.set(index, {
      at: index,
      path: withoutLines(path),
      isAgent: /^[\w:.@-]+ \(agent\)$/.test(path),
    });
  for (const { index, 1: rest = "" } of text.matchAll(bare)) {
    const path = upToWord(rest);
    if (path === "" || found.has(index)) continue;
    found.set(index, { at: index, path: withoutLines(path), isAgent: /^agent-[\w:.@-]+$/.test(path) });
  }
  return [...found.values()].sort((a, b) => a.at - b.at);
}

/** More signs than an honest text has, and more than are worth the time that each costs. */
const mostSigns = 5_000;

/**
 * Whether the text can hold a mention that `mentionsIn` does not see, because the CLI rewrites it first; or so many that
 * they are not looked at one by one.
 */
export const hidesMentions = (text: string): boolean =>
  referenceLink.test(text) || everyAt(text).length > mostSigns;

/**
 * Makes plain words of the characters at these places: the CLI does not interpret them any more. In one pass: a message may
 * have a hundred thousand of them.
 */
export function asPlainWords(text: string, places: readonly number[]): string {
  const pieces: string[] = [];
  let from = 0;
  for (const at of [...new Set(places)].sort((a, b) => a - b)) {
    pieces.push(text.slice(from, at));
    from = at;
  }
  return [...pieces, text.slice(from)].join(wordJoiner);
}

/** A text that is no message of the moment (an earlier conversation): none of its mentions is looked up. */
export function withoutMentions(text: string): string {
  if (hidesMentions(text)) return asPlainWords(text, everyAt(text));
  const plain = asPlainWords(
    text,
    mentionsIn(text).map(({ at }) => at),
  );
  // Where one mention became plain words, another may begin later in the same word.
  return mentionsIn(plain).length === 0 ? plain : asPlainWords(text, everyAt(text));
}

/** The places of every `@`. */
export function everyAt(text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) places.push(at);
  return places;
}
