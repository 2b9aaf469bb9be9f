import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ActivityRegistrations } from "../../../../server/delivery/activities/activityRegistrations.ts";
import type { Caller } from "../../../../server/domain/delivery/device.ts";
import type { LiveActivity } from "../../../../server/domain/delivery/liveActivity.ts";
import { Rig } from "../rig.ts";

let rig: Rig;
let sessionId: string;
let phone: string;
let by: Caller;
let register: ActivityRegistrations;
let registered: LiveActivity[];
let ended: Array<[deviceId: string, cursor: number]>;

beforeEach(() => {
  rig = new Rig();
  sessionId = rig.session();
  phone = rig.device().deviceId;
  by = { deviceId: "admin", scope: "admin" };
  registered = [];
  ended = [];
  register = new ActivityRegistrations({
    store: rig.store,
    clock: rig.clock,
    planner: { planEnd: (deviceId, { cursor }) => void ended.push([deviceId, cursor]) },
    registered: (activity) => void registered.push(activity),
  });
});
afterEach(() => rig.close());

const audited = () =>
  rig.store.audit.list(undefined, 100).entries.map(({ deviceId, action, target, at }) => ({
    deviceId,
    action,
    target,
    at,
  }));

function insertTurn(state: "queued" | "running" | "completed", acceptedAt = rig.clock.now()): string {
  const turnId = randomUUID();
  rig.store.transaction(() => {
    rig.store.turns.insert({
      turnId,
      sessionId,
      origin: "user",
      deviceId: phone,
      clientMessageId: turnId,
      requestHash: "h",
      message: "Hello",
      attachmentIds: [],
      state: "queued",
      acceptedAt,
    });
    if (state !== "queued") rig.store.turns.markRunning(turnId, acceptedAt);
  });
  if (state === "completed") end(turnId);
  return turnId;
}
function end(turnId: string): number {
  const { cursor } = rig.reply(sessionId, "Done.", turnId);
  rig.store.turns.settle(turnId, { state: "completed", endedAt: rig.clock.now() });
  return cursor;
}

describe("D16 the address that starts activities", () => {
  test("is one of a device, and its change is in the audit log only when it is one", () => {
    register.setStart(phone, "aa", by);
    const at = rig.clock.now();
    rig.clock.jump(1_000);
    register.setStart(phone, "aa", by);
    expect(rig.store.activities.start(phone)).toEqual({
      deviceId: phone,
      token: "aa",
      registeredAt: at + 1_000,
    });
    register.setStart(phone, null, by);
    register.setStart(phone, null, by);
    expect(rig.store.activities.start(phone)).toBeUndefined();
    const change = { deviceId: "admin", action: "push-to-start.change", target: phone };
    expect(audited()).toEqual([
      { ...change, at: at + 1_000 },
      { ...change, at },
    ]);
  });

  test("is taken from the device that had it before, and from no other", () => {
    const [other, third] = [rig.device().deviceId, rig.device().deviceId];
    register.setStart(other, "aa", by);
    register.setStart(third, "bb", by);
    register.setStart(phone, "aa", by);
    expect(
      rig.store.activities
        .starts()
        .map(({ deviceId, token }) => [deviceId, token])
        .sort(),
    ).toEqual(
      [
        [phone, "aa"],
        [third, "bb"],
      ].sort(),
    );
  });
});

describe("D16 the address of an activity", () => {
  test("is of the turn that runs, before those that wait", () => {
    insertTurn("queued", 1);
    const running = insertTurn("running");
    expect(register.put(phone, sessionId, "aa", by)).toEqual({
      sessionId,
      turnId: running,
      state: "running",
    });
    const activity = {
      deviceId: phone,
      sessionId,
      turnId: running,
      token: "aa",
      registeredAt: rig.clock.now(),
    };
    expect(registered).toEqual([activity]);
    expect([rig.store.activities.get(phone, sessionId, running), ended]).toEqual([activity, []]);
    register.put(phone, sessionId, "aa", by);
    register.put(phone, sessionId, "bb", by);
    expect(audited().map(({ action, target }) => [action, target])).toEqual([
      ["live-activity.put", sessionId],
      ["live-activity.put", sessionId],
    ]);
    expect(registered).toHaveLength(3);
  });

  test("is of the next turn that waits when none runs, also when another session's does", () => {
    const elsewhere = rig.session("Other");
    const waiting = insertTurn("queued");
    const mine = sessionId;
    sessionId = elsewhere;
    insertTurn("running");
    expect(register.put(phone, mine, "aa", by)).toEqual({
      sessionId: mine,
      turnId: waiting,
      state: "queued",
    });
  });

  test("that comes after the turn's end is ended at once, by the last end there is", () => {
    insertTurn("completed");
    const last = insertTurn("completed");
    const cursor = rig.store.events.tip();
    rig.append({ sessionId, type: "session.parked", data: { reason: "idle" } });
    expect(register.put(phone, sessionId, "aa", by)).toEqual({ sessionId, turnId: last, state: "completed" });
    expect(ended).toEqual([[phone, cursor]]);
  });

  test("finds an end 199 events back, and none beyond two hundred", () => {
    insertTurn("completed");
    const park = () => rig.append({ sessionId, type: "session.parked", data: { reason: "idle" } });
    for (let count = 0; count < 199; count += 1) park();
    expect(register.put(phone, sessionId, "aa", by).state).toBe("completed");
    park();
    expect(() => register.put(phone, sessionId, "aa", by)).toThrow("no turn");
  });

  test("has nothing to show without a turn, and no session that is not there", () => {
    expect(() => register.put(phone, sessionId, "aa", by)).toThrow(
      expect.objectContaining({ code: "nothing_running" }),
    );
    expect(() => register.put(phone, "none", "aa", by)).toThrow(
      expect.objectContaining({ code: "session_not_found" }),
    );
    expect([registered, ended, audited()]).toEqual([[], [], []]);
  });

  test("is told of only when it was committed", () => {
    insertTurn("running");
    expect(() =>
      rig.store.transaction(() => {
        register.put(phone, sessionId, "aa", by);
        expect(registered).toEqual([]);
        throw new Error("Rolled back.");
      }),
    ).toThrow("Rolled back.");
    expect([registered, audited()]).toEqual([[], []]);
  });

  test("is taken back by its token, or all of a session, and that is in the audit log once", () => {
    const turnId = insertTurn("running");
    register.put(phone, sessionId, "aa", by);
    expect(register.remove(phone, sessionId, "other", by)).toBe(false);
    expect(register.remove(phone, sessionId, "aa", by)).toBe(true);
    expect(register.remove(phone, sessionId, "aa", by)).toBe(false);
    register.put(phone, sessionId, "bb", by);
    expect(register.remove(phone, sessionId, undefined, by)).toBe(true);
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toEqual([]);
    expect(audited().map(({ action }) => action)).toEqual([
      ...["live-activity.remove", "live-activity.put", "live-activity.remove", "live-activity.put"],
    ]);
    expect(() => register.remove(phone, "none", "aa", by)).toThrow(
      expect.objectContaining({ code: "session_not_found" }),
    );
  });
});
