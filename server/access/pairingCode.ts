import { randomInt } from "node:crypto";

/** Crockford's base32: no I, L, O and U, so that a code read aloud or from a screen survives. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Characters of a code: 50 bits, tried at most 5 times in 15 minutes from an address. */
export const pairingCodeLength = 10;
/** How long a code can be used. */
export const pairingCodeLifeMs = 10 * 60_000;

/** A new pairing code. */
export function makePairingCode(): string {
  let code = "";
  while (code.length < pairingCodeLength) code += alphabet[randomInt(alphabet.length)];
  return code;
}

/**
 * A typed code in its one spelling, or `undefined` when it cannot be a code. Tolerates lower case, the letters that
 * Crockford maps to digits (O, I, L), and blanks or hyphens put in for reading.
 */
export function normalisePairingCode(typed: string): string | undefined {
  if (typed.length > 40) return undefined;
  const code = typed.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (code.length !== pairingCodeLength) return undefined;
  return [...code].every((character) => alphabet.includes(character)) ? code : undefined;
}

/** The links by which a device takes a code over. */
export interface PairingLinks {
  /** The app's. */
  url: string;
  /** The page's: what follows the `#` is sent to no server and stands in no log. */
  pageUrl: string;
}

export const pairingLinks = (parts: { url: string; code: string; fingerprint?: string }): PairingLinks => ({
  url: pairingLink(parts),
  pageUrl: `${parts.url}/pair#code=${encodeURIComponent(parts.code)}`,
});

/** The app opens it, pins `fingerprint` (SHA-256 of a self-signed certificate) and pairs. */
export function pairingLink(parts: { url: string; code: string; fingerprint?: string }): string {
  const query = [`url=${encodeURIComponent(parts.url)}`, `code=${encodeURIComponent(parts.code)}`];
  if (parts.fingerprint !== undefined) query.push(`fp=${encodeURIComponent(parts.fingerprint)}`);
  return `daylong://pair?${query.join("&")}`;
}
