import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { AttemptWindow } from "../../../server/access/attemptWindow.ts";
import { pushContentOf } from "../../../server/domain/delivery/delivery.ts";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import type { ApnsTarget, PushRequest } from "../../../server/domain/delivery/push.ts";
import { pushOf as eventPush } from "../../../server/domain/delivery/pushRules.ts";
import { buildApnsPush } from "../../../server/push/apns/apnsPayload.ts";
import { decryptPush } from "../../../server/push/encryption.ts";
import { useRig } from "../../integration/http/rig.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { AppleRig, hexToken } from "./apple.ts";

const maxPayloadBytes = 4_096;
const megabyte = 1_048_576;
const encryptionKey = Buffer.alloc(32, 9).toString("base64");
const topic = "dev.daylong.ios";

/** Texts of every kind that a reply may hold; slices of them, because making each anew takes longer than the code under test. */
function bodiesOf(chance: Chance): (chars: number) => string {
  const ranges: Array<[number, number]> = [
    [0x00, 0x20],
    [0x20, 0x7f],
    [0x80, 0x800],
    [0x800, 0xd800],
    // Halves of pairs without their other half.
    [0xd800, 0xe000],
    [0xfe00, 0xfff0],
    [0x1f300, 0x1fa00],
    [0xe0000, 0xe01f0],
  ];
  const words = [
    "👩‍👩‍👧‍👦",
    "e\u0301",
    "\u202eabc",
    "\\",
    '"',
    "\r\n",
    "\u2028",
    "\u0000",
    "```ts\n",
    "</script>",
    "{}",
  ];
  const point = ([from, to]: [number, number]) => String.fromCodePoint(chance.between(from, to));
  const pools = [
    ...ranges.map((range) => Array.from({ length: 20_000 }, () => point(range)).join("")),
    Array.from({ length: 20_000 }, () => point(chance.pick(ranges)!)).join(""),
    Array.from({ length: 20_000 }, () => chance.pick(words)).join(""),
  ];
  return (chars) => {
    let text = "";
    while (text.length < chars) {
      const pool = chance.pick(pools)!;
      const start = chance.between(0, pool.length);
      text += pool.slice(start, start + Math.min(pool.length, chars - text.length));
    }
    return text;
  };
}

/** Mostly short, as replies are; some of a page or ten, and some of the largest size there is. */
const sizeOf = (chance: Chance, index: number): number => {
  if (index % 1_000 === 0) return megabyte;
  if (index % 100 === 0) return chance.between(8_000, 100_000);
  return Math.floor(8_000 ** chance.share());
};

interface Payload {
  aps: { alert: { body: string } };
  daylong: { truncated: boolean; messageId: string; enc: string };
}
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

const pushOf = (event: LoggedEvent, sealed: boolean): PushRequest<ApnsTarget> => ({
  deliveryId: randomUUID(),
  target: {
    provider: "apns",
    token: hexToken(1),
    environment: "production",
    registeredAt: 1,
    ...(sealed && { encryptionKey }),
  },
  content: pushContentOf(event, eventPush(event)!, { title: "Tidy up", projectName: "acme" }, 1),
  at: event.at,
});

/** What a phone reads out of a payload: the preview, whether it was cut, and where the whole is. */
function readPayload(
  payload: string,
  sealed: boolean,
): { body: string; truncated: boolean; messageId: string } {
  const bytes = Buffer.from(payload);
  expect(bytes.length).toBeLessThanOrEqual(maxPayloadBytes);
  const { aps, daylong } = JSON.parse(strictUtf8.decode(bytes)) as Payload;
  if (!sealed) return { ...daylong, body: aps.alert.body };
  return JSON.parse(decryptPush(daylong.enc, encryptionKey)) as ReturnType<typeof readPayload>;
}

