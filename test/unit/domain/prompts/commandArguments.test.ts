import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { argumentsIn } from "../../../../server/domain/prompts/commandArguments.ts";
import { judgePrompt } from "../../../../server/domain/prompts/judgePrompt.ts";
import { mentionsIn } from "../../../../server/domain/prompts/mentions.ts";

const projectPath = "/projects/alpha";
const isOutside = (path: string) => {
  const whole = path.startsWith("~") ? `/home${path.slice(1)}` : resolve(projectPath, path.trim());
  return !`${whole}/`.startsWith("/projects/");
};
const resolver = {
  standingOf: async (_projectPath: string, path: string) =>
    isOutside(path) ? ("forbidden" as const) : ("readable" as const),
  placeOf: async (_projectPath: string, path: string) =>
    isOutside(path) ? ("forbidden" as const) : ("readable" as const),
};
const command = { name: "look", description: "", argumentHint: "", aliases: [], builtin: false };
const judged = async (text: string) => (await judgePrompt({ text, projectPath }, [command], resolver)).text;

/** Bodies of command files, as an owner has them. */
const templates = [
  "Look at @$ARGUMENTS please",
  'Look at @"$ARGUMENTS" please',
  "Compare @$0 with @$1",
  "See @docs/$ARGUMENTS",
  "See @docs/$0.md, @./$1/README.md",
  "$ARGUMENTS",
];
/** What the CLI 2.1.330 makes of a command's file, as it was measured: quotes and backslashes around words are taken off. */
const expanded = (template: string, text: string): string => {
  const args = text.slice("/look ".length);
  const words = (args.match(/(?:[^\s"'\\]|\\.|"[^"]*"|'[^']*')+/g) ?? []).map((word) =>
    word.replace(/["'\\]/g, ""),
  );
  return template
    .replaceAll("$ARGUMENTS", () => args)
    .replace(/\$(\d)/g, (_whole, index: string) => words[Number(index)] ?? "");
};

describe("DOOR-2 arguments of a command", () => {
  test.each([
    "/etc/passwd",
    "~/.netrc",
    "../../home/x",
    "a.txt /etc/passwd",
    '"/etc/passwd"',
    '"/etc"/passwd x',
    "\\/etc/passwd",
    "'/etc/pass wd' a",
    "x/../../../etc/passwd",
    "a b/../../../../etc/passwd",
    "@/etc/passwd",
    "@../../etc/passwd a",
    "/etc/passwd#L1-5",
    ` /etc/passwd`,
    "a.txt ~",
    `${"a ".repeat(150)}/etc/passwd`,
  ])("%j mention nothing that may not be read, whatever the command's file is", async (args) => {
    const text = await judged(`/look ${args}`);
    for (const template of templates) {
      const left = mentionsIn(expanded(template, text)).map(({ path }) => path);
      expect({ template, left: left.filter(isOutside) }).toEqual({ template, left: [] });
    }
  });

  test.each(["", "a.txt", "fix the 2 bugs in src/a.ts", "beta/a.txt", '"a b.txt" c', "#12 @a.txt"])(
    "%j stay as they are",
    async (args) => {
      expect(await judged(`/look ${args}`)).toBe(`/look ${args}`);
    },
  );

  test("begin behind the name", () => {
    expect(argumentsIn("/look a  b")).toEqual([
      { at: 6, word: "a" },
      { at: 9, word: "b" },
    ]);
    expect(argumentsIn("look a")).toEqual([]);
  });

  test("that are left as plain words are named for the audit log", async () => {
    const { plain, command: name } = await judgePrompt(
      { text: "/look /etc/passwd a.txt", projectPath },
      [command],
      resolver,
    );
    expect({ plain, name }).toEqual({ plain: ["/etc/passwd"], name: "look" });
  });
});
