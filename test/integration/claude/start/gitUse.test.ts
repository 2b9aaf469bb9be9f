import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { gitDirectoriesOf } from "../../../../server/claude/start/gitUse.ts";
import { Chance, seedsFrom } from "../../../support/chance.ts";

let base: string;
let project: string;
let bin: string;
let seen: string;

/** In the place of git: says where it would work, after its own options, and in which environment. */
const standIn = `#!/bin/bash
while [ $# -gt 0 ]; do
  case "$1" in
    -C) cd -P -- "$2" || exit 1; shift 2;;
    -c) shift 2;;
    --no-pager) shift;;
    *) break;;
  esac
done
printf '%s\t%s\n' "$(pwd -P)" "$GIT_CONFIG_COUNT" >> "$SEEN"
`;

const folders = ["a b", "c", "a b/c", "c/d", "other", "with'quote"];
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "daylong-git-use-")));
  project = join(base, "project");
  bin = join(base, "bin");
  seen = join(base, "seen");
  for (const folder of folders) mkdirSync(join(project, folder), { recursive: true });
  mkdirSync(join(base, "outside"));
  mkdirSync(bin);
  symlinkSync(join(base, "outside"), join(project, "link"));
  writeFileSync(join(bin, "git"), standIn);
  chmodSync(join(bin, "git"), 0o755);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const environment = () => ({
  PATH: `${bin}:/usr/bin:/bin`,
  HOME: base,
  SEEN: seen,
  GIT_CONFIG_COUNT: "2",
  X: "c",
});
const runInBash = (script: string): string =>
  execFileSync("/bin/bash", ["-c", script], {
    cwd: project,
    env: environment(),
    encoding: "utf8",
    timeout: 10_000,
    stdio: ["ignore", "pipe", "ignore"],
  });

/** One spelling of a word that a shell reads as the word again. */
function spelled(word: string, chance: Chance): string {
  switch (chance.between(0, 4)) {
    case 0:
      return `'${word.replaceAll("'", String.raw`'\''`)}'`;
    case 1:
      return `"${word.replace(/["$`\\]/g, "\\$&")}"`;
    case 2:
      return word.replace(/[^\w./-]/g, "\\$&");
    default: {
      const at = chance.between(0, word.length + 1);
      const [left, right] = [word.slice(0, at), word.slice(at)];
      return `${left.replace(/[^\w./-]/g, "\\$&")}"${right.replace(/["$`\\]/g, "\\$&")}"`;
    }
  }
}

/** A command that may run git, made of what people and models write. */
function commandOf(chance: Chance, depth = 0): string {
  const path = () => {
    const plain = chance.pick([
      "a b",
      "c",
      "a b/c",
      "./c/d",
      "..",
      ".",
      "link",
      "link/..",
      "other/../c",
      "with'quote",
    ])!;
    return chance.happens(0.15)
      ? chance.pick(["$X", "~", "-", "c*", "$(echo c)", "`echo c`", ""])!
      : spelled(plain, chance);
  };
  const options = () =>
    chance.happens(0.3)
      ? chance.pick([`-C ${path()}`, "--no-pager", `-C ${path()} -C ${path()}`, "-c x=y"])
      : "";
  const git = () =>
    `${chance.pick(["git", 'g"i"t', "\\git", "'git'", "g''it", `${bin}/git`])} ${options()} status`;
  const cd = () => `${chance.pick(["cd", "cd -P", "cd -L", "cd --", "pushd"])} ${path()}`;
  const wrapped = () =>
    chance.pick([
      `env ${git()}`,
      `env -C ${path()} git status`,
      `env --chdir ${path()} git status`,
      `sh -c "cd 'a b'; git status"`,
      `eval 'git status'`,
      `echo status | xargs git`,
      `GIT_CONFIG_COUNT=0 ${git()}`,
      `CDPATH=${base} cd outside && ${git()}`,
      `$'\\x67it' status`,
      "g=git; $g status",
      `${bin}/gi? status`,
      `command ${git()}`,
      "f() { cd c; git status; }; f",
      "GIT_CONFIG_COUNT=1; git status",
      "unset GIT_CONFIG_COUNT; git status",
      "echo 'cd c; git status' | bash",
      "for d in c other; do cd $d; git status; cd -; done",
      "if cd c; then git status; fi",
    ])!;
  const inner = () => (depth > 2 ? git() : commandOf(chance, depth + 1));
  const one = () =>
    chance.weighted<() => string>([
      [5, git],
      [5, cd],
      [2, wrapped],
      [1, () => `(${inner()})`],
      [1, () => `x=$(${inner()})`],
      [1, () => `echo "$(${inner()})"`],
      [1, () => `{ ${inner()}; }`],
      [1, () => "echo 'git; cd c' # git"],
      [1, () => "cat <<'E' > /dev/null\ncd c; git status\nE\n"],
    ])();
  const parts = Array.from({ length: chance.between(1, 5) }, one);
  return parts.reduce(
    (all, part) =>
      `${all}${all.endsWith("\n") ? "" : chance.pick([" && ", "; ", " || ", "\n", " & "])}${part}`,
  );
}

test("DOOR-10 git never runs where it was not looked, nor with another environment, in a command that is certain", () => {
  let certain = 0;
  let ran = 0;
  for (const seed of seedsFrom(100, 250)) {
    const command = commandOf(new Chance(seed));
    writeFileSync(seen, "");
    try {
      runInBash(`${command}\nwait`);
    } catch {
      // What fails may have run git before.
    }
    const calls = readFileSync(seen, "utf8").split("\n").filter(Boolean);
    const found = gitDirectoriesOf({ toolName: "Bash", input: { command }, cwd: project });
    ran += calls.length;
    if (found?.isCertain === true) certain += 1;
    const looked = (found?.directories ?? []).map((path) => {
      try {
        return realpathSync(path);
      } catch {
        return resolve(path);
      }
    });
    const missed =
      found !== undefined && !found.isCertain
        ? []
        : calls.filter((call) => {
            const [place = "", count] = call.split("\t");
            return !looked.includes(place) || count !== "2";
          });
    expect({ seed, command, missed }).toEqual({ seed, command, missed: [] });
  }
  // It is a test of both kinds.
  expect(certain).toBeGreaterThan(30);
  expect(ran).toBeGreaterThan(100);
});
