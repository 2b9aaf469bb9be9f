import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { sendTestPush } from "../../../../server/delivery/outbox/testPush.ts";
import type { ApnsTarget, PushOutcome, PushRequest } from "../../../../server/domain/delivery/push.ts";
import { renewLease } from "../../../../server/domain/sessions/lease.ts";
import { accepted, held } from "../../../support/push/memoryPush.ts";
import { graceMs, leaseLimits, Rig } from "../rig.ts";

const retry = (extra: Partial<Extract<PushOutcome, { outcome: "retry" }>> = {}): PushOutcome => ({
  outcome: "retry",
  status: 503,
  reason: "ServiceUnavailable",
  latencyMs: 1,
  ...extra,
});
const gone = (reason: string, status = 410, sinceAt?: number): PushOutcome => ({
  outcome: "gone",
  status,
  reason,
  sinceAt,
  latencyMs: 1,
});
const badToken = gone("BadDeviceToken", 400);
const config: PushOutcome = { outcome: "config", status: 403, reason: "InvalidProviderToken", latencyMs: 1 };

let rig: Rig;
let sessionId: string;
beforeEach(() => {
  rig = new Rig();
  sessionId = rig.session();
});
afterEach(() => rig.close());

describe("T03 the push of a task that has ended as it should", () => {
  const ended = (data: { state?: "completed" | "failed" | "stopped"; description?: string } = {}) =>
    rig.append({
      sessionId,
      type: "task.finished",
      data: { taskId: "b1", kind: "command", description: "Build", state: "completed", ...data },
    });
  const begin = (origin: "task" | "user" = "task") => {
    const turnId = randomUUID();
    const acceptedAt = rig.clock.now();
    rig.store.turns.insert({
      turnId,
      sessionId,
      origin,
      requestHash: "",
      message: "",
      attachmentIds: [],
      state: "running",
      acceptedAt,
      startedAt: acceptedAt,
    });
    return turnId;
  };
  const end = (turnId: string, text = "Built.") => {
    rig.store.turns.settle(turnId, { state: "completed", endedAt: rig.clock.now() });
    rig.reply(sessionId, text, turnId);
  };
  const told = () => rig.push.requests.map(({ content: { kind, body } }) => `${kind}: ${body}`);
  const unread = () => rig.store.reads.marksOf([sessionId]).get(sessionId)?.unread;

  test("rings when Claude says nothing of it within some seconds, and counts as unread then", async () => {
    rig.device();
    rig.device();
    ended();
    await rig.clock.run(4_900);
    expect([told(), unread()]).toEqual([[], 0]);
    await rig.clock.run(200);
    expect(told()).toEqual(["task: Finished: Build", "task: Finished: Build"]);
    expect(rig.push.requests.map(({ content }) => content.badge)).toEqual([1, 1]);
    expect(unread()).toBe(1);
    ended({ state: "failed", description: "Tests" });
    await rig.clock.run(5_100);
    expect(told().slice(2)).toEqual(["task: Failed: Tests", "task: Failed: Tests"]);
  });

  test("is left to the turn in which Claude speaks of it, however long that is, and to the one that was at work", async () => {
    rig.device();
    const { cursor } = ended();
    const turnId = begin();
    await rig.clock.run(120_000);
    expect(told()).toEqual([]);
    end(turnId);
    await rig.clock.run(20_000);
    expect([told(), unread()]).toEqual([["reply: Built."], 1]);
    const [first] = rig.store.devices.list();
    const states = rig.deliveries(first!.deviceId).map((one) => [one.cursor === cursor, one.state]);
    expect(states).toContainEqual([true, "suppressed"]);
    // One turn that was over before has nothing to do with it.
    ended();
    await rig.clock.run(5_100);
    expect(told().slice(1)).toEqual(["task: Finished: Build"]);
  });

  test("is not sent to a device that saw the end, nor for what was stopped", async () => {
    const { deviceId } = rig.device();
    const { cursor } = ended();
    rig.outboxSender.acknowledge(deviceId, cursor);
    ended({ state: "stopped" });
    await rig.clock.run(60_000);
    expect(told()).toEqual([]);
  });

  test("is not lost with a restart of the server in between", async () => {
    rig.device();
    ended();
    await rig.clock.run(1_000);
    rig.restart();
    rig.outboxSender.start();
    await rig.clock.run(4_200);
    expect(told()).toEqual(["task: Finished: Build"]);
  });
});

