import { beforeEach, describe, expect, test } from "@jest/globals";
import { AlertPushes } from "../../../../server/delivery/outbox/alertPushes.ts";
import type { GoneOutcome, NoPush, PreparedPush } from "../../../../server/delivery/outbox/preparedPush.ts";
import { SharedReads, type SharedReadsStore } from "../../../../server/delivery/outbox/sharedReads.ts";
import type { TokenInvalidation } from "../../../../server/delivery/outbox/tokenInvalidation.ts";
import { Connections } from "../../../../server/delivery/sockets/connections.ts";
import type { Delivery } from "../../../../server/domain/delivery/delivery.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import type { ApnsTarget, PushTarget, WebPushTarget } from "../../../../server/domain/delivery/push.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryPush } from "../../../support/push/memoryPush.ts";
import { MemoryConnection, MemoryWords } from "../memoryLog.ts";

const graceMs = 3_000;
const day = 86_400_000;
const phone: ApnsTarget = { provider: "apns", token: "t", environment: "production", registeredAt: 1 };
const page: WebPushTarget = {
  provider: "webpush",
  endpoint: "https://push.example/1",
  registeredAt: 1,
  keys: { p256dh: "p", auth: "a" },
};
const gone = (reason: string, status: number, sinceAt?: number): GoneOutcome => ({
  outcome: "gone",
  reason,
  status,
  latencyMs: 1,
  ...(sinceAt === undefined ? {} : { sinceAt }),
});

let clock: ManualClock;
let words: MemoryWords;
let push: MemoryPush;
let connections: Connections;
let event: LoggedEvent | undefined;
let device: {
  push: PushTarget | null;
  ackedCursor: number | null;
  preferences: {
    mutedKinds: string[];
    quietHours?: { startMinute: number; endMinute: number; timeZone: string };
  };
};
let session: Record<string, unknown> | undefined;
let permission: { state: string } | undefined;
let invalidation: Record<string, unknown>;
let asked: unknown[][];
let errands: AlertPushes;
let delivery: Delivery;

let rows: SharedReadsStore;
/** Events that are unread only since they were told. */
let rung: number;
beforeEach(() => {
  clock = new ManualClock();
  words = new MemoryWords();
  push = new MemoryPush();
  connections = new Connections({ clock });
  event = {
    cursor: 5,
    seq: 1,
    sessionId: "s",
    type: "turn.completed",
    turnId: "turn",
    at: clock.now(),
    data: { messageId: "m", text: "Done." },
  } as LoggedEvent;
  device = { push: phone, ackedCursor: null, preferences: { mutedKinds: [] } };
  session = { state: "idle", title: "Tidy up", projectPath: "/home/dev/acme", muted: false, lease: {} };
  permission = undefined;
  rung = 0;
  asked = [];
  const verdictAt = clock.now() + 10_000;
  invalidation = {
    noteSent: (...args: unknown[]) => void asked.push(["noteSent", ...args]),
    judgeUnregistered: (...args: unknown[]) => {
      asked.push(["judge", ...args]);
      return "dropped";
    },
    suspect: (...args: unknown[]) => {
      asked.push(["suspect", ...args]);
      return verdictAt;
    },
    hasChanged: () => false,
    repairEnvironment: (...args: unknown[]) => void asked.push(["repair", ...args]),
  };
  rows = {
    devices: {
      many: (ids: string[]) => ids.flatMap((id) => (id === "phone" ? [{ ...device, deviceId: id }] : [])),
    },
    events: {
      hasTurnEndAfter: () => false,
      after: (cursor: number, limit: number) =>
        [{ ...event, cursor: 4 }, ...(event ? [event] : [])]
          .filter((row) => row.cursor > cursor)
          .slice(0, limit),
    },
    sessions: { get: () => session },
    permissions: { get: () => permission },
    outbox: {
      unreadCount: () => 4 + rung,
      unreadCounts: (ids: string[]) => new Map(ids.map((id) => [id, 4 + rung])),
    },
    reads: {
      noteRung: () => {
        rung += 1;
      },
    },
    transaction: (work: () => void) => work(),
    turns: { isRunning: () => false },
  } as never;
  errands = new AlertPushes({
    store: rows as never,
    push,
    connections,
    clock,
    log: words,
    invalidation: invalidation as unknown as TokenInvalidation,
    graceMs: () => graceMs,
    random: () => 0.5,
  });
  delivery = {
    deliveryId: "d",
    deviceId: "phone",
    cursor: 5,
    kind: "reply",
    state: "pending",
    createdAt: clock.now(),
    nextAttemptAt: clock.now(),
    attemptCount: 0,
  };
});

const prepare = (change: Partial<Delivery> = {}) =>
  errands.prepare({ ...delivery, ...change }, new SharedReads(rows, [change.deviceId ?? "phone"]));
