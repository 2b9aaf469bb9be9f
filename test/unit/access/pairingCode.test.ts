import { describe, expect, test } from "@jest/globals";
import { makePairingCode, normalisePairingCode, pairingLink } from "../../../server/access/pairingCode.ts";

describe("A01: pairing codes", () => {
  test("A01: a code has 10 characters of Crockford base32 and no two are alike", () => {
    const codes = new Set(Array.from({ length: 500 }, makePairingCode));
    expect(codes.size).toBe(500);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/);
  });

  test("A01: case, hyphens, blanks and the letters O, I and L are forgiven", () => {
    expect(normalisePairingCode("01abcdefgh")).toBe("01ABCDEFGH");
    expect(normalisePairingCode("oIl-bcd efgh\n")).toBe("011BCDEFGH");
    expect(normalisePairingCode("OlABC-DEFGH")).toBe("01ABCDEFGH");
  });

  test("A01: what cannot be a code is not looked up", () => {
    for (const typed of [
      "",
      "ABC",
      "0123456789A",
      "UUUUUUUUUU",
      "ABCDE!GHJK",
      "A".repeat(1000),
      "АBCDEFGHJK",
    ]) {
      expect(normalisePairingCode(typed)).toBeUndefined();
    }
  });

  test("A01: up to 40 typed characters are looked at, blanks and hyphens among them", () => {
    expect(normalisePairingCode("01ABCDEFGH".padEnd(40, " "))).toBe("01ABCDEFGH");
    expect(normalisePairingCode("01ABCDEFGH".padEnd(41, "-"))).toBeUndefined();
  });

  test("A01: the link carries the address, the code and the fingerprint, escaped", () => {
    const url = "https://studio.local:3000/";
    expect(pairingLink({ url, code: "01ABCDEFGH" })).toBe(
      "daylong://pair?url=https%3A%2F%2Fstudio.local%3A3000%2F&code=01ABCDEFGH",
    );
    expect(pairingLink({ url, code: "0", fingerprint: "a:b" })).toMatch(/&fp=a%3Ab$/);
  });
});
