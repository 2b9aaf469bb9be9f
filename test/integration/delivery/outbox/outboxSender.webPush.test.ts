import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { PushOutcome, PushTarget } from "../../../../server/domain/delivery/push.ts";
import { accepted, held } from "../../../support/push/memoryPush.ts";
import { Rig } from "../rig.ts";

let rig: Rig;
let sessionId: string;
beforeEach(() => {
  rig = new Rig();
  sessionId = rig.session();
});
afterEach(() => rig.close());

const subscription = (name: string): PushTarget => ({
  provider: "webpush",
  endpoint: `https://push.example.org/${name}`,
  keys: { p256dh: "p", auth: "a" },
  registeredAt: rig.clock.now(),
});
const over = (status: 404 | 410): PushOutcome => ({
  outcome: "gone",
  status,
  reason: `HTTP ${status}`,
  latencyMs: 1,
});

describe("D17 V12: a browser's subscription", () => {
  test.each([404, 410] as const)(
    "that is over (%d) goes after ten seconds, and its delivery with it",
    async (status) => {
      const { deviceId } = rig.device({ push: subscription("one") });
      rig.push.answerNext(over(status));
      rig.reply(sessionId);
      await rig.clock.run(9_000);
      expect(rig.store.devices.get(deviceId)?.push).not.toBeNull();
      await rig.clock.run(2_000);
      expect(rig.store.devices.get(deviceId)?.push).toBeNull();
      expect(rig.deliveries(deviceId)[0]!.attempts.map((attempt) => attempt.status)).toContain(status);
      await rig.clock.run(120_000);
      expect(rig.states(deviceId)).toEqual(["gone"]);
      expect(rig.push.requests).toHaveLength(1);
    },
  );

  test("that was replaced while the push was on its way is tried instead, at once", async () => {
    const { deviceId } = rig.device({ push: subscription("old") });
    const answer = held<PushOutcome>();
    rig.push.answerNext(answer.promise);
    rig.reply(sessionId);
    await rig.clock.run(1);
    rig.store.devices.setPush(deviceId, subscription("new"));
    answer.resolve(over(410));
    await rig.clock.run(20_000);
    expect(rig.push.requests.map(({ target }) => (target as { endpoint?: string }).endpoint)).toEqual([
      "https://push.example.org/old",
      "https://push.example.org/new",
    ]);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(rig.store.devices.get(deviceId)?.push).toMatchObject({ endpoint: "https://push.example.org/new" });
  });

  test("that its page registered anew in the quarantine stays", async () => {
    const { deviceId } = rig.device({ push: subscription("same") });
    rig.push.answerNext(over(410));
    rig.reply(sessionId);
    await rig.clock.run(5_000);
    rig.store.devices.setPush(deviceId, subscription("same"));
    await rig.clock.run(30_000);
    expect(rig.store.devices.get(deviceId)?.push).not.toBeNull();
  });

  test("five that are over at once are our fault, or the push service's: none goes, and phones are judged apart", async () => {
    const browsers = Array.from({ length: 5 }, (_, index) => rig.device({ push: subscription(`b${index}`) }));
    const phone = rig.device();
    rig.push.otherwise(({ target }) =>
      (target as PushTarget).provider === "webpush"
        ? over(404)
        : { outcome: "gone", status: 400, reason: "BadDeviceToken", latencyMs: 1 },
    );
    rig.reply(sessionId);
    await rig.clock.run(15_000);
    for (const { deviceId } of browsers) expect(rig.store.devices.get(deviceId)?.push).not.toBeNull();
    expect(rig.words.names).toContain("push.tokens_refused_in_mass");
    expect(rig.store.devices.get(phone.deviceId)?.push).toBeNull();
  });
});

describe("D17 V14: a push service that does not take our key", () => {
  const foreign: PushOutcome = { outcome: "config", status: 403, reason: "HTTP 403", latencyMs: 1 };
  const nameOf = (target: unknown) => (target as { endpoint: string }).endpoint.split("/").at(-1)!;
  const asks = () => rig.push.requests.map(({ target }) => nameOf(target));
  const refuseOnly = (isRefused: (name: string) => boolean) =>
    rig.push.otherwise((request) => (isRefused(nameOf(request.target)) ? foreign : accepted(request)));

  test("for one subscription goes on with the other browsers, and is asked for that one less and less", async () => {
    const other = rig.device({ push: subscription("foreign") });
    const mine = rig.device({ push: subscription("mine") });
    refuseOnly((name) => name === "foreign");
    rig.reply(sessionId);
    await rig.clock.run(1_000);
    rig.reply(sessionId);
    await rig.clock.run(1_000);
    expect(rig.states(mine.deviceId)).toEqual(["sent", "sent"]);
    expect(rig.states(other.deviceId)).toEqual(["pending", "pending"]);
    await rig.clock.run(30 * 60_000);
    const tries = asks().filter((name) => name === "foreign").length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThanOrEqual(30);
    expect(rig.words.names).toContain("push.device_refused");
    expect(rig.words.names).not.toContain("push.misconfigured");
  });

  test("for several, and no other, is asked once a minute at most, and by one browser after the other", async () => {
    const browsers = ["a", "b", "c", "d"].map((name) => rig.device({ push: subscription(name) }));
    refuseOnly(() => true);
    rig.reply(sessionId);
    await rig.clock.run(1);
    rig.push.requests.length = 0;
    await rig.clock.run(20 * 60_000);
    expect(rig.words.names.filter((name) => name === "push.misconfigured")).toHaveLength(1);
    const probes = asks();
    expect(probes.length).toBeGreaterThanOrEqual(5);
    expect(probes.length).toBeLessThanOrEqual(20);
    for (const [index, name] of probes.entries()) expect(name).not.toBe(probes[index - 1]);
    refuseOnly(() => false);
    await rig.clock.run(20 * 60_000);
    for (const { deviceId } of browsers) expect(rig.states(deviceId)).toEqual(["sent"]);
  });
});

test("D17 D20: what was read elsewhere makes no silent push to a browser that could not be silent", async () => {
  const browser = rig.device({ push: subscription("badge") });
  const phone = rig.device();
  rig.watch(phone.deviceId, true, sessionId);
  const event = rig.reply(sessionId);
  await rig.clock.run(1);
  expect(rig.states(browser.deviceId)).toEqual(["sent"]);
  rig.outboxSender.acknowledge(phone.deviceId, event.cursor);
  await rig.clock.run(10_000);
  expect(rig.push.syncs).toEqual([]);
  // Read is read all the same: the next alert carries the true badge.
  expect(rig.states(browser.deviceId)).toEqual(["acked"]);
});
