/** Characters that change how their neighbours are shown, or show nothing: bidi controls, zero-width and control characters. */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;
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
