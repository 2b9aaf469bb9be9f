import { describe, expect, test } from "@jest/globals";
import {
  apnsPushSchema,
  deviceNameSchema,
  devicePatchSchema,
  pushPatchSchema,
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
