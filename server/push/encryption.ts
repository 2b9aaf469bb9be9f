import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Bound to every sealed push, so that a ciphertext of another purpose or version never opens as one. */
export const encryptionAad = "daylong-push-v1";
/** Bytes of an AES-GCM nonce (NIST SP 800-38D, 8.2: 96 bits is the recommended length). */
export const nonceBytes = 12;
/** Bytes of an AES-GCM tag, uncut. */
export const tagBytes = 16;
/** Bytes a seal adds to its plaintext before base64. */
export const encryptionOverheadBytes = nonceBytes + tagBytes;
const keyBytes = 32;

/** Source of fresh nonces. Only a golden vector may give a fixed one: a repeated nonce breaks GCM. */
export type NonceSource = () => Uint8Array;

const freshNonce: NonceSource = () => randomBytes(nonceBytes);

/** Says that a device's key cannot be used. A push for such a device must never go out in the clear instead. */
export class EncryptionKeyError extends Error {
  constructor(actualBytes: number) {
    super(
      `The device's push encryption key has ${actualBytes} bytes instead of ${keyBytes}; register it again.`,
    );
    this.name = "EncryptionKeyError";
  }
}

/** Decodes a device's base64 key. Throws EncryptionKeyError unless it holds exactly 32 bytes. */
export function decodeEncryptionKey(keyBase64: string): Buffer {
  const key = Buffer.from(keyBase64, "base64");
  if (key.length !== keyBytes) throw new EncryptionKeyError(key.length);
  return key;
}

/**
 * Encrypts `plaintext` (UTF-8) for one device with AES-256-GCM.
 * Returns base64 of nonce (12 bytes), ciphertext, tag (16 bytes), the order that CryptoKit's
 * `AES.GCM.SealedBox(combined:)` reads. Throws EncryptionKeyError for a bad key.
 */
export function encryptPush(
  plaintext: string,
  keyBase64: string,
  nonceSource: NonceSource = freshNonce,
): string {
  const nonce = nonceSource();
  const cipher = createCipheriv("aes-256-gcm", decodeEncryptionKey(keyBase64), nonce, {
    authTagLength: tagBytes,
  });
  cipher.setAAD(Buffer.from(encryptionAad, "utf8"));
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString("base64");
}

/**
 * Decrypts the result of `encryptPush`, as an app does in its notification extension.
 * Throws when the key is another one or a single bit was changed.
 */
export function decryptPush(sealedBase64: string, keyBase64: string): string {
  const sealed = Buffer.from(sealedBase64, "base64");
  if (sealed.length < encryptionOverheadBytes) {
    throw new Error(
      `A sealed push has at least ${encryptionOverheadBytes} bytes; this one has ${sealed.length}.`,
    );
  }
  const nonce = sealed.subarray(0, nonceBytes);
  const tag = sealed.subarray(sealed.length - tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", decodeEncryptionKey(keyBase64), nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(encryptionAad, "utf8"));
  decipher.setAuthTag(tag);
  const ciphertext = sealed.subarray(nonceBytes, sealed.length - tagBytes);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
}

/** Largest plaintext in bytes whose base64 seal is at most `sealedBytes` long; negative when none fits. */
export function maxPlaintextBytes(sealedBytes: number): number {
  return Math.floor(sealedBytes / 4) * 3 - encryptionOverheadBytes;
}
