import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { ApnsTarget, PushContent, PushRequest } from "../../../../server/domain/delivery/push.ts";
import { type PushKind, pushKinds } from "../../../../server/domain/delivery/pushRules.ts";
import { buildApnsPush, maxPayloadBytes } from "../../../../server/push/apns/apnsPayload.ts";
import { decryptPush } from "../../../../server/push/encryption.ts";
import { maxTitleBytes } from "../../../../server/push/truncation.ts";

const TOPIC = "dev.daylong.ios";
const AT = 1_790_000_000_123;
const DAY_S = 86_400;
const key = Buffer.alloc(32, 7).toString("base64");
const sessionId = "11111111-1111-4111-8111-111111111111";
const turnId = "22222222-2222-4222-8222-222222222222";
const permissionId = "33333333-3333-4333-8333-333333333333";
const messageId = "44444444-4444-4444-8444-444444444444";

function push(content: Partial<PushContent>, target: Partial<ApnsTarget> = {}): PushRequest<ApnsTarget> {
  return {
    deliveryId: "55555555-5555-4555-8555-555555555555",
    target: {
      provider: "apns",
      token: "ab".repeat(32),
      environment: "production",
      registeredAt: 1,
      ...target,
    },
    content: {
      kind: "reply",
      cursor: 42,
      sessionId,
      turnId,
      messageId,
      title: "api",
      body: "Done.",
      badge: 3,
      ...content,
    },
    at: AT,
  };
}

interface Parsed {
  aps: {
    alert: { title: string; subtitle?: string; body: string };
    category: string;
    "interruption-level": string;
  };
  daylong: Record<string, unknown>;
}
const parse = (payload: string): Parsed => JSON.parse(payload) as Parsed;

/** Deterministic stream of numbers in [0, 1): a failing body can be found again (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Bodies of any code units: lone surrogates, quotes, backslashes and control characters included. They are slices of
 * seven pools (six ranges and a mix), because making each anew took ten times as long as the code under test.
 */
