import { escapedText, replaceUnseen } from "../../domain/visibleText.ts";

/**
 * Text for a terminal, which may hold words of others: names of folders and programs, what a server or a CLI says, what stands in a
 * file. Nothing of it can move the cursor, set a title or turn the direction of reading.
 */
export const shownText = (text: string): string => escapedText(text.replaceAll("\r\n", "\n")).text;

/** Prints text for the owner; what would control the terminal is shown by its escape. */
export const print = (text: string): void => console.log(shownText(text));

/** JSON in one line, in which every character that would not be seen is said by its escape. */
export const jsonLine = (value: unknown): string =>
  replaceUnseen(JSON.stringify(value), (found) =>
    Array.from(
      { length: found.length },
      (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join(""),
  );

/** Prints a value for a program that reads it, or for an owner who looks at it in a terminal. */
export const printJson = (value: unknown): void => console.log(jsonLine(value));