describe("a push", () => {
  test("D09 D10 goes out at once to a device that is away, and leads to the full text", async () => {
    const { deviceId } = rig.device();
    const text = `Long. ${"ä".repeat(20_000)}`;
    const event = rig.reply(sessionId, text);
    await rig.clock.run(1);
    const [delivery] = rig.deliveries(deviceId);
    expect(rig.push.requests).toMatchObject([
      {
        deliveryId: delivery?.deliveryId,
        at: event.at,
        target: { token: `token-of-${deviceId}` },
        content: { kind: "reply", cursor: event.cursor, title: "Tidy up", subtitle: "acme", badge: 1 },
      },
    ]);
    const { messageId } = rig.push.requests[0]!.content;
    expect(rig.store.events.after(event.cursor - 1, 1)[0]).toMatchObject({ data: { messageId, text } });
    expect(delivery).toMatchObject({ state: "sent", nextAttemptAt: null, attemptCount: 1 });
    expect(delivery?.attempts).toMatchObject([{ status: 200, latencyMs: 5 }]);
  });

  test("D13 is held back while a socket is there, and not sent when the ack comes in time", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(graceMs - 1);
    expect(rig.outboxSender.acknowledge(deviceId, cursor)).toBe(cursor);
    await rig.clock.run(60_000);
    expect(rig.push.requests).toEqual([]);
    expect(rig.states(deviceId)).toEqual(["acked"]);
  });

  test("D13 is not sent when an ack without an answer comes in the last moment of the grace", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(graceMs - 1);
    rig.outboxSender.noteAck(deviceId, cursor);
    await rig.clock.run(60_000);
    expect(rig.push.requests).toEqual([]);
    expect(rig.states(deviceId)).toEqual(["acked"]);
  });

  test("D13 V2 is not sent when the ack comes while the disk owes its word on the event", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    const owed: Array<() => void> = [];
    Object.defineProperty(rig.store, "whenDurable", { value: (tell: () => void) => owed.push(tell) });
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(graceMs + 1);
    expect(owed).toHaveLength(1);
    expect(rig.outboxSender.acknowledge(deviceId, cursor)).toBe(cursor);
    for (const tell of owed) tell();
    await rig.clock.run(60_000);
    expect(rig.push.requests).toEqual([]);
    expect(rig.states(deviceId)).toEqual(["acked"]);
  });

  test("D13 fires after the grace, exactly, if it stays unacked", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    rig.reply(sessionId);
    await rig.clock.run(graceMs - 1);
    expect(rig.push.requests).toHaveLength(0);
    await rig.clock.run(1);
    expect(rig.push.requests).toHaveLength(1);
  });

  test("D13 waits for the rest of the grace when the device comes back between plan and send", async () => {
    const { deviceId } = rig.device();
    rig.reply(sessionId);
    const leave = rig.watch(deviceId);
    await rig.clock.run(graceMs - 1);
    expect(rig.push.requests).toHaveLength(0);
    leave();
    await rig.clock.run(1);
    expect(rig.push.requests).toHaveLength(1);
  });

  test("V6 that was sent is settled by a later ack, and a smaller ack changes nothing", async () => {
    const { deviceId } = rig.device();
    const [first, second] = [rig.reply(sessionId), rig.reply(sessionId)];
    await rig.clock.run(1);
    rig.outboxSender.acknowledge(deviceId, first.cursor);
    expect(rig.states(deviceId)).toEqual(["acked", "sent"]);
    rig.outboxSender.acknowledge(deviceId, second.cursor);
    expect(rig.outboxSender.acknowledge(deviceId, first.cursor)).toBe(second.cursor);
    expect(rig.states(deviceId)).toEqual(["acked", "acked"]);
    expect(() => rig.outboxSender.acknowledge(deviceId, second.cursor + 1)).toThrow(/after the last event/);
  });

  test("carries the count of what the owner has not read, whether the device holds it or not", async () => {
    const { deviceId } = rig.device();
    const first = rig.reply(sessionId);
    await rig.clock.run(1);
    rig.outboxSender.acknowledge(deviceId, first.cursor);
    const second = rig.reply(sessionId);
    await rig.clock.run(1);
    const leave = rig.watch(deviceId, true, sessionId);
    rig.outboxSender.acknowledge(deviceId, second.cursor);
    leave();
    rig.reply(sessionId);
    await rig.clock.run(1);
    expect(rig.push.requests.map(({ content }) => content.badge)).toEqual([1, 2, 1]);
  });
});

