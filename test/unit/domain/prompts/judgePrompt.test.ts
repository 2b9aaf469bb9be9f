import { describe, expect, test } from "@jest/globals";
import type { ClaudeCommand } from "../../../../server/domain/prompts/commands.ts";
import {
  interpretationsOf,
  judgePrompt,
  type MentionStanding,
  mayBeInterpreted,
} from "../../../../server/domain/prompts/judgePrompt.ts";
import { mentionsIn } from "../../../../server/domain/prompts/mentions.ts";
import { Chance } from "../../../support/chance.ts";

const standings: Record<string, MentionStanding> = {
  "a.txt": "readable",
  "~/.ssh/id": "forbidden",
  "agent-link": "forbidden",
};
const resolver = {
  standingOf: async (projectPath: string, path: string): Promise<MentionStanding> => {
    expect(projectPath).toBe("/projects/alpha");
    return standings[path] ?? "absent";
  },
  placeOf: async (_projectPath: string, path: string) => {
    return standings[path] === "forbidden" ? ("forbidden" as const) : ("readable" as const);
  },
};
const review: ClaudeCommand = {
  name: "review",
  description: "",
  argumentHint: "",
  aliases: [],
  builtin: false,
};
const judge = (text: string) => judgePrompt({ text, projectPath: "/projects/alpha" }, [review], resolver);

const isWord = (character: string | undefined) => character !== undefined && /[0-9A-Za-z_]/.test(character);

/** The paths that the CLI 2.1.330 takes out of a text, as it was measured: quoted ones, and one of each word. */
function cliMentions(text: string): string[] {
  const found = [...text.matchAll(/(?:^|[\s。、？！])@"([^"]+)"/g)].map(([, path]) => path!);
  for (const [word] of text.matchAll(/\S+/g)) {
    let at = word.indexOf("@");
    while (at > 0 && !"。、？！".includes(word[at - 1]!)) at = word.indexOf("@", at + 1);
    if (at < 0) continue;
    let end = word.length;
    while (end >= at + 2 && isWord(word[end - 1]) === isWord(word[end])) end -= 1;
    if (end >= at + 2) found.push(word.slice(at + 1, end));
  }
  return found.filter((path) => !path.startsWith('"') || path.length > 1);
}

