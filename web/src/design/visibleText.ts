/**
 * Characters that change how their neighbours are shown, or show nothing: controls, bidi controls, zero-width characters and
 * fillers. Joiners and variation selectors stay, which emoji and the writing of many languages are made of, and line ends.
 */
const hidden =
  /(?![\t\n\r]|\u200c|\u200d|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}])[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800\ufff9-\ufffb]/gu;
/** Colours and cursor movements of terminals (ECMA-48). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins them
const terminalCodes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** What a terminal would have shown, without its colours. */
export const withoutTerminalCodes = (text: string): string =>
  text.includes("\u001b") ? text.replace(terminalCodes, "") : text;

/** The text with hidden characters as escapes, so that what is read is what is there. */
export const visible = (text: string): string =>
  text.replace(hidden, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);

export const hasHidden = (text: string): boolean => text.search(hidden) >= 0;

/** Cuts at a code point. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}
