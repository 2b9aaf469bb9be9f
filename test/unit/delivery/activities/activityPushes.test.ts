import { beforeEach, describe, expect, test } from "@jest/globals";
import { ActivityPushes, isProof } from "../../../../server/delivery/activities/activityPushes.ts";
import { ActivityRequestBuilder } from "../../../../server/delivery/activities/activityRequestBuilder.ts";
import type { GoneOutcome, NoPush, PreparedPush } from "../../../../server/delivery/outbox/preparedPush.ts";
import { Connections } from "../../../../server/delivery/sockets/connections.ts";
import type { Delivery } from "../../../../server/domain/delivery/delivery.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import type { LiveActivity, PushToStart } from "../../../../server/domain/delivery/liveActivity.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryPush } from "../../../support/push/memoryPush.ts";
import { MemoryConnection, MemoryWords } from "../memoryLog.ts";

const gone = (sinceAt: number | undefined, status = 410): GoneOutcome => ({
  outcome: "gone",
  reason: "Unregistered",
  latencyMs: 1,
  status,
  sinceAt,
});
const suppressed = { next: { state: "suppressed", nextAttemptAt: null } };
const expired = { next: { state: "dead", nextAttemptAt: null }, reason: "expired" };

let clock: ManualClock;
let push: MemoryPush;
let words: MemoryWords;
let connections: Connections;
let event: Record<string, unknown> | undefined;
let device: { push: unknown; preferences: { mutedKinds: string[] } } | undefined;
let session: Record<string, unknown> | undefined;
let turn: Record<string, unknown> | undefined;
let start: PushToStart | undefined;
let activity: LiveActivity | undefined;
let errands: ActivityPushes;

beforeEach(() => {
  clock = new ManualClock();
  push = new MemoryPush();
  words = new MemoryWords();
  connections = new Connections({ clock });
  event = { cursor: 5, sessionId: "s", turnId: "t", type: "turn.started", data: { origin: "user" } };
  const alerts = { provider: "apns", token: "alert", environment: "sandbox", topic: "app", registeredAt: 1 };
  device = { push: alerts, preferences: { mutedKinds: [] } };
  session = {
    sessionId: "s",
    state: "busy",
    title: "Tidy up",
    projectPath: "/home/dev/acme",
    muted: false,
    lease: { expiresAt: 9 },
  };
  turn = { turnId: "t", state: "running", acceptedAt: 1, startedAt: 2 };
  start = { deviceId: "phone", token: "aa", registeredAt: 1_000 };
  activity = undefined;
  const store = {
    events: { after: () => (event ? [event as unknown as LoggedEvent] : []) },
    devices: { get: () => device },
    sessions: { get: () => session },
    turns: { get: () => turn },
    activities: {
      start: () => start,
      removeStart: (_id: string, token: string) => {
        if (start?.token === token) start = undefined;
        return start === undefined;
      },
      get: () => activity,
      remove: (_device: string, _session: string, token: string) => {
        if (activity?.token !== token) return false;
        activity = undefined;
        return true;
      },
    },
  } as never;
  const requests = new ActivityRequestBuilder({ store, clock, defaultEnvironment: "production" });
  errands = new ActivityPushes({ store, requests, push, connections, clock, log: words });
});

const prepare = (kind: Delivery["kind"], change: Partial<Delivery> = {}) =>
  errands.prepare({
    deliveryId: "d",
    deviceId: "phone",
    cursor: 5,
    kind,
    state: "pending",
    attemptCount: 0,
    createdAt: clock.now(),
    nextAttemptAt: clock.now(),
    ...change,
  });
const prepared = (found: PreparedPush | NoPush): PreparedPush => {
  if ("next" in found) throw new Error(`Not sent: ${JSON.stringify(found)}`);
  return found;
};

test("an alert is none of a Live Activity's", () => {
  expect(() => prepare("reply")).toThrow("reply");
});

test.each(["activity-start", "activity-end"] as const)(
  "%s: an event that is gone has no activity",
  (kind) => {
    activity = { deviceId: "phone", sessionId: "s", turnId: "t", token: "bb", registeredAt: 1 };
    event = { ...event, cursor: 6 };
    expect(prepare(kind)).toEqual(expired);
    event = { ...event, cursor: 5, sessionId: null };
    expect(prepare(kind)).toEqual(expired);
    event = { ...event, sessionId: "s", turnId: undefined };
    expect(prepare(kind)).toEqual(expired);
    event = undefined;
    expect(prepare(kind)).toEqual(expired);
    event = { cursor: 5, sessionId: "s", turnId: "t" };
    session = undefined;
    expect(prepare(kind)).toEqual(suppressed);
  },
);