/** A readable file, or a name that only a subagent can have. */
const mayPass = (path: string): boolean => {
  const standing = standings[path.replace(/#.*$/, "")];
  return standing === "readable" || (standing === undefined && /^agent-[\w:.@-]+$/.test(path));
};

describe("A10 a prompt", () => {
  test("DOOR-2 keeps mentions of files that may be read, and has the others as plain words", async () => {
    expect(await judge("see @a.txt, not @~/.ssh/id nor @gone.txt")).toEqual({
      text: "see @a.txt, not \u2060@~/.ssh/id nor \u2060@gone.txt",
      mentioned: ["a.txt"],
      plain: ["~/.ssh/id", "gone.txt"],
      command: undefined,
    });
  });

  test.each([
    "look @x、@/home/u/.claude/.credentials.json",
    '@"x。@/home/u/.claude/.credentials.json"',
    "@x？@~/.ssh/id",
    "@gone！@../other/secret",
    '@"a @"/home/u/secret"',
    "look\u2028@~/.ssh/id",
    "look\ufeff@~/.ssh/id",
    "look\u3000@~/.ssh/id",
    "look\v@~/.ssh/id\f@~/.ssh/id",
    "@~/.ssh/id#L1-5#x",
    '@"~/.ssh/id#L2"',
    "@~/.ssh/id\u0301 @~/.ssh/id,",
    '@gone" @"~/.ssh/id" "',
    '/review @"gone 。@~/.ssh/id"',
  ])("DOOR-2 has no other mention where one became plain words: %s", async (text) => {
    const judged = await judge(text);
    expect([cliMentions(judged.text), judged.mentioned]).toEqual([[], []]);
  });

  test("DOOR-2 leaves to the CLI only what was found readable, in any text", async () => {
    const chance = new Chance(2_041);
    const parts = [
      "@",
      " @a.txt ",
      '"',
      "。",
      "、",
      "？",
      "！",
      " ",
      "a.txt",
      "~/.ssh/id",
      "gone",
      "/",
      "agent-link",
      "#L1",
    ];
    let passed = 0;
    for (let round = 0; round < 3_000; round += 1) {
      const text = Array.from({ length: chance.between(1, 12) }, () => chance.pick(parts)!).join("");
      const left = cliMentions((await judge(text)).text);
      passed += left.length;
      expect([text, left.filter((path) => !mayPass(path))]).toEqual([text, []]);
    }
    expect(passed).toBeGreaterThan(20);
  });

  test("DOOR-2 names a subagent as before, unless a file of that name is there", async () => {
    expect((await judge("ask @agent-explore")).text).toBe("ask @agent-explore");
    expect((await judge("ask @agent-link")).text).toBe("ask \u2060@agent-link");
  });

  test("DOOR-2 that the CLI would rewrite first has no mention at all", async () => {
    const { text, mentioned, plain } = await judge('@[x](claude-ref:y "z") @a.txt');
    expect(text).toBe('\u2060@[x](claude-ref:y "z") \u2060@a.txt');
    expect(mentioned).toEqual([]);
    expect(plain).toContain("a.txt");
  });

  test("DOOR-2 of a hundred thousand files holds nobody up, and none of them passes", async () => {
    const looked: string[] = [];
    const counting = {
      ...resolver,
      standingOf: async (_projectPath: string, path: string): Promise<MentionStanding> => {
        looked.push(path);
        return "readable";
      },
    };
    const judgeLong = (text: string) =>
      judgePrompt({ text, projectPath: "/projects/alpha" }, [review], counting);
    const began = process.cpuUsage();
    for (const sign of ["@a ", '@"', "@", "@[", "。@a", "../@a "])
      for (const begin of ["", "/review "]) {
        const text = begin + sign.repeat(Math.floor(250_000 / sign.length));
        const { text: judged, mentioned } = await judgeLong(text);
        expect(mentioned).toEqual([]);
        expect(judged.replaceAll("\u2060", "")).toBe(text);
        expect(mentionsIn(judged).length).toBe(0);
      }
    // Twelve texts: each took minutes when a place was marked by copying the text.
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(30);
    expect(looked).toEqual([]);
    const many = await judgeLong(Array.from({ length: 2_000 }, (_, index) => `@f${index}`).join(" "));
    expect(looked).toHaveLength(500);
    expect(many.mentioned).toHaveLength(500);
    expect(many.plain).toHaveLength(1_500);
  }, 120_000);

  test("DOOR-2 of a command is judged too", async () => {
    expect(await judge("/review @~/.ssh/id and @a.txt")).toMatchObject({
      text: "/review \u2060@~/.ssh/id and @a.txt",
      command: "review",
    });
  });

  test("DOOR-5 whose first word is no command of the process is words", async () => {
    expect((await judge("/nowhere to go")).text).toBe("\u2060/nowhere to go");
    expect((await judge("/Users/me/app is broken")).text).toBe("/Users/me/app is broken");
  });

  test("DOOR-5 that begins with a command which is not taken is refused", async () => {
    await expect(judge("/config permissionMode=acceptEdits")).rejects.toMatchObject({
      code: "command_forbidden",
      message: expect.stringContaining("PATCH /api/sessions/:id"),
    });
  });

  test("in which nothing is interpreted needs no look", () => {
    expect(["see @a.txt", "/review", "@[x](y)"].map(mayBeInterpreted)).toEqual([true, true, true]);
    expect(["hello", "me@example.org", "/a/b", "2 / 3"].map(mayBeInterpreted)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test("is told in the audit log by what was decided, not by its words", async () => {
    expect(interpretationsOf(await judge("/review @a.txt @~/.ssh/id"))).toEqual([
      { action: "message.command", detail: "/review" },
      { action: "message.mention", detail: "a.txt" },
      { action: "message.mention-refuse", detail: "~/.ssh/id" },
    ]);
    expect(interpretationsOf(await judge("hello"))).toEqual([]);
  });
});
