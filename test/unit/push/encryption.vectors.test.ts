import { webcrypto } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { decryptPush, encryptPush } from "../../../server/push/encryption.ts";
import { makePushVectors, type PushVector } from "../../support/push/pushVectors.ts";

const path = resolve("ios-client-spec/fixtures/encrypted-pushes.json");
if (process.env.DAYLONG_WRITE_FIXTURES === "1") {
  writeFileSync(path, `${JSON.stringify({ v: 1, vectors: makePushVectors() }, null, 2)}\n`);
}
const { vectors } = JSON.parse(readFileSync(path, "utf8")) as { vectors: PushVector[] };

describe("the golden vectors of encrypted pushes", () => {
  test("D15: the code makes the very bytes that clients were promised", () => {
    expect(makePushVectors()).toEqual(vectors);
  });

  test.each(vectors)("D15: $name is sealed and opened to the byte", ({ key, nonce, plaintext, sealed }) => {
    expect(encryptPush(plaintext, key, () => Buffer.from(nonce, "hex"))).toBe(sealed);
    expect(decryptPush(sealed, key)).toBe(plaintext);
  });

  // Nothing of ours takes part: only what docs/api.md says of the layout.
  test.each(vectors)("D15: Web Crypto opens $name by docs/api.md alone", async (vector) => {
    const sealed = Buffer.from(vector.payload.daylong.enc, "base64");
    const rawKey = Buffer.from(vector.key, "base64");
    const key = await webcrypto.subtle.importKey("raw", rawKey, "AES-GCM", false, ["decrypt"]);
    expect(sealed.subarray(0, 12).toString("hex")).toBe(vector.nonce);
    const additionalData = Buffer.from("daylong-push-v1");
    const opened = await webcrypto.subtle.decrypt(
      { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData, tagLength: 128 },
      key,
      sealed.subarray(12),
    );
    const text = Buffer.from(opened).toString("utf8");
    expect(text).toBe(vector.plaintext);
    expect(JSON.parse(text)).toMatchObject({ v: 1, kind: expect.any(String), body: expect.any(String) });
    expect(Buffer.byteLength(JSON.stringify(vector.payload))).toBeLessThanOrEqual(4_096);
    expect(JSON.stringify(vector.payload.aps)).not.toContain("Tidy up");
  });
});
