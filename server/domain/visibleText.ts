/**
 * Makes text safe to judge by eye: characters that are not seen, or that change how their neighbours are shown, become
 * escapes (`\u{202e}`). A command is allowed by what a lock screen shows of it.
 */

/** An emoji of several code points: its joiners and selectors are part of one picture. */
const emoji =
  "\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?(?:\\u200d\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?)*";
/** Controls, bidirectional and zero-width formats, fillers, unassigned and private characters, halves of a pair. */
const unseen = "[\\p{Cc}\\p{Cf}\\p{Cn}\\p{Co}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\u2800\\ufff9-\\ufffc]";
/** Every separator but the ordinary space: they look like it, and a shell does not split at them. */
const oddSpace = "(?! )[\\p{Zs}\\p{Zl}\\p{Zp}]";
/** More marks on a letter than any script has: the pile hides the neighbouring lines. */
const pile = "(?<=\\p{M}{4})\\p{M}";

const unseenCharacters = new RegExp(`${unseen}|[\\p{Zl}\\p{Zp}]`, "gu");

/** The text with something else in the place of each unseen character, line feeds and tabs among them. */
export const replaceUnseen = (text: string, replacement: (found: string) => string): string =>
  text.replace(unseenCharacters, replacement);

const notPlain = new RegExp(`(${emoji})|${unseen}|${oddSpace}|${pile}`, "gu");

/** Spaces in a row that push what follows out of sight. */
const mostSpaces = 20;
const gap = new RegExp(` {${mostSpaces},}`, "g");

/** A text as it is shown; `hidden`: something in it would not have been seen. */
export interface VisibleText {
  text: string;
  hidden: boolean;
}

/** The text with everything unseen as escapes, on as many lines as it has: line feeds and tabs stay. */
export function visibleText(text: string): VisibleText {
  const escaped = escapedText(text);
  let { hidden } = escaped;
  const shown = escaped.text.replace(gap, ({ length }) => {
    hidden = true;
    return ` [${length} spaces] `;
  });
  return { text: shown, hidden };
}

/** The same, for a text that is read and not judged: its spaces stay, however many. */
export function escapedText(text: string): VisibleText {
  let hidden = false;
  const shown = text.replace(notPlain, (found, whole: string | undefined) => {
    if (whole !== undefined || found === "\n" || found === "\t") return found;
    hidden = true;
    return escapeOf(found);
  });
  return { text: shown, hidden };
}

function escapeOf(character: string): string {
  switch (character) {
    case "\r":
      return "\\r";
    case "\0":
      return "\\0";
    default:
      return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  }
}

/** A text on one line, with what was left out in words; `cut`: it does not show everything. */
export interface VisibleLine extends VisibleText {
  cut: boolean;
}

/**
 * The first line of the text, at most `mostUnits` UTF-16 units of it, and how many more lines there are. A text that begins
 * with empty lines is shown from the first that is not.
 */
export function visibleLine(text: string, mostUnits: number): VisibleLine {
  // Not a pattern that is anchored at the end: it takes quadratic time over blanks within, 30 s for 100,000 of them.
  const lines = text
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd()
    .split("\n");
  const [first = "", ...rest] = lines;
  const more = rest.length;
  const shown = visibleText(first.replaceAll("\t", " "));
  const hidden = shown.hidden || rest.some((line) => visibleText(line).hidden);
  const isLong = shown.text.length > mostUnits;
  const head = isLong ? `${headOf(shown.text, mostUnits)}…` : shown.text;
  const tail = more === 0 ? "" : ` … and ${more} more ${more === 1 ? "line" : "lines"}`;
  return { text: head + tail, hidden, cut: isLong || more > 0 };
}

/** Most UTF-16 units of a name that is shown. */
const mostNameUnits = 200;

/**
 * A name that a repository, a device or Claude chose (of a project, branch, session, file, tool ...) as it is shown in a push,
 * a list or a terminal: on one line, with everything unseen as escapes.
 */
export const shownName = (name: string, mostUnits = mostNameUnits): string =>
  visibleLine(name, mostUnits).text;

/** The beginning of a text. A character that the cut would leave in half is left out. */
export const headOf = (text: string, mostUnits: number): string =>
  text
    .slice(0, mostUnits)
    .replace(/[\uD800-\uDBFF]$/, "")
    .toWellFormed();
