import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A numbered sentence of the specification: `PAIR-3`. */
export interface Sentence {
  id: string;
  text: string;
  /** The file that it stands in. */
  file: string;
  /** What it demands: MUST (also MUST NOT), SHOULD or MAY. */
  isMust: boolean;
}

/** Every sentence of the specification, in the order in which it is read. */
export function readSentences(folder: string): Sentence[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".md"))
    .sort()
    .flatMap((file) => sentencesOf(file, readFileSync(join(folder, file), "utf8")));
}

/** A sentence is an item of a list that begins with its id in bold; it may go on over indented lines. */
export function sentencesOf(file: string, text: string): Sentence[] {
  const found = text.matchAll(/^- \*\*([A-Z0-9]+-\d+)\*\* (.+(?:\n {2}\S.*)*)/gm);
  return [...found].map(([, id, body]) => ({
    id: id!,
    text: body!.replaceAll(/\s+/g, " "),
    file,
    isMust: /\bMUST\b/.test(body!),
  }));
}