describe("D20 what was read elsewhere", () => {
  test("an ack of the device that is looked at clears the others' badge, by one silent push for all of them", async () => {
    const [phone, tablet] = [rig.device(), rig.device()];
    rig.reply(sessionId);
    const last = rig.reply(sessionId);
    await rig.clock.run(1);
    rig.watch(tablet.deviceId, true, sessionId);
    rig.outboxSender.acknowledge(tablet.deviceId, last.cursor - 1);
    rig.outboxSender.acknowledge(tablet.deviceId, last.cursor);
    await rig.clock.run(2_000);
    expect(rig.push.syncs).toMatchObject([{ target: phone.push, unread: 0, cursor: last.cursor }]);
    expect(rig.states(phone.deviceId)).toEqual(["acked", "acked"]);
    // The log is still its own to read: only its word moves its cursor.
    expect(rig.store.devices.get(phone.deviceId)?.ackedCursor).toBeNull();
    rig.reply(sessionId);
    await rig.clock.run(1);
    expect(rig.push.requests.at(-1)?.content.badge).toBe(1);
  });

  test("an app in the background reads nothing with its acks", async () => {
    const [phone, tablet] = [rig.device(), rig.device()];
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(1);
    rig.watch(tablet.deviceId, false, sessionId);
    rig.outboxSender.acknowledge(tablet.deviceId, cursor);
    await rig.clock.run(60_000);
    expect(rig.push.syncs).toEqual([]);
    expect(rig.states(phone.deviceId)).toEqual(["sent"]);
  });

  test("an app that shows another session reads nothing of this one with its acks", async () => {
    const [phone, tablet] = [rig.device(), rig.device()];
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(1);
    rig.watch(tablet.deviceId, true);
    rig.watch(tablet.deviceId, true, "another");
    rig.outboxSender.acknowledge(tablet.deviceId, cursor);
    await rig.clock.run(60_000);
    expect([rig.push.syncs, rig.states(phone.deviceId)]).toEqual([[], ["sent"]]);
    rig.outboxSender.markRead(tablet.deviceId, sessionId, 1_000);
    await rig.clock.run(2_000);
    expect(rig.push.syncs).toMatchObject([{ target: phone.push, unread: 0 }]);
  });

  test("a device gets at most one in 20 minutes, which then counts everything", async () => {
    const [, tablet] = [rig.device(), rig.device()];
    rig.watch(tablet.deviceId, true, sessionId);
    for (let round = 0; round < 4; round += 1) {
      const { cursor } = rig.reply(sessionId);
      await rig.clock.run(10_000);
      rig.outboxSender.acknowledge(tablet.deviceId, cursor);
      await rig.clock.run(10_000);
    }
    expect(rig.push.syncs).toHaveLength(1);
    await rig.clock.run(20 * 60_000);
    expect(rig.push.syncs.map(({ unread }) => unread)).toEqual([0, 0]);
  });

  test("a restart gives no device another silent push", async () => {
    const [phone, tablet] = [rig.device(), rig.device()];
    for (let run = 0; run < 3; run += 1) {
      rig.watch(tablet.deviceId, true, sessionId);
      const { cursor } = rig.reply(sessionId);
      await rig.clock.run(10_000);
      rig.outboxSender.acknowledge(tablet.deviceId, cursor);
      await rig.clock.run(10_000);
      rig.restart();
    }
    expect(rig.push.syncs).toHaveLength(1);
    await rig.clock.run(20 * 60_000);
    rig.watch(tablet.deviceId, true, sessionId);
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(10_000);
    rig.outboxSender.acknowledge(tablet.deviceId, cursor);
    await rig.clock.run(2_000);
    expect(rig.push.syncs.map(({ target }) => target)).toEqual([phone.push, phone.push]);
  });

  test("what is still to be pushed is pushed: only what was shown can have been read elsewhere", async () => {
    const [phone, tablet] = [rig.device(), rig.device()];
    rig.watch(phone.deviceId);
    rig.watch(tablet.deviceId, true, sessionId);
    const { cursor } = rig.reply(sessionId);
    rig.outboxSender.acknowledge(tablet.deviceId, cursor);
    await rig.clock.run(graceMs);
    expect(rig.push.requests.map(({ target }) => target)).toEqual([phone.push]);
    expect(rig.push.syncs).toEqual([]);
  });
});

