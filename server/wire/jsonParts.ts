/**
 * Most fields and elements of a JSON text that comes from outside. The largest request that means something, a conversation
 * of `/v1` with a thousand messages, has a few thousand. Three hundred thousand unknown fields would hold the event loop for
 * a quarter of a second while they are parsed and looked at, and for the next caller as well.
 */
const maxParts = 50_000;
/** Deepest arrays and objects in one another; three million held the event loop for eight seconds. */
const maxDepth = 200;

/** What a refusal says of such a text. */
export const partsBound = `more than ${maxParts} fields and elements, or nests them more than ${maxDepth} deep`;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Whether a JSON text has more than `maxParts` fields and elements, or nests them deeper than `maxDepth`; of a text that is no JSON
 * the answer means nothing.
 */
export function hasTooManyParts(text: Uint8Array): boolean {
  // Each part takes two bytes at least, and so does each level.
  if (text.length < 2 * maxDepth) return false;
  let parts = 1;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const byte = text[index]!;
    if (byte === quote) {
      index = endOfString(text, index);
    } else if (byte === comma) {
      parts += 1;
      if (parts > maxParts) return true;
    } else if (opening.has(byte)) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (closing.has(byte)) {
      depth -= 1;
    }
  }
  return false;
}

/** The index of the quotation mark that ends the string which begins at `start`. */
function endOfString(text: Uint8Array, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== quote) index += text[index] === backslash ? 2 : 1;
  return index;
}
