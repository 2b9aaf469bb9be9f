/**
 * How many columns a terminal gives to a character. Unicode's East Asian Width (UAX 11) and emoji presentation decide;
 * combining marks take none.
 */

/** Ranges of code points that are two columns wide: Hangul, CJK, kana, full-width forms, and the planes of ideographs. */
const wideRanges: ReadonlyArray<readonly [number, number]> = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x17000, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
];

const ascii = /^[\x20-\x7e]*$/;
const wideEmoji = /\p{Emoji_Presentation}|\ufe0f/u;
const mark = /^[\p{M}\p{Default_Ignorable_Code_Point}]$/u;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** What the reader takes for single characters: an emoji of several code points and a letter with its marks are one. */
export const graphemesOf = (text: string): string[] =>
  ascii.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment);

/** Columns of one grapheme, or of a whole line of them. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  return graphemesOf(text).reduce((width, grapheme) => width + graphemeWidth(grapheme), 0);
}

function graphemeWidth(grapheme: string): number {
  if (mark.test(grapheme)) return 0;
  if (wideEmoji.test(grapheme)) return 2;
  const codePoint = grapheme.codePointAt(0) ?? 0;
  return wideRanges.some(([from, to]) => codePoint >= from && codePoint <= to) ? 2 : 1;
}
