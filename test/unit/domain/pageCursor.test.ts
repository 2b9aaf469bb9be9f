import { describe, expect, test } from "@jest/globals";
import {
  decodeCursor,
  decodePageCursor,
  encodePageCursor,
  pageOf,
} from "../../../server/domain/pageCursor.ts";

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

describe("cursors of other shapes", () => {
  const read = (decoded: unknown) => (typeof decoded === "string" ? decoded : undefined);

  test("are read by their own rule, and what is not JSON or not of that shape is invalid_request", () => {
    const encoded = (text: string) => Buffer.from(text).toString("base64url");
    expect(decodeCursor(encoded('"message"'), read)).toBe("message");
    for (const before of [encoded("1"), encoded("{"), "x"]) {
      expect(() => decodeCursor(before, read)).toThrow(expect.objectContaining({ code: "invalid_request" }));
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
