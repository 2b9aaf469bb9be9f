import { describe, expect, test } from "@jest/globals";
import { cutToJsonBytes } from "../../../server/domain/cutJson.ts";
import type { PushContent } from "../../../server/domain/delivery/push.ts";
import { boundTitles, fitBody, maxTitleBytes } from "../../../server/push/truncation.ts";

const jsonBytes = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

describe("V15: a text cut to bytes of JSON", () => {
  const characters = ["\u0000", "\u0007", "\b", "\t", "\n", "\u000b", "\f", "\r", "\u000e", "\u001f"].concat([
    " ",
    '"',
    "\\",
    "a",
    "\u007f",
    "\u0080",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\uffff",
    "\u{10000}",
    "\u{10ffff}",
  ]);
  test.each(characters)("counts %j as JSON writes it", (character) => {
    const bytes = jsonBytes(character);
    expect(cutToJsonBytes(character, bytes)).toEqual({ text: character, cut: false });
    expect(cutToJsonBytes(character, bytes - 1)).toEqual({ text: "", cut: true });
    expect(cutToJsonBytes(`${character}!`, bytes)).toEqual({ text: character, cut: true });
  });

  test("is never cut inside a character, and has no half ones", () => {
    expect(cutToJsonBytes("👋👋", 7)).toEqual({ text: "👋", cut: true });
    expect(cutToJsonBytes("a\ud83d", 10)).toEqual({ text: "a\ufffd", cut: false });
    expect(cutToJsonBytes("\udc4ba", 3)).toEqual({ text: "\ufffd", cut: true });
  });

  test("has nothing in it where there is no room", () => {
    for (const room of [0, -1, -100]) {
      expect(cutToJsonBytes("a", room)).toEqual({ text: "", cut: true });
      expect(cutToJsonBytes("", room)).toEqual({ text: "", cut: false });
    }
  });
});

describe("V15: a push that has to fit", () => {
  const render = (body: string, truncated: boolean) => JSON.stringify({ body, truncated });
  const [whole, cut] = [render("", false).length, render("", true).length];

  test("holds the whole text if that fits, to the byte", () => {
    expect(fitBody("abc", whole + 3, render)).toEqual({ json: render("abc", false), truncated: false });
    expect(fitBody("a\ud83d", whole + 4, render)).toEqual({
      json: render("a\ufffd", false),
      truncated: false,
    });
    const { json, truncated } = fitBody("abc", whole + 2, render);
    // What fits only because "true" is shorter than "false" would be said to be cut.
    expect([json, truncated]).toEqual([render("ab", true), true]);
  });

  test("holds the longest beginning that fits", () => {
    expect(fitBody("x".repeat(100), cut + 10, render)).toEqual({
      json: render("x".repeat(10), true),
      truncated: true,
    });
    expect(fitBody("👋👋👋", cut + 9, render).json).toBe(render("👋👋", true));
  });

  test("may be without any text, and is refused when not even that fits", () => {
    expect(fitBody("abc", cut, render)).toEqual({ json: render("", true), truncated: true });
    expect(() => fitBody("abc", cut - 1, render)).toThrow(
      "The push's ids alone are 1 bytes over the push service's limit.",
    );
  });

  test("has titles of 256 bytes at most, and no subtitle where there is none", () => {
    expect(maxTitleBytes).toBe(256);
    const content = { title: "ü".repeat(200) } as PushContent;
    expect(boundTitles(content)).toEqual({ title: "ü".repeat(128) });
    expect(boundTitles({ ...content, subtitle: "x".repeat(257) })).toEqual({
      title: "ü".repeat(128),
      subtitle: "x".repeat(256),
    });
  });
});
