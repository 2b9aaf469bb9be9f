import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { shellCommandsIn } from "../../../../server/claude/start/shellCommands.ts";
import { Chance, seedsFrom } from "../../../support/chance.ts";

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

test("DOOR-10 words are split as bash splits them, however they are quoted", () => {
  const letters = [
    "a",
    "B",
    "7",
    " ",
    "  ",
    "'",
    '"',
    "\\",
    "$",
    "`",
    ";",
    "&",
    "|",
    "(",
    ")",
    "<",
    ">",
    "#",
    "*",
    "=",
    "~",
    "{",
    "}",
    "!",
    "é",
  ];
  for (const seed of seedsFrom(1, 3)) {
    const chance = new Chance(seed);
    const lines: string[][] = Array.from({ length: 200 }, () =>
      Array.from({ length: chance.between(1, 5) }, () =>
        Array.from({ length: chance.between(1, 8) }, () => chance.pick(letters)).join(""),
      ),
    );
    const spelling = lines.map((words) =>
      words.map((word) => spelled(word, chance)).join(chance.happens(0.5) ? " " : "\t "),
    );
    const script = spelling.map((line) => `printf '%s\\0' x ${line} $'\\x01'`).join("\n");
    const bash = execFileSync("/bin/bash", ["-c", script], { encoding: "utf8", timeout: 10_000 })
      .split("\u0001\0")
      .slice(0, -1)
      .map((line) => line.split("\0").slice(1, -1));
    expect(bash).toEqual(lines);
    const ours = spelling.map((line) => shellCommandsIn(`x ${line}`));
    expect(ours.map(({ commands }) => commands.map(({ words }) => words.map(({ text }) => text)))).toEqual(
      lines.map((words) => [["x", ...words]]),
    );
    expect(
      ours.every(({ isPlain, commands }) => isPlain && commands[0]?.words.every((word) => word.isLiteral)),
    ).toBe(true);
  }
});