describe("D11 V14 what did not go out", () => {
  test("is tried again with growing pauses, under the same id", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(retry(), retry(), retry());
    rig.reply(sessionId);
    await rig.clock.run(60_000);
    const [delivery] = rig.deliveries(deviceId);
    const at = delivery!.attempts.map((attempt) => attempt.at - delivery!.createdAt);
    expect(at).toEqual([0, 2_000, 6_000, 14_000]);
    expect(new Set(rig.push.requests.map((request) => request.deliveryId)).size).toBe(1);
    expect(delivery).toMatchObject({ state: "sent", attemptCount: 4 });
  });

  test("waits as long as Apple says, and the device's other pushes wait with it", async () => {
    const { deviceId } = rig.device();
    const now = rig.clock.now();
    rig.push.answerNext(retry({ status: 429, reason: "TooManyRequests", notBeforeAt: now + 120_000 }));
    rig.reply(sessionId);
    await rig.clock.run(1);
    rig.reply(sessionId);
    await rig.clock.run(119_000);
    expect(rig.push.requests).toHaveLength(1);
    await rig.clock.run(2_000);
    expect(rig.push.requests.map(({ content }) => content.cursor)).toEqual([1, 1, 2]);
    expect(rig.states(deviceId)).toEqual(["sent", "sent"]);
  });

  test("that falls due while the computer sleeps goes out within a minute of waking", async () => {
    const { deviceId } = rig.device();
    const hour = 3_600_000;
    rig.push.answerNext(retry({ notBeforeAt: rig.clock.now() + hour }));
    rig.reply(sessionId);
    await rig.clock.run(1);
    rig.clock.suspend(5 * hour);
    const wokenAt = rig.clock.now();
    await rig.clock.run(60_000);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    const attempts = rig.deliveries(deviceId)[0]!.attempts;
    expect(attempts).toHaveLength(2);
    expect(attempts[1]!.at - wokenAt).toBeLessThanOrEqual(60_000);
  });

  test("may go again at once after a GOAWAY, but not for ever", async () => {
    rig.device();
    rig.push.otherwise(() => retry({ reason: "goaway", notBeforeAt: rig.clock.now() }));
    rig.reply(sessionId);
    await rig.clock.run(1_000);
    expect(rig.push.requests).toHaveLength(3);
    await rig.clock.run(60_000);
    expect(rig.push.requests.length).toBeLessThan(8);
  });

  test("keeps its order in the device when it is tried again", async () => {
    rig.device();
    rig.push.answerNext(retry());
    for (let count = 0; count < 3; count += 1) rig.reply(sessionId);
    await rig.clock.run(10_000);
    expect(rig.push.requests.map(({ content }) => content.cursor)).toEqual([1, 1, 2, 3]);
  });

  test("that falls due late goes before what is newer and still waits in its device", async () => {
    const { deviceId } = rig.device();
    const leave = rig.watch(deviceId);
    rig.reply(sessionId);
    leave();
    const answer = held<PushOutcome>();
    rig.push.answerNext(answer.promise);
    rig.reply(sessionId);
    rig.reply(sessionId);
    await rig.clock.run(graceMs + 200);
    answer.resolve(accepted(rig.push.requests[0]!));
    await rig.clock.run(1);
    expect(rig.push.requests.map(({ content }) => content.cursor)).toEqual([2, 1, 3]);
  });

  test("is not held up for long by the back-off of an older one", async () => {
    const { deviceId } = rig.device();
    rig.push.otherwise(retry());
    rig.reply(sessionId);
    await rig.clock.run(3_600_000);
    rig.push.otherwise(accepted);
    const permission = rig.permission(sessionId);
    const askedAt = rig.clock.now();
    await rig.clock.run(31_000);
    const asked = rig.push.requests.findIndex((r) => r.content.permissionId === permission.permissionId);
    expect(asked).toBeGreaterThan(-1);
    const last = rig.deliveries(deviceId).at(-1);
    expect(last!.attempts[0]!.at - askedAt).toBeLessThanOrEqual(30_000);
  });

  test("is dead when its time is over, and says why", async () => {
    const { deviceId } = rig.device();
    rig.push.otherwise(retry());
    rig.reply(sessionId);
    await rig.clock.run(25 * 3_600_000);
    const [delivery] = rig.deliveries(deviceId);
    expect(delivery).toMatchObject({ state: "dead", nextAttemptAt: null });
    expect(delivery?.attempts.at(-1)).toMatchObject({ reason: "expired" });
    expect(rig.clock.now() - delivery!.createdAt).toBeGreaterThan(24 * 3_600_000);
  });

  test("is a dead letter at once when Apple will never take it", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext({ outcome: "dead", status: 413, reason: "PayloadTooLarge", latencyMs: 1 });
    rig.reply(sessionId);
    await rig.clock.run(3_600_000);
    expect(rig.states(deviceId)).toEqual(["dead"]);
    expect(rig.push.requests).toHaveLength(1);
    expect(rig.words.names).toContain("push.dead_letter");
  });

  test("stays pending while our configuration is wrong, one try a minute, said once", async () => {
    const { deviceId } = rig.device();
    rig.push.otherwise(config);
    for (let count = 0; count < 5; count += 1) rig.reply(sessionId);
    await rig.clock.run(10 * 60_000 - 1);
    expect(rig.push.requests).toHaveLength(10);
    expect(rig.words.names.filter((name) => name === "push.misconfigured")).toHaveLength(1);
    rig.push.otherwise(accepted);
    await rig.clock.run(60_000);
    expect(rig.states(deviceId)).toEqual(Array(5).fill("sent"));
  });

  test("is tried again when the sender throws or never answers", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(() => {
      throw new Error("A bug.");
    }, held<PushOutcome>().promise);
    rig.reply(sessionId);
    await rig.clock.run(120_000);
    const [delivery] = rig.deliveries(deviceId);
    expect(delivery?.state).toBe("sent");
    expect(delivery?.attempts.map(({ reason }) => reason)).toEqual([
      "sender_failed",
      "sender_hangs",
      undefined,
    ]);
  });
});

/** From now on the named call of the outbox fails as on a full disk, until the result is called. */
function fillDisk(...names: Array<"record" | "due" | "claim" | "hold" | "claimed">): () => void {
  const { outbox } = rig.store;
  for (const name of names) {
    Object.defineProperty(outbox, name, {
      configurable: true,
      value: () => {
        throw new Error("database or disk is full");
      },
    });
  }
  return () => {
    for (const name of names) delete (outbox as unknown as Record<string, unknown>)[name];
  };
}

