import { afterEach, describe, expect, test } from "@jest/globals";
import { reasonVerdicts } from "../../../server/push/apns/apnsVerdict.ts";
import type { RecordedRequest, ScriptedReply } from "../../support/push/apnsStandIn.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { AppleRig, hexToken } from "./apple.ts";

let rig: AppleRig;
afterEach(() => rig.close());

const minuteMs = 60_000;

/** Until the answers of Apple that are on their way have been booked. */
const booked = (deviceId: string, attempts: number) =>
  eventually(`attempt ${attempts} is booked`, async () => {
    await rig.clock.run(0);
    return rig.deliveries(deviceId)[0]?.attemptCount === attempts;
  });
/** The delivery's next attempt by the database. */
const nextAt = (deviceId: string) => rig.deliveries(deviceId)[0]!.nextAttemptAt;
/** All that Apple was asked, in both environments. */
const asked = (): RecordedRequest[] => [...rig.production.requests, ...rig.sandbox.requests];

/** DeliveryAttempts in the database, over all devices. */
const attempts = () =>
  rig.store.devices
    .list()
    .flatMap((one) => rig.deliveries(one.deviceId))
    .reduce((total, delivery) => total + delivery.attemptCount, 0);

const device = () =>
  rig.device({
    push: {
      provider: "apns",
      token: hexToken(1),
      environment: "production",
      registeredAt: rig.clock.now(),
    },
  }).deviceId;

const statusOf = (reason: string): number => {
  switch (reasonVerdicts[reason]) {
    case "retry":
      return reason === "TooManyRequests" ? 429 : reason === "InternalServerError" ? 500 : 503;
    case "token-rate":
      return 429;
    case "expired-token":
    case "config":
      return 403;
    default:
      return reason === "Unregistered" || reason === "ExpiredToken" ? 410 : 400;
  }
};
const reasonsOf = (...verdicts: string[]): string[] =>
  Object.entries(reasonVerdicts).flatMap(([reason, verdict]) => (verdicts.includes(verdict) ? [reason] : []));

/** Has every push refused for `reason`; the first one is answered when this resolves. */
async function refuse(reason: string, reply: ScriptedReply = {}): Promise<string> {
  rig = await AppleRig.open();
  rig.production.answerWith(() => ({ status: statusOf(reason), reason, ...reply }));
  const deviceId = device();
  rig.reply(rig.session());
  await booked(deviceId, 1);
  return deviceId;
}