const prepared = (found: PreparedPush | NoPush = prepare()): PreparedPush => {
  if ("next" in found) throw new Error(`Not sent: ${JSON.stringify(found)}`);
  return found;
};
const standing = (found: PreparedPush | NoPush) => ("next" in found ? found : "sent");
const ask = (type: string, data: object, kind: Delivery["kind"] = "permission") => {
  event = { ...event, type, data } as LoggedEvent;
  delivery = { ...delivery, kind };
};

describe("an alert", () => {
  test("says what happened where, with the badge, and is sent as it is", async () => {
    expect(await prepared().send()).toMatchObject({ outcome: "sent" });
    expect(push.requests).toEqual([
      {
        deliveryId: "d",
        target: phone,
        at: clock.now(),
        content: {
          kind: "reply",
          cursor: 5,
          sessionId: "s",
          turnId: "turn",
          messageId: "m",
          badge: 4,
          title: "Tidy up",
          subtitle: "acme",
          body: "Done.",
        },
      },
    ]);
    expect(prepared().target).toEqual(phone);
  });

  test("that was taken is told to the keeper of the tokens", () => {
    expect(prepared().sent()).toEqual({ state: "sent", nextAttemptAt: null });
    device.push = page;
    prepared().sent();
    expect(asked).toEqual([
      ["noteSent", "apns"],
      ["noteSent", "webpush"],
    ]);
  });

  test("about no session is sent without one", async () => {
    event = { ...event, sessionId: null, type: "login.required", data: { detail: "Log in." } } as LoggedEvent;
    session = undefined;
    await prepared(prepare({ kind: "login" })).send();
    expect(push.requests[0]?.content).toMatchObject({ title: "Daylong", body: "Log in." });
  });

  test("is none of a Live Activity's", () => {
    expect(() => prepare({ kind: "activity-end" })).toThrow("activity-end");
  });
});

const request = { permissionId: "p", kind: "tool", title: "Run x" };

describe("no alert is sent", () => {
  test("to a device that is gone, or has no address", () => {
    expect(standing(prepare({ deviceId: "other" }))).toEqual({
      next: { state: "gone", nextAttemptAt: null },
    });
    device.push = null;
    expect(standing(prepare())).toEqual({ next: { state: "gone", nextAttemptAt: null } });
  });

  test("about what the device holds", () => {
    device.ackedCursor = 4;
    expect(standing(prepare())).toBe("sent");
    device.ackedCursor = 5;
    expect(standing(prepare())).toEqual({ next: { state: "acked", nextAttemptAt: null } });
  });

  test("about an event that was cut, or a day after it", () => {
    const expired = { next: { state: "dead", nextAttemptAt: null }, reason: "expired" };
    clock.jump(day - 1);
    expect(standing(prepare())).toBe("sent");
    clock.jump(1);
    expect(standing(prepare())).toEqual(expired);
    clock.jump(-day);
    event = { ...event, cursor: 6 } as LoggedEvent;
    expect(standing(prepare())).toEqual(expired);
    event = undefined;
    expect(standing(prepare())).toEqual(expired);
  });

  test("about a permission that is answered, or over", () => {
    ask("permission.requested", { ...request, expiresAt: clock.now() + 100 });
    const suppressed = { next: { state: "suppressed", nextAttemptAt: null }, reason: "over" };
    expect(standing(prepare())).toEqual(suppressed);
    permission = { state: "open" };
    expect(standing(prepare())).toBe("sent");
    permission = { state: "resolved" };
    expect(standing(prepare())).toEqual(suppressed);
    permission = { state: "open" };
    clock.jump(100);
    expect(standing(prepare())).toMatchObject({ reason: "expired" });
  });

  test("about a muted session, a muted kind, or a closed session", () => {
    const suppressed = (reason: string) => ({ next: { state: "suppressed", nextAttemptAt: null }, reason });
    device.preferences.mutedKinds = ["reply"];
    expect(standing(prepare())).toEqual(suppressed("kind_muted"));
    device.preferences.mutedKinds = ["failed"];
    expect(standing(prepare())).toBe("sent");
    session = { ...session, muted: true };
    expect(standing(prepare())).toEqual(suppressed("session_muted"));
    session = { ...session, muted: false, state: "closed" };
    expect(standing(prepare())).toEqual(suppressed("over"));
  });

  test("D13 within the grace of a device that watches", () => {
    const graceEndsAt = clock.now() + graceMs;
    expect(standing(prepare())).toBe("sent");
    const connection = new MemoryConnection("phone");
    connections.add(connection);
    expect(standing(prepare())).toEqual({ next: { state: "pending", nextAttemptAt: graceEndsAt } });
    clock.jump(graceMs - 1);
    expect(standing(prepare())).toEqual({ next: { state: "pending", nextAttemptAt: graceEndsAt } });
    clock.jump(1);
    expect(standing(prepare())).toBe("sent");
  });

  test("D19 in the quiet hours, unless Claude waits for the owner", () => {
    device.preferences.quietHours = { startMinute: 0, endMinute: 60, timeZone: "UTC" };
    expect(standing(prepare())).toEqual({
      next: { state: "pending", nextAttemptAt: clock.now() + 3_600_000 },
    });
    ask("permission.requested", { ...request, expiresAt: clock.now() + 100 });
    permission = { state: "open" };
    expect(standing(prepare())).toBe("sent");
  });
});

