import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type GitDirectories, type GitUse, gitDirectoriesOf } from "./gitUse.ts";

/** Names what a repository's configuration or attributes would run; empty when nothing. */
export type GitDangers = (directory: string) => Promise<string[]>;

/**
 * A plain diff in the place of the one that a repository names: git dies when `diff.external` is empty. Git calls it with the
 * path, the old file, its hash and mode, the new file, its hash and mode; labels are as git's own.
 */
const plainDiff = 'f() { diff -u -L "a/$1" -L "b/$1" "$2" "$5"; true; }; f';

/**
 * The variables that switch off git's own ways to run programs of a repository, for everything that the CLI starts: the
 * watcher of files, hooks, and an external diff where the repository sets one. They win over every configuration file.
 */
export function gitEnvironment(
  { hasPlainDiff }: { hasPlainDiff: boolean },
  given: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const settings: Array<[string, string]> = [
    ["core.fsmonitor", "false"],
    // No directory: no hook is found there.
    ["core.hooksPath", "/dev/null"],
  ];
  if (hasPlainDiff) settings.push(["diff.external", plainDiff]);
  const before = Number.parseInt(given.GIT_CONFIG_COUNT ?? "0", 10) || 0;
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(before + settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${before + index}`] = key;
    environment[`GIT_CONFIG_VALUE_${before + index}`] = value;
  }
  return environment;
}

/** Whether the danger is one that `gitEnvironment` takes away. */
export const isExternalDiff = (danger: string): boolean => /\bdiff\.external\b/i.test(danger);

/** Whether the danger is another directory for hooks. */
export const isHooksPath = (danger: string): boolean => /\bcore\.hookspath\b/i.test(danger);

const isSwitchedOff = (danger: string): boolean => isHooksPath(danger) || /\bcore\.fsmonitor\b/i.test(danger);

/** Whether the repository around the directory has hooks, other than the samples that git itself puts there. */
export async function hasHooks(directory: string): Promise<boolean> {
  for (let path = directory; ; path = dirname(path)) {
    const names = await readdir(join(path, ".git", "hooks")).catch((): string[] => []);
    if (names.some((name) => !name.endsWith(".sample"))) return true;
    if (dirname(path) === path) return false;
  }
}

/** The dangers that the process's environment does not take away. */
export const remainingDangers = (
  dangers: readonly string[],
  { hasPlainDiff }: { hasPlainDiff: boolean },
): string[] =>
  dangers.filter((danger) => !isSwitchedOff(danger) && !(hasPlainDiff && isExternalDiff(danger)));

/**
 * Why a use of git is to be asked about, whatever else allows it; `undefined` when there is no reason. What the process's
 * environment takes away is none.
 */
export async function gitReason(
  use: GitUse,
  { dangersOf, hasPlainDiff }: { dangersOf: GitDangers; hasPlainDiff: boolean },
): Promise<string | undefined> {
  let found: GitDirectories | undefined;
  try {
    found = gitDirectoriesOf(use);
  } catch {
    // The CLI goes on when a question to us fails.
    return "What the tool would do cannot be told, and the project is not trusted.";
  }
  if (found === undefined) return undefined;
  const dangers = new Set<string>();
  for (const directory of found.directories) {
    const here = await dangersOf(directory).catch(() => ["a configuration that cannot be read"]);
    for (const danger of remainingDangers(here, { hasPlainDiff })) dangers.add(danger);
  }
  if (dangers.size > 0)
    return `The repository brings programs that git would run (${[...dangers].slice(0, 5).join(", ")}), and the project is not trusted.`;
  if (!found.isCertain)
    return "In which repository git would work cannot be told before, and the project is not trusted.";
  return undefined;
}