describe("V10 a full disk", () => {
  test("NET-7 that kept a sent push from being booked: it is booked when there is room again, and not sent twice", async () => {
    const { deviceId } = rig.device();
    const empty = fillDisk("record");
    rig.reply(sessionId);
    await rig.clock.run(12_000);
    expect(rig.states(deviceId)).toEqual(["pending"]);
    expect(rig.push.requests).toHaveLength(1);
    expect(rig.words.names).toEqual(["delivery.not_recorded"]);
    empty();
    await rig.clock.run(5_000);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    await rig.clock.run(60_000);
    expect(rig.push.requests).toHaveLength(1);
    expect(rig.clock.armed).toBe(0);
  });

  test("that kept a failed try from being booked: it is tried again all the same when there is room", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(retry());
    const empty = fillDisk("record");
    rig.reply(sessionId);
    await rig.clock.run(60_000);
    expect(rig.push.requests).toHaveLength(1);
    empty();
    await rig.clock.run(5_001);
    expect(rig.push.requests).toHaveLength(2);
    expect(rig.deliveries(deviceId)).toMatchObject([{ state: "sent", attemptCount: 2 }]);
  });

  test("that cannot even be read is asked again every five seconds, and said each time", async () => {
    const { deviceId } = rig.device();
    const empty = fillDisk("due");
    rig.reply(sessionId);
    await rig.clock.run(14_999);
    expect(rig.words.names).toEqual(Array(3).fill("outbox.not_drained"));
    empty();
    await rig.clock.run(1);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(rig.words.names).toHaveLength(3);
  });

  test("that refuses the claim does not keep the push from going out", async () => {
    const { deviceId } = rig.device();
    fillDisk("claim");
    rig.reply(sessionId);
    await rig.clock.run(1);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(rig.words.names).toEqual(["outbox.not_claimed"]);
  });

  test("that refuses to hold a device back: its pushes wait all the same, and go out in order", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(retry({ notBeforeAt: rig.clock.now() + 20_000 }));
    const empty = fillDisk("hold");
    for (let count = 0; count < 3; count += 1) rig.reply(sessionId);
    await rig.clock.run(19_999);
    expect(rig.push.requests).toHaveLength(1);
    expect(rig.words.names).toEqual(["outbox.not_held"]);
    empty();
    await rig.clock.run(1);
    await rig.clock.run(1);
    expect(rig.push.requests.map(({ content }) => content.cursor)).toEqual([1, 1, 2, 3]);
    expect(rig.states(deviceId)).toEqual(["sent", "sent", "sent"]);
  });

  test("in the last call is said, and the stop comes all the same", async () => {
    rig.device();
    rig.reply(sessionId);
    fillDisk("due");
    await rig.outboxSender.stop(1_000);
    expect(rig.words.names).toEqual(["outbox.not_drained"]);
    expect(rig.push.requests).toEqual([]);
    expect(rig.clock.armed).toBe(0);
  });

  test("a booking that is owed at the stop is written by the stop, if there is room by then", async () => {
    const { deviceId } = rig.device();
    const empty = fillDisk("record");
    rig.reply(sessionId);
    await rig.clock.run(1);
    empty();
    await rig.outboxSender.stop(1_000);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(rig.push.requests).toHaveLength(1);
  });
});

test("an earlier instant takes the place of the armed one: there is one timer, and it is the next", async () => {
  rig.device();
  rig.push.answerNext(retry({ notBeforeAt: rig.clock.now() + 50_000 }));
  rig.reply(sessionId);
  await rig.clock.run(1);
  expect(rig.clock.armed).toBe(1);
  rig.outboxSender.noteDue(rig.clock.now());
  rig.outboxSender.noteDue(rig.clock.now() + 1);
  expect(rig.clock.armed).toBe(1);
  await rig.clock.run(0);
  expect(rig.clock.armed).toBe(1);
  await rig.clock.run(50_000);
  expect([rig.push.requests.length, rig.clock.armed]).toEqual([2, 0]);
});

test("the outbox is read when a delivery is due: not while a watching device may still ack, and at once for another", async () => {
  const { outbox } = rig.store;
  const due = outbox.due.bind(outbox);
  const reads: number[] = [];
  const beganAt = rig.clock.now();
  outbox.due = (...asked) => {
    reads.push(rig.clock.now() - beganAt);
    return due(...asked);
  };
  await rig.clock.run(1);
  reads.length = 0;
  const phone = rig.device();
  const leave = rig.watch(phone.deviceId);
  const repliedAfterMs = rig.clock.now() - beganAt;
  rig.reply(sessionId);
  await rig.clock.run(graceMs - 1);
  expect(reads).toEqual([]);
  await rig.clock.run(1);
  expect(reads[0]).toBe(repliedAfterMs + graceMs);
  expect(rig.states(phone.deviceId)).toEqual(["sent"]);

  leave();
  reads.length = 0;
  rig.reply(sessionId);
  await rig.clock.run(1);
  expect(reads).not.toEqual([]);
  expect(rig.states(phone.deviceId)).toEqual(["sent", "sent"]);
});

describe("an attempt that throws", () => {
  test("leaves its device alone for five seconds and no other, is said, and is made again", async () => {
    const [first, second] = [rig.device(), rig.device()];
    const { events } = rig.store;
    const after = events.after.bind(events);
    let isBroken = true;
    const { devices } = rig.store;
    const [get, many] = [devices.get.bind(devices), devices.many.bind(devices)];
    const refuse = (ids: readonly string[]) => {
      if (isBroken && ids.includes(first.deviceId)) throw new Error("database disk image is malformed");
    };
    Object.assign(devices, {
      get: (id: string) => {
        refuse([id]);
        return get(id);
      },
      many: (ids: readonly string[]) => {
        refuse(ids);
        return many(ids);
      },
    });
    rig.reply(sessionId);
    rig.reply(sessionId);
    await rig.clock.run(1);
    expect(after(0, 10)).toHaveLength(2);
    expect(rig.states(second.deviceId)).toEqual(["sent", "sent"]);
    expect(rig.states(first.deviceId)).toEqual(["pending", "pending"]);
    expect(rig.words.names).toEqual(["delivery.not_attempted"]);
    isBroken = false;
    await rig.clock.run(4_990);
    expect(rig.states(first.deviceId)).toEqual(["pending", "pending"]);
    await rig.clock.run(20);
    expect(rig.states(first.deviceId)).toEqual(["sent", "sent"]);
    expect(rig.push.requests.map(({ content }) => content.cursor)).toEqual([1, 2, 1, 2]);
  });
});

