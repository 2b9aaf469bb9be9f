import { describe, expect, test } from "@jest/globals";
import { CommandMenu, ownCommandIn } from "../../../../server/commands/attach/slashCommands.ts";

const command = (name: string, argumentHint = "") => ({
  name,
  description: `does ${name}`,
  argumentHint,
  aliases: [],
  builtin: true,
});
const namesIn = (menu: CommandMenu) => menu.shown.map(({ name, isChosen }) => (isChosen ? `>${name}` : name));

describe("CommandMenu", () => {
  test("offers the session's commands and the program's own by what was typed", () => {
    const menu = new CommandMenu();
    menu.learn([command("review", "[pr]"), command("release"), command("recap")]);
    menu.follow("/re");
    expect(namesIn(menu)).toEqual([">recap", "review", "release"]);
    expect(menu.shown[0]?.says).toContain("what happened so far");
    menu.move(1);
    expect(menu.completed()).toBe("/review ");
    menu.move(1);
    expect(menu.completed()).toBe("/release");
    menu.move(1);
    expect(menu.completed()).toBe("/recap");
  });

  test("is shut for words, for a whole name, and when it was closed; the next letter opens it again", () => {
    const menu = new CommandMenu();
    for (const text of ["hello /re", "/review this", "", "/detach"]) {
      menu.follow(text);
      expect([text, menu.isOpen, menu.completed()]).toEqual([text, false, undefined]);
    }
    menu.follow("/d");
    menu.close();
    expect(menu.isOpen).toBe(false);
    menu.follow("/de");
    expect(namesIn(menu)).toEqual([">detach"]);
  });

  test("shows a few lines around the chosen one", () => {
    const menu = new CommandMenu();
    menu.learn(Array.from({ length: 20 }, (_, index) => command(`x${index}`)));
    menu.follow("/x");
    for (let step = 0; step < 9; step += 1) menu.move(1);
    expect(namesIn(menu)).toEqual(["x4", "x5", "x6", "x7", "x8", ">x9"]);
  });
});

test("a message is a command of the program only as a whole", () => {
  expect([
    ownCommandIn("/recap"),
    ownCommandIn(" /recap "),
    ownCommandIn("/recap now"),
    ownCommandIn("/review"),
  ]).toEqual(["recap", "recap", undefined, undefined]);
});
