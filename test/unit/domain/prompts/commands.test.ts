import { describe, expect, test } from "@jest/globals";
import {
  type ClaudeCommand,
  commandNameIn,
  isCommandAllowed,
  judgeCommand,
  makesCliReadAgain,
} from "../../../../server/domain/prompts/commands.ts";

const command = (name: string, changes: Partial<ClaudeCommand> = {}): ClaudeCommand => ({
  name,
  description: "",
  argumentHint: "",
  aliases: [],
  builtin: true,
  ...changes,
});
const commands = [
  command("compact"),
  command("clear", { aliases: ["reset", "new"] }),
  command("config", { aliases: ["settings"] }),
  command("usage", { aliases: ["cost", "stats"] }),
  command("teleport", { aliases: ["beam"] }),
  command("deploy", { builtin: false }),
  command("project:release", { builtin: false, aliases: ["release"] }),
];

describe("A10 DOOR-5 the first word of a message", () => {
  test.each([
    ...["config", "update-config", "model", "effort", "fast", "mcp", "agents", "output-style", "autocompact"],
    ...["auto-mode-setup", "fewer-permission-prompts", "login", "logout", "heapdump", "reload-plugins"],
    ...["reload-skills", "doctor", "plugin-authoring", "settings", "checkup"],
  ])("/%s is refused with a sentence, also while it is not known which commands there are", (name) => {
    for (const known of [undefined, [], commands]) {
      const verdict = judgeCommand(`/${name} a=b`, known);
      expect(verdict).toMatchObject({
        kind: "refused",
        detail: expect.stringMatching(/^\/\S+ is not taken .+\.$/),
      });
    }
    expect(isCommandAllowed(name)).toBe(false);
  });

  test.each(["\t", "\n", "\r\n", "\u00a0", "\u2028", "\ufeff", "\v", "\u3000"])(
    "is refused whatever white space %j follows it",
    (space) => {
      for (const name of ["config", "settings", "login"])
        for (const known of [undefined, commands])
          expect(judgeCommand(`/${name}${space}a=b`, known)).toMatchObject({ kind: "refused" });
    },
  );

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"])(
    "/%s, which every object has, is a name like another",
    (name) => {
      expect(judgeCommand(`/${name} x`, undefined)).toEqual({ kind: "command", name });
      expect(judgeCommand(`/${name} x`, commands)).toEqual({ kind: "unknown" });
      expect(judgeCommand(`/${name} x`, [command(name)])).toMatchObject({ kind: "refused", name });
      expect(judgeCommand(`/${name} x`, [command(name, { builtin: false })])).toEqual({
        kind: "command",
        name,
      });
    },
  );

  test("is refused when a plugin's or a project's command has one of the CLI's names as its other name", () => {
    const own = [command("theirs:config", { builtin: false, aliases: ["config", "doctor"] })];
    for (const name of ["config", "doctor"])
      expect(judgeCommand(`/${name} x`, own)).toMatchObject({ kind: "refused" });
    expect(judgeCommand("/theirs:config x", own)).toEqual({ kind: "command", name: "theirs:config" });
  });

  test("is refused when a harmless name stands for a command that was not looked at", () => {
    const swapped = [command("teleport", { aliases: ["cost", "usage"] })];
    for (const name of ["cost", "usage"])
      expect(judgeCommand(`/${name}`, swapped)).toMatchObject({ kind: "refused", name: "teleport" });
  });

  test("is refused by the name of the command that it is another name of", () => {
    expect(judgeCommand("/settings theme=dark", commands)).toMatchObject({ kind: "refused", name: "config" });
  });

  test("is refused when it is one of the CLI's own that was not looked at, by each of its names", () => {
    expect(judgeCommand("/teleport", commands)).toMatchObject({ kind: "refused", name: "teleport" });
    expect(judgeCommand("/beam me", commands)).toMatchObject({ kind: "refused", name: "teleport" });
    expect(isCommandAllowed("teleport", true)).toBe(false);
  });

  test.each([
    ["/compact keep the plan", "compact"],
    ["/reset", "clear"],
    ["/cost", "usage"],
    ["/deploy now", "deploy"],
    ["/project:release", "project:release"],
    ["/release", "project:release"],
  ])("%j passes", (text, name) => {
    expect(judgeCommand(text, commands)).toEqual({ kind: "command", name });
  });

  test("passes while it is not known which commands there are, unless it is one of those that are refused", () => {
    expect(judgeCommand("/deploy now", undefined)).toEqual({ kind: "command", name: "deploy" });
  });

  test.each(["/Users/me/app is broken", "/config/x is wrong", "//config", "/", "see /config", " /config"])(
    "of %j is a word",
    (text) => {
      expect(judgeCommand(text, commands)).toEqual({ kind: "words" });
      expect(commandNameIn(text)).toBeUndefined();
    },
  );

  test("that is no command of the process is a word", () => {
    for (const text of ["/nowhere to go", "/config: no", "/CONFIG"])
      expect(judgeCommand(text, commands)).toEqual({ kind: "unknown" });
  });

  test("that is a command of the project's own under a name of the CLI's own runs the CLI's, and is judged as that", () => {
    const both = [command("teleport", { builtin: false }), command("teleport")];
    expect(judgeCommand("/teleport", both)).toMatchObject({ kind: "refused" });
    expect(judgeCommand("/teleport", both.slice(0, 1))).toEqual({ kind: "command", name: "teleport" });
  });

  test("DOOR-15 tells whether the CLI will read the project's words again", () => {
    expect(["/clear", "/reset", "/new", "/compact x"].map(makesCliReadAgain)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["/usage", "clear", "/clearly"].map(makesCliReadAgain)).toEqual([false, false, false]);
  });
});
