import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  bytePath,
  diffText,
  displayPath,
  itemsOf,
  parseDiffRecords,
} from "../../../server/git/diffRecords.ts";

const id = "b".repeat(40);
/** A file's name: any bytes but NUL. */
const name = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const count = fc.nat({ max: 100_000 });
const change = fc.record({
  status: fc.constantFrom("A", "M", "D", "R", "T"),
  path: name,
  oldPath: name,
  isBinary: fc.boolean(),
  insertions: count,
  deletions: count,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What git prints of these changes. */
function printed(changes: readonly Change[]): Buffer {
  const raw = changes.map(({ status, path, oldPath }) => {
    const head = `:100644 100755 ${id} ${id} ${status}${status === "R" ? "087" : ""}\0`;
    return status === "R" ? `${head}${oldPath}\0${path}\0` : `${head}${path}\0`;
  });
  const figures = changes.map(({ status, path, oldPath, isBinary, insertions, deletions }) => {
    const head = isBinary ? "-\t-\t" : `${insertions}\t${deletions}\t`;
    return status === "R" ? `${head}\0${oldPath}\0${path}\0` : `${head}${path}\0`;
  });
  return Buffer.from([...raw, ...figures].join(""), "latin1");
}
const changesOfFiles = fc.uniqueArray(change, { selector: ({ path }) => path, maxLength: 12 });

describe("the records of a diff", () => {
  test("whatever the names are, each file is read with its state and figures", () => {
    fc.assert(
      fc.property(changesOfFiles, (changes) => {
        const expected = changes.map(({ status, path, oldPath, isBinary, insertions, deletions }) => ({
          status,
          oldMode: "100644",
          newMode: "100755",
          oldObjectId: id,
          path,
          oldPath: status === "R" ? oldPath : undefined,
          isBinary,
          insertions: isBinary ? undefined : insertions,
          deletions: isBinary ? undefined : deletions,
        }));
        expect(parseDiffRecords(printed(changes))).toEqual(expected);
      }),
    );
  });

  test("output that was cut off anywhere gives the first of the records, and does not throw", () => {
    fc.assert(
      fc.property(changesOfFiles, fc.nat(), (changes, at) => {
        const whole = printed(changes);
        const paths = parseDiffRecords(whole.subarray(0, at % (whole.length + 1))).map(({ path }) => path);
        expect(paths).toEqual(changes.slice(0, paths.length).map(({ path }) => path));
      }),
    );
  });

  test("output in another form is a fault, not an empty list", () => {
    expect(() => parseDiffRecords(Buffer.from("fatal: something\0"))).toThrow("another form");
  });

  test("the items of a list end with NUL, and one without is left out", () => {
    expect(itemsOf(Buffer.from("a\0b c\0d"))).toEqual(["a", "b c"]);
    expect(itemsOf(Buffer.alloc(0))).toEqual([]);
  });
});

describe("paths for people", () => {
  test("text goes there and back unchanged", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(displayPath(bytePath(text))).toBe(text);
      }),
    );
  });

  test("bytes that are not UTF-8 are escaped, the others around them kept", () => {
    const bytes = Buffer.concat([
      Buffer.from("ü"),
      Buffer.from([0xe9, 0xff]),
      Buffer.from("€x"),
      Buffer.from([0xe2, 0x82]),
    ]);
    expect(displayPath(bytes.toString("latin1"))).toBe("ü\\xe9\\xff€x\\xe2\\x82");
  });
});

describe("the text of a diff", () => {
  test("never has more bytes than the bound, is a beginning of the whole, and says when it is not all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.nat({ max: 80 }), (text, most) => {
        const { diff, truncated } = diffText(Buffer.from(text), false, most);
        expect(Buffer.byteLength(diff)).toBeLessThanOrEqual(most);
        expect(text.startsWith(diff)).toBe(true);
        expect(truncated).toBe(diff !== text);
      }),
    );
  });

  test("it is cut after a whole line, and a single longer line at a code point", () => {
    expect(diffText(Buffer.from("one\ntwo\nthree"), false, 10)).toEqual({
      diff: "one\ntwo\n",
      truncated: true,
    });
    expect(diffText(Buffer.from("ääää"), false, 5)).toEqual({ diff: "ää", truncated: true });
    expect(diffText(Buffer.from("one\ntw"), true, 100)).toEqual({ diff: "one\n", truncated: true });
  });

  test("bytes that are not UTF-8 become U+FFFD and count as what they become", () => {
    expect(diffText(Buffer.from([0x61, 0xff, 0xff]), false, 4)).toEqual({ diff: "a\ufffd", truncated: true });
  });
});
