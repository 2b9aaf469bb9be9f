import { createHash, randomBytes } from "node:crypto";

/** 256 bits (docs/api.md, Access). */
const tokenBytes = 32;

/** A new bearer token: 43 characters of base64url. It is shown once and never stored. */
export const makeToken = (): string => randomBytes(tokenBytes).toString("base64url");

/** Whether a string has the shape of our tokens; anything else need not be hashed and looked up. */
export const looksLikeToken = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text);

/**
 * The digest that is stored instead of a secret: SHA-256 in hexadecimal. No salt and no slow hash, because a token has 256 bits
 * of its own. Tokens are compared only as these digests, by an index look-up in the store: its time does not depend on
 * how far a guessed token agrees with a real one, and from digest bits that could be measured no token follows.
 */
export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");
