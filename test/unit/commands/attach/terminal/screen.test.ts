import { describe, expect, test } from "@jest/globals";
import { layOutLine, type TerminalLine } from "../../../../../server/commands/attach/terminal/layout.ts";
import { Pager } from "../../../../../server/commands/attach/terminal/pager.ts";
import { Screen } from "../../../../../server/commands/attach/terminal/screen.ts";
import { TerminalScreen } from "../../../../support/terminalScreen.ts";

const canvas = { width: 40, hasColors: false };
const line = (text: string): TerminalLine => layOutLine([{ text }], canvas);
const lines = (...texts: string[]) => texts.map(line);

describe("Screen", () => {
  test("prints once, and draws the live lines anew below what was printed", () => {
    const shown = new TerminalScreen(40, 10);
    const screen = new Screen({ write: (text) => shown.write(text), columns: 40, rows: 10 }, false);
    screen.open();
    screen.draw(lines("one"), { lines: lines("live a", "live b"), cursor: { row: 0, column: 3 } });
    expect(shown.text).toBe("one\nlive a\nlive b");
    screen.draw(lines("two", "three"), { lines: lines("live c") });
    expect(shown.text).toBe("one\ntwo\nthree\nlive c");
    screen.draw([], { lines: lines("x", "y", "z"), cursor: { row: 2, column: 1 } });
    screen.close();
    expect(shown.text).toBe("one\ntwo\nthree\n");
  });

  test("live lines that do not fit are cut from above, and never reach into what has scrolled away", () => {
    const shown = new TerminalScreen(40, 5);
    const screen = new Screen({ write: (text) => shown.write(text), columns: 40, rows: 5 }, false);
    for (let round = 0; round < 4; round += 1)
      screen.draw(lines(`printed ${round}`), {
        lines: lines("1", "2", "3", "4", "5", "6"),
        cursor: { row: 5, column: 0 },
      });
    expect(shown.text).toBe("printed 0\nprinted 1\nprinted 2\nprinted 3\n3\n4\n5\n6");
  });

  test("pages are shown in the second screen, and what was printed comes back", () => {
    const shown = new TerminalScreen(40, 4);
    const screen = new Screen({ write: (text) => shown.write(text), columns: 40, rows: 4 }, false);
    screen.draw(lines("before"), { lines: lines("live") });
    const pager = new Pager({
      title: "T",
      fromTop: false,
      lines: () => lines("a", "b", "c", "d", "e", "f", "g", "h"),
    });
    const page = () => {
      screen.drawPage(pager.page(canvas, 4));
      return shown.text.split("\n").slice(0, 3);
    };
    const press = (name: "up" | "pageUp" | "home" | "end" | "down") => pager.hear({ kind: "key", name });
    expect(page()).toEqual(["f", "g", "h"]);
    expect([press("up"), press("pageUp")]).toEqual([true, true]);
    expect(page()).toEqual(["c", "d", "e"]);
    expect(pager.isAtTop).toBe(false);
    press("home");
    expect([page(), pager.isAtTop]).toEqual([["a", "b", "c"], true]);
    press("end");
    expect(page()).toEqual(["f", "g", "h"]);
    expect(pager.hear({ kind: "text", text: "q" })).toBe(false);
    screen.leaveAlternate();
    screen.draw(lines("after"), { lines: lines("live") });
    expect(shown.text).toBe("before\nafter\nlive");
  });
});
