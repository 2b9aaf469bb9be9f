import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  ActivityRequestBuilder,
  activityLifeMs,
  staleAfterMs,
} from "../../../../server/delivery/activities/activityRequestBuilder.ts";
import {
  ActivityUpdates,
  betweenUpdatesMs,
  refreshMs,
} from "../../../../server/delivery/activities/activityUpdates.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import type { LiveActivity } from "../../../../server/domain/delivery/liveActivity.ts";
import type { PushOutcome } from "../../../../server/domain/delivery/push.ts";
import type { Session } from "../../../../server/domain/sessions/session.ts";
import type { Turn } from "../../../../server/domain/sessions/turn.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { held, MemoryPush } from "../../../support/push/memoryPush.ts";
import { MemoryWords } from "../memoryLog.ts";

const anActivity = (change: Partial<LiveActivity> = {}): LiveActivity => ({
  deviceId: "phone",
  sessionId: "s",
  turnId: "t",
  token: "aa",
  registeredAt: 1_000,
  ...change,
});

let clock: ManualClock;
let push: MemoryPush;
let words: MemoryWords;
let known: LiveActivity[];
let turn: Partial<Turn> | undefined;
let requests: ActivityRequestBuilder;
let updates: ActivityUpdates;

beforeEach(() => {
  clock = new ManualClock();
  push = new MemoryPush();
  words = new MemoryWords();
  known = [anActivity()];
  turn = { turnId: "t", state: "running", acceptedAt: 1, startedAt: 2 };
  const session = {
    sessionId: "s",
    state: "busy",
    title: "Tidy up",
    projectPath: "/home/dev/acme",
    lease: { expiresAt: 9 },
  } as Session;
  const activities = {
    get: (deviceId: string, _sessionId: string, turnId: string) =>
      known.find((one) => one.deviceId === deviceId && one.turnId === turnId),
    ofTurn: (_sessionId: string, turnId: string) => known.filter((one) => one.turnId === turnId),
    remove: (deviceId: string, _sessionId: string, token: string) => {
      known = known.filter((one) => one.deviceId !== deviceId || one.token !== token);
      return true;
    },
  };
  const store = {
    activities,
    devices: { get: () => undefined },
    sessions: { get: () => session },
    turns: { get: () => turn },
  } as never;
  requests = new ActivityRequestBuilder({ store, clock, defaultEnvironment: "sandbox" });
  updates = new ActivityUpdates({ store, requests, push, clock, log: words });
});

const event = (type: string, data: object = {}, turnId: string | undefined = "t") =>
  ({ cursor: 1, seq: 1, at: 0, sessionId: "s", turnId, type, data }) as LoggedEvent;
const toolStarts = (title: string, turnId?: string) =>
  event("tool.started", { toolUseId: title, toolName: "Bash", title }, turnId);
const sentAt = (startedAt: number) => push.activities.map(({ at }) => at - startedAt);

