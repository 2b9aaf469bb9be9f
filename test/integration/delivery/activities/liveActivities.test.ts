import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Caller, Device } from "../../../../server/domain/delivery/device.ts";
import type { PushOutcome } from "../../../../server/domain/delivery/push.ts";
import { held } from "../../../support/push/memoryPush.ts";
import { graceMs, Rig } from "../rig.ts";

let rig: Rig;
let sessionId: string;
let phone: Device;
let by: Caller;

beforeEach(() => {
  rig = new Rig();
  sessionId = rig.session();
  phone = rig.device();
  by = { deviceId: phone.deviceId, scope: "chat" };
  rig.activities.registrations.setStart(phone.deviceId, "aa11", by);
});
afterEach(() => rig.close());

/** A turn that has begun to run. */
function startTurn(inSession = sessionId): string {
  const turnId = randomUUID();
  const at = rig.clock.now();
  rig.store.transaction(() => {
    rig.store.turns.insert({
      turnId,
      sessionId: inSession,
      origin: "user",
      deviceId: phone.deviceId,
      clientMessageId: turnId,
      requestHash: "h",
      message: "Hello",
      attachmentIds: [],
      state: "queued",
      acceptedAt: at,
    });
    rig.store.turns.markRunning(turnId, at);
    rig.store.sessions.setState(inSession, "busy");
    rig.store.events.append({ sessionId: inSession, turnId, type: "turn.started", data: { origin: "user" } });
  });
  return turnId;
}

function endTurn(turnId: string, inSession = sessionId): void {
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
  const reply = { messageId: randomUUID(), text: "All done.", costUsd: 0, usage, durationMs: 1, numTurns: 1 };
  rig.store.transaction(() => {
    rig.store.turns.settle(turnId, { state: "completed", reply, endedAt: rig.clock.now() });
    rig.store.events.append({ sessionId: inSession, turnId, type: "turn.completed", data: reply });
    rig.store.sessions.setState(inSession, "idle");
  });
}

const toolStarts = (turnId: string, title: string) =>
  rig.append({
    sessionId,
    turnId,
    type: "tool.started",
    data: { toolUseId: randomUUID(), toolName: "Bash", title },
  });
const put = (token: string) => rig.activities.registrations.put(phone.deviceId, sessionId, token, by);
const events = () => rig.push.activities.map(({ event }) => event);
const sentTo = () => rig.push.activities.map(({ event, target }) => `${event} ${target.token}`);
const statesOf = (kind: string) =>
  rig
    .deliveries(phone.deviceId)
    .filter((delivery) => delivery.kind === kind)
    .map(({ state }) => state);
const unregistered = (sinceAt: number): PushOutcome => ({
  outcome: "gone",
  status: 410,
  reason: "Unregistered",
  latencyMs: 1,
  sinceAt,
});

