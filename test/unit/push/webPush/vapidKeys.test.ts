import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { keepVapidKeys, VapidSignatures } from "../../../../server/push/webPush/vapidKeys.ts";

const hour = 3_600_000;
let dataDir: string;
let path: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "daylong-vapid-"));
  path = join(dataDir, "vapid-keys.json");
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe("D17 the keys that every subscription is bound to", () => {
  test("are made once, for the owner's eyes only, and are the same after a restart", () => {
    const keys = keepVapidKeys(dataDir);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ v: 1, ...keys });
    expect([statSync(path).mode & 0o777, readdirSync(dataDir)]).toEqual([0o600, ["vapid-keys.json"]]);
    expect(Buffer.from(keys.publicKey, "base64url")).toHaveLength(65);
    expect(Buffer.from(keys.privateKey, "base64url")).toHaveLength(32);
    chmodSync(path, 0o644);
    expect(keepVapidKeys(dataDir)).toEqual(keys);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["half a file", (text: string) => text.slice(0, 40)],
    ["another version", (text: string) => text.replace('"v":1', '"v":2')],
    ["a key that is too short", (text: string) => text.replace(/("privateKey":")..../, "$1")],
    ["a key with signs that are none", (text: string) => text.replace(/("privateKey":")./, "$1+")],
  ])("are not replaced when the file is %s", (_name, damage) => {
    keepVapidKeys(dataDir);
    const damaged = damage(readFileSync(path, "utf8"));
    writeFileSync(path, damaged);
    expect(() => keepVapidKeys(dataDir)).toThrow();
    expect(readFileSync(path, "utf8")).toBe(damaged);
  });

  test("are refused when they do not belong together", () => {
    const { publicKey } = keepVapidKeys(dataDir);
    rmSync(path);
    const other = keepVapidKeys(dataDir);
    writeFileSync(path, JSON.stringify({ v: 1, publicKey, privateKey: other.privateKey }));
    expect(() => keepVapidKeys(dataDir)).toThrow("do not belong together");
  });

  test("are not made anew when the file cannot be read", () => {
    rmSync(dataDir, { recursive: true });
    writeFileSync(dataDir, "not a folder");
    expect(() => keepVapidKeys(dataDir)).toThrow(/ENOTDIR/);
  });
});

describe("D17 a signature for a push service", () => {
  function rig() {
    // About now, to the second: web-push itself compares the end with the computer's own clock.
    const clock = { nowAt: Math.floor(Date.now() / 1_000) * 1_000, now: () => clock.nowAt };
    const signatures = new VapidSignatures({
      keys: keepVapidKeys(dataDir),
      subject: "mailto:a@b.example",
      clock,
    });
    return { clock, signatures };
  }
  const claimsOf = (authorization: string) =>
    JSON.parse(Buffer.from(authorization.split(".")[1]!, "base64url").toString()) as Record<string, unknown>;

  test("names the service, the owner and an end in twelve hours", () => {
    const { clock, signatures } = rig();
    expect(claimsOf(signatures.authorizationFor("https://push.example"))).toEqual({
      aud: "https://push.example",
      sub: "mailto:a@b.example",
      exp: (clock.nowAt + 12 * hour) / 1_000,
    });
  });

  test("is used for six hours, each service having its own", () => {
    const { clock, signatures } = rig();
    const first = signatures.authorizationFor("https://one.example");
    expect(signatures.authorizationFor("https://two.example")).not.toBe(first);
    clock.nowAt += 6 * hour - 1;
    expect(signatures.authorizationFor("https://one.example")).toBe(first);
    clock.nowAt += 1;
    expect(signatures.authorizationFor("https://one.example")).not.toBe(first);
  });

  test("is made anew when the clock was set back, for it would end too late", () => {
    const { clock, signatures } = rig();
    const first = signatures.authorizationFor("https://one.example");
    clock.nowAt -= 1_000;
    const second = signatures.authorizationFor("https://one.example");
    expect(second).not.toBe(first);
    expect(claimsOf(second).exp).toBe(Math.floor((clock.nowAt + 12 * hour) / 1_000));
  });

  test("is forgotten when it was refused, and no other is", () => {
    const { signatures } = rig();
    const [one, two] = ["https://one.example", "https://two.example"] as const;
    const before = [signatures.authorizationFor(one), signatures.authorizationFor(two)];
    signatures.renew(one);
    expect(signatures.authorizationFor(two)).toBe(before[1]);
    expect(signatures.authorizationFor(one)).not.toBe(before[0]);
  });

  test("is kept for a hundred services, and all are signed for anew beyond that", () => {
    const { signatures } = rig();
    const first = signatures.authorizationFor("https://push0.example");
    for (let count = 1; count < 100; count += 1) signatures.authorizationFor(`https://push${count}.example`);
    expect(signatures.authorizationFor("https://push0.example")).toBe(first);
    signatures.authorizationFor("https://push100.example");
    expect(signatures.authorizationFor("https://push0.example")).not.toBe(first);
  });
});
