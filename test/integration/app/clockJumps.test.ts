import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { PushOutcome } from "../../../server/domain/delivery/push.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { accepted } from "../../support/push/memoryPush.ts";
import { Rig } from "../socket/rig.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const local = { deviceId: "local", scope: "admin" } as const;
const noNetwork: PushOutcome = { outcome: "retry", reason: "no network", latencyMs: 1 };

const jumps: ReadonlyArray<[what: string, byMs: number]> = [
  ["no jump at all", 0],
  ["a clock that is set back by a day", -dayMs],
  ["a clock that is set on by a day", dayMs],
  ["a clock that begins again in 1970", -Date.UTC(2026, 0, 1)],
  ["a clock that is fifty years ahead", 50 * 365 * dayMs],
  ["a clock that is set back by an hour, as at the end of summer time", -hourMs],
];

let rig: Rig;
let clock: ManualClock;
let project: string;

beforeEach(async () => {
  clock = new ManualClock();
  rig = await Rig.open({ clock, requestsPerMinute: 3 });
  project = rig.project;
});
afterEach(() => rig.close());

const typesOf = (sessionId: string) =>
  rig.store.events.ofSession(sessionId, 0, 1_000, Number.POSITIVE_INFINITY).map(({ type }) => type);
const countOf = (sessionId: string, type: string) => typesOf(sessionId).filter((one) => one === type).length;

async function submit(sessionId: string | undefined, message: string) {
  const accepted = rig.pool.submitNow({ caller: local, projectPath: project, sessionId, message });
  await clock.settle();
  return accepted;
}

/** Everything in the server that waits for something, in the middle of its wait. */
async function everythingWaits() {
  const phone = rig.pair("phone", "chat", true);
  rig.push.answerNext(noNetwork);
  // A reply whose push is in its back-off (2 s, with jitter up to 2.4 s).
  const replied = await submit(undefined, "Hello");
  (await rig.host.prompted(replied.turnId)).reply("Hello yourself.");
  await clock.run(100);
  expect(rig.push.requests).toHaveLength(1);
  rig.push.otherwise(accepted);
  // A permission that is asked, an hour to its end, in a turn that would stall after ten minutes without it.
  const asking = await submit(undefined, "May you?");
  (await rig.host.prompted(asking.turnId)).ask();
  await clock.settle();
  // A turn of which nothing is heard.
  const silent = await submit(undefined, "Say nothing.");
  await rig.host.prompted(silent.turnId);
  // A device that has used its frames of the minute, a socket that answers pings, and one that does not.
  const talker = rig.pair("talker");
  const answering = await rig.connect({ token: "talker" });
  const deaf = await rig.connect({ token: "talker", autoPong: false });
  for (let frame = 0; frame < 3; frame += 1)
    answering.send({ type: "keepalive", ref: `f${frame}`, sessionId: replied.sessionId });
  await answering.waitForRef("f2");
  rig.store.devices.addPairingCode("code", "chat", clock.now() + 10 * minuteMs);
  return { phone, talker, replied, asking, silent, answering, deaf, leaseFrom: clock.monotonic() };
}