describe("V12 a phone's token that is refused", () => {
  test.each([
    ["dropped", { state: "gone", nextAttemptAt: null }],
    ["kept", { state: "gone", nextAttemptAt: null }],
    ["changed", { state: "pending", nextAttemptAt: Date.UTC(2026, 0, 1) }],
  ] as const)("by a 410: %s", (verdict, next) => {
    invalidation.judgeUnregistered = (...args: unknown[]) => {
      asked.push(args);
      return verdict;
    };
    expect(prepared().gone(gone("Unregistered", 410, 77), 1)).toEqual({ next });
    expect(asked).toEqual([["phone", phone, 77]]);
    expect(words.names).toEqual([]);
  });

  test("because of the topic is no proof: this push is given up, and it is said", () => {
    expect(prepared().gone(gone("DeviceTokenNotForTopic", 400), 1)).toEqual({
      next: { state: "gone", nextAttemptAt: null },
    });
    expect([words.names, asked]).toEqual([["push.token_refused"], []]);
  });

  test.each(["production", "sandbox"] as const)(
    "in %s is tried in the other environment",
    async (environment) => {
      device.push = { ...phone, environment };
      const other = environment === "production" ? "sandbox" : "production";
      const fate = prepared().gone(gone("BadDeviceToken", 400), 1);
      if (!("fallback" in fate)) throw new Error("Not tried elsewhere.");
      expect(fate.fallback.target).toEqual({ ...phone, environment: other });
      await fate.fallback.send();
      expect(push.requests).toMatchObject([{ deliveryId: "d", target: { environment: other } }]);
      expect(fate.fallback.sent()).toEqual({ state: "sent", nextAttemptAt: null });
      expect(asked).toEqual([
        ["repair", "phone", { ...phone, environment }, other],
        ["noteSent", "apns"],
      ]);
    },
  );

  test("in both is suspected, and waits with its device for the verdict", () => {
    const askedAt = clock.now();
    const askedReading = clock.monotonic();
    const fate = prepared().gone(gone("BadDeviceToken", 400), 1);
    if (!("fallback" in fate)) throw new Error("Not tried elsewhere.");
    clock.jump(50);
    const after = fate.fallback.gone(gone("BadDeviceToken", 400), 2);
    expect(asked).toEqual([["suspect", "phone", phone, askedReading]]);
    expect(after).toEqual({
      next: { state: "pending", nextAttemptAt: askedAt + 10_001 },
      holdUntilAt: askedAt + 10_001,
    });
    expect(fate.fallback.gone(gone("BadDeviceToken", 400), 5)).toMatchObject({
      next: { nextAttemptAt: clock.now() + 32_000 },
    });
  });

  test("elsewhere for another reason, or by a key of one environment, is no proof", () => {
    const fate = prepared().gone(gone("BadDeviceToken", 400), 1);
    if (!("fallback" in fate)) throw new Error("Not tried elsewhere.");
    const given = { next: { state: "gone", nextAttemptAt: null } };
    expect(fate.fallback.gone(gone("Unregistered", 410, 9), 2)).toEqual(given);
    expect(fate.fallback.misconfigured?.()).toEqual(given);
    expect(prepared().misconfigured).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

test("a badge counts the event that is unread only since it is told, also where badges were read before", async () => {
  const reads = new SharedReads(rows, ["phone"]);
  await prepared(errands.prepare(delivery, reads)).send();
  event = {
    ...event,
    cursor: 5,
    type: "task.finished",
    data: { taskId: "t", description: "npm test", state: "completed" },
  } as unknown as LoggedEvent;
  const late = new SharedReads(rows, ["phone"]);
  expect(late.unreadCount("phone")).toBe(4);
  await prepared(errands.prepare({ ...delivery, kind: "task" }, late)).send();
  expect(push.requests.map(({ content }) => content.badge)).toEqual([4, 5]);
});

describe("V12 D17 a browser's subscription that is over", () => {
  test("is suspected, and waits for the verdict", () => {
    device.push = page;
    const askedAt = clock.now();
    const askedReading = clock.monotonic();
    const found = prepared();
    clock.jump(50);
    expect(found.gone(gone("HTTP 410", 410), 1)).toEqual({
      next: { state: "pending", nextAttemptAt: askedAt + 10_001 },
      holdUntilAt: askedAt + 10_001,
    });
    expect(asked).toEqual([["suspect", "phone", page, askedReading]]);
  });

  test("is tried at once at the subscription that took its place", () => {
    device.push = page;
    invalidation.hasChanged = () => true;
    expect(prepared().gone(gone("HTTP 404", 404), 1)).toEqual({
      next: { state: "pending", nextAttemptAt: clock.now() },
    });
    expect(asked).toEqual([]);
  });
});