describe("V10 D11 over a restart", () => {
  test("a pending delivery goes on under the same id, whether it was in flight or waiting", async () => {
    const { deviceId } = rig.device();
    const answer = held<PushOutcome>();
    rig.push.answerNext(answer.promise);
    rig.reply(sessionId);
    rig.reply(sessionId);
    await rig.clock.run(1);
    expect(rig.push.requests).toHaveLength(1);
    rig.restart();
    await rig.clock.run(1);
    const sentIds = rig.push.requests.map((request) => request.deliveryId);
    const [first, second] = rig.deliveries(deviceId).map((delivery) => delivery.deliveryId);
    expect(sentIds).toEqual([first, first, second]);
    expect(rig.states(deviceId)).toEqual(["sent", "sent"]);
    answer.resolve(accepted(rig.push.requests[0]!));
    await rig.clock.settle();
  });

  test("what was in hand when the server died is in the delivery's log, and a push that seems to bring it down waits", async () => {
    const { deviceId } = rig.device();
    rig.push.otherwise(held<PushOutcome>().promise);
    rig.reply(sessionId);
    const diedAt: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      await rig.clock.run(1);
      expect(rig.push.requests).toHaveLength(run + 1);
      diedAt.push(rig.clock.now() - 1);
      rig.restart();
    }
    const [delivery] = rig.deliveries(deviceId);
    expect(delivery).toMatchObject({ state: "pending", attemptCount: 3 });
    expect(rig.words.names).toEqual(Array(3).fill("outbox.claims_released"));
    expect(delivery!.attempts).toEqual(diedAt.map((at) => ({ at, reason: "server_stopped", latencyMs: 0 })));
    await rig.clock.run(7_000);
    expect(rig.push.requests).toHaveLength(3);
    rig.push.otherwise(accepted);
    await rig.clock.run(2_000);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(new Set(rig.push.requests.map((request) => request.deliveryId)).size).toBe(1);
  });

  test("a delivery that was acked in the meantime is not given back", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(held<PushOutcome>().promise);
    const { cursor } = rig.reply(sessionId);
    await rig.clock.run(1);
    rig.outboxSender.acknowledge(deviceId, cursor);
    rig.restart();
    await rig.clock.run(60_000);
    expect(rig.deliveries(deviceId)).toMatchObject([{ state: "acked", attempts: [] }]);
    expect(rig.push.requests).toHaveLength(1);
  });

  test("a pause that Apple asked for is still kept", async () => {
    rig.device();
    rig.push.answerNext(retry({ notBeforeAt: rig.clock.now() + 50_000 }));
    rig.reply(sessionId);
    await rig.clock.run(1);
    rig.restart();
    await rig.clock.run(49_000);
    expect(rig.push.requests).toHaveLength(1);
    await rig.clock.run(2_000);
    expect(rig.push.requests).toHaveLength(2);
  });
});

describe("D19 quiet hours that begin while a push is tried again", () => {
  test("hold it back to their end, and let a permission pass", async () => {
    // The rig's clock stands at midnight UTC; the quiet hours begin at one.
    const quietHours = { startMinute: 60, endMinute: 7 * 60, timeZone: "UTC" };
    const { deviceId } = rig.device({ preferences: { mutedKinds: [], quietHours } });
    rig.push.otherwise(retry({ notBeforeAt: rig.clock.now() + 3_660_000 }));
    rig.reply(sessionId);
    await rig.clock.run(3_600_000);
    expect(rig.push.requests).toHaveLength(1);
    rig.push.otherwise(accepted);
    await rig.clock.run(60_000);
    const permission = rig.permission(sessionId);
    await rig.clock.run(3_600_000);
    expect(rig.push.requests.slice(1)).toMatchObject([
      { content: { permissionId: permission.permissionId } },
    ]);
    await rig.clock.run(5 * 3_600_000);
    expect(rig.push.requests).toHaveLength(3);
    expect(rig.states(deviceId)).toEqual(["sent", "sent"]);
    expect(rig.deliveries(deviceId)[0]?.attempts[1]?.at).toBe(Date.UTC(2026, 0, 1, 7));
  });
});