describe("D16 the start of an activity", () => {
  test("goes to the address that starts activities, in the app's own environment and topic", async () => {
    const found = prepared(prepare("activity-start"));
    expect(found.target).toEqual({
      provider: "apns",
      token: "aa",
      environment: "sandbox",
      topic: "app",
      registeredAt: 1_000,
      encryptionKey: undefined,
    });
    await found.send();
    expect(push.activities).toMatchObject([
      {
        deliveryId: "d",
        event: "start",
        content: { state: "running" },
        at: clock.now(),
        untilAt: clock.now() + 600_000,
        expiresAt: clock.now() + 600_000,
      },
    ]);
    expect(found.sent()).toEqual({ state: "sent", nextAttemptAt: null });
  });

  test("has no address without a device or a registration", () => {
    const nobody = { next: { state: "gone", nextAttemptAt: null } };
    const before = device;
    device = undefined;
    expect(prepare("activity-start")).toEqual(nobody);
    device = before;
    start = undefined;
    expect(prepare("activity-start")).toEqual(nobody);
  });

  test.each([
    [
      "the turn is over",
      () => {
        turn = { ...turn, state: "completed" };
      },
    ],
    [
      "the turn has not begun",
      () => {
        turn = { ...turn, state: "queued" };
      },
    ],
    [
      "the app shows one already",
      () => {
        activity = { deviceId: "phone", sessionId: "s", turnId: "t", token: "bb", registeredAt: 1 };
      },
    ],
    ["somebody looks", () => connections.add(new MemoryConnection("phone"))],
    [
      "the session is muted",
      () => {
        session = { ...session, muted: true };
      },
    ],
    ["the kind is muted", () => void device?.preferences.mutedKinds.push("activity")],
  ] as Array<[string, () => void]>)("is not sent when %s", (_name, change) => {
    expect("next" in prepare("activity-start")).toBe(false);
    change();
    expect(prepare("activity-start")).toEqual(suppressed);
  });

  test.each([
    ["later than its registration drops it", gone(1_001), true],
    ["at the instant of its registration does not", gone(1_000), false],
    ["without an instant does not", gone(undefined), false],
    ["that is no 410 does not", gone(1_001, 400), false],
  ])("a refusal %s, and ends the delivery", (_name, outcome, isDropped) => {
    expect(prepared(prepare("activity-start")).gone(outcome, 1)).toEqual({
      next: { state: "gone", nextAttemptAt: null },
    });
    expect([start === undefined, words.names]).toEqual([
      isDropped,
      isDropped ? ["activity.start_token_dropped"] : [],
    ]);
  });

  test("is tried at once with the address that took the place of the refused one, which stays", () => {
    const found = prepared(prepare("activity-start"));
    start = { deviceId: "phone", token: "bb", registeredAt: 2_000 };
    expect(found.gone(gone(3_000), 1)).toEqual({ next: { state: "pending", nextAttemptAt: clock.now() } });
    expect([start.token, words.names]).toEqual(["bb", []]);
    start = undefined;
    expect(found.gone(gone(3_000), 1)).toEqual({ next: { state: "gone", nextAttemptAt: null } });
  });
});

describe("D16 the end of an activity", () => {
  beforeEach(() => {
    activity = { deviceId: "phone", sessionId: "s", turnId: "t", token: "bb", registeredAt: 1_000 };
    turn = { ...turn, state: "completed" };
  });

  test("leaves the screen ten minutes later, and is worth delivering for eight hours", async () => {
    const found = prepared(prepare("activity-end"));
    await found.send();
    expect(push.activities).toMatchObject([
      {
        deliveryId: "d",
        event: "end",
        target: { token: "bb" },
        content: { state: "completed" },
        at: clock.now(),
        untilAt: clock.now() + 600_000,
        expiresAt: clock.now() + 28_800_000,
      },
    ]);
  });

  test.each(["sent", "gone"] as const)("takes the address with it when it was %s", (state) => {
    const found = prepared(prepare("activity-end"));
    const standing = state === "sent" ? found.sent() : found.gone(gone(1), 1);
    const next = { state, nextAttemptAt: null };
    expect(standing).toEqual(state === "sent" ? next : { next });
    expect(activity).toBeUndefined();
  });

  test("goes to the address that the app named while it was on its way, too", () => {
    const found = prepared(prepare("activity-end"));
    activity = { ...activity!, token: "cc" };
    expect(found.sent()).toEqual({ state: "pending", nextAttemptAt: clock.now() });
    expect(activity?.token).toBe("cc");
    const second = prepared(prepare("activity-end"));
    activity = undefined;
    expect(second.sent()).toEqual({ state: "sent", nextAttemptAt: null });
  });

  test("is not sent to nobody, nor eight hours after it was planned, when the address goes all the same", () => {
    const createdAt = clock.now();
    clock.jump(28_800_000 - 1);
    expect("next" in prepare("activity-end", { createdAt })).toBe(false);
    clock.jump(1);
    expect(prepare("activity-end", { createdAt })).toEqual(expired);
    expect(activity).toBeUndefined();
    expect(prepare("activity-end")).toEqual(suppressed);
  });
});

test("V12 only a 410 with an instant after the registration is proof", () => {
  expect(isProof(gone(2), 1)).toBe(true);
  expect(isProof(gone(2), 2)).toBe(false);
  expect(isProof(gone(2), undefined)).toBe(false);
  expect(isProof(gone(undefined), 1)).toBe(false);
  expect(isProof(gone(2, 400), 1)).toBe(false);
  expect(isProof({ outcome: "retry", reason: "r", status: 410, latencyMs: 1 }, 1)).toBe(false);
});
