import type { HLJSApi } from "highlight.js";

/** Longer code is shown without colours: marking it would hold up the page. */
const maxChars = 40_000;

let loading: Promise<HLJSApi> | undefined;

/** The code as HTML with marked words; `undefined` when there is no such language, or it is too long. */
export async function highlighted(code: string, language: string): Promise<string | undefined> {
  if (language === "" || code.length > maxChars) return undefined;
  loading ??= import("./highlighter.ts").then(({ highlighter }) => highlighter);
  const highlighter = await loading;
  return highlighter.getLanguage(language)
    ? highlighter.highlight(code, { language, ignoreIllegals: true }).value
    : undefined;
}
