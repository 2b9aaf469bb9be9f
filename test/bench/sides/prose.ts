import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

let all: string | undefined;

/** The running text of this repository's own documents, as one string: English as a model writes it. */
function everything(): string {
  if (all !== undefined) return all;
  const folder = resolve("docs");
  const paragraphs = [folder, join(folder, "decisions")].flatMap((place) =>
    readdirSync(place)
      .filter((name) => name.endsWith(".md"))
      .sort()
      .flatMap((name) => readFileSync(join(place, name), "utf8").split("\n")),
  );
  // Tables, headings and code are no prose; the points of a list are.
  all = paragraphs
    .map((line) => line.replace(/^\s*[-*\d.]* /, "").replaceAll(/[`*]/g, ""))
    .filter((line) => /^[A-Z][a-z]/.test(line) && line.length > 80)
    .join(" ");
  return all;
}

/** So many characters of prose, from a place in it. */
export function proseOf(chars: number, from = 0): string {
  const text = everything();
  if (text.length < 20_000) throw new Error(`The documents hold only ${text.length} characters of prose.`);
  const start = from % text.length;
  let found = text.slice(start, start + chars);
  while (found.length < chars) found += text.slice(0, chars - found.length);
  return found;
}
