import { describe, expect, test } from "@jest/globals";
import {
  asPlainWords,
  everyAt,
  hidesMentions,
  mentionsIn,
  withoutMentions,
} from "../../../../server/domain/prompts/mentions.ts";

const paths = (text: string) => mentionsIn(text).map(({ path }) => path);

describe("A10 DOOR-2 a mention of a file", () => {
  test.each([
    ["look at @/home/u/.ssh/id_ed25519", ["/home/u/.ssh/id_ed25519"]],
    ["@~/notes.md", ["~/notes.md"]],
    ["see\n@../../x please", ["../../x"]],
    ['@"a file.txt" and @b', ["a file.txt", "b"]],
    ["see @src/ now", ["src"]],
    ["see @a.txt#L1-5", ["a.txt"]],
    ["see @a.txt#L7, then", ["a.txt"]],
    ['@"a b#L2"', ["a b"]],
    ["right？@a.txt。@b.txt", ["a.txt。@b.txt"]],
    ["no-break space\u00a0@a.txt", ["a.txt"]],
    ["ends the sentence @a.txt.", ["a.txt"]],
    ["two @a.txt@b.txt", ["a.txt@b.txt"]],
    ['across "@"lines\nof it"', []],
    ['@"two\nlines"', ["two\nlines"]],
  ])("in %j is what the CLI would open", (text, expected) => {
    expect(paths(text)).toEqual(expected);
  });

  test.each([
    "me@example.org",
    "(@a.txt",
    "\u2060@a.txt",
    "`@a.txt`",
    "a, b",
    "@",
    "@ a.txt",
    "see @… there",
    "，@a.txt",
  ])("in %j is none", (text) => {
    expect(paths(text)).toEqual([]);
  });

  test("may name a subagent, which is no file", () => {
    expect(mentionsIn('@agent-Explore @"code reviewer (agent)" @"explore (agent)" @agents.md')).toMatchObject(
      [
        { path: "agent-Explore", isAgent: true },
        { path: "code reviewer (agent)", isAgent: false },
        { path: "explore (agent)", isAgent: true },
        { path: "agents.md", isAgent: false },
      ],
    );
  });

  test("that is made plain words is none any more, and keeps every character of its path", () => {
    const text = 'a @/x/y b @"c d" e';
    const plain = asPlainWords(text, everyAt(text));
    expect(paths(plain)).toEqual([]);
    expect(plain.replaceAll("\u2060", "")).toBe(text);
    expect(plain).toContain("@/x/y");
  });

  test("behind a link to a document, which the CLI takes out first, is not overlooked", () => {
    const text = 'see x@[a](claude-ref:b "c")@~/.ssh/id';
    expect(hidesMentions(text)).toBe(true);
    expect(withoutMentions(text)).toBe('see x\u2060@[a](claude-ref:b "c")\u2060@~/.ssh/id');
    expect(hidesMentions("see [a](b) and @c")).toBe(false);
  });

  test("in what was said before is looked up no more; other text stays as it is", () => {
    expect(withoutMentions("User: see @a.txt\n\nAssistant: me@example.org")).toBe(
      "User: see \u2060@a.txt\n\nAssistant: me@example.org",
    );
    expect(withoutMentions("nothing")).toBe("nothing");
    expect(withoutMentions("see @x、@/etc/passwd")).toBe("see \u2060@x、\u2060@/etc/passwd");
  });
});
