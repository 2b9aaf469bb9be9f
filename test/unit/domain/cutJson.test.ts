import { describe, expect, test } from "@jest/globals";
import { cutJson, isTooDeep, jsonBytes, withoutDepths } from "../../../server/domain/cutJson.ts";

describe("JSON that is cut to a number of bytes", () => {
  test("what fits is the same object", () => {
    const value = { a: "b" };
    expect(cutJson(value, 9)).toEqual({ value, cut: false });
    expect(cutJson(value, 9).value).toBe(value);
  });

  test("the longest texts are cut, to the byte, and the short ones stay", () => {
    const { value, cut } = cutJson({ id: "abc", text: "x".repeat(500), more: ["y".repeat(400)] }, 200);
    expect(cut).toBe(true);
    expect(value.id).toBe("abc");
    expect(jsonBytes(value)).toBe(200);
    expect(Math.abs(value.text.length - value.more[0]!.length)).toBeLessThanOrEqual(1);
  });

  test.each([
    ["emoji", "🙂"],
    ["quotes", '"'],
    ["controls", "\u0001"],
    ["halves of pairs", "\ud800"],
    ["umlauts", "ü"],
  ])("%s are counted as JSON writes them, and cut at a character", (_what, character) => {
    for (let most = 30; most < 60; most += 1) {
      const { value } = cutJson({ text: character.repeat(1_000) }, most);
      expect(jsonBytes(value)).toBeLessThanOrEqual(most);
      expect(value.text).toBe([...value.text].join(""));
      expect(value.text.isWellFormed()).toBe(true);
    }
  });

  test("a list of a million numbers, and an object of a million names, lose entries", () => {
    expect(
      jsonBytes(
        cutJson(
          Array.from({ length: 1_000_000 }, (_, index) => index),
          1_000,
        ).value,
      ),
    ).toBeLessThanOrEqual(1_000);
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`n${index}`, index]));
    expect(jsonBytes(cutJson(wide, 1_000).value)).toBeLessThanOrEqual(1_000);
  });
});

describe("DOOR-8 a value that is nested without end", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

  test("is cut where no tool's input reaches, and can be written as JSON then", () => {
    const deep = { path: "/a", x: nested(100_000) };
    expect(() => JSON.stringify(deep)).toThrow(RangeError);
    expect(isTooDeep(deep)).toBe(true);
    expect(JSON.stringify(withoutDepths(deep))).toBe(
      `{"path":"/a","x":${"[".repeat(99)}"…"${"]".repeat(99)}}`,
    );
  });

  test("that is not is the same object", () => {
    const plain = { x: nested(50) };
    expect(isTooDeep(plain)).toBe(false);
    expect(withoutDepths(plain)).toBe(plain);
  });
});
