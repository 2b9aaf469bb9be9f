import { webcrypto } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import {
  decryptPush,
  EncryptionKeyError,
  encryptionAad,
  encryptPush,
  maxPlaintextBytes,
} from "../../../server/push/encryption.ts";

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString("base64");
const nonce = Buffer.from("cafebabefacedbaddecaf888", "hex");
const plaintext = '{"v":1,"kind":"reply","cursor":1,"title":"Daylong","body":"Grüße 👋"}';

describe("sealing a push", () => {
  test("the golden vector: fixed key, nonce and text give these very bytes", () => {
    expect(encryptPush(plaintext, key, () => nonce)).toBe(
      "yv66vvrO263eyviI8YHWBJBLYzktYjO5WSerTWhQrCj9NUgXO613HsyrX86BcrUvtbgsQBx5bAlL708LPnaFc8Hl7KkBqFN7zCcLgf7nfoLQ1db9LaS1PSAPkd6sfx4C0lzdai0=",
    );
  });

  test("an independent implementation (Web Crypto) opens it with the documented layout and AAD", async () => {
    const sealed = Buffer.from(encryptPush(plaintext, key), "base64");
    const imported = await webcrypto.subtle.importKey("raw", Buffer.from(key, "base64"), "AES-GCM", false, [
      "decrypt",
    ]);
    const opened = await webcrypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: sealed.subarray(0, 12),
        additionalData: Buffer.from(encryptionAad),
        tagLength: 128,
      },
      imported,
      sealed.subarray(12),
    );
    expect(Buffer.from(opened).toString("utf8")).toBe(plaintext);
  });

  test("two seals of one text differ, and both open", () => {
    const [first, second] = [encryptPush(plaintext, key), encryptPush(plaintext, key)];
    expect(first).not.toBe(second);
    expect(decryptPush(first, key)).toBe(plaintext);
    expect(decryptPush(second, key)).toBe(plaintext);
  });

  test("a changed bit anywhere, another key, or a stump does not open", () => {
    const sealed = Buffer.from(
      encryptPush(plaintext, key, () => nonce),
      "base64",
    );
    for (const at of [0, 12, 40, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => decryptPush(changed.toString("base64"), key)).toThrow();
    }
    expect(() => decryptPush(sealed.toString("base64"), Buffer.alloc(32).toString("base64"))).toThrow();
    expect(() => decryptPush("AAAA", key)).toThrow(/at least 28 bytes/);
  });

  test("a key of another length is refused", () => {
    expect(() => encryptPush(plaintext, Buffer.alloc(31).toString("base64"))).toThrow(EncryptionKeyError);
  });

  test("the largest plaintext for a sealed length is exact", () => {
    for (let sealedBytes = 40; sealedBytes < 60; sealedBytes += 1) {
      const bytes = maxPlaintextBytes(sealedBytes);
      expect(encryptPush("x".repeat(bytes), key).length).toBeLessThanOrEqual(sealedBytes);
      expect(encryptPush("x".repeat(bytes + 1), key).length).toBeGreaterThan(sealedBytes);
    }
  });
});