describe("what is over is suppressed", () => {
  test("P03 a permission that was answered elsewhere within the grace", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    const { permissionId } = rig.permission(sessionId);
    rig.store.permissions.resolve(permissionId, { decision: "allow" });
    await rig.clock.run(graceMs);
    expect(rig.states(deviceId)).toEqual(["suppressed"]);
    expect(rig.push.requests).toEqual([]);
  });

  test("S04 a warning of an expiry after the lease was renewed", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    const { lease } = rig.store.sessions.get(sessionId)!;
    const { expiresAt } = lease;
    const timeRemainingMs = expiresAt - rig.clock.now();
    rig.append({
      sessionId,
      type: "session.expiring",
      data: { expiresAt, timeRemainingMs, final: false },
    });
    await rig.clock.run(10);
    const renewed = renewLease({ ...lease, warnedAt: 1 }, rig.clock.now(), leaseLimits);
    rig.store.sessions.setLease(sessionId, renewed, rig.clock.now());
    await rig.clock.run(graceMs);
    expect(rig.states(deviceId)).toEqual(["suppressed"]);
  });

  test("a reply of a session that was closed", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    rig.reply(sessionId);
    rig.store.sessions.setState(sessionId, "closed");
    await rig.clock.run(graceMs);
    expect(rig.states(deviceId)).toEqual(["suppressed"]);
  });
});

describe("D12 tokens", () => {
  test("V12 that Apple proves dead are dropped, and what else was due for the device with them", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(gone("Unregistered", 410, rig.clock.now() + 1));
    rig.reply(sessionId);
    rig.reply(sessionId);
    await rig.clock.run(1_000);
    expect(rig.store.devices.get(deviceId)?.push).toBeNull();
    expect(rig.states(deviceId)).toEqual(["gone", "gone"]);
    expect(rig.push.requests).toHaveLength(1);
  });

  test("V12 that changed while the push was on its way get the same push at once", async () => {
    const { deviceId } = rig.device();
    const answer = held<PushOutcome>();
    rig.push.answerNext(answer.promise);
    rig.reply(sessionId);
    await rig.clock.run(1);
    rig.store.devices.setPush(deviceId, rig.target("fresh"));
    answer.resolve(gone("Unregistered", 410, rig.clock.now() + 1_000));
    await rig.clock.run(10);
    expect(rig.push.requests.map(({ target }) => target.token)).toEqual([`token-of-${deviceId}`, "fresh"]);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(rig.store.devices.get(deviceId)?.push).toMatchObject({ token: "fresh" });
  });

  test("of the other environment are found out and repaired", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(badToken);
    rig.reply(sessionId);
    await rig.clock.run(1);
    expect(rig.push.requests.map(({ target }) => target.environment)).toEqual(["production", "sandbox"]);
    expect(new Set(rig.push.requests.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(rig.states(deviceId)).toEqual(["sent"]);
    expect(rig.store.devices.get(deviceId)?.push).toMatchObject({ environment: "sandbox" });
  });

  test("that both environments refuse are dropped after the quarantine", async () => {
    const { deviceId } = rig.device();
    rig.push.otherwise(badToken);
    rig.reply(sessionId);
    rig.reply(sessionId);
    await rig.clock.run(9_000);
    expect(rig.push.requests).toHaveLength(2);
    expect(rig.store.devices.get(deviceId)?.push).not.toBeNull();
    await rig.clock.run(2_000);
    expect(rig.store.devices.get(deviceId)?.push).toBeNull();
    expect(rig.states(deviceId)).toEqual(["gone", "gone"]);
    expect(rig.push.requests).toHaveLength(2);
  });

  test("V12 twenty BadDeviceToken at once delete none", async () => {
    const devices = Array.from({ length: 20 }, () => rig.device());
    rig.push.otherwise(badToken);
    rig.reply(sessionId);
    await rig.clock.run(60_000);
    expect(devices.filter(({ deviceId }) => rig.store.devices.get(deviceId)?.push == null)).toEqual([]);
    expect(rig.words.names).toContain("push.tokens_refused_in_mass");
  });

  test("of another topic stay, and only this push is given up", async () => {
    const { deviceId } = rig.device();
    rig.push.answerNext(gone("DeviceTokenNotForTopic", 400));
    rig.reply(sessionId);
    await rig.clock.run(60_000);
    expect(rig.states(deviceId)).toEqual(["gone"]);
    expect(rig.store.devices.get(deviceId)?.push).not.toBeNull();
  });

  test("of a revoked device get nothing more", async () => {
    const { deviceId } = rig.device();
    rig.watch(deviceId);
    rig.reply(sessionId);
    rig.store.devices.revoke(deviceId, rig.clock.now());
    await rig.clock.run(graceMs + 1);
    expect(rig.push.requests).toEqual([]);
    expect(rig.states(deviceId)).toEqual(["gone"]);
  });
});

