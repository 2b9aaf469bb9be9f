import { expect, test } from "@jest/globals";
import { textBetween, withoutTrailing } from "../../../server/domain/trimText.ts";
import { processorSeconds } from "../processorTime.ts";

test("what ends a text is taken from its end, and from nowhere else", () => {
  expect(withoutTrailing("a=b==", "=")).toBe("a=b");
  expect(withoutTrailing("a\r\n\n", "\r\n")).toBe("a");
  expect(withoutTrailing("===", "=")).toBe("");
  expect(withoutTrailing("", "=")).toBe("");
  expect(withoutTrailing("a", "=")).toBe("a");
});

test("what stands between two marks is found, in the first pair of them", () => {
  expect(textBetween("x <a>1</a> <a>2</a>", "<a>", "</a>")).toBe("1");
  expect(textBetween("</a> <a>1", "<a>", "</a>")).toBeUndefined();
  expect(textBetween("1</a>", "<a>", "</a>")).toBeUndefined();
});

test("DOOR-8 a long run within a text, or a mark without its end, holds nobody up", () => {
  const run = `${"=".repeat(1_000_000)}x`;
  const seconds = processorSeconds(() => {
    expect(withoutTrailing(run, "=")).toBe(run);
    expect(textBetween("<a>".repeat(500_000), "<a>", "</a>")).toBeUndefined();
  });
  expect(seconds).toBeLessThan(2);
});
