import { createECDH } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import {
  apnsPushSchema,
  apnsTokenSchema,
  deviceNameSchema,
  devicePatchSchema,
  pushPatchSchema,
  subscriptionSchema,
} from "../../../../server/wire/delivery/devices.ts";
import { limitSchema, wholeNumberSchema } from "../../../../server/wire/paging.ts";

describe("A02: what a device may say of itself", () => {
  test("A02: a name has no control characters, which could forge lines of a log", () => {
    expect(deviceNameSchema.parse("  Anna’s iPhone 📱 ")).toBe("Anna’s iPhone 📱");
    for (const name of ["", "   ", "a\nb", "a\u001b[2J", "x".repeat(101)]) {
      expect(deviceNameSchema.safeParse(name).success).toBe(false);
    }
  });

  test("D15: an encryption key has 32 bytes; null takes it away", () => {
    const key = Buffer.alloc(32, 1).toString("base64");
    expect(pushPatchSchema.parse({ encryptionKey: key })).toEqual({ encryptionKey: key });
    expect(pushPatchSchema.parse({ encryptionKey: null })).toEqual({ encryptionKey: null });
    for (const encryptionKey of ["", "AAAA", Buffer.alloc(31).toString("base64"), "not base64!"]) {
      expect(pushPatchSchema.safeParse({ encryptionKey }).success).toBe(false);
    }
  });

  test("A02: an app's bundle id becomes a header, and nothing else can be one", () => {
    const token = "ab".repeat(32);
    const isTaken = (topic: string) =>
      pushPatchSchema.safeParse({ topic }).success &&
      apnsPushSchema.safeParse({ provider: "apns", token, topic }).success;
    expect(isTaken("dev.daylong.ios-beta")).toBe(true);
    for (const topic of ["", "a\nb", "a\r\napns-priority: 1", "a b", "é", "一", "a\0b", "x".repeat(256)])
      expect([topic, isTaken(topic)]).toEqual([topic, false]);
  });

  test("D19: quiet hours need a time zone that exists", () => {
    const hours = { startMinute: 1320, endMinute: 420 };
    const patch = (timeZone: string) => ({ preferences: { quietHours: { ...hours, timeZone } } });
    expect(devicePatchSchema.safeParse(patch("Europe/Berlin")).success).toBe(true);
    expect(devicePatchSchema.safeParse(patch("Mars/Olympus")).success).toBe(false);
  });
});

describe("REPORT-16: keys and tokens as clients encode them", () => {
  const point = createECDH("prime256v1").generateKeys();
  const auth = Buffer.from("fb+/fb+/fb+/fb+/fb+/fw==", "base64");
  const toUrl = (bytes: Buffer) => bytes.toString("base64url");
  const plain = (bytes: Buffer) => bytes.toString("base64");
  const bare = (bytes: Buffer) => plain(bytes).replace(/=+$/, "");
  const padded = (bytes: Buffer) => plain(bytes).replaceAll("+", "-").replaceAll("/", "_");

  test.each([
    ["base64url", toUrl, toUrl],
    ["base64url with padding", padded, padded],
    ["standard base64", plain, plain],
    ["standard base64 without padding", bare, bare],
    ["one in each", plain, toUrl],
    ["the other way round", toUrl, plain],
  ])("REPORT-16: a subscription's keys in %s are taken, and kept as base64url", (_what, key, secret) => {
    const keys = { p256dh: key(point), auth: secret(auth) };
    expect(subscriptionSchema.parse({ endpoint: "https://push.example/1", keys }).keys).toEqual({
      p256dh: toUrl(point),
      auth: toUrl(auth),
    });
  });

  test.each([
    ["of another curve", Buffer.alloc(97, 4)],
    ["that lies on no curve", Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])],
    ["that is compressed", Buffer.from(point.toString("hex", 0, 33).replace(/^04/, "02"), "hex")],
    ["that is empty", Buffer.alloc(0)],
    ["that is cut", point.subarray(0, 64)],
  ])("REPORT-16: a point %s is none in either alphabet", (_what, bytes) => {
    for (const p256dh of [toUrl(bytes), plain(bytes)]) {
      const keys = { p256dh, auth: toUrl(auth) };
      expect(subscriptionSchema.safeParse({ endpoint: "https://push.example/1", keys }).success).toBe(false);
    }
  });

  test.each([
    ["a".repeat(64), true],
    ["A".repeat(64), true],
    ["0123456789abcdef".repeat(10), true],
    ["ab".repeat(200), true],
    ["a".repeat(65), false],
    ["a".repeat(63), false],
    ["a".repeat(15), false],
    ["ab".repeat(201), false],
    ["", false],
    [`<${"a".repeat(62)}>`, false],
    [`${"a".repeat(32)} ${"a".repeat(32)}`, false],
    ["test-device-token", false],
    ["g".repeat(64), false],
  ])("REPORT-16: the device token %s is whole bytes: %s", (token, isTaken) => {
    expect(apnsTokenSchema.safeParse(token).success).toBe(isTaken);
  });
});

describe("C01: numbers in a query", () => {
  test("C01: a page is as long as asked, never more than the most, and one without rows is refused", () => {
    const limit = limitSchema(50, 200);
    expect(limit.parse(undefined)).toBe(50);
    expect(limit.parse("7")).toBe(7);
    expect(limit.parse("1")).toBe(1);
    expect(limit.safeParse("0").success).toBe(false);
    expect(limit.parse("100000")).toBe(200);
  });

  test("C01: signs, blanks, fractions and empty texts are no whole numbers", () => {
    for (const text of ["", " ", "-1", "+1", "1.5", "1e3", "0x10", "9".repeat(16), ["1", "2"]]) {
      expect(wholeNumberSchema.safeParse(text).success).toBe(false);
    }
  });
});