describe("V17 DOOR-11: everything that waits, under a jump of the clock", () => {
  test.each(jumps)(
    "%s: nothing waits longer, and nothing rings twice",
    async (_what, byMs) => {
      const { replied, asking, silent, answering, deaf } = await everythingWaits();
      const left = () => answering.frames.filter(({ type }) => type === "error").length;

      clock.step(byMs);

      // The window of frames: full for the rest of its minute, and told so.
      answering.send({ type: "keepalive", ref: "full", sessionId: replied.sessionId });
      const full = await answering.waitForRef("full");
      expect(full).toMatchObject({ code: "rate_limited" });
      expect(full.retryAfterMs as number).toBeLessThanOrEqual(minuteMs);
      expect(left()).toBe(1);
      // The back-off of the push: tried again within it, once.
      await clock.run(2_400);
      expect(rig.push.requests.map(({ content }) => content.kind)).toContain("reply");
      const replies = () =>
        rig.push.requests.filter(({ content }) => content.sessionId === replied.sessionId).length;
      expect(replies()).toBe(2);
      // The half-open socket goes, the other one stays: real answers come between the beats.
      for (let beat = 0; beat < 4; beat += 1) {
        await clock.run(14_000);
        answering.send({ type: "ping", ref: `ping${byMs}${beat}` });
        await answering.waitForRef(`ping${byMs}${beat}`);
      }
      await deaf.waitForClose();
      expect(answering.closed).toBeUndefined();
      // The window is open again.
      await clock.run(2_000);
      answering.send({ type: "keepalive", ref: "open", sessionId: replied.sessionId });
      expect(await answering.waitForRef("open")).toMatchObject({ type: "result" });
      // The silent turn: stalls ten minutes after its prompt, not before and not a day after.
      const settledAt = async (count: () => number, limitMs: number) => {
        const begin = clock.monotonic();
        while (count() === 0 && clock.monotonic() - begin < limitMs) await clock.run(10_000);
        return clock.monotonic();
      };
      const stalledAt = await settledAt(() => countOf(silent.sessionId, "turn.failed"), 2 * hourMs);
      expect(countOf(silent.sessionId, "turn.failed")).toBe(1);
      expect(stalledAt).toBeGreaterThanOrEqual(10 * minuteMs - 10_000);
      expect(stalledAt).toBeLessThanOrEqual(12 * minuteMs);
      // The pairing code has lived its ten minutes.
      expect(rig.store.devices.usePairingCode("code", clock.now())).toBeUndefined();
      // The permission: an hour.
      const expiredAt = await settledAt(() => countOf(asking.sessionId, "permission.expired"), 3 * hourMs);
      expect(countOf(asking.sessionId, "permission.expired")).toBe(1);
      expect(expiredAt).toBeGreaterThanOrEqual(hourMs - 10_000);
      expect(expiredAt).toBeLessThanOrEqual(hourMs + 2 * minuteMs);
      // The lease: one warning at 20 h, one at the end, the end at 24 h.
      const warnedAt = await settledAt(() => countOf(replied.sessionId, "session.expiring"), 30 * hourMs);
      expect(Math.abs(warnedAt - 20 * hourMs)).toBeLessThanOrEqual(3 * minuteMs);
      await settledAt(() => countOf(replied.sessionId, "session.expired"), 30 * hourMs);
      expect(Math.abs(clock.monotonic() - 24 * hourMs)).toBeLessThanOrEqual(3 * minuteMs);
      await clock.run(2 * hourMs);
      expect(countOf(replied.sessionId, "session.expiring")).toBe(2);
      expect(countOf(replied.sessionId, "session.expired")).toBe(1);
      // Told once each: the reply (after its retry), two warnings, the end.
      const told = rig.push.requests.filter(({ content }) => content.sessionId === replied.sessionId);
      expect(told.map(({ content }) => content.kind)).toEqual([
        "reply",
        "reply",
        "expiring",
        "expiring",
        "expired",
      ]);
    },
    60_000,
  );

  test("a sleep of ten hours: what has ended is told within a minute, once, and no working turn is taken for stalled", async () => {
    const { replied, asking, silent } = await everythingWaits();
    clock.suspend(10 * hourMs);
    await clock.run(minuteMs);
    expect(countOf(asking.sessionId, "permission.expired")).toBe(1);
    expect(rig.store.devices.usePairingCode("code", clock.now())).toBeUndefined();
    expect(rig.push.requests.filter(({ content }) => content.sessionId === replied.sessionId)).toHaveLength(
      2,
    );
    expect(countOf(silent.sessionId, "turn.failed")).toBe(0);
    await clock.run(12 * minuteMs);
    expect(countOf(silent.sessionId, "turn.failed")).toBe(1);
    clock.suspend(15 * hourMs);
    await clock.run(minuteMs);
    expect(countOf(replied.sessionId, "session.expired")).toBe(1);
    expect(countOf(asking.sessionId, "permission.expired")).toBe(1);
  });
});
