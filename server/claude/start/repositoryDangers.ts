import { execFile } from "node:child_process";
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Settings of a repository with which git runs a program that they name. Git compares names without case. */
const runningSettings = new RegExp(
  [
    String.raw`filter\..*\.(clean|smudge|process)`,
    String.raw`diff\.(external|.*\.(textconv|command))`,
    String.raw`(diff|merge)tool\..*\.cmd`,
    String.raw`merge\..*\.driver`,
    String.raw`gpg\.(.*\.)?(program|defaultkeycommand)`,
    String.raw`core\.(fsmonitor|hookspath|sshcommand|gitproxy|askpass|editor|pager|alternaterefscommand)`,
    String.raw`sequence\.editor|pager\..*|interactive\.difffilter|hook\..*\.command|trailer\..*\.(cmd|command)`,
    String.raw`credential\.(.*\.)?helper`,
    String.raw`remote\..*\.(uploadpack|receivepack|vcs)|submodule\..*\.update`,
    String.raw`protocol\.ext\.allow|url\..*\.(push)?insteadof|remote\..*\.(push)?url`,
  ]
    .map((one) => `^(${one})$`)
    .join("|"),
  "i",
);
/** Of these only some values run a program. */
const harmlessValues: ReadonlyArray<[name: RegExp, value: RegExp]> = [
  [/^core\.fsmonitor$/i, /^(true|false|yes|no|on|off|0|1|)$/i],
  [/^submodule\..*\.update$/i, /^[^!]/],
  [/^(url|remote)\..*(insteadof|url)$/i, /^(?!\s*ext::)/i],
  [/^pager\./i, /^(true|false)$/i],
];

const readDeadlineMs = 5_000;
const maxConfigBytes = 4 * 1_024 ** 2;

/** Whether the setting names a program that git would run. Pure. */
export function runsProgram(name: string, value: string): boolean {
  if (/^alias\./i.test(name)) return value.trimStart().startsWith("!");
  if (/^url\.ext::/i.test(name)) return true;
  if (!runningSettings.test(name)) return false;
  return !harmlessValues.some(([of, harmless]) => of.test(name) && harmless.test(value));
}

/** The settings in git's list (`--null --show-scope`) that the repository itself brings and that name a program. Pure. */
export function dangersIn(listed: string): string[] {
  const fields = listed.split("\0");
  const found = new Set<string>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const scope = fields[index];
    const [name = "", ...lines] = (fields[index + 1] ?? "").split("\n");
    if (scope !== "local" && scope !== "worktree") continue;
    if (runsProgram(name, lines.join("\n"))) found.add(name);
  }
  return [...found];
}

/**
 * The settings with which git would run a program that the repository around the directory names. Attributes only choose
 * among them. Reading the list runs nothing. Rejects when it cannot be read.
 */
export async function repositoryDangers(
  directory: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string[]> {
  if (!(await mayBeRepository(directory))) return [];
  const { PATH, HOME } = environment;
  return new Promise((resolve, reject) => {
    execFile(
      "git",
      ["-C", directory, "config", "--list", "--includes", "--null", "--show-scope"],
      { env: { PATH, HOME, LC_ALL: "C" }, timeout: readDeadlineMs, maxBuffer: maxConfigBytes },
      (error, stdout) => {
        // Without git nothing can have git run.
        if (error?.code === "ENOENT") resolve([]);
        else if (error) reject(error);
        else resolve(dangersIn(stdout));
      },
    );
  });
}

/** Whether git would find a repository here: `.git` in the directory or above it, or the directory is a bare one. */
async function mayBeRepository(directory: string): Promise<boolean> {
  for (let path = directory; ; path = dirname(path)) {
    if ((await isThere(join(path, ".git"))) || (await isThere(join(path, "HEAD")))) return true;
    if (dirname(path) === path) return false;
  }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