describe("V14 D11 back-off is honoured, and forbidden reasons are never retried", () => {
  test.each(reasonsOf("retry"))(
    "V14 %s: pauses of 2, 4 and 8 s, and not a millisecond less",
    async (reason) => {
      const deviceId = await refuse(reason);
      for (const [index, pauseMs] of [2_000, 4_000, 8_000].entries()) {
        const from = rig.production.requests.at(-1)!.at;
        expect(nextAt(deviceId)).toBe(from + pauseMs);
        await rig.clock.run(pauseMs - 1);
        expect(rig.production.requests).toHaveLength(index + 1);
        await rig.clock.run(1);
        await booked(deviceId, index + 2);
        expect(rig.production.requests.at(-1)!.at).toBe(from + pauseMs);
      }
      expect(new Set(asked().map(({ apnsId }) => apnsId)).size).toBe(1);
    },
  );

  test.each(["TooManyRequests", "ServiceUnavailable", "TooManyProviderTokenUpdates"])(
    "V14 %s with Retry-After: as long as Apple says, for all of the device's pushes",
    async (reason) => {
      const deviceId = await refuse(reason, { retryAfter: 90 });
      rig.reply(rig.session());
      await rig.clock.run(89_999);
      expect(rig.production.requests).toHaveLength(1);
      rig.production.answerWith(undefined);
      await rig.clock.run(1);
      await eventually("both are sent", async () => {
        await rig.clock.run(0);
        return rig.states(deviceId).every((state) => state === "sent");
      });
      expect(rig.production.requests.map(({ at }) => at - rig.production.requests[0]!.at)).toEqual([
        0, 90_000, 90_000,
      ]);
    },
  );

  test.each(reasonsOf("dead"))("V14 %s: a dead letter with its reason, never sent again", async (reason) => {
    const deviceId = await refuse(reason);
    expect(rig.deliveries(deviceId)[0]).toMatchObject({ state: "dead", attempts: [{ reason }] });
    await rig.clock.run(24 * 60 * minuteMs);
    expect(asked()).toHaveLength(1);
  });

  test.each(["Unregistered", "ExpiredToken", "DeviceTokenNotForTopic"])(
    "V14 %s: given up, never sent again",
    async (reason) => {
      const deviceId = await refuse(reason);
      expect(rig.deliveries(deviceId)[0]).toMatchObject({ state: "gone", attempts: [{ reason }] });
      await rig.clock.run(24 * 60 * minuteMs);
      expect(asked()).toHaveLength(1);
    },
  );

  test.each(reasonsOf("config"))(
    "V14 %s: everything stops, /health says so, and one push a minute asks for all devices",
    async (reason) => {
      const deviceId = await refuse(reason);
      for (let count = 0; count < 5; count += 1) {
        rig.device({
          push: { provider: "apns", token: hexToken(10 + count), environment: "production", registeredAt: 1 },
        });
      }
      expect(rig.sender.health()).toEqual({ state: "failing", detail: reason });
      const sessionId = rig.session();
      rig.reply(sessionId);
      for (let minute = 1; minute <= 5; minute += 1) {
        const { at } = rig.production.requests.at(-1)!;
        await rig.clock.run(minuteMs - 1);
        expect(rig.production.requests).toHaveLength(minute);
        await rig.clock.run(1);
        await eventually("the probe", () => rig.production.requests.length === minute + 1);
        await eventually("its answer is booked", async () => {
          await rig.clock.run(0);
          return attempts() === minute + 1;
        });
        expect(rig.production.requests.at(-1)!.at).toBe(at + minuteMs);
      }
      // Mended: everything arrives, in the devices' own order.
      rig.production.answerWith(undefined);
      await eventually("all arrive", async () => {
        await rig.clock.run(minuteMs);
        return rig.store.devices
          .list()
          .every((one) => rig.states(one.deviceId).every((state) => state === "sent"));
      });
      expect(rig.sender.health()).toEqual({ state: "ok" });
      expect(rig.deliveries(deviceId).map(({ state }) => state)).toEqual(["sent", "sent"]);
    },
  );

  test("V14 GOAWAY and REFUSED_STREAM on a connection that works: again at once", async () => {
    for (const answer of ["goaway", "refuse"] as const) {
      rig = await AppleRig.open();
      const deviceId = device();
      const sessionId = rig.session();
      rig.reply(sessionId);
      await booked(deviceId, 1);
      rig.production.script(answer);
      rig.reply(sessionId);
      await eventually("it is sent", async () => {
        await rig.clock.run(0);
        return rig.states(deviceId)[1] === "sent";
      });
      expect(rig.deliveries(deviceId)[1]?.attempts).toHaveLength(2);
      const [, first, second] = rig.production.requests;
      expect(second!.at).toBe(first!.at);
      if (answer === "goaway") await rig.close();
    }
  });

  test("V14 a topic that one device named for itself stops that device and no other", async () => {
    rig = await AppleRig.open();
    const other = rig.device({
      push: {
        provider: "apns",
        token: hexToken(2),
        environment: "production",
        topic: "com.example.other",
        registeredAt: rig.clock.now(),
      },
    });
    const deviceId = device();
    const sessionId = rig.session();
    for (let count = 0; count < 3; count += 1) rig.reply(sessionId);
    await eventually("the good one has all", async () => {
      await rig.clock.run(10);
      return rig.states(deviceId).every((state) => state === "sent");
    });
    await rig.clock.run(30_000);
    expect(rig.states(other.deviceId)).toEqual(["pending", "pending", "pending"]);
    expect(rig.production.requests.filter(({ token }) => token === hexToken(2))).toHaveLength(1);
    expect(rig.sender.health()).toEqual({ state: "ok" });
  });
});
