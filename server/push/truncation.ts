import { cutToJsonBytes } from "../domain/cutJson.ts";
import type { PushContent } from "../domain/delivery/push.ts";

/** Own bound of title and subtitle, in JSON bytes: more than a lock screen shows, little of the payload. */
export const maxTitleBytes = 256;

/** Renders with the longest prefix of `body` that keeps the JSON within `maxBytes`. */
export function fitBody(
  body: string,
  maxBytes: number,
  render: (body: string, truncated: boolean) => string,
): { json: string; truncated: boolean } {
  // Nearly every text fits: that is rendered once, and not measured by itself.
  if (body.length <= maxBytes) {
    const json = render(body.toWellFormed(), false);
    if (Buffer.byteLength(json) <= maxBytes) return { json, truncated: false };
  }
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