function makeBodies(random: () => number): () => string {
  const { floor } = Math;
  const ranges = [
    [0x00, 0x20],
    [0x20, 0x7f],
    [0x80, 0x800],
    [0x800, 0xd800],
    [0xd800, 0xe000],
    [0x1f300, 0x1fa00],
  ] as const;
  const pick = ([from, to]: readonly [number, number]): number => from + floor(random() * (to - from));
  const pools = [...ranges, undefined].map((range) => {
    const points = Array.from({ length: 12_000 }, () => pick(range ?? ranges[floor(random() * 6)] ?? [0, 1]));
    return points.map((point) => String.fromCodePoint(point)).join("");
  });
  return () => {
    const pool = pools[floor(random() * pools.length)] ?? "";
    const start = floor(random() * pool.length);
    return pool.slice(start, start + floor(random() ** 3 * 12_000));
  };
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

describe("the payload of an APNs push", () => {
  test("a reply has the headers, the aps dictionary and the daylong key of docs/api.md", () => {
    const built = buildApnsPush(push({ subtitle: "main" }), TOPIC);
    expect(built.headers).toEqual({
      "apns-id": "55555555-5555-4555-8555-555555555555",
      "apns-topic": TOPIC,
      "apns-push-type": "alert",
      "apns-priority": "10",
      "apns-expiration": String(1_790_000_000 + DAY_S),
      "apns-collapse-id": `turn-${turnId}`,
    });
    expect(JSON.parse(built.payload)).toEqual({
      aps: {
        alert: { title: "api", subtitle: "main", body: "Done." },
        badge: 3,
        sound: "default",
        "thread-id": sessionId,
        category: "REPLY",
        "interruption-level": "active",
        "mutable-content": 1,
      },
      daylong: { v: 1, kind: "reply", cursor: 42, sessionId, turnId, messageId, truncated: false },
    });
    expect(built.truncated).toBe(false);
  });

  const end = 1_790_003_600_999;
  const table: [PushKind, string | undefined, string, string, number][] = [
    ["reply", `turn-${turnId}`, "REPLY", "active", 1_790_000_000 + DAY_S],
    ["failed", `turn-${turnId}`, "REPLY", "active", 1_790_000_000 + DAY_S],
    ["permission", `perm-${permissionId}`, "PERMISSION", "time-sensitive", 1_790_003_600],
    ["question", `perm-${permissionId}`, "QUESTION", "time-sensitive", 1_790_003_600],
    ["plan", `perm-${permissionId}`, "PERMISSION", "time-sensitive", 1_790_003_600],
    ["form", `perm-${permissionId}`, "FORM", "time-sensitive", 1_790_003_600],
    ["expiring", `lease-${sessionId}`, "EXPIRING", "time-sensitive", 1_790_003_600],
    ["expired", `expired-${sessionId}`, "SESSION", "active", 1_790_000_000 + DAY_S],
    ["crashed", `crashed-${sessionId}`, "SESSION", "active", 1_790_000_000 + DAY_S],
    ["notice", undefined, "SESSION", "active", 1_790_000_000 + DAY_S],
    ["limit", `limit-${sessionId}`, "SESSION", "active", 1_790_000_000 + DAY_S],
    ["login", `login-${sessionId}`, "SESSION", "active", 1_790_000_000 + DAY_S],
    ["resource", `resource-${sessionId}`, "SESSION", "active", 1_790_000_000 + DAY_S],
    ["task", `task-${sessionId}`, "SESSION", "active", 1_790_000_000 + DAY_S],
  ];
  test.each(table)("kind %s collapses by %s, has category %s, level %s and expires at %d", (...row) => {
    const [kind, collapseId, category, level, expiration] = row;
    const { headers, payload } = buildApnsPush(push({ kind, permissionId, expiresAt: end }), TOPIC);
    expect(headers["apns-collapse-id"]).toBe(collapseId);
    expect("apns-collapse-id" in headers).toBe(collapseId !== undefined);
    expect(Buffer.byteLength(collapseId ?? "")).toBeLessThanOrEqual(64);
    expect(headers["apns-expiration"]).toBe(String(expiration));
    expect(parse(payload).aps.category).toBe(category);
    expect(parse(payload).aps["interruption-level"]).toBe(level);
    expect(parse(payload).daylong).toMatchObject({ kind, expiresAt: end });
  });

  test("the table covers every kind there is", () => {
    expect(table.map(([kind]) => kind)).toEqual([...pushKinds]);
  });

  test.each([
    ["a command that is cut", { body: "x".repeat(9_000) }, true],
    ["a title that does not show everything", { truncated: true, lookFirst: true }, true],
    ["a request that must be looked at", { lookFirst: true }, false],
  ])("DOOR-8 %s has no Allow button, sealed or not", (_what, more, truncated) => {
    const encryptionKey = Buffer.alloc(32, 7).toString("base64");
    const content = { kind: "permission" as const, permissionId, expiresAt: 1_790_003_600_000, ...more };
    const plain = parse(buildApnsPush(push(content), TOPIC).payload);
    expect([plain.aps.category, plain.daylong.truncated]).toEqual(["PERMISSION_LOOK", truncated]);
    const { payload } = buildApnsPush(push(content, { encryptionKey }), TOPIC);
    expect(parse(payload).aps.category).toBe("PERMISSION_LOOK");
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(maxPayloadBytes);
  });

  test("a target with a topic of its own overrides the server's", () => {
    expect(buildApnsPush(push({}, { topic: "dev.other" }), TOPIC).headers["apns-topic"]).toBe("dev.other");
  });

  test("a collapse id that is too long or not ASCII is hashed, not cut, so that two never become equal", () => {
    const ids = ["x".repeat(90), `${"x".repeat(90)}y`, "sitzung-ä"].map(
      (id) => buildApnsPush(push({ kind: "expiring", sessionId: id }), TOPIC).headers["apns-collapse-id"],
    );
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{1,64}$/);
    expect(new Set(ids).size).toBe(3);
  });

  test("V15: 2,000 random Unicode bodies all fit 4,096 bytes, decode, and are the longest prefix of the text", () => {
    const nextBody = makeBodies(seeded(20_261_121));
    let cut = 0;
    for (let round = 0; round < 2000; round += 1) {
      const body = nextBody();
      const built = buildApnsPush(push({ body, title: nextBody() }), TOPIC);
      const bytes = Buffer.from(built.payload, "utf8");
      expect(bytes.length).toBeLessThanOrEqual(maxPayloadBytes);
      const { aps, daylong } = parse(strictUtf8.decode(bytes));
      const wellFormed = body.replace(/\p{Surrogate}/gu, "\ufffd");
      expect(wellFormed.startsWith(aps.alert.body)).toBe(true);
      expect(/\p{Surrogate}/u.test(aps.alert.body)).toBe(false);
      expect(daylong.truncated).toBe(built.truncated);
      expect(built.truncated).toBe(aps.alert.body !== wellFormed);
      // Six bytes is the longest form of a code point: with more to spare, another one would have fitted.
      if (built.truncated) expect(bytes.length).toBeGreaterThan(maxPayloadBytes - 6);
      cut += built.truncated ? 1 : 0;
    }
    expect(cut).toBeGreaterThan(200);
    expect(cut).toBeLessThan(1800);
  });

  test("V15: a body that fits to the byte is whole, one byte more is cut", () => {
    const spare = maxPayloadBytes - Buffer.byteLength(buildApnsPush(push({ body: "" }), TOPIC).payload);
    const exact = buildApnsPush(push({ body: "a".repeat(spare) }), TOPIC);
    expect(Buffer.byteLength(exact.payload)).toBe(maxPayloadBytes);
    expect(exact.truncated).toBe(false);
    const over = buildApnsPush(push({ body: "a".repeat(spare + 1) }), TOPIC);
    expect(over.truncated).toBe(true);
    // Its whole text would fit with `true`, which is shorter than `false`; but then nothing would be cut.
    expect(parse(over.payload).aps.alert.body).toBe("a".repeat(spare));
    expect(Buffer.byteLength(over.payload)).toBe(maxPayloadBytes - 1);
  });

  test("V15: a megabyte of emoji is cut between code points, never inside a surrogate pair", () => {
    const body = "😀".repeat(262_144);
    const { payload } = buildApnsPush(push({ body }), TOPIC);
    const shown = parse(payload).aps.alert.body;
    expect(shown.length).toBeGreaterThan(1500);
    expect(shown.length % 2).toBe(0);
    expect(body.startsWith(shown)).toBe(true);
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(maxPayloadBytes);
  });

  test("titles and subtitles are bounded, and leave the body its room", () => {
    const long = '"\u0001ä😀'.repeat(1000);
    const { aps } = parse(
      buildApnsPush(push({ title: long, subtitle: long, body: "b".repeat(5000) }), TOPIC).payload,
    );
    for (const text of [aps.alert.title, aps.alert.subtitle ?? ""]) {
      expect(long.startsWith(text)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(text)) - 2).toBeLessThanOrEqual(maxTitleBytes);
    }
    expect(aps.alert.body.length).toBeGreaterThan(3000);
  });

  test("ids that alone exceed the limit are a bug and throw", () => {
    expect(() => buildApnsPush(push({ messageId: "m".repeat(5000) }), TOPIC)).toThrow(RangeError);
  });
});

