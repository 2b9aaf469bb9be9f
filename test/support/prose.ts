import { readFileSync } from "node:fs";

/** Prose as people and models write it, for whatever depends on how texts compress: the documents' own, without their marks. */
export function prose(chars: number, from = 0): string {
  const whole = readFileSync("docs/architecture.md", "utf8")
    .replace(/```[\s\S]*?```/g, "")
    .replace(/[|`*#>-]+/g, " ")
    .replace(/\s+/g, " ");
  const text = whole.slice(from, from + chars);
  if (text.length < chars) throw new Error(`The document has ${whole.length} characters of prose.`);
  return text;
}
