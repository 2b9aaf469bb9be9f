import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { ApnsTarget, PushRequest } from "../../../server/domain/delivery/push.ts";
import { ApnsSender } from "../../../server/push/apns/apnsSender.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { HastyClock } from "../../support/hastyClock.ts";
import { ManualClock } from "../../support/manualClock.ts";
import {
  type RecordedRequest,
  type ScriptedAnswer,
  startApnsStandIn,
} from "../../support/push/apnsStandIn.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { AppleRig, hexToken } from "./apple.ts";

const minuteMs = 60_000;

const bySeconds = (seconds: number): ScriptedAnswer => ({
  status: 429,
  reason: "TooManyRequests",
  retryAfter: seconds,
});

describe("V11 D11 a network that breaks", () => {
  test.each(seedsFrom(1, 1))(
    "V11 (seed %i) GOAWAYs that split the streams, resets, refusals, 5xx, silence and blackholes lose no push and change no id",
    async (seed) => {
      process.stdout.write(`V11: seed ${seed}\n`);
      const chance = new Chance(seed);
      // Forty seconds a second: the pauses between attempts are minutes.
      const clock = new HastyClock(40);
      const timing = { requestTimeoutMs: 400, pingAfterMs: 50, pongWithinMs: 100 };
      const rig = await AppleRig.open({
        clock,
        sender: { timing },
        outboxSender: { random: () => chance.share() },
      });
      try {
        const { production } = rig;
        let faults = 0;
        production.answerWith((request) => {
          // What the rules find stays found: a fault must be ours, not the script's.
          if (request.fault !== undefined || chance.happens(0.85)) return undefined;
          faults += 1;
          if (chance.happens(0.04)) setImmediate(production.blackhole);
          return chance.weighted<ScriptedAnswer>([
            [3, "goaway"],
            [2, "goaway-answered"],
            [2, "refuse"],
            [2, "reset"],
            [1, "silence"],
            [2, { status: 503, reason: "ServiceUnavailable" }],
            [1, { status: 500, reason: "InternalServerError" }],
            [1, bySeconds(chance.between(1, 20))],
            [3, { delayMs: chance.between(1, 60) }],
          ]);
        });
        const devices = Array.from({ length: 12 }, (_, index) =>
          rig.device({
            push: {
              provider: "apns",
              token: hexToken(index + 1),
              environment: "production",
              registeredAt: clock.now(),
            },
          }),
        );
        const sessionId = rig.session();
        const total = 15;
        for (let count = 0; count < total; count += 1) {
          rig.reply(sessionId);
          if (chance.happens(0.5)) await new Promise((resolve) => setImmediate(resolve));
        }
        const states = () => devices.flatMap(({ deviceId }) => rig.states(deviceId));
        await eventually("every push is settled", () => states().every((state) => state === "sent"));
        expect(states()).toHaveLength(12 * total);
        expect(faults).toBeGreaterThan(10);
        expect(production.connections()).toBeGreaterThan(3);
        const ids = new Map<string, RecordedRequest[]>();
        for (const request of production.requests) {
          expect(request.fault).toBeUndefined();
          ids.set(request.apnsId, [...(ids.get(request.apnsId) ?? []), request]);
        }
        for (const { deviceId } of devices) {
          for (const { deliveryId, cursor, attempts } of rig.deliveries(deviceId)) {
            const requests = ids.get(deliveryId) ?? [];
            expect(requests.some(({ status }) => status === 200)).toBe(true);
            // A connection may break before a request is out: never more requests than attempts.
            expect(requests.length).toBeLessThanOrEqual(attempts.length);
            for (const { payload } of requests) expect(payload).toMatchObject({ daylong: { cursor } });
            ids.delete(deliveryId);
          }
        }
        expect([...ids.keys()]).toEqual([]);
      } finally {
        await rig.close();
      }
    },
  );
});

describe("V13 the provider token", () => {
  const push = (): PushRequest<ApnsTarget> => ({
    deliveryId: randomUUID(),
    target: { provider: "apns", token: hexToken(1), environment: "production", registeredAt: 1 },
    content: {
      kind: "reply",
      cursor: 1,
      sessionId: randomUUID(),
      title: "api",
      body: "Done.",
      badge: 1,
    },
    at: Date.UTC(2026, 0, 1),
  });
  /** Apple with a clock that stands, and senders over one data folder, one after the other, as restarts make them. */
  async function open() {
    const folder = mkdtempSync(join(tmpdir(), "daylong-token-"));
    const clock = new ManualClock();
    const apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock });
    const renewals: number[] = [];
    let sender: ApnsSender | undefined;
    const restart = async () => {
      await sender?.stop(100);
      sender = new ApnsSender({
        clock,
        key: { path: apple.keyPath, keyId: apple.keyId, teamId: apple.teamId },
        topic: apple.topic,
        production: { host: apple.host, port: apple.port },
        sandbox: { host: apple.host, port: apple.port },
        caPath: apple.caPath,
        dataDir: folder,
        log: { info: (name) => void (name === "push.token.renewed" && renewals.push(clock.now())) },
      });
    };
    await restart();
    const close = async () => {
      await sender?.stop(0);
      await apple.close();
      rmSync(folder, { recursive: true });
    };
    return { clock, apple, renewals, restart, close, send: () => sender!.send(push()) };
  }
  const tokensOf = (requests: RecordedRequest[]) =>
    new Set(requests.map(({ headers }) => headers.authorization));

  test.each(seedsFrom(1, 1))(
    "V13 (seed %i) over a day with restarts it is never older than 55 minutes and never replaced within 20",
    async (seed) => {
      process.stdout.write(`V13: seed ${seed}\n`);
      const chance = new Chance(seed);
      const { clock, apple, renewals, restart, close, send } = await open();
      try {
        const endAt = clock.now() + 24 * 60 * minuteMs;
        while (clock.now() < endAt) {
          clock.jump(chance.between(1, 20 * minuteMs));
          if (chance.happens(0.2)) await restart();
          expect((await send()).outcome).toBe("sent");
        }
        for (const { at, headers, fault } of apple.requests) {
          expect(fault).toBeUndefined();
          const [, claims = ""] = headers.authorization!.split(".");
          const { iat } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iat: number };
          expect(at - iat * 1_000).toBeLessThan(55 * minuteMs);
        }
        for (const [index, at] of renewals.entries()) {
          if (index > 0) expect(at - renewals[index - 1]!).toBeGreaterThanOrEqual(20 * minuteMs);
        }
        expect(tokensOf(apple.requests).size).toBe(renewals.length);
        expect(renewals.length).toBeGreaterThan(20);
      } finally {
        await close();
      }
    },
  );

  test("V13 500 concurrent ExpiredProviderToken make one refresh, and one more restart makes none", async () => {
    const { clock, apple, renewals, restart, close, send } = await open();
    try {
      expect((await send()).outcome).toBe("sent");
      clock.jump(25 * minuteMs);
      apple.answerWith(() => ({ status: 403, reason: "ExpiredProviderToken" }));
      const refused = await Promise.all(Array.from({ length: 500 }, send));
      expect(new Set(refused.map((outcome) => ("reason" in outcome ? outcome.reason : "")))).toEqual(
        new Set(["ExpiredProviderToken"]),
      );
      expect(renewals).toHaveLength(2);
      apple.answerWith(undefined);
      await restart();
      const again = await Promise.all(Array.from({ length: 500 }, send));
      expect(again.every(({ outcome }) => outcome === "sent")).toBe(true);
      expect(renewals).toHaveLength(2);
      expect(tokensOf(apple.requests).size).toBe(2);
    } finally {
      await close();
    }
  });
});
