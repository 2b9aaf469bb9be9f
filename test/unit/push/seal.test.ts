import { webcrypto } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import {
  maxPlaintextBytes,
  openSealedPush,
  SEAL_AAD,
  SealKeyError,
  sealPush,
} from "../../../server/push/seal.ts";

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString("base64");
const nonce = Buffer.from("cafebabefacedbaddecaf888", "hex");
const plaintext = '{"v":1,"kind":"reply","cursor":1,"title":"Daylong","body":"Grüße 👋"}';

describe("sealing a push", () => {
  test("the golden vector: fixed key, nonce and text give these very bytes", () => {
    expect(sealPush(plaintext, key, () => nonce)).toBe(
      "yv66vvrO263eyviI8YHWBJBLYzktYjO5WSerTWhQrCj9NUgXO613HsyrX86BcrUvtbgsQBx5bAlL708LPnaFc8Hl7KkBqFN7zCcLgf7nfoLQ1db9LaS1PSAPkd6sfx4C0lzdai0=",
    );
  });

  test("an independent implementation (Web Crypto) opens it with the documented layout and AAD", async () => {
    const sealed = Buffer.from(sealPush(plaintext, key), "base64");
    const imported = await webcrypto.subtle.importKey("raw", Buffer.from(key, "base64"), "AES-GCM", false, [
      "decrypt",
    ]);
    const opened = await webcrypto.subtle.decrypt(
      { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData: Buffer.from(SEAL_AAD), tagLength: 128 },
      imported,
      sealed.subarray(12),
    );
    expect(Buffer.from(opened).toString("utf8")).toBe(plaintext);
  });

  test("two seals of one text differ, and both open", () => {
    const [first, second] = [sealPush(plaintext, key), sealPush(plaintext, key)];
    expect(first).not.toBe(second);
    expect(openSealedPush(first, key)).toBe(plaintext);
    expect(openSealedPush(second, key)).toBe(plaintext);
  });

  test("a changed bit anywhere, another key, or a stump does not open", () => {
    const sealed = Buffer.from(
      sealPush(plaintext, key, () => nonce),
      "base64",
    );
    for (const at of [0, 12, 40, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => openSealedPush(changed.toString("base64"), key)).toThrow();
    }
    expect(() => openSealedPush(sealed.toString("base64"), Buffer.alloc(32).toString("base64"))).toThrow();
    expect(() => openSealedPush("AAAA", key)).toThrow(/at least 28 bytes/);
  });

  test("a key of another length is refused", () => {
    expect(() => sealPush(plaintext, Buffer.alloc(31).toString("base64"))).toThrow(SealKeyError);
  });

  test("the largest plaintext for a sealed length is exact", () => {
    for (let sealedBytes = 40; sealedBytes < 60; sealedBytes += 1) {
      const bytes = maxPlaintextBytes(sealedBytes);
      expect(sealPush("x".repeat(bytes), key).length).toBeLessThanOrEqual(sealedBytes);
      expect(sealPush("x".repeat(bytes + 1), key).length).toBeGreaterThan(sealedBytes);
    }
  });
});