describe("the payload of a sealed push", () => {
  test("shows nothing of the conversation and opens to the plain daylong object with the texts", () => {
    const request = push(
      { title: "secret-title", subtitle: "secret-sub", body: "secret-body" },
      { encryptionKey: key },
    );
    const { payload } = buildApnsPush(request, TOPIC);
    expect(payload).not.toContain("secret");
    const { aps, daylong } = parse(payload);
    expect(aps).toMatchObject({ category: "REPLY", badge: 3, "thread-id": sessionId, "mutable-content": 1 });
    expect(aps.alert.title).toBe("Daylong");
    expect(Object.keys(daylong)).toEqual(["v", "enc"]);
    expect(JSON.parse(decryptPush(daylong.enc as string, key))).toEqual({
      v: 1,
      kind: "reply",
      cursor: 42,
      sessionId,
      turnId,
      messageId,
      truncated: false,
      title: "secret-title",
      subtitle: "secret-sub",
      body: "secret-body",
    });
  });

  test("V15: 500 random Unicode bodies stay within 4,096 bytes, open, and are a prefix of the text", () => {
    const nextBody = makeBodies(seeded(7));
    let truncated = 0;
    for (let round = 0; round < 500; round += 1) {
      const encryptionKey = randomBytes(32).toString("base64");
      const body = nextBody();
      const built = buildApnsPush(push({ body }, { encryptionKey }), TOPIC);
      expect(Buffer.byteLength(built.payload)).toBeLessThanOrEqual(maxPayloadBytes);
      const opened = JSON.parse(decryptPush(parse(built.payload).daylong.enc as string, encryptionKey)) as {
        body: string;
        truncated: boolean;
      };
      expect(body.replace(/\p{Surrogate}/gu, "\ufffd").startsWith(opened.body)).toBe(true);
      expect(opened.truncated).toBe(built.truncated);
      if (built.truncated) expect(Buffer.byteLength(built.payload)).toBeGreaterThan(maxPayloadBytes - 16);
      truncated += built.truncated ? 1 : 0;
    }
    expect(truncated).toBeGreaterThan(50);
  });

  test("an unusable key throws: the text never goes out in the clear instead", () => {
    const short = Buffer.alloc(16).toString("base64");
    expect(() => buildApnsPush(push({}, { encryptionKey: short }), TOPIC)).toThrow(/16 bytes instead of 32/);
    expect(() => buildApnsPush(push({}, { encryptionKey: "" }), TOPIC)).toThrow(/0 bytes instead of 32/);
  });
});
