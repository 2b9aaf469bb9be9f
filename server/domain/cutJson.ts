/** Cuts texts, and JSON that holds them, to a number of bytes of UTF-8. */

/** A text cut to a byte budget; `cut` says that something is missing. */
export interface CutText {
  text: string;
  cut: boolean;
}

const replacement = "\ufffd";
/** Bytes of a code unit inside a JSON string, at most: an escape such as `\u001f`. */
const mostBytesOfUnit = 6;

/**
 * Cuts `text` to the longest prefix whose JSON string form (without the quotes) takes at most `maxBytes` of UTF-8.
 * Cuts only between code points. Lone surrogates become U+FFFD first, because UTF-8 has no form for them and
 * JSON.stringify would write them as six-byte escapes that Apple's parser rejects.
 * Reads at most `maxBytes` + 1 code units, so a megabyte costs no more than a preview.
 */
export function cutToJsonBytes(text: string, maxBytes: number): CutText {
  if (text.length * mostBytesOfUnit <= maxBytes) return { text: text.toWellFormed(), cut: false };
  // Every code unit costs a byte or more, so nothing beyond this slice can fit, not even a pair split by it.
  const candidate = text.slice(0, Math.max(0, maxBytes) + 1).replace(/\p{Surrogate}/gu, replacement);
  let usedBytes = 0;
  let end = 0;
  while (end < candidate.length) {
    const codePoint = candidate.codePointAt(end) as number;
    const bytes = jsonBytesOf(codePoint);
    if (usedBytes + bytes > maxBytes) break;
    usedBytes += bytes;
    end += codePoint > 0xffff ? 2 : 1;
  }
  return { text: candidate.slice(0, end), cut: end < text.length };
}

/** Bytes of one code point inside a JSON string as JSON.stringify writes it (ECMA-262, QuoteJSONString). */
function jsonBytesOf(codePoint: number): number {
  if (codePoint < 0x20) return isShortEscape(codePoint) ? 2 : 6;
  if (codePoint === 0x22 || codePoint === 0x5c) return 2;
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Backspace, tab, line feed, form feed, carriage return: the controls with a two-byte escape. */
function isShortEscape(codePoint: number): boolean {
  return codePoint >= 0x08 && codePoint <= 0x0d && codePoint !== 0x0b;
}

/** Bytes of the value's JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");

/** Entries that are left of each list and object while the structure alone is too large, one after the other. */
const entrySteps = [1_000, 100, 10, 1, 0];

/**
 * The value, with its longest texts cut so that its JSON has at most `maxBytes`; texts that are short stay whole. A value
 * whose lists and names alone are too large loses entries of them too. `cut`: something is missing.
 */
export function cutJson<T>(value: T, maxBytes: number): { value: T; cut: boolean } {
  if (jsonBytes(value) <= maxBytes) return { value, cut: false };
  for (const mostEntries of [Number.POSITIVE_INFINITY, ...entrySteps]) {
    const pruned = prune(value, mostEntries);
    const sizes: number[] = [];
    measureTexts(pruned, sizes);
    const textBytes = sizes.reduce((sum, size) => sum + size, 0);
    const budget = maxBytes - (jsonBytes(pruned) - textBytes);
    if (budget >= 0) return { value: cutTexts(pruned, levelOf(sizes, budget)) as T, cut: true };
  }
  throw new RangeError(`Nothing of the value fits into ${maxBytes} bytes.`);
}

/** The number of bytes to which every longer text is cut, so that all of them together have at most `budget`. */
function levelOf(sizes: number[], budget: number): number {
  let left = budget;
  const ascending = [...sizes].sort((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (size > share) return share;
    left -= size;
  }
  return Number.MAX_SAFE_INTEGER;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function prune(value: unknown, mostEntries: number): unknown {
  if (!isObject(value) || mostEntries === Number.POSITIVE_INFINITY) return value;
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((one) => prune(one, mostEntries));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, mostEntries)
      .map(([key, one]) => [key, prune(one, mostEntries)]),
  );
}

function measureTexts(value: unknown, sizes: number[]): void {
  // As JSON.stringify writes it; without the quotes.
  if (typeof value === "string") sizes.push(jsonBytes(value) - 2);
  else if (isObject(value)) for (const one of Object.values(value)) measureTexts(one, sizes);
}

function cutTexts(value: unknown, maxBytes: number): unknown {
  if (typeof value === "string") {
    return value.length <= maxBytes / 6 || jsonBytes(value) - 2 <= maxBytes
      ? value
      : cutToJsonBytes(value, maxBytes).text;
  }
  if (Array.isArray(value)) return value.map((one) => cutTexts(one, maxBytes));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cutTexts(one, maxBytes)]));
}

/** Deepest lists and objects in one another that are kept; a tool's own input has a few levels. */
export const mostDepth = 100;

/**
 * The value without what lies deeper in it than any tool needs: `JSON.parse` takes a text of any depth, `JSON.stringify` overflows
 * the stack from some thousand levels on. A value that is not deeper is returned itself.
 */
export const withoutDepths = <T>(value: T): T =>
  isDeeper(value, mostDepth) ? (cutDepths(value, mostDepth) as T) : value;

export const isTooDeep = (value: unknown): boolean => isDeeper(value, mostDepth);

const isDeeper = (value: unknown, levels: number): boolean =>
  isObject(value) && (levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1)));

function cutDepths(value: unknown, levels: number): unknown {
  if (!isObject(value)) return value;
  if (levels === 0) return "…";
  if (Array.isArray(value)) return value.map((one) => cutDepths(one, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cutDepths(one, levels - 1)]));
}
