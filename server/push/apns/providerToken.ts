import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../../domain/ports.ts";

/** Apple: a provider token may be refreshed no more than once in 20 minutes (TooManyProviderTokenUpdates). */
export const minTokenAgeMs = 20 * 60_000;
/** Own age of refresh, between Apple's 20 and 60 minutes, with room for a clock that is some minutes off. */
export const refreshTokenAfterMs = 50 * 60_000;
/** A token this far in the future comes from a clock that has been set back since, and Apple would refuse it. */
const futureToleranceMs = 60_000;
export const providerTokenFile = "apns-token.json";

const storedToken = z.object({
  v: z.literal(1),
  keyId: z.string(),
  teamId: z.string(),
  issuedAt: z.int(),
  jwt: z.string(),
});

/** Explicit parts of a ProviderToken. `keyPem` is the contents of Apple's .p8 file. */
export interface ProviderTokenParts {
  clock: { now(): number };
  keyPem: string;
  keyId: string;
  teamId: string;
  /** Folder of the file that carries the token over a restart. */
  dataDir: string;
  log: Pick<Log, "info">;
}

/**
 * The ES256 provider token, shared by all connections and kept over restarts, so that neither many connections nor many
 * restarts make Apple answer TooManyProviderTokenUpdates. Has the shape of node-apn's own token object (`current`,
 * `generation`, `isExpired`, `regenerate`) and takes its place in the client's configuration.
 * The constructor throws when the key is not a P-256 private key.
 */
export class ProviderToken {
  readonly #parts: ProviderTokenParts;
  readonly #privateKey: KeyObject;
  #jwt: string;
  #issuedAt: number;
  /** Grows with each new token; a request names the generation it was refused with. */
  generation = 0;

  constructor(parts: ProviderTokenParts) {
    this.#parts = parts;
    this.#privateKey = createPrivateKey(parts.keyPem);
    if (this.#privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
      throw new Error("An APNs key is a P-256 private key (Apple's AuthKey_….p8 file); this one is not.");
    }
    const kept = this.#load();
    this.#jwt = kept?.jwt ?? "";
    this.#issuedAt = kept?.issuedAt ?? 0;
    if (kept === undefined || this.isExpired()) this.#renew();
  }

  /** The JWT to send now. */
  get current(): string {
    return this.#jwt;
  }

  /** Instant of `iat`, ms since the epoch. */
  get issuedAt(): number {
    return this.#issuedAt;
  }

  /** Instant from which Apple accepts another token. */
  get refreshableAt(): number {
    return this.#issuedAt + minTokenAgeMs;
  }

  /** Whether the token is due for a refresh. node-apn asks before each request; the age it names is not used. */
  isExpired(): boolean {
    const ageMs = this.#parts.clock.now() - this.#issuedAt;
    return ageMs >= refreshTokenAfterMs || ageMs < -futureToleranceMs;
  }

  /**
   * Makes a new token unless `generation` has been replaced already (so that hundreds of requests refused at once make
   * one) or is too young for Apple to take another.
   */
  regenerate(generation: number): void {
    if (generation !== this.generation) return;
    const ageMs = this.#parts.clock.now() - this.#issuedAt;
    if (ageMs >= -futureToleranceMs && ageMs < minTokenAgeMs) {
      this.#parts.log.info("push.token.kept", { ageMs });
      return;
    }
    this.generation += 1;
    this.#renew();
  }

  #renew(): void {
    const { clock, keyId, teamId } = this.#parts;
    const iat = Math.floor(clock.now() / 1000);
    const signed = `${encode({ alg: "ES256", kid: keyId })}.${encode({ iss: teamId, iat })}`;
    // JWS wants r and s side by side (RFC 7518, 3.4), not the DER sequence that OpenSSL makes by default.
    const signature = sign("sha256", Buffer.from(signed), {
      key: this.#privateKey,
      dsaEncoding: "ieee-p1363",
    });
    this.#jwt = `${signed}.${signature.toString("base64url")}`;
    this.#issuedAt = iat * 1000;
    this.#store();
    this.#parts.log.info("push.token.renewed", { keyId, issuedAt: this.#issuedAt });
  }

  #store(): void {
    const { dataDir, keyId, teamId } = this.#parts;
    const path = join(dataDir, providerTokenFile);
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      // By rename, so that a crash leaves the old token or the new one, never half of it.
      const text = JSON.stringify({ v: 1, keyId, teamId, issuedAt: this.#issuedAt, jwt: this.#jwt });
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (cause) {
      // The token still works; only a restart within 20 minutes would make one more than Apple likes.
      this.#parts.log.info("push.token.not_stored", { code: (cause as NodeJS.ErrnoException).code });
    }
  }

  /** The stored token if this very key signed it; anything else counts as no token. */
  #load(): { jwt: string; issuedAt: number } | undefined {
    const { dataDir, keyId, teamId } = this.#parts;
    try {
      const stored = storedToken.parse(JSON.parse(readFileSync(join(dataDir, providerTokenFile), "utf8")));
      if (stored.keyId !== keyId || stored.teamId !== teamId) return undefined;
      const [header = "", claims = "", signature = ""] = stored.jwt.split(".");
      const key = { key: createPublicKey(this.#privateKey), dsaEncoding: "ieee-p1363" as const };
      const signed = Buffer.from(`${header}.${claims}`);
      if (!verify("sha256", signed, key, Buffer.from(signature, "base64url"))) return undefined;
      const { iat } = z
        .object({ iat: z.int() })
        .parse(JSON.parse(Buffer.from(claims, "base64url").toString()));
      return iat * 1000 === stored.issuedAt ? { jwt: stored.jwt, issuedAt: stored.issuedAt } : undefined;
    } catch {
      // No file yet, or a damaged one: both are mended by signing a new token.
      return undefined;
    }
  }
}

function encode(part: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
