import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Chance, seedsFrom } from "../../support/chance.ts";
import type { ApnsStandIn } from "../../support/push/apnsStandIn.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { AppleRig, hexToken } from "./apple.ts";

let rig: AppleRig;
afterEach(() => rig.close());
beforeAll(() => {
  process.stdout.write(`V12: seeds ${seedsFrom(1, 3).join(", ")}\n`);
});

const registeredAt = Date.UTC(2026, 0, 1);
const target = (token: string, at = registeredAt) =>
  ({ provider: "apns", token, environment: "production", registeredAt: at }) as const;
const tokenOf = (deviceId: string) => {
  const push = rig.store.devices.get(deviceId)?.push;
  return push?.provider === "apns" ? push.token : undefined;
};
const tokensAt = (apple: ApnsStandIn) => apple.requests.map(({ token }) => token);
/** Lets the rig's time pass until the database says so; the network between takes its own time. */
const settles = (what: string, look: () => boolean, stepMs = 1) =>
  eventually(what, async () => {
    await rig.clock.run(stepMs);
    return look();
  });
const unsettled = (deviceId: string) => rig.states(deviceId).includes("pending");

describe("V12 D12 only proven-dead tokens go", () => {
  type When = "before" | "equal" | "after" | "missing" | "in seconds";
  const timestamps: Record<When, number | undefined> = {
    before: registeredAt - 1,
    equal: registeredAt,
    after: registeredAt + 1,
    missing: undefined,
    "in seconds": registeredAt / 1000 + 10,
  };
  const table: Array<
    [reason: string, when: When, during: "nothing" | "same again" | "changed", token: string]
  > = [
    ["Unregistered", "before", "nothing", "stays"],
    ["Unregistered", "equal", "nothing", "stays"],
    ["Unregistered", "after", "nothing", "goes"],
    ["Unregistered", "missing", "nothing", "stays"],
    ["Unregistered", "in seconds", "nothing", "goes"],
    ["ExpiredToken", "after", "nothing", "goes"],
    ["ExpiredToken", "missing", "nothing", "stays"],
    ["Unregistered", "before", "same again", "stays"],
    ["Unregistered", "equal", "same again", "stays"],
    ["Unregistered", "after", "same again", "stays"],
    ["Unregistered", "missing", "same again", "stays"],
    ["Unregistered", "before", "changed", "is the new one"],
    ["Unregistered", "equal", "changed", "is the new one"],
    ["Unregistered", "after", "changed", "is the new one"],
    ["Unregistered", "missing", "changed", "is the new one"],
  ];

  test("V12 410, its timestamp before, equal, after or missing, the token the same, registered again or changed", async () => {
    rig = await AppleRig.open();
    const { production } = rig;
    const sessionId = rig.session();
    for (const [index, [reason, when, during, token]] of table.entries()) {
      const [old, fresh] = [hexToken(index + 1), hexToken(1_000 + index)];
      const { deviceId } = rig.device({ push: target(old) });
      production.answerWith((request) => {
        if (request.token !== old || request.fault !== undefined) return undefined;
        // While Apple's word is on its way, the app registers.
        if (during === "same again") rig.store.devices.setPush(deviceId, target(old, registeredAt + 60_000));
        if (during === "changed") rig.store.devices.setPush(deviceId, target(fresh, registeredAt + 60_000));
        return { status: 410, reason, timestamp: timestamps[when] };
      });
      rig.reply(sessionId);
      await settles("Apple's answer is booked", () => !unsettled(deviceId));
      const kept = tokenOf(deviceId);
      const became = kept === undefined ? "goes" : kept === old ? "stays" : "is the new one";
      expect([reason, when, during, became]).toEqual([reason, when, during, token]);
      // Only the changed token gets the same push again.
      expect(rig.states(deviceId)).toEqual([during === "changed" ? "sent" : "gone"]);
      expect(tokensAt(production).slice(-2)).toEqual(
        during === "changed" ? [old, fresh] : [...tokensAt(production).slice(-2, -1), old],
      );
      rig.store.devices.revoke(deviceId, rig.clock.now());
    }
  });

  test("V12 a token of the other environment is tried there once, and the environment is repaired", async () => {
    const isSandbox = (token: string) => token === hexToken(7);
    rig = await AppleRig.open({ sandboxKnows: isSandbox, productionKnows: (token) => !isSandbox(token) });
    const { deviceId } = rig.device({ push: target(hexToken(7)) });
    const sessionId = rig.session();
    rig.reply(sessionId);
    await settles("the push is sent", () => !unsettled(deviceId));
    rig.reply(sessionId);
    await settles("the next push is sent", () => !unsettled(deviceId));
    expect(rig.states(deviceId)).toEqual(["sent", "sent"]);
    expect([rig.production.requests.length, rig.sandbox.requests.length]).toEqual([1, 2]);
    expect(rig.production.requests[0]?.apnsId).toBe(rig.sandbox.requests[0]?.apnsId);
    expect(rig.store.devices.get(deviceId)?.push).toMatchObject({ environment: "sandbox" });
  });

  test("V12 a token that both environments refuse goes after its quarantine, and a good one beside it stays", async () => {
    const isGood = (token: string) => token === hexToken(2);
    rig = await AppleRig.open({ sandboxKnows: () => false, productionKnows: isGood });
    const [bad, good] = [
      rig.device({ push: target(hexToken(1)) }),
      rig.device({ push: target(hexToken(2)) }),
    ];
    const sessionId = rig.session();
    rig.reply(sessionId);
    await settles("both are asked", () => rig.deliveries(bad.deviceId)[0]?.attemptCount === 2);
    expect(tokenOf(bad.deviceId)).toBeDefined();
    await settles("the quarantine is over", () => !unsettled(bad.deviceId), 2_000);
    expect([tokenOf(bad.deviceId), tokenOf(good.deviceId)]).toEqual([undefined, hexToken(2)]);
    expect([rig.states(bad.deviceId), rig.states(good.deviceId)]).toEqual([["gone"], ["sent"]]);
  });

  test.each(seedsFrom(1, 3))(
    "V12 (seed %i) 20 BadDeviceToken at once delete none, and their pushes arrive when the fault is mended",
    async (seed) => {
      const chance = new Chance(seed);
      let isBroken = true;
      const knows = () => !isBroken;
      rig = await AppleRig.open({ sandboxKnows: () => false, productionKnows: knows });
      const count = chance.between(20, 30);
      const devices = Array.from({ length: count }, (_, index) =>
        rig.device({ push: target(hexToken(index)) }),
      );
      const sessionId = rig.session();
      for (let replies = chance.between(1, 4); replies > 0; replies -= 1) rig.reply(sessionId);
      const asked = () => devices.every(({ deviceId }) => rig.deliveries(deviceId)[0]!.attemptCount >= 2);
      await settles("all are asked", asked);
      await rig.clock.run(chance.between(11_000, 30_000));
      expect(devices.filter(({ deviceId }) => tokenOf(deviceId) === undefined)).toEqual([]);
      expect(rig.words.names).toContain("push.tokens_refused_in_mass");
      isBroken = false;
      const arrived = () => devices.every(({ deviceId }) => !unsettled(deviceId));
      await settles("all pushes arrive", arrived, 5_000);
      for (const { deviceId } of devices) expect(new Set(rig.states(deviceId))).toEqual(new Set(["sent"]));
    },
  );
});