describe("V15 D10 every push leads to the full text", () => {
  const http = useRig(({ clock }) => ({
    deviceRequests: new AttemptWindow({ clock, windowMs: 60_000, limit: 1_000_000 }),
  }));

  test.each(seedsFrom(1, 1))(
    "V15 (seed %i) 10,000 Unicode bodies up to 1 MB: at most 4,096 bytes, decodable, a prefix; the log has each text whole, and a thousand that are fetched over HTTP are equal to the byte",
    async (seed) => {
      process.stdout.write(`V15: seed ${seed}\n`);
      const chance = new Chance(seed);
      const bodyOf = bodiesOf(chance);
      const { store } = http;
      const { sessionId } = await http.pool.createSession({
        caller: { deviceId: "local", scope: "admin" },
        projectPath: http.project,
        options: {},
      });
      let fetched = 0;
      let cutOnes = 0;
      for (let batch = 0; batch < 100; batch += 1) {
        const texts = new Map<string, string>();
        // As the pool does it: the text in one event, the end of the turn with the same words in the next.
        const ends = store.transaction(() =>
          Array.from({ length: 100 }, (_, index) => {
            const text = bodyOf(sizeOf(chance, batch * 100 + index));
            const [messageId, turnId] = [randomUUID(), randomUUID()];
            texts.set(messageId, text);
            store.events.append({ sessionId, type: "message", turnId, data: { messageId, text } });
            const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
            const data = { messageId, text, costUsd: 0, usage, durationMs: 1, numTurns: 1 };
            return {
              cursor: 1,
              seq: 1,
              at: 1,
              sessionId,
              turnId,
              type: "turn.completed",
              data,
            } as LoggedEvent;
          }),
        );
        for (const [index, end] of ends.entries()) {
          const sealed = index % 2 === 1;
          const { payload } = buildApnsPush(pushOf(end, sealed), topic);
          const { body, truncated, messageId } = readPayload(payload, sealed);
          const text = texts.get(messageId)!;
          // UTF-8 has no half of a pair: the preview shows what is shown for it everywhere.
          const shown = text === "" ? "Claude is done." : text.toWellFormed();
          if (!shown.startsWith(body) || truncated !== body.length < shown.length) {
            throw new Error(`The preview of ${messageId} (${text.length} units) is not a prefix of it.`);
          }
          if (truncated) cutOnes += 1;
          const kept = store.events.message(messageId);
          if (kept?.type !== "message" || kept.data.text !== text) {
            throw new Error(`The log's text of ${messageId} (${text.length} units) is another one.`);
          }
          if (text.length < 50_000 && index % 10 !== 0) continue;
          const { status, body: message } = await http.ask("GET", `/api/messages/${messageId}`);
          expect(status).toBe(200);
          if (message.text !== text) throw new Error(`${messageId} was fetched as another text.`);
          fetched += 1;
        }
      }
      expect(fetched).toBeGreaterThanOrEqual(1_000);
      expect(cutOnes).toBeGreaterThan(1_000);
    },
  );

  test.each(seedsFrom(1, 1))("V15 (seed %i) 80 of them pass Apple's own checks", async (seed) => {
    const chance = new Chance(seed);
    const bodyOf = bodiesOf(chance);
    const apple = await AppleRig.open();
    try {
      const [plain, sealed] = [1, 2].map((index) =>
        apple.device({
          push: {
            provider: "apns",
            token: hexToken(index),
            environment: "production",
            registeredAt: apple.clock.now(),
            ...(index === 2 && { encryptionKey }),
          },
        }),
      );
      const sessionId = apple.session();
      const texts = new Map<number, string>();
      for (let index = 0; index < 40; index += 1) {
        const text = bodyOf(sizeOf(chance, index * 25));
        texts.set(apple.reply(sessionId, text).cursor, text);
      }
      for (const { deviceId } of [plain!, sealed!]) {
        await eventually("all are settled", async () => {
          await apple.clock.run(10);
          return apple.states(deviceId).every((state) => state !== "pending");
        });
        expect(new Set(apple.states(deviceId))).toEqual(new Set(["sent"]));
      }
      expect(apple.production.requests).toHaveLength(80);
      for (const { fault, payload, payloadBytes, token } of apple.production.requests) {
        expect(fault).toBeUndefined();
        expect(payloadBytes).toBeLessThanOrEqual(maxPayloadBytes);
        if (token === hexToken(2)) continue;
        const { daylong, aps } = payload as { daylong: { cursor: number }; aps: { alert: { body: string } } };
        const text = texts.get(daylong.cursor)!;
        expect((text === "" ? "Claude is done." : text.toWellFormed()).startsWith(aps.alert.body)).toBe(true);
      }
    } finally {
      await apple.close();
    }
  });
});
