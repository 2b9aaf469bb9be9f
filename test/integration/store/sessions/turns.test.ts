import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Turn } from "../../../../server/domain/sessions/turn.ts";
import { aSession, aTurn, useBench } from "../fixture.ts";

const bench = useBench();
const session = aSession();
const other = aSession();
const insert = (turn: Partial<Turn> = {}, sessionId = session.sessionId): Turn => {
  const whole = aTurn(sessionId, turn);
  bench.store.turns.insert(whole);
  return whole;
};
const reply = {
  messageId: "m1",
  text: "Done",
  costUsd: 0.5,
  usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheCreationTokens: 4 },
  durationMs: 5,
  numTurns: 1,
};

beforeEach(() => {
  bench.store.sessions.insert(session);
  bench.store.sessions.insert(other);
});

describe("the turn processStore", () => {
  test("gives a turn back as it was put in, after a restart too", () => {
    const plain = insert();
    const full = insert({
      attachmentIds: ["a1", "a2"],
      state: "completed",
      sendAt: 2,
      givenAt: 3,
      startedAt: 4,
      endedAt: 5,
      reply,
      error: { code: "claude_error", detail: "odd" },
    });
    bench.reopen();
    expect(bench.store.turns.get(plain.turnId)).toEqual(plain);
    expect(bench.store.turns.get(full.turnId)).toEqual(full);
    expect(bench.store.turns.get("none")).toBeUndefined();
  });

  test("knows a client's message id once a device, whatever the string", () => {
    const id = `💬 ${"x".repeat(190)}`;
    const mine = insert({ clientMessageId: id });
    const theirs = insert({ clientMessageId: id, deviceId: "tablet" });
    expect(bench.store.turns.byClientMessage("phone", id)).toEqual(mine);
    expect(bench.store.turns.byClientMessage("tablet", id)).toEqual(theirs);
    expect(bench.store.turns.byClientMessage("watch", id)).toBeUndefined();
    expect(() => insert({ clientMessageId: id })).toThrow(
      expect.objectContaining({ code: "SQLITE_CONSTRAINT_UNIQUE" }),
    );
  });

  test("keeps the order of acceptance within one millisecond, and says each turn's place", () => {
    const turns = [insert(), insert(), insert()];
    insert({}, other.sessionId);
    const { turns: processStore } = bench.store;
    const places = () => turns.map((turn) => processStore.queuePosition(turn.turnId));
    expect(places()).toEqual([1, 2, 3]);
    expect(processStore.queuedOf(session.sessionId)).toEqual(turns);
    expect(processStore.nextQueued(session.sessionId, 0)).toEqual(turns[0]);
    processStore.markRunning(turns[0]!.turnId, 7);
    expect(places()).toEqual([0, 1, 2]);
    expect(processStore.nextQueued(session.sessionId, 0)).toEqual(turns[1]);
    processStore.settle(turns[1]!.turnId, { state: "cancelled", endedAt: 8 });
    expect(places()).toEqual([0, 0, 1]);
    processStore.requeue(turns[0]!.turnId);
    expect(places()).toEqual([1, 0, 2]);
    expect(processStore.nextQueued(session.sessionId, 0)).toEqual(turns[0]);
    expect([processStore.queuedCount(0), processStore.queuedCountOf(session.sessionId)]).toEqual([3, 2]);
    expect(processStore.queuePosition("none")).toBe(0);
  });

  test("lets a scheduled turn wait for its instant and others pass it", () => {
    const later = insert({ sendAt: 5_000 });
    const now = insert();
    const { turns } = bench.store;
    expect(turns.nextQueued(session.sessionId, 4_999)).toEqual(now);
    expect(turns.nextQueued(session.sessionId, 5_000)).toEqual(later);
    insert({ sendAt: 9_000 }, other.sessionId);
    expect([turns.queuedCount(4_999), turns.queuedCount(5_000)]).toEqual([1, 2]);
    expect([4_999, 5_000, 9_000].map((at) => turns.scheduledCountOf("phone", at))).toEqual([2, 1, 0]);
    expect(turns.scheduledCountOf("another", 0)).toBe(0);
    expect(turns.nextSendAt(0)).toBe(5_000);
    expect(turns.nextSendAt(5_000)).toBe(9_000);
    expect(turns.nextSendAt(9_000)).toBeUndefined();
  });

  test("lists sessions with a due turn, longest waiting first, without the closed ones", () => {
    const third = aSession();
    bench.store.sessions.insert(third);
    insert({ sendAt: 5_000 });
    insert({}, other.sessionId);
    insert({}, third.sessionId);
    insert();
    const { sessions, turns } = bench.store;
    expect(turns.sessionsWithQueued(0)).toEqual([other.sessionId, third.sessionId, session.sessionId]);
    expect(turns.sessionsWithQueued(5_000)).toEqual([session.sessionId, other.sessionId, third.sessionId]);
    sessions.setState(third.sessionId, "closed");
    expect(turns.sessionsWithQueued(0)).toEqual([other.sessionId, session.sessionId]);
  });

  test("walks a turn from the queue to its end, and ends it once", () => {
    const { turnId } = insert();
    const { turns } = bench.store;
    turns.markRunning(turnId, 10);
    turns.markGiven(turnId, 11);
    expect(turns.inState("running")).toEqual([
      expect.objectContaining({ turnId, startedAt: 10, givenAt: 11 }),
    ]);
    expect(turns.settle(turnId, { state: "completed", reply, endedAt: 12 })).toBe(true);
    expect(
      turns.settle(turnId, { state: "failed", error: { code: "claude_error", detail: "" }, endedAt: 13 }),
    ).toBe(false);
    const ended = turns.get(turnId);
    expect(ended).toMatchObject({ state: "completed", reply, endedAt: 12 });
    expect(ended?.error).toBeUndefined();
    turns.markGiven(turnId, 14);
    expect(turns.get(turnId)).toEqual(ended);
    expect(turns.inState("completed")).toEqual([ended]);
    expect(turns.inState("running")).toEqual([]);
  });

  test("a turn given back to the queue looks as if it had not begun", () => {
    const turn = insert();
    const { turns } = bench.store;
    turns.markRunning(turn.turnId, 10);
    turns.markGiven(turn.turnId, 11);
    turns.requeue(turn.turnId);
    expect(turns.get(turn.turnId)).toEqual(turn);
  });

  test("steps that the state machine does not know are bugs, and throw", () => {
    const { turnId } = insert();
    const { turns } = bench.store;
    expect(() => turns.requeue(turnId)).toThrow(/is not running/);
    turns.markRunning(turnId, 1);
    expect(() => turns.markRunning(turnId, 2)).toThrow(/is not queued/);
    expect(() => turns.markRunning("none", 2)).toThrow(/is not queued/);
  });

  test("finds queued and running turns through partial indexes, however long the history", () => {
    const plan = (where: string): string =>
      bench.connection
        .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN SELECT * FROM turns t WHERE ${where}`)
        .all()
        .map((row) => row.detail)
        .join("; ");
    expect(plan("t.session_id = 's' AND t.state = 'queued' ORDER BY t.ordinal LIMIT 1")).toMatch(
      /USING INDEX turns_(queued|live) /,
    );
    expect(plan("t.state = 'running' ORDER BY t.ordinal")).toMatch(/USING INDEX turns_live \(state=\?\)$/);
    expect(plan("t.state = 'queued' ORDER BY t.ordinal")).toMatch(/USING INDEX turns_live \(state=\?\)$/);
    expect(plan("t.state = 'queued' AND t.send_at > 5")).toMatch(/USING INDEX turns_live /);
  });
});
