import type { PushContent } from "../domain/delivery/push.ts";

/** Own bound of title and subtitle, in JSON bytes: more than a lock screen shows, little of the payload. */
export const maxTitleBytes = 256;

/** A text cut to a byte budget; `cut` says that something is missing. */
export interface Preview {
  text: string;
  cut: boolean;
}

const replacement = "\ufffd";

/**
 * Cuts `text` to the longest prefix whose JSON string form (without the quotes) takes at most `maxBytes` of UTF-8.
 * Cuts only between code points. Lone surrogates become U+FFFD first, because UTF-8 has no form for them and
 * JSON.stringify would write them as six-byte escapes that Apple's parser rejects.
 * Reads at most `maxBytes` + 1 code units, so a megabyte costs no more than a preview.
 */
export function cutToJsonBytes(text: string, maxBytes: number): Preview {
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

/** Renders with the longest prefix of `body` that keeps the JSON within `maxBytes`. */
export function fitBody(
  body: string,
  maxBytes: number,
  render: (body: string, truncated: boolean) => string,
): { json: string; truncated: boolean } {
  const whole = cutToJsonBytes(body, maxBytes - Buffer.byteLength(render("", false)));
  if (!whole.cut) return { json: render(whole.text, false), truncated: false };
  const budgetBytes = maxBytes - Buffer.byteLength(render("", true));
  if (budgetBytes < 0) {
    throw new RangeError(`The push's ids alone are ${-budgetBytes} bytes over the push service's limit.`);
  }
  const longest = cutToJsonBytes(body, budgetBytes);
  // `true` is a byte shorter than `false`: a text that fits with it alone would be called cut, and be whole.
  const { text } = longest.cut ? longest : cutToJsonBytes(body, budgetBytes - 1);
  return { json: render(text, true), truncated: true };
}

/** Title and subtitle, cut to their own bound. */
export function boundTitles(content: PushContent): { title: string; subtitle?: string } {
  const title = cutToJsonBytes(content.title, maxTitleBytes).text;
  if (content.subtitle === undefined) return { title };
  return { title, subtitle: cutToJsonBytes(content.subtitle, maxTitleBytes).text };
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
