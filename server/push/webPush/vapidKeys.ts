import { createECDH, timingSafeEqual } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type webpush from "web-push";
import { z } from "zod";

/** The keys' file in the data folder. */
export const vapidKeysFile = "vapid-keys.json";
/** Life of a signature. RFC 8292 allows 24 hours; half of it leaves room for clocks that differ. */
const signatureLifeMs = 12 * 60 * 60_000;
/** A signature is used again so long; the push service may remember that it was good (RFC 8292, 4.2). */
const signatureReuseMs = 6 * 60 * 60_000;
/** Push services known at once; browsers have four. More are not browsers, and are signed for anew. */
const maxAudiences = 100;

const base64url = (bytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .refine((text) => Buffer.from(text, "base64url").length === bytes);
const storedKeys = z.object({ v: z.literal(1), publicKey: base64url(65), privateKey: base64url(32) });

/** Loads web-push, which a server without a contact for push services (`VAPID_SUBJECT`) has no use for. */
export const loadWebPush = (): typeof webpush => createRequire(import.meta.url)("web-push") as typeof webpush;

/** A P-256 pair, base64url: the point uncompressed (65 bytes) and the scalar (32 bytes). */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

/**
 * The server's Web Push keys: made once, and kept in the data folder (0600), because every subscription is bound to
 * them. Throws when the file is there and cannot be read or is damaged: new keys would silence every browser, so they
 * are never made in its place.
 */
export function keepVapidKeys(dataDir: string): VapidKeys {
  const path = join(dataDir, vapidKeysFile);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return writeKeys(path, loadWebPush().generateVAPIDKeys());
  }
  // A backup that was unpacked may have left it open to others.
  chmodSync(path, 0o600);
  const { publicKey, privateKey } = storedKeys.parse(JSON.parse(text));
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(privateKey, "base64url");
  if (!timingSafeEqual(pair.getPublicKey(), Buffer.from(publicKey, "base64url"))) {
    throw new Error(`The keys in ${vapidKeysFile} do not belong together.`);
  }
  return { publicKey, privateKey };
}

function writeKeys(path: string, { publicKey, privateKey }: VapidKeys): VapidKeys {
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, `${JSON.stringify({ v: 1, publicKey, privateKey })}\n`, { mode: 0o600 });
  // On disk before the first page learns the key: a power loss must not leave subscriptions to keys that are lost.
  const file = openSync(unfinished, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  return { publicKey, privateKey };
}

/** VAPID signatures for push services (RFC 8292), each made once for some hours. */
export class VapidSignatures {
  readonly #parts: { keys: VapidKeys; subject: string; clock: { now(): number } };
  readonly #byAudience = new Map<string, { authorization: string; signedAt: number }>();

  constructor(parts: { keys: VapidKeys; subject: string; clock: { now(): number } }) {
    this.#parts = parts;
  }

  /** The `Authorization` header for the push service at `audience`, an origin. */
  authorizationFor(audience: string): string {
    const { keys, subject, clock } = this.#parts;
    const now = clock.now();
    const known = this.#byAudience.get(audience);
    // Also when the clock was set back: the signature would end too late then.
    if (known && now >= known.signedAt && now < known.signedAt + signatureReuseMs) return known.authorization;
    const expiresAtSeconds = Math.floor((now + signatureLifeMs) / 1000);
    const { Authorization: authorization } = loadWebPush().getVapidHeaders(
      audience,
      subject,
      keys.publicKey,
      keys.privateKey,
      "aes128gcm",
      expiresAtSeconds,
    );
    if (this.#byAudience.size >= maxAudiences) this.#byAudience.clear();
    this.#byAudience.set(audience, { authorization, signedAt: now });
    return authorization;
  }

  /** Forgets a signature that was refused. */
  renew(audience: string): void {
    this.#byAudience.delete(audience);
  }
}