describe("many devices", () => {
  test("D05 V8 a device that answers slowly delays no other, and is sent its own in order", async () => {
    const [slow, quick] = [rig.device(), rig.device()];
    const answer = held<PushOutcome>();
    const isSlow = (request: PushRequest<ApnsTarget>) => request.target.token === `token-of-${slow.deviceId}`;
    let first = true;
    rig.push.otherwise((request) => {
      if (!isSlow(request) || !first) return accepted(request);
      first = false;
      return answer.promise;
    });
    for (let count = 0; count < 250; count += 1) rig.reply(sessionId);
    await rig.clock.run(5_000);
    expect(rig.states(quick.deviceId)).toEqual(Array(250).fill("sent"));
    expect(rig.push.requests.filter(isSlow)).toHaveLength(1);
    // What falls due for the quick one while the slow one hangs is not overlooked either.
    rig.watch(quick.deviceId);
    const late = rig.reply(sessionId);
    await rig.clock.run(graceMs + 100);
    expect(rig.deliveries(quick.deviceId).at(-1)).toMatchObject({ cursor: late.cursor, state: "sent" });
    answer.resolve(accepted(rig.push.requests[0]!));
    await rig.clock.run(5_000);
    const cursors = rig.push.requests.filter(isSlow).map(({ content }) => content.cursor);
    expect(cursors).toEqual(Array.from({ length: 251 }, (_, index) => index + 1));
  });

  test("V14 a backlog of thousands for a device that never answers delays no other device by a moment", async () => {
    const dead = rig.device();
    const isDead = (request: PushRequest<ApnsTarget>) => request.target.token === `token-of-${dead.deviceId}`;
    rig.push.otherwise((request) => (isDead(request) ? held<PushOutcome>().promise : accepted(request)));
    rig.store.transaction(() => {
      for (let count = 0; count < 3_000; count += 1) rig.reply(sessionId);
    });
    const quick = rig.device();
    for (let round = 0; round < 5; round += 1) {
      const { at } = rig.reply(sessionId);
      await rig.clock.run(200);
      const [delivery] = rig.deliveries(quick.deviceId).slice(-1);
      expect(delivery).toMatchObject({ state: "sent" });
      expect(delivery!.attempts[0]!.at - at).toBeLessThanOrEqual(100);
      // In between the dead one is tried, held back and tried again.
      await rig.clock.run(45_000);
    }
    expect(rig.push.requests.filter(isDead).length).toBeGreaterThan(2);
    const tried = rig.deliveries(dead.deviceId).filter(({ attemptCount }) => attemptCount > 0);
    expect(tried.length).toBeLessThan(4);
    rig.store.devices.revoke(dead.deviceId, rig.clock.now());
    await rig.clock.run(120_000);
  });

  test("no more pushes are in flight than the bound, and every device gets its own", async () => {
    await rig.close();
    rig = new Rig({ concurrency: 4 });
    sessionId = rig.session();
    const devices = Array.from({ length: 12 }, () => rig.device());
    rig.push.otherwise((request) => Promise.resolve(accepted(request)));
    for (let count = 0; count < 5; count += 1) rig.reply(sessionId);
    await rig.clock.run(1_000);
    expect(rig.push.peakInFlight).toBe(4);
    for (const { deviceId } of devices) expect(rig.states(deviceId)).toEqual(Array(5).fill("sent"));
  });
});

describe("the end of the courier", () => {
  test("waits for what is in flight, sends what waited for an ack in vain, and keeps the rest", async () => {
    const { deviceId } = rig.device();
    const leave = rig.watch(deviceId);
    const answer = held<PushOutcome>();
    rig.push.answerNext(answer.promise);
    rig.reply(sessionId);
    leave();
    let stopped = false;
    const stop = rig.outboxSender.stop(5_000).then(() => {
      stopped = true;
    });
    expect(rig.outboxSender.stop(5_000)).toBe(rig.outboxSender.stop(1));
    await rig.clock.run(4_000);
    expect(stopped).toBe(false);
    answer.resolve(accepted(rig.push.requests[0]!));
    await stop;
    expect(rig.states(deviceId)).toEqual(["sent"]);
    rig.reply(sessionId);
    await rig.clock.run(60_000);
    expect(rig.states(deviceId)).toEqual(["sent", "pending"]);
    expect(rig.clock.armed).toBe(0);
  });

  test("comes at the deadline though Apple hangs, and the delivery stays pending", async () => {
    const { deviceId } = rig.device();
    const answer = held<PushOutcome>();
    rig.push.answerNext(answer.promise);
    rig.reply(sessionId);
    await rig.clock.run(1);
    const stop = rig.outboxSender.stop(2_000);
    await rig.clock.run(2_000);
    await stop;
    expect(rig.states(deviceId)).toEqual(["pending"]);
    expect(rig.words.names).toContain("outbox.stopped_early");
    answer.resolve(accepted(rig.push.requests[0]!));
    await rig.clock.settle();
  });
});

describe("D18 a test push", () => {
  test("goes out past the outbox and reports what Apple said", async () => {
    const device = rig.device();
    const report = await sendTestPush(device, rig);
    expect(report).toEqual({
      outcome: "sent",
      apnsId: rig.push.requests[0]?.deliveryId,
      status: 200,
      reason: undefined,
      latencyMs: 5,
    });
    rig.push.answerNext(config);
    expect(await sendTestPush(device, rig)).toMatchObject({
      outcome: "config",
      status: 403,
      reason: "InvalidProviderToken",
    });
    expect(rig.deliveries(device.deviceId)).toEqual([]);
  });

  test("of a device without a token is refused", async () => {
    await expect(sendTestPush(rig.device({ push: null }), rig)).rejects.toMatchObject({
      code: "push_not_registered",
    });
  });
});
