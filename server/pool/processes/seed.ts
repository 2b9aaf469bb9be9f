import type { LoggedEvent } from "../../domain/delivery/event.ts";

/** How much of what was said a new conversation is told, in UTF-16 units: some 5,000 tokens, once. */
export const seedUnits = 20_000;

/** The end of a text. Half a character at the cut is left out. */
const tailOf = (text: string, mostUnits: number): string =>
  text.slice(-mostUnits).replace(/^[\uDC00-\uDFFF]/, "");

/**
 * What Claude is told when its own record of a conversation is lost: the last of what was said, oldest first, and the
 * kept recap before it when it does not reach back to the beginning. `said` comes newest first, as the log pages it.
 * Empty when nothing was said.
 */
export function seedText(said: readonly LoggedEvent[], recap: string | undefined): string {
  const lines: string[] = [];
  let left = seedUnits;
  let isWhole = true;
  for (const event of said) {
    const line =
      event.type === "turn.accepted"
        ? `User: ${event.data.message}`
        : event.type === "message"
          ? `Assistant: ${event.data.text}`
          : undefined;
    if (line === undefined) continue;
    isWhole = line.length <= left;
    lines.push(isWhole ? line : `… ${tailOf(line, left)}`);
    left -= line.length;
    if (left <= 0) break;
  }
  if (lines.length === 0) return "";
  const recapLines =
    recap === undefined || (isWhole && left > 0) ? [] : [`Recap of what came before: ${recap}`];
  return [
    "<earlier-conversation>",
    "Your own record of this conversation was lost. What follows is what was said in it, as far as it was kept. " +
      "Go on from there; files may have changed since.",
    ...recapLines,
    ...lines.reverse(),
    "</earlier-conversation>",
  ].join("\n\n");
}