describe("D16: a running turn", () => {
  test("DOOR-8 is named with what is not seen as escapes", async () => {
    rig.store.sessions.update(sessionId, { title: "Tidy \u202epu\nAll is well" });
    startTurn();
    await rig.clock.run(graceMs + 1);
    expect(rig.push.activities[0]?.attributes.title).toBe("Tidy \\u{202e}pu … and 1 more line");
  });

  test("is started on a phone that is away, after the grace, then updated and ended", async () => {
    const turnId = startTurn();
    await rig.clock.run(graceMs - 1);
    expect(events()).toEqual([]);
    await rig.clock.run(2);
    expect(rig.push.activities).toMatchObject([
      {
        event: "start",
        target: { token: "aa11", environment: "production" },
        content: { state: "running", startedAt: expect.any(Number), leaseExpiresAt: expect.any(Number) },
        attributes: { sessionId, turnId, title: "Tidy up", projectName: "acme" },
      },
    ]);
    expect(put("bb22")).toEqual({ sessionId, turnId, state: "running" });
    await rig.clock.run(1);
    toolStarts(turnId, "Run npm test");
    await rig.clock.run(16_000);
    endTurn(turnId);
    await rig.clock.run(1);
    expect(sentTo()).toEqual(["start aa11", "update bb22", "update bb22", "end bb22"]);
    expect(rig.push.activities[2]!.content).toMatchObject({ state: "running", tool: "Run npm test" });
    expect(rig.push.activities[3]!.content).toMatchObject({ state: "completed", lastText: "All done." });
    expect(statesOf("activity-start")).toEqual(["sent"]);
    expect(statesOf("activity-end")).toEqual(["sent"]);
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toEqual([]);
  });

  test("that is over within the grace shows no activity", async () => {
    const turnId = startTurn();
    await rig.clock.run(graceMs - 100);
    endTurn(turnId);
    await rig.clock.run(60_000);
    expect(events()).toEqual([]);
    expect(statesOf("activity-start")).toEqual(["suppressed"]);
  });

  test("shows none on a phone that is looked at, and one on a phone whose app is in the background", async () => {
    const unwatch = rig.watch(phone.deviceId, true);
    startTurn();
    await rig.clock.run(graceMs + 1);
    expect(events()).toEqual([]);
    unwatch();
    rig.watch(phone.deviceId, false);
    startTurn(rig.session("Other"));
    await rig.clock.run(graceMs + 1);
    expect(events()).toEqual(["start"]);
  });

  test("that the app shows by itself is not started again", async () => {
    const turnId = startTurn();
    put("bb22");
    await rig.clock.run(graceMs + 1);
    expect(sentTo()).toEqual(["update bb22"]);
    endTurn(turnId);
    await rig.clock.run(1);
    expect(sentTo()).toEqual(["update bb22", "end bb22"]);
  });

  test("D19: is not started for a muted session, a muted kind, or in quiet hours, and always ended", async () => {
    rig.store.sessions.update(sessionId, { muted: true });
    startTurn();
    const other = rig.session("Other");
    rig.store.devices.setPreferences(phone.deviceId, { mutedKinds: ["activity"] });
    startTurn(other);
    rig.store.devices.setPreferences(phone.deviceId, {
      mutedKinds: [],
      quietHours: { startMinute: 0, endMinute: 1_439, timeZone: "UTC" },
    });
    const turnId = startTurn(rig.session("Third"));
    await rig.clock.run(60_000);
    expect(events()).toEqual([]);
    const third = rig.store.turns.get(turnId)!.sessionId;
    rig.activities.registrations.put(phone.deviceId, third, "bb22", by);
    endTurn(turnId, third);
    await rig.clock.run(1_000);
    expect(sentTo()).toContain("end bb22");
  });

  test("is nobody's badge, and no ack settles it", async () => {
    const turnId = startTurn();
    put("bb22");
    rig.push.answerNextActivity({ outcome: "retry", reason: "timeout", latencyMs: 1 });
    await rig.clock.run(1);
    rig.push.answerNextActivity({ outcome: "retry", reason: "timeout", latencyMs: 1 });
    endTurn(turnId);
    expect(rig.store.outbox.unreadCount(phone.deviceId)).toBe(1);
    await rig.clock.run(10);
    rig.outboxSender.acknowledge(phone.deviceId, rig.store.events.tip());
    rig.outboxSender.markRead(phone.deviceId, rig.store.turns.get(turnId)!.sessionId, 1_000);
    expect(rig.store.outbox.unreadCount(phone.deviceId)).toBe(0);
    expect(statesOf("activity-end")).toEqual(["pending"]);
    await rig.clock.run(60_000);
    expect(statesOf("activity-end")).toEqual(["sent"]);
  });
});

