import { createDecipheriv, createECDH, createPublicKey, type ECDH, hkdfSync, verify } from "node:crypto";

/** A browser's side of a subscription: what a push for it is opened with. */
export interface BrowserKeys {
  pair: ECDH;
  auth: Buffer;
}

/** A fault with the status that a push service answers it with. */
export interface WebPushFinding {
  status: number;
  fault: string;
}

/** Largest body that every push service takes (RFC 8030, 7.2). */
const MAX_BODY_BYTES = 4096;
const DAY_S = 24 * 3600;

/** Finds what RFC 8030 and RFC 8291 forbid in the headers and the size of a push; `undefined`: nothing. */
export function findHeaderFault(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): WebPushFinding | undefined {
  const bad = (fault: string): WebPushFinding => ({ status: 400, fault });
  if (!/^\d{1,10}$/.test(String(headers.ttl))) return bad("ttl");
  if (!["very-low", "low", "normal", "high"].includes(String(headers.urgency))) return bad("urgency");
  if (headers.topic !== undefined && !/^[A-Za-z0-9_-]{1,32}$/.test(String(headers.topic)))
    return bad("topic");
  if (headers["content-encoding"] !== "aes128gcm") return bad("content-encoding");
  return body.length > MAX_BODY_BYTES ? { status: 413, fault: "too large" } : undefined;
}

/** What a valid signature says. */
export interface VapidClaims {
  aud: string;
  exp: number;
  sub: string;
}

/** Checks a VAPID signature as RFC 8292 tells a push service to. `now` in ms; `boundKey` is the subscription's. */
export function readVapid(
  authorization: string | undefined,
  { origin, now, boundKey }: { origin: string; now: number; boundKey: string },
): VapidClaims | WebPushFinding {
  const refused = (fault: string, status = 401): WebPushFinding => ({ status, fault });
  const match = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), k=([\w-]+)$/.exec(authorization ?? "");
  if (!match) return refused("no vapid signature");
  const [, header = "", claims = "", signature = "", key = ""] = match;
  if (key !== boundKey) return refused("another vapid key", 403);
  const { alg, typ } = decode(header) as { alg?: string; typ?: string };
  if (alg !== "ES256" || typ !== "JWT") return refused("alg");
  const point = Buffer.from(key, "base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  const isSigned = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    { key: publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  if (!isSigned) return refused("signature", 403);
  const { aud, exp, sub } = decode(claims) as Partial<VapidClaims>;
  if (aud !== origin) return refused("aud");
  const leftSeconds = Number(exp) - now / 1000;
  if (!Number.isInteger(exp) || leftSeconds <= 0 || leftSeconds > DAY_S) return refused("exp");
  if (!/^(mailto:.+@|https:)/.test(String(sub))) return refused("sub");
  return { aud, exp: Number(exp), sub: String(sub) };
}

const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

/**
 * Opens a push as the browser does: one record of aes128gcm (RFC 8188) under keys agreed by ECDH (RFC 8291). Written
 * from the RFCs, so that it shares nothing with the library that encrypts. Throws for a wrong key or a changed bit.
 */
export function openWebPush(body: Buffer, { pair, auth }: BrowserKeys): string {
  const salt = body.subarray(0, 16);
  const recordBytes = body.readUInt32BE(16);
  const keyEnd = 21 + body.readUInt8(20);
  const sender = body.subarray(21, keyEnd);
  const record = body.subarray(keyEnd);
  if (sender.length !== 65 || record.length > recordBytes) throw new Error("not one record of aes128gcm");
  const derive = (secret: Buffer, saltBytes: Buffer, info: Buffer, bytes: number) =>
    Buffer.from(hkdfSync("sha256", secret, saltBytes, info, bytes));
  const keyInfo = Buffer.concat([Buffer.from("WebPush: info\0"), pair.getPublicKey(), sender]);
  const input = derive(pair.computeSecret(sender), auth, keyInfo, 32);
  const key = derive(input, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16);
  const nonce = derive(input, salt, Buffer.from("Content-Encoding: nonce\0"), 12);
  const decipher = createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAuthTag(record.subarray(record.length - 16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, record.length - 16)), decipher.final()]);
  const delimiter = padded.findLastIndex((byte) => byte !== 0);
  // The last record ends with 2 and zeros (RFC 8188, 2).
  if (padded[delimiter] !== 2) throw new Error("no end of the last record");
  return padded.subarray(0, delimiter).toString("utf8");
}

export function makeBrowserKeys(): BrowserKeys & { p256dh: string } {
  const pair = createECDH("prime256v1");
  const p256dh = pair.generateKeys("base64url");
  return { pair, auth: Buffer.from(crypto.getRandomValues(new Uint8Array(16))), p256dh };
}
