import type { Token, Tokens } from "marked";
import type { Look, Span } from "./layout.ts";

/** Spans of the inline tokens of a paragraph. A link shows where it leads, unless its words say that. */
export function inlineSpans(tokens: readonly Token[], looks: readonly Look[]): Span[] {
  return tokens.flatMap((token) => spansOf(token, looks));
}

function spansOf(token: Token, looks: readonly Look[]): Span[] {
  const known = token as
    | Tokens.Strong
    | Tokens.Em
    | Tokens.Del
    | Tokens.Codespan
    | Tokens.Link
    | Tokens.Image
    | Tokens.Br
    | Tokens.Text
    | Tokens.Escape;
  switch (known.type) {
    case "strong":
      return inlineSpans(known.tokens, [...looks, "bold"]);
    case "em":
      return inlineSpans(known.tokens, [...looks, "italic"]);
    case "del":
      return inlineSpans(known.tokens, [...looks, "struck"]);
    case "codespan":
      return [{ text: known.text, looks: [...looks, "cyan"] }];
    case "link": {
      const words = inlineSpans(known.tokens, [...looks, "underline"]);
      const said = words.map(({ text }) => text).join("");
      const isSaid = said === known.href || `mailto:${said}` === known.href;
      return isSaid ? words : [...words, { text: ` (${known.href})`, looks: [...looks, "dim"] }];
    }
    case "image":
      return [{ text: `[${known.text || "image"}] (${known.href})`, looks: [...looks, "dim"] }];
    case "br":
      return [{ text: "\n", looks }];
    case "text":
      // Tight lists have texts with inline tokens of their own. A line feed of the source is a space.
      return known.tokens !== undefined
        ? inlineSpans(known.tokens, looks)
        : [{ text: withoutEntities(known.text).replaceAll("\n", " "), looks }];
    case "escape":
      return [{ text: known.text, looks }];
    default:
      return [{ text: token.raw, looks }];
  }
}

const entities: Record<string, string> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": " ",
};

const withoutEntities = (text: string): string =>
  text.replace(/&(?:lt|gt|amp|quot|#39|nbsp);/g, (entity) => entities[entity] ?? entity);
