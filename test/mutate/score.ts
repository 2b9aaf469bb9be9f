import type { Mutant } from "./mutant.ts";
import type { TestEnd } from "./testRun.ts";

/** `no test`: nothing among the quick tests imports the file. `crashed`: Jest ended without naming a test. */
export type Fate = "killed" | "timed out" | "crashed" | "survived" | "no test";

export interface Verdict extends Omit<Mutant, "text"> {
  fate: Fate;
  /** The test that failed, the test file that took too long, or Jest's last words. */
  by?: string;
}

/** What the end of the tests says about the mutant; a Jest that breaks down under a mutant has noticed it. */
export function verdictOn(mutant: Mutant, end: TestEnd | undefined): Verdict {
  const { text: _, ...about } = mutant;
  if (!end) return { ...about, fate: "no test" };
  switch (end.end) {
    case "passed":
      return { ...about, fate: "survived" };
    case "failed":
      return { ...about, fate: "killed", by: `${end.file}: ${end.title}` };
    case "timed out":
      return { ...about, fate: "timed out", by: end.file };
    case "crashed":
      return { ...about, fate: "crashed", by: end.output };
  }
}

export interface Score {
  mutants: number;
  /** Those that timed out or crashed included. */
  killed: number;
  survived: number;
  timedOut: number;
  /** Many of them would tell of a broken machine rather than of good tests. */
  crashed: number;
  percent: number;
}

export const lives = ({ fate }: Verdict): boolean => fate === "survived" || fate === "no test";

export function scoreOf(verdicts: readonly Verdict[]): Score {
  const survived = verdicts.filter(lives).length;
  const killed = verdicts.length - survived;
  return {
    mutants: verdicts.length,
    killed,
    survived,
    timedOut: verdicts.filter(({ fate }) => fate === "timed out").length,
    crashed: verdicts.filter(({ fate }) => fate === "crashed").length,
    percent: verdicts.length === 0 ? 0 : (100 * killed) / verdicts.length,
  };
}

/** By the folder below `server`, in the order of the alphabet. */
export function scoresByFolder(verdicts: readonly Verdict[]): Map<string, Score> {
  const folderOf = ({ file }: Verdict) => file.split("/").slice(0, -1).slice(0, 2).join("/");
  const folders = [...new Set(verdicts.map(folderOf))].sort();
  return new Map(
    folders.map((folder) => [folder, scoreOf(verdicts.filter((one) => folderOf(one) === folder))]),
  );
}

export const survivorLine = ({ file, line, before, after, fate }: Verdict): string =>
  `${file}:${line}  ${before} -> ${after}${fate === "no test" ? "  (no quick test imports it)" : ""}`;

export const scoreLine = ({ mutants, killed, survived, timedOut, crashed, percent }: Score): string =>
  `${mutants} mutants, ${killed} killed (${timedOut} timed out, ${crashed} crashed), ${survived} survived: ${percent.toFixed(1)} %`;
