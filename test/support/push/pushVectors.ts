import type { ApnsTarget, PushRequest } from "../../../server/domain/delivery/push.ts";
import { buildApnsPush } from "../../../server/push/apns/apnsPayload.ts";
import { decryptPush, encryptionAad } from "../../../server/push/encryption.ts";

/** One sealed push with everything that went into it: what an app's decryption is checked against. */
export interface PushVector {
  name: string;
  /** 32 bytes, base64, as registered with `push.encryptionKey`. */
  key: string;
  /** 12 bytes, hexadecimal. */
  nonce: string;
  aad: string;
  /** JSON, to the byte. */
  plaintext: string;
  /** base64 of nonce, ciphertext and tag. */
  sealed: string;
  /** The whole payload as Apple delivers it. */
  payload: { aps: object; daylong: { v: number; enc: string } };
}

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString("base64");

const content: PushRequest["content"] = {
  kind: "reply",
  cursor: 4711,
  sessionId: "2f1c7a52-52a5-4c1e-9a66-0d6a5b0f7c11",
  turnId: "7c7bb0f4-6a0e-4b39-8f0e-9c6d3d8a2b22",
  messageId: "b3d5d6a8-1f0b-4d7e-8a55-4f3c2e1d0a33",
  title: "Tidy up",
  subtitle: "acme",
  body: 'Done: 3 files. Grüße 👋\n"quoted"',
  badge: 2,
};

const cases = [
  { name: "a reply", nonce: "cafebabefacedbaddecaf888", content },
  {
    name: "a reply that was cut to fit",
    nonce: "00112233445566778899aabb",
    content: { ...content, cursor: 4712, body: "Ünïcödé 👩‍👩‍👧 ".repeat(400) },
  },
  {
    name: "a permission",
    nonce: "ffffffffffffffffffffffff",
    content: {
      kind: "permission",
      cursor: 4713,
      sessionId: content.sessionId,
      turnId: content.turnId,
      permissionId: "0e9d8c7b-6a59-4847-b635-241302f1e044",
      expiresAt: 1_790_000_000_000,
      title: "Tidy up",
      body: "Run touch x",
      badge: 3,
    },
  },
] as const satisfies ReadonlyArray<{ name: string; nonce: string; content: PushRequest["content"] }>;

/** The vectors as the code makes them now; the file in `ios-client-spec/fixtures` is what was promised. */
export const makePushVectors = (): PushVector[] =>
  cases.map(({ name, nonce, content }) => {
    const request: PushRequest<ApnsTarget> = {
      deliveryId: "11111111-2222-4333-8444-555555555555",
      target: {
        provider: "apns",
        token: "ab".repeat(32),
        environment: "production",
        registeredAt: 1,
        encryptionKey: key,
      },
      content,
      at: 1_789_990_000_000,
    };
    const built = buildApnsPush(request, "dev.daylong.ios", () => Buffer.from(nonce, "hex"));
    const payload = JSON.parse(built.payload) as PushVector["payload"];
    const sealed = payload.daylong.enc;
    const plaintext = decryptPush(sealed, key);
    return { name, key, nonce, aad: encryptionAad, plaintext, sealed, payload };
  });
