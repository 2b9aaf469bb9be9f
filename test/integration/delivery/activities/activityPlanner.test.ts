import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ActivityPlanner } from "../../../../server/delivery/activities/activityPlanner.ts";
import type { LoggedEvent, NewEvent } from "../../../../server/domain/delivery/event.ts";
import { graceMs, Rig } from "../rig.ts";

let rig: Rig;
let sessionId: string;
let phone: string;
let planner: ActivityPlanner;
let planned: number;

beforeEach(() => {
  rig = new Rig();
  sessionId = rig.session();
  // The device has no address for alerts, so the outbox holds only the deliveries planned here.
  phone = rig.device({ push: null }).deviceId;
  planned = 0;
  planner = new ActivityPlanner({
    store: rig.store,
    clock: rig.clock,
    graceMs: () => graceMs + 1,
    noteDue: () => {
      planned += 1;
    },
  });
});
afterEach(() => rig.close());

const registerStart = (deviceId = phone) =>
  rig.store.activities.putStart({ deviceId, token: `start-${deviceId}`, registeredAt: 1 });
const show = (turnId: string, deviceId = phone) =>
  rig.store.activities.put({ deviceId, sessionId, turnId, token: `t-${deviceId}`, registeredAt: 1 });
/** An event whose like the rig's own planner has not seen. */
function plan(
  type: "turn.started" | "turn.cancelled" | "message",
  turnId: string,
  change: object = {},
): LoggedEvent {
  const starts = rig.store.activities.starts();
  for (const { deviceId } of starts) rig.store.activities.removeStart(deviceId);
  const event = rig.append({ sessionId, type: "session.parked", data: { reason: "idle" } });
  for (const start of starts) rig.store.activities.putStart(start);
  const about = { ...event, type, turnId, data: {}, ...change } as LoggedEvent;
  rig.store.transaction(() => planner.plan(about));
  return about;
}
const inOutbox = (deviceId = phone) =>
  rig.deliveries(deviceId).map(({ kind, cursor, nextAttemptAt }) => ({
    kind,
    cursor,
    nextAttemptAt,
  }));

describe("D16 the start of an activity", () => {
  test("is planned for each device that can start one, after the grace", () => {
    const tablet = rig.device({ push: null }).deviceId;
    const other = rig.device({ push: null }).deviceId;
    registerStart();
    registerStart(tablet);
    const { cursor, at } = plan("turn.started", randomUUID());
    const start = { kind: "activity-start", cursor, nextAttemptAt: at + graceMs + 1 };
    expect([inOutbox(), inOutbox(tablet), inOutbox(other)]).toEqual([[start], [start], []]);
    expect(planned).toBe(2);
    expect(rig.deliveries(phone)).toMatchObject([
      { state: "pending", attemptCount: 0, createdAt: rig.clock.now() },
    ]);
  });

  test("is planned for no muted device, in no quiet hours, and the others get theirs", () => {
    const quietHours = { startMinute: 0, endMinute: 60, timeZone: "UTC" };
    const quiet = rig.device({ push: null, preferences: { mutedKinds: [], quietHours } }).deviceId;
    const muted = rig.device({ push: null, preferences: { mutedKinds: ["activity"] } }).deviceId;
    for (const deviceId of [quiet, muted, phone]) registerStart(deviceId);
    plan("turn.started", randomUUID());
    expect([quiet, muted, phone].map((id) => inOutbox(id).length)).toEqual([0, 0, 1]);
    rig.store.sessions.update(sessionId, { muted: true });
    plan("turn.started", randomUUID());
    expect(inOutbox()).toHaveLength(1);
  });

  test("is planned by no other event, and by none without a session or a turn", () => {
    registerStart();
    plan("message", randomUUID());
    plan("turn.started", randomUUID(), { sessionId: null });
    plan("turn.started", randomUUID(), { turnId: undefined });
    expect([inOutbox(), planned]).toEqual([[], 0]);
  });
});

describe("D16 the end of an activity", () => {
  test("is planned at once for each device that shows the turn, and for no other turn", () => {
    const turnId = randomUUID();
    const tablet = rig.device({ push: null }).deviceId;
    show(turnId);
    show(randomUUID(), tablet);
    const { cursor } = plan("turn.cancelled", turnId);
    expect(inOutbox()).toEqual([{ kind: "activity-end", cursor, nextAttemptAt: rig.clock.now() }]);
    expect([inOutbox(tablet), planned]).toEqual([[], 1]);
  });

  test("that was sent to an address which is no more is made due again, as the same delivery", () => {
    const turnId = randomUUID();
    show(turnId);
    const event = plan("turn.cancelled", turnId);
    const [first] = rig.deliveries(phone);
    rig.store.outbox.record(
      first!.deliveryId,
      { at: 1, latencyMs: 1 },
      { state: "sent", nextAttemptAt: null },
    );
    rig.clock.jump(5_000);
    rig.store.transaction(() => planner.planEnd(phone, event));
    expect(rig.deliveries(phone)).toMatchObject([
      { deliveryId: first!.deliveryId, state: "pending", nextAttemptAt: rig.clock.now() },
    ]);
    expect(planned).toBe(2);
  });

  test("is planned by each way in which a turn can end", () => {
    const ends: Array<NewEvent["type"]> = [
      "turn.completed",
      "turn.failed",
      "turn.interrupted",
      "turn.cancelled",
    ];
    for (const type of ends) {
      const turnId = randomUUID();
      show(turnId);
      plan("turn.cancelled", turnId, { type });
    }
    expect(inOutbox().map(({ kind }) => kind)).toEqual(Array(4).fill("activity-end"));
  });
});