describe("D16 updates of an activity", () => {
  test("go out at once, then every 15 seconds at most with what is true then, and every 5 minutes at least", async () => {
    expect([betweenUpdatesMs, refreshMs, staleAfterMs, activityLifeMs]).toEqual([
      ...[15_000, 300_000, 600_000, 28_800_000],
    ]);
    const startedAt = clock.now();
    updates.noteEvent(toolStarts("one"));
    await clock.run(0);
    updates.noteEvent(toolStarts("two"));
    await clock.run(1_000);
    updates.noteEvent(toolStarts("three"));
    await clock.run(13_999);
    expect(sentAt(startedAt)).toEqual([0]);
    await clock.run(1);
    expect(sentAt(startedAt)).toEqual([0, 15_000]);
    expect(push.activities.map(({ content }) => content.tool)).toEqual(["one", "three"]);
    expect(clock.armed).toBe(1);
    await clock.run(300_000);
    expect(sentAt(startedAt)).toEqual([0, 15_000, 315_000]);
    expect(push.activities[0]).toMatchObject({
      event: "update",
      target: { provider: "apns", token: "aa", environment: "sandbox", registeredAt: 1_000 },
      attributes: { sessionId: "s", turnId: "t", title: "Tidy up", projectName: "acme" },
      at: startedAt,
      untilAt: startedAt + 600_000,
      expiresAt: startedAt + 600_000,
    });
    expect(new Set(push.activities.map(({ deliveryId }) => deliveryId)).size).toBe(3);
  });

  test("go out within a minute of waking when the computer slept over the refresh", async () => {
    updates.noteEvent(toolStarts("one"));
    await clock.run(0);
    clock.suspend(refreshMs);
    await clock.run(60_000);
    expect(push.activities).toHaveLength(2);
  });

  test("are for what an activity shows: no other event, no other turn", async () => {
    updates.noteEvent(event("turn.queued", { queuePosition: 1 }));
    updates.noteEvent(toolStarts("x", "other"));
    updates.noteEvent({ ...event("device.paired"), sessionId: null } as LoggedEvent);
    updates.noteEvent({ ...event("session.renewed"), turnId: undefined } as LoggedEvent);
    expect(clock.armed).toBe(0);
    updates.noteEvent(event("permission.requested"));
    await clock.run(0);
    expect(push.activities).toHaveLength(1);
  });

  test("go to each device that shows the turn, each with its own budget", async () => {
    known.push(anActivity({ deviceId: "tablet", token: "bb" }));
    updates.request(anActivity());
    await clock.run(0);
    updates.noteEvent(toolStarts("x"));
    await clock.run(0);
    expect(push.activities.map(({ target }) => target.token)).toEqual(["aa", "bb"]);
    await clock.run(15_000);
    expect(push.activities.map(({ target }) => target.token)).toEqual(["aa", "bb", "aa"]);
  });

  test("end with their turn: what is armed is taken back, and nothing of it is remembered", async () => {
    known.push(anActivity({ turnId: "u", token: "bb" }));
    updates.noteEvent(toolStarts("x"));
    updates.noteEvent(toolStarts("y", "u"));
    expect([clock.armed, requests.progressOf("t").tools.length]).toEqual([2, 1]);
    updates.noteEvent(event("turn.completed"));
    expect([clock.armed, requests.progressOf("t").tools.length]).toEqual([1, 0]);
    expect(requests.progressOf("u").tools).toHaveLength(1);
    await clock.run(0);
    expect(push.activities.map(({ target }) => target.token)).toEqual(["bb"]);
  });

  test.each([
    ["activity is gone", () => void known.splice(0)],
    [
      "turn is gone",
      () => {
        turn = undefined;
      },
    ],
    [
      "turn has ended",
      () => {
        turn = { ...turn, state: "completed" };
      },
    ],
  ] as Array<[string, () => void]>)("end when the %s by then", async (_name, change) => {
    updates.request(anActivity());
    change();
    await clock.run(0);
    expect([push.activities, clock.armed]).toEqual([[], 0]);
  });

  test("wait as long as Apple says, and no longer", async () => {
    const startedAt = clock.now();
    push.answerNextActivity({
      outcome: "retry",
      reason: "TooManyRequests",
      latencyMs: 1,
      notBeforeAt: startedAt + 60_000,
    });
    updates.request(anActivity());
    await clock.run(0);
    expect(words.names).toEqual(["activity.update_lost"]);
    updates.request(anActivity());
    await clock.run(59_999);
    expect(sentAt(startedAt)).toEqual([0]);
    await clock.run(1);
    expect(sentAt(startedAt)).toEqual([0, 60_000]);
  });

  test("that are lost without a word of Apple's are not tried again, and the next one comes in its time", async () => {
    const startedAt = clock.now();
    push.answerNextActivity({ outcome: "retry", reason: "unreachable", latencyMs: 1 });
    updates.request(anActivity());
    await clock.run(15_000);
    expect(sentAt(startedAt)).toEqual([0]);
    updates.request(anActivity());
    await clock.run(0);
    expect(sentAt(startedAt)).toEqual([0, 15_000]);
  });

  test("that are never answered are lost after a minute, and the sender's fault is said", async () => {
    push.answerNextActivity(held<PushOutcome>().promise, Promise.reject(new Error("A bug.")));
    updates.request(anActivity());
    await clock.run(59_999);
    expect(words.names).toEqual([]);
    await clock.run(1);
    expect(words.names).toEqual(["activity.update_lost"]);
    updates.request(anActivity());
    await clock.run(0);
    expect(words.names).toEqual(["activity.update_lost", "activity.update_failed"]);
    expect(clock.armed).toBe(1);
  });

  test("are over after a stop, and none is armed after it", async () => {
    updates.request(anActivity());
    updates.stop();
    expect(clock.armed).toBe(0);
    updates.request(anActivity());
    updates.noteEvent(toolStarts("x"));
    expect(clock.armed).toBe(0);
  });
});

describe("D16 V12 an address that Apple calls dead", () => {
  const gone = (status: number, sinceAt: number | undefined): PushOutcome => ({
    outcome: "gone",
    reason: "Unregistered",
    latencyMs: 1,
    status,
    sinceAt,
  });

  test.each([
    ["after its registration", gone(410, 1_001), true],
    ["at its registration", gone(410, 1_000), false],
    ["at no known instant", gone(410, undefined), false],
    ["without proof", gone(400, 1_001), false],
    ["for now", { outcome: "retry", reason: "r", latencyMs: 1 } as PushOutcome, false],
  ])("%s", async (_name, outcome, isDropped) => {
    push.answerNextActivity(outcome);
    updates.request(anActivity());
    await clock.run(0);
    expect([known.length, clock.armed]).toEqual(isDropped ? [0, 0] : [1, 1]);
    expect(words.names).toEqual([
      ...["activity.update_lost"],
      ...(isDropped ? ["activity.token_dropped"] : []),
    ]);
  });

  test.each([
    ["has another one by now", [anActivity({ token: "bb" })]],
    ["registered it anew", [anActivity({ registeredAt: 5_000 })]],
    ["has none any more", []],
  ])("of a device that %s: nothing is dropped", async (_name, then) => {
    const answer = held<PushOutcome>();
    push.answerNextActivity(answer.promise);
    updates.request(anActivity());
    await clock.run(0);
    known = then;
    answer.resolve(gone(410, 2_000));
    await clock.settle();
    expect(known).toEqual(then);
    expect(words.names).toEqual(["activity.update_lost"]);
  });
});
