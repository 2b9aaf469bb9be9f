import { describe, expect, test } from "@jest/globals";
import { hashSecret, looksLikeToken, makeToken } from "../../../server/access/tokens.ts";

describe("A02: tokens", () => {
  test("A02: a token is 256 random bits in base64url", () => {
    const tokens = new Set(Array.from({ length: 200 }, makeToken));
    expect(tokens.size).toBe(200);
    for (const token of tokens) {
      expect(Buffer.from(token, "base64url")).toHaveLength(32);
      expect(looksLikeToken(token)).toBe(true);
    }
  });

  test("A02: only SHA-256 of a token is for storing", () => {
    expect(hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("A02: anything that has not the shape of a token is not looked up", () => {
    for (const text of ["", "a".repeat(42), "a".repeat(44), `${"a".repeat(42)}=`, `${"a".repeat(42)}\n`]) {
      expect(looksLikeToken(text)).toBe(false);
    }
  });
});
