/**
 * The text without the characters at its end that are among these. A pattern that is anchored at the end only takes
 * quadratic time over a run of them within: nine seconds for a hundred thousand.
 */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The text between the first of these two marks and the next of the other. A lazy pattern reads on from every first one. */
export function textBetween(text: string, open: string, close: string): string | undefined {
  const begin = text.indexOf(open);
  const end = begin < 0 ? -1 : text.indexOf(close, begin + open.length);
  return end < 0 ? undefined : text.slice(begin + open.length, end);
}
