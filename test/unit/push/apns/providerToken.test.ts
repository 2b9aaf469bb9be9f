import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProviderToken, type ProviderTokenParts } from "../../../../server/push/apns/providerToken.ts";

const MINUTE_MS = 60_000;
const makeKey = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();
const keyPem = makeKey();

let dataDir: string;
let now: number;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "daylong-token-"));
  now = 1_790_000_000_000;
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const make = (parts: Partial<ProviderTokenParts> = {}): ProviderToken =>
  new ProviderToken({
    clock: { now: () => now },
    keyPem,
    keyId: "KEY0000001",
    teamId: "TEAM000001",
    dataDir,
    log: { info: () => {} },
    ...parts,
  });

const decode = (part: string | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString("utf8"));

/** What node-apn does before each request. */
const tokenForRequest = (token: ProviderToken): string => {
  if (token.isExpired()) token.regenerate(token.generation);
  return token.current;
};

describe("the provider token", () => {
  test("is an ES256 JWT that the public key verifies, with kid, iss and iat in seconds", () => {
    const [header, claims, signature] = make().current.split(".");
    expect(decode(header)).toEqual({ alg: "ES256", kid: "KEY0000001" });
    expect(decode(claims)).toEqual({ iss: "TEAM000001", iat: now / 1000 });
    const key = { key: createPublicKey(keyPem), dsaEncoding: "ieee-p1363" as const };
    const bytes = Buffer.from(signature ?? "", "base64url");
    expect(bytes.length).toBe(64);
    expect(verify("sha256", Buffer.from(`${header}.${claims}`), key, bytes)).toBe(true);
  });

  test("V13: in a day of requests each minute every token lives between 20 and 55 minutes", () => {
    const token = make();
    const ages: number[] = [];
    let current = tokenForRequest(token);
    let since = now;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      now += MINUTE_MS;
      const next = tokenForRequest(token);
      if (next !== current) {
        ages.push((now - since) / MINUTE_MS);
        since = now;
        current = next;
      }
    }
    expect(ages.length).toBeGreaterThan(20);
    for (const age of ages) {
      expect(age).toBeGreaterThanOrEqual(20);
      expect(age).toBeLessThanOrEqual(55);
    }
  });

  test("V13: 500 requests refused as expired at once make one refresh", () => {
    const renewed: string[] = [];
    const token = make({ log: { info: (name) => void renewed.push(name) } });
    now += 30 * MINUTE_MS;
    const refusedWith = token.generation;
    for (let request = 0; request < 500; request += 1) token.regenerate(refusedWith);
    expect(token.generation).toBe(1);
    expect(renewed.filter((name) => name === "push.token.renewed")).toHaveLength(2);
  });

  test("V13: a token younger than 20 minutes is never replaced, even when Apple calls it expired", () => {
    const token = make();
    const before = token.current;
    now += 20 * MINUTE_MS - 1;
    token.regenerate(token.generation);
    expect(token.current).toBe(before);
    expect(token.refreshableAt).toBe(now + 1);
    now += 1;
    token.regenerate(token.generation);
    expect(token.current).not.toBe(before);
  });

  test("V13: a restart within 50 minutes goes on with the stored token, a later one does not", () => {
    const before = make().current;
    now += 49 * MINUTE_MS;
    expect(make().current).toBe(before);
    now += MINUTE_MS;
    expect(make().current).not.toBe(before);
  });

  test("V13: a stored token is dropped when the key id, the team id or the key itself is another", () => {
    const before = make().current;
    expect(make({ keyId: "KEY0000002" }).current).not.toBe(before);
    const again = make().current;
    expect(make({ teamId: "TEAM000002" }).current).not.toBe(again);
    const last = make().current;
    expect(make({ keyPem: makeKey() }).current).not.toBe(last);
  });

  test("a token from the future is replaced: the clock was set back, and Apple would refuse it", () => {
    const before = make().current;
    now -= 60 * MINUTE_MS;
    expect(make().current).not.toBe(before);
    const token = make();
    const current = token.current;
    now -= 60 * MINUTE_MS;
    expect(tokenForRequest(token)).not.toBe(current);
  });

  test("V13: a clock that was set back by up to a minute changes nothing, and by more makes a new token", () => {
    const token = make();
    const first = token.current;
    now -= MINUTE_MS;
    expect(token.isExpired()).toBe(false);
    token.regenerate(token.generation);
    expect([token.current, token.generation]).toEqual([first, 0]);
    now -= 1;
    expect(token.isExpired()).toBe(true);
    token.regenerate(token.generation);
    expect(token.current).not.toBe(first);
    expect(token.generation).toBe(1);
  });

  test("V13: is due after 50 minutes, may be replaced after 20, and not a moment before", () => {
    const token = make();
    const { issuedAt } = token;
    expect(token.refreshableAt).toBe(issuedAt + 20 * MINUTE_MS);
    now = issuedAt + 20 * MINUTE_MS - 1;
    token.regenerate(0);
    expect(token.generation).toBe(0);
    now += 1;
    token.regenerate(0);
    expect([token.generation, token.issuedAt]).toEqual([1, now]);
    now += 50 * MINUTE_MS - 1;
    expect(token.isExpired()).toBe(false);
    now += 1;
    expect(token.isExpired()).toBe(true);
  });

  test("the file is for the owner's eyes only and holds token, instant, key id and team id", () => {
    const token = make();
    const path = join(dataDir, "apns-token.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      v: 1,
      keyId: "KEY0000001",
      teamId: "TEAM000001",
      issuedAt: now,
      jwt: token.current,
    });
  });

  test.each([
    "",
    "{",
    '{"v":1}',
    '{"v":1,"keyId":"KEY0000001","teamId":"TEAM000001","issuedAt":1790000000000,"jwt":"a.b.c"}',
  ])("a damaged file (%s) is replaced by a new token", (text) => {
    writeFileSync(join(dataDir, "apns-token.json"), text);
    const token = make();
    expect(token.issuedAt).toBe(now);
    expect(make().current).toBe(token.current);
  });

  test("a file that is tampered with to look younger is not believed", () => {
    const path = join(dataDir, "apns-token.json");
    const token = make();
    now += 70 * MINUTE_MS;
    const stored = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...stored, issuedAt: now }));
    expect(make().current).not.toBe(token.current);
  });

  test("a folder that cannot be written costs nothing but the memory over restarts", () => {
    const events: string[] = [];
    writeFileSync(join(dataDir, "file"), "");
    const token = make({
      dataDir: join(dataDir, "file", "below"),
      log: { info: (name) => void events.push(name) },
    });
    expect(token.current).not.toBe("");
    expect(events).toContain("push.token.not_stored");
  });

  test("a key that is none, or none on P-256, is refused", () => {
    expect(() => make({ keyPem: "nonsense" })).toThrow();
    const other = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    expect(() => make({ keyPem: other.export({ type: "pkcs8", format: "pem" }).toString() })).toThrow(
      /P-256/,
    );
  });
});
