import type { Chance } from "../support/chance.ts";
import { editsOf } from "./operators.ts";
import { SourceText } from "./syntax.ts";

/** A source file with one small change. */
export interface Mutant {
  /** Relative to the root of the tree. */
  file: string;
  line: number;
  operator: string;
  before: string;
  after: string;
  /** The whole text of the changed file. */
  text: string;
}

const longestShown = 100;

/** On one line, and short enough to be read in a list. */
export function shown(code: string): string {
  const line = code.replace(/\s+/g, " ").trim() || "nothing";
  return line.length > longestShown ? `${line.slice(0, longestShown - 4)} ...` : line;
}

export function mutantsOf(file: string, text: string): Mutant[] {
  const source = new SourceText(text);
  return editsOf(source).map((edit) => ({
    file,
    line: source.lineAt(edit.start),
    operator: edit.operator,
    before: shown(source.textIn(edit)),
    after: shown(edit.replacement),
    text: source.with(edit, edit.replacement),
  }));
}

/** In random order; the same seed gives the same order of the same list. */
export function shuffled<T>(list: readonly T[], chance: Chance): T[] {
  const mixed = [...list];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = chance.between(0, last + 1);
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}
