/** Words of a name: `MAX_SESSIONS` has two. */
const wordsOf = (name: string): string[] => name.split("_").filter((word) => word !== "");

/** Shorter names than this are too near to others that mean something else (`POST` and `PORT`). */
const shortestForSlips = 7;

/**
 * The known name that somebody may have meant by another: written in other letters, with `DAYLONG_` before it, with a slip or
 * two, with words left out (`MAX_SESSIONS`) or with one word of several changed (`SESSION_TIMEOUT_MINUTES`).
 */
export function nearName(name: string, known: readonly string[]): string | undefined {
  const upper = name.toUpperCase();
  const wanted = upper.replace(/^DAYLONG_/, "");
  if (known.includes(name)) return undefined;
  const found = (looksLike: (one: string) => boolean) => known.find(looksLike);
  return (
    found((one) => one === wanted) ??
    found((one) => Math.min(one.length, wanted.length) >= shortestForSlips && slips(one, wanted) <= 2) ??
    found((one) => leavesOutWords(wanted, one)) ??
    found((one) => changesOneWord(wanted, one))
  );
}

/** Whether the name is made of some of the known one's words, two at least, in their order. */
function leavesOutWords(name: string, known: string): boolean {
  const words = wordsOf(name);
  const all = wordsOf(known);
  if (words.length < 2 || words.length >= all.length) return false;
  let at = 0;
  return words.every((word) => {
    at = all.indexOf(word, at) + 1;
    return at > 0;
  });
}

function changesOneWord(name: string, known: string): boolean {
  const words = wordsOf(name);
  const all = wordsOf(known);
  if (words.length < 3 || words.length !== all.length) return false;
  return words.filter((word, index) => word !== all[index]).length === 1;
}

/** Letters to add, leave out or change to come from one text to the other (Levenshtein's distance). */
function slips(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let left = 1; left <= from.length; left += 1) {
    const next = [left];
    for (let right = 1; right <= to.length; right += 1) {
      const changed = row[right - 1]! + (from[left - 1] === to[right - 1] ? 0 : 1);
      next.push(Math.min(changed, row[right]! + 1, next[right - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
