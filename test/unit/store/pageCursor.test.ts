import { describe, expect, test } from "@jest/globals";
import { decodePageCursor, encodePageCursor, pageOf } from "../../../server/store/pageCursor.ts";

describe("page marks", () => {
  test("come back as they were, and are safe in a URL", () => {
    const mark = encodePageCursor([1_700_000_000_000, "ünï/code?&"]);
    expect(mark).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodePageCursor(mark)).toEqual([1_700_000_000_000, "ünï/code?&"]);
  });

  test("that are not ours are invalid_request and name the field", () => {
    for (const value of [[1], [1, 2], ["1", "a"], [1.5, "a"], { at: 1 }, null, "x"]) {
      const before = Buffer.from(JSON.stringify(value)).toString("base64url");
      expect(() => decodePageCursor(before)).toThrow(
        expect.objectContaining({
          code: "invalid_request",
          faults: [expect.objectContaining({ path: "before" })],
        }),
      );
    }
  });
});

describe("pageOf", () => {
  const markOf = (row: number): [number, string] => [row, "x"];

  test("cuts the extra row and marks the last one kept", () => {
    const page = pageOf([9, 8, 7], 2, markOf);
    expect(page.rows).toEqual([9, 8]);
    expect(decodePageCursor(page.nextBefore!)).toEqual([8, "x"]);
  });

  test("marks nothing when there is nothing more", () => {
    expect(pageOf([9, 8], 2, markOf)).toEqual({ rows: [9, 8] });
    expect(pageOf([], 0, markOf)).toEqual({ rows: [] });
  });
});