describe("D16 D11: starts and ends are in the outbox", () => {
  test("V10: an end that could not be sent is sent after a restart, under the same id", async () => {
    const turnId = startTurn();
    put("bb22");
    await rig.clock.run(1);
    rig.push.answerNextActivity({
      outcome: "retry",
      status: 503,
      reason: "ServiceUnavailable",
      latencyMs: 1,
    });
    endTurn(turnId);
    await rig.clock.run(1);
    rig.restart();
    await rig.clock.run(10_000);
    const ends = rig.push.activities.filter(({ event }) => event === "end");
    expect(ends).toHaveLength(2);
    expect(ends[0]!.deliveryId).toBe(ends[1]!.deliveryId);
    expect(statesOf("activity-end")).toEqual(["sent"]);
  });

  test("V1: an end is planned in the commit that ends the turn: a crash right after it loses nothing", async () => {
    const turnId = startTurn();
    put("bb22");
    await rig.clock.run(1);
    endTurn(turnId);
    rig.restart();
    await rig.clock.run(1_000);
    expect(sentTo()).toContain("end bb22");
  });

  test("a start that comes too late to be sent is given up: the turn is over", async () => {
    const turnId = startTurn();
    rig.push.answerNextActivity({ outcome: "retry", reason: "unreachable", latencyMs: 1 });
    await rig.clock.run(graceMs + 1);
    expect(statesOf("activity-start")).toEqual(["pending"]);
    endTurn(turnId);
    await rig.clock.run(60_000);
    expect(events()).toEqual(["start"]);
    expect(statesOf("activity-start")).toEqual(["suppressed"]);
  });

  test("an activity whose address comes after the turn's end is ended at once, for every address anew", async () => {
    const turnId = startTurn();
    await rig.clock.run(graceMs + 1);
    endTurn(turnId);
    await rig.clock.run(1);
    expect(put("bb22")).toEqual({ sessionId, turnId, state: "completed" });
    await rig.clock.run(1);
    expect(put("cc33")).toMatchObject({ state: "completed" });
    await rig.clock.run(1);
    expect(sentTo()).toEqual(["start aa11", "end bb22", "end cc33"]);
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toEqual([]);
  });

  test("an address that changes while the end is on its way gets the end, too", async () => {
    const turnId = startTurn();
    put("bb22");
    await rig.clock.run(1);
    const answer = held<PushOutcome>();
    rig.push.answerNextActivity(answer.promise);
    endTurn(turnId);
    await rig.clock.run(1);
    put("cc33");
    answer.resolve({ outcome: "sent", apnsId: "x", status: 200, latencyMs: 1 });
    await rig.clock.run(1_000);
    expect(sentTo().filter((sent) => sent.startsWith("end"))).toEqual(["end bb22", "end cc33"]);
  });

  test("two turns in a row are two activities, and the first is ended before the second begins", async () => {
    const first = startTurn();
    put("bb22");
    await rig.clock.run(1);
    endTurn(first);
    const second = startTurn();
    await rig.clock.run(graceMs + 1);
    expect(sentTo()).toEqual(["update bb22", "end bb22", "start aa11"]);
    expect(put("cc33")).toMatchObject({ turnId: second });
  });
});

describe("D16: updates", () => {
  test("are at most one in 15 seconds, with what is true then", async () => {
    const turnId = startTurn();
    put("bb22");
    const startedAt = rig.clock.now();
    for (let second = 0; second < 119; second += 1) {
      toolStarts(turnId, `Step ${second}`);
      await rig.clock.run(1_000);
    }
    const updates = rig.push.activities;
    expect(updates.map(({ at }) => at - startedAt)).toEqual(
      [0, 15, 30, 45, 60, 75, 90, 105].map((s) => s * 1_000),
    );
    expect(updates[1]!.content.tool).toBe("Step 14");
    expect(updates[7]!.content.tool).toBe("Step 104");
  });

  test("come without news too, before the content counts as outdated", async () => {
    startTurn();
    put("bb22");
    await rig.clock.run(30 * 60_000);
    const { activities } = rig.push;
    expect(activities).toHaveLength(7);
    for (const [index, { at }] of activities.slice(1).entries())
      expect(at).toBeLessThan(activities[index]!.untilAt);
  });

  test("say that the turn waits for the owner, and that it goes on", async () => {
    startTurn();
    put("bb22");
    await rig.clock.run(16_000);
    const { permissionId, turnId } = rig.permission(sessionId);
    const running = rig.store.turns.inState("running")[0]!.turnId;
    // The rig's permission has a turn of its own: say it of the one that runs.
    rig.store.transaction(() => {
      rig.store.sessions.setState(sessionId, "waiting");
      rig.store.events.append({
        sessionId,
        turnId: running,
        type: "permission.expired",
        data: { permissionId, reason: "timed_out" },
      });
    });
    expect(turnId).not.toBe(running);
    await rig.clock.run(16_000);
    rig.store.sessions.setState(sessionId, "busy");
    toolStarts(running, "Go on");
    await rig.clock.run(16_000);
    expect(rig.push.activities.map(({ content }) => content.state)).toEqual([
      "running",
      "waiting",
      "running",
    ]);
  });

  test("that get lost are not tried again, and Apple's word on when to come back is kept", async () => {
    const turnId = startTurn();
    rig.push.answerNextActivity({
      outcome: "retry",
      status: 429,
      reason: "TooManyRequests",
      latencyMs: 1,
      notBeforeAt: rig.clock.now() + 60_000,
    });
    put("bb22");
    await rig.clock.run(1);
    toolStarts(turnId, "Run x");
    await rig.clock.run(59_000);
    expect(events()).toEqual(["update"]);
    expect(rig.words.names).toContain("activity.update_lost");
    await rig.clock.run(2_000);
    expect(events()).toEqual(["update", "update"]);
    expect(rig.deliveries(phone.deviceId).map(({ kind }) => kind)).toEqual(["activity-start"]);
  });

  test("end with the turn, and with the address", async () => {
    const turnId = startTurn();
    put("bb22");
    await rig.clock.run(1);
    toolStarts(turnId, "Run x");
    rig.activities.registrations.remove(phone.deviceId, sessionId, "bb22", by);
    await rig.clock.run(30 * 60_000);
    expect(events()).toEqual(["update", "start"]);
    endTurn(turnId);
    await rig.clock.run(30 * 60_000);
    expect(events()).toEqual(["update", "start"]);
  });
});

