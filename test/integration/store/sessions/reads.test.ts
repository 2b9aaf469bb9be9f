import { describe, expect, test } from "@jest/globals";
import type { EventDataByType } from "../../../../server/domain/delivery/event.ts";
import { aDevice, aSession, useBench } from "../fixture.ts";

const bench = useBench();

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
const reply = { messageId: "m", text: "Done.", costUsd: 0, usage, durationMs: 1, numTurns: 1 };

function begin(): string {
  const session = aSession();
  bench.store.sessions.insert(session);
  return session.sessionId;
}
const append = <T extends keyof EventDataByType>(
  sessionId: string | null,
  type: T,
  data: EventDataByType[T],
) => bench.store.transaction(() => bench.store.events.append({ sessionId, type, data } as never));
const marks = (sessionId: string) => bench.store.reads.marksOf([sessionId]).get(sessionId);

/** The event is pushed to the device. */
function push(deviceId: string, cursor: number): string {
  const deliveryId = `${deviceId}-${cursor}`;
  bench.store.outbox.insert({
    deliveryId,
    deviceId,
    cursor,
    kind: "reply",
    state: "sent",
    createdAt: 1,
    nextAttemptAt: null,
    attemptCount: 1,
  });
  return deliveryId;
}

describe("what the owner has not read", () => {
  test("T03 holds the end of a task only when a push rang of it, once, and not when it was read before", () => {
    const sessionId = begin();
    const ended = () =>
      append(sessionId, "task.finished", {
        taskId: "b1",
        kind: "command",
        description: "Build",
        state: "completed",
      });
    const event = ended();
    expect(marks(sessionId)).toMatchObject({ unread: 0 });
    bench.store.transaction(() => bench.store.reads.noteRung(event));
    bench.store.transaction(() => bench.store.reads.noteRung(event));
    expect(marks(sessionId)).toMatchObject({ unread: 1 });
    const read = ended();
    bench.store.reads.read(sessionId, read.seq ?? 0);
    bench.store.transaction(() => bench.store.reads.noteRung(read));
    expect(marks(sessionId)).toMatchObject({ unread: 0 });
  });

  test("is what calls for the owner, until it is read; never less is read than before", () => {
    const sessionId = begin();
    append(sessionId, "turn.completed", reply);
    append(sessionId, "message", { messageId: "m", text: "Hello." });
    append(sessionId, "turn.completed", reply);
    expect(marks(sessionId)).toMatchObject({ readSeq: 0, unread: 2 });
    bench.store.reads.read(sessionId, 2);
    expect(marks(sessionId)).toMatchObject({ readSeq: 2, unread: 1 });
    bench.store.reads.read(sessionId, 1);
    expect(marks(sessionId)).toMatchObject({ readSeq: 2, unread: 1 });
    // Beyond the last event nothing can have been read.
    bench.store.reads.read(sessionId, 99);
    expect(marks(sessionId)).toMatchObject({ readSeq: 3, unread: 0 });
    append(sessionId, "turn.completed", reply);
    expect(marks(sessionId)).toMatchObject({ readSeq: 3, unread: 1 });
  });

  test("the last words and the last failure are told without a look into the events", () => {
    const sessionId = begin();
    append(sessionId, "message", { messageId: "m", text: `${"🙂".repeat(150)}` });
    append(sessionId, "turn.failed", { code: "stalled", detail: "Silent.", retryable: true });
    expect(marks(sessionId)).toMatchObject({
      lastText: "🙂".repeat(100),
      lastError: { code: "stalled", detail: "Silent.", at: bench.clock.now() },
    });
    append(sessionId, "turn.interrupted", { code: "interrupted", detail: "By you." });
    expect(marks(sessionId)?.lastError?.code).toBe("stalled");
    append(sessionId, "turn.completed", reply);
    expect(marks(sessionId)?.lastError).toBeUndefined();
  });

  test("D20 is the badge of each device that was to be pushed, and what is read leaves the others'", () => {
    for (const deviceId of ["phone", "tablet"])
      bench.store.devices.insert(aDevice({ deviceId }), `hash-${deviceId}`);
    const [first, second] = [begin(), begin()];
    const one = append(first, "turn.completed", reply).cursor;
    const two = append(second, "turn.completed", reply).cursor;
    const login = append(null, "login.required", { detail: "Log in." }).cursor;
    for (const cursor of [one, two, login]) push("phone", cursor);
    push("tablet", one);
    const { outbox, reads, devices } = bench.store;
    const badges = () => {
      const each = ["phone", "tablet"].map((deviceId) => [deviceId, outbox.unreadCount(deviceId)] as const);
      expect([...outbox.unreadCounts(["phone", "tablet", "unknown"])]).toEqual([...each, ["unknown", 0]]);
      return each.map(([, count]) => count);
    };
    expect(badges()).toEqual([3, 1]);
    // To hold an event is not to have read it.
    devices.ack("phone", login);
    outbox.ackUpTo("phone", 0, login);
    expect(badges()).toEqual([3, 1]);
    expect(reads.readUpTo(first, login)).toEqual(["tablet"]);
    expect(badges()).toEqual([2, 0]);
    expect(outbox.get(`tablet-${one}`)?.state).toBe("acked");
    expect(reads.readUpTo(null, login)).toEqual([]);
    expect(badges()).toEqual([1, 0]);
    expect(reads.readUpTo(first, login)).toEqual([]);
    expect(marks(second)?.unread).toBe(1);
  });

  test("of a hundred sessions is read by one statement", () => {
    const ids = Array.from({ length: 100 }, begin);
    expect(bench.store.reads.marksOf([...ids, "unknown"]).size).toBe(100);
  });
});
