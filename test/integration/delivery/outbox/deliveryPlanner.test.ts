import { afterEach, expect, test } from "@jest/globals";
import { graceMs, Rig } from "../rig.ts";

let rig: Rig;
afterEach(() => rig.close());

test("V1 D09 an event and the duty to push it are one commit: a rollback takes both", () => {
  rig = new Rig();
  const device = rig.device();
  const sessionId = rig.session();
  expect(() =>
    rig.store.transaction(() => {
      const data = { detail: "Log in." };
      rig.store.events.append({ sessionId, type: "session.crashed", data });
      rig.store.events.append({ sessionId: null, type: "login.required", data });
      throw new Error("No.");
    }),
  ).toThrow("No.");
  expect(rig.deliveries(device.deviceId)).toEqual([]);
  expect(rig.store.events.tip()).toBe(0);
});

test("D05 each device with a push target gets one delivery, the others none", () => {
  rig = new Rig();
  const [one, two] = [rig.device(), rig.device()];
  const without = rig.device({ push: null });
  const event = rig.reply(rig.session());
  for (const { deviceId } of [one, two]) {
    expect(rig.deliveries(deviceId)).toMatchObject([
      { cursor: event.cursor, kind: "reply", state: "pending", nextAttemptAt: event.at },
    ]);
  }
  expect(rig.deliveries(without.deviceId)).toEqual([]);
});

test("an event that calls for no push plans none", () => {
  rig = new Rig();
  const device = rig.device();
  rig.append({ sessionId: rig.session(), type: "turn.started", turnId: "t", data: { origin: "user" } });
  expect(rig.deliveries(device.deviceId)).toEqual([]);
});

test("D13 a device that watches has the grace to ack; one that is away or in the background has none", () => {
  rig = new Rig();
  const [watching, polling, away, background] = [rig.device(), rig.device(), rig.device(), rig.device()];
  rig.watch(watching.deviceId);
  rig.connections.beginPoll(polling.deviceId);
  rig.watch(background.deviceId, false);
  const { at } = rig.reply(rig.session());
  const dueAt = ({ deviceId }: { deviceId: string }) => rig.deliveries(deviceId)[0]?.nextAttemptAt;
  expect([watching, polling, away, background].map(dueAt)).toEqual([at + graceMs, at + graceMs, at, at]);
});

test("D19 mutes hold back a reply, and never a permission", () => {
  rig = new Rig();
  const kinds = { mutedKinds: ["reply", "permission"] };
  const [mutesKind, mutesNothing] = [rig.device({ preferences: kinds }), rig.device()];
  const quiet = rig.session();
  rig.store.sessions.update(quiet, { muted: true });
  rig.reply(quiet);
  rig.reply(rig.session());
  rig.permission(quiet);
  expect(rig.deliveries(mutesKind.deviceId).map(({ kind }) => kind)).toEqual(["permission"]);
  expect(rig.deliveries(mutesNothing.deviceId).map(({ kind }) => kind)).toEqual(["reply", "permission"]);
});

test("D19 quiet hours delay a reply to their end, and never a permission", () => {
  rig = new Rig();
  // The rig's clock stands at midnight UTC.
  const quietHours = { startMinute: 22 * 60, endMinute: 7 * 60, timeZone: "UTC" };
  const device = rig.device({ preferences: { mutedKinds: [], quietHours } });
  const sessionId = rig.session();
  const { at } = rig.reply(sessionId);
  rig.permission(sessionId);
  const dueAt = rig.deliveries(device.deviceId).map(({ nextAttemptAt }) => nextAttemptAt);
  expect(dueAt).toEqual([at + 7 * 3_600_000, at]);
});

test("an unknown time zone in the preferences does not keep an event out of the log", () => {
  rig = new Rig();
  const quietHours = { startMinute: 0, endMinute: 1_439, timeZone: "Mars/Olympus" };
  const device = rig.device({ preferences: { mutedKinds: [], quietHours } });
  const { at } = rig.reply(rig.session());
  expect(rig.deliveries(device.deviceId)).toMatchObject([{ nextAttemptAt: at }]);
});