describe("D16 V12: addresses of activities that are dead", () => {
  test("an activity's address goes with a 410 that is later than its registration", async () => {
    const turnId = startTurn();
    rig.push.answerNextActivity(unregistered(rig.clock.now() + 10));
    put("bb22");
    await rig.clock.run(1);
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toEqual([]);
    toolStarts(turnId, "Run x");
    await rig.clock.run(60_000);
    expect(sentTo()).toEqual(["update bb22", "start aa11"]);
  });

  test("a 410 of before the registration, or about another address, drops none", async () => {
    const turnId = startTurn();
    rig.push.answerNextActivity(unregistered(rig.clock.now() - 1));
    put("bb22");
    await rig.clock.run(1);
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toMatchObject([{ token: "bb22" }]);
    const answer = held<PushOutcome>();
    rig.push.answerNextActivity(answer.promise);
    toolStarts(turnId, "Run x");
    await rig.clock.run(16_000);
    put("cc33");
    answer.resolve(unregistered(rig.clock.now() + 1_000));
    await rig.clock.run(1);
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toMatchObject([{ token: "cc33" }]);
  });

  test("so does the address that starts activities; the one for alerts stays", async () => {
    startTurn();
    rig.push.answerNextActivity(unregistered(rig.clock.now() + 60_000));
    await rig.clock.run(graceMs + 1);
    expect(rig.store.activities.start(phone.deviceId)).toBeUndefined();
    expect(rig.store.devices.get(phone.deviceId)?.push).not.toBeNull();
    expect(statesOf("activity-start")).toEqual(["gone"]);
    startTurn(rig.session("Other"));
    await rig.clock.run(60_000);
    expect(events()).toEqual(["start"]);
  });

  test("a start is tried with the address that came while it was on its way", async () => {
    startTurn();
    const answer = held<PushOutcome>();
    rig.push.answerNextActivity(answer.promise);
    await rig.clock.run(graceMs + 1);
    rig.activities.registrations.setStart(phone.deviceId, "dd44", by);
    answer.resolve(unregistered(rig.clock.now() + 60_000));
    await rig.clock.run(1_000);
    expect(sentTo()).toEqual(["start aa11", "start dd44"]);
  });
});

test("A08: no address of an activity is in the log", async () => {
  const turnId = startTurn();
  rig.push.answerNextActivity(unregistered(rig.clock.now() + 10));
  put("bb22");
  await rig.clock.run(graceMs + 1);
  endTurn(turnId);
  await rig.clock.run(1_000);
  expect(JSON.stringify(rig.store.audit.list(undefined, 100))).not.toMatch(/aa11|bb22/);
});
