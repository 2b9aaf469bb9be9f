import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { frameText } from "../../../../server/domain/delivery/frameText.ts";
import { aMessage, append, aSession, useBench } from "../fixture.ts";

const bench = useBench();

const started = (): string => {
  const session = aSession();
  bench.store.sessions.insert(session);
  return session.sessionId;
};

describe("the event log", () => {
  test("counts each session's events from 1 without gaps, and all of them by a growing cursor", () => {
    const [a, b] = [started(), started()];
    const events = [a, b, a, a, b].map((sessionId) => append(bench.store, aMessage(sessionId)));
    expect(events.map((event) => event.seq)).toEqual([1, 1, 2, 3, 2]);
    expect(events.map((event) => event.cursor)).toEqual([1, 2, 3, 4, 5]);
    expect(bench.store.sessions.get(a)?.lastSeq).toBe(3);
    expect(bench.store.events.tip()).toBe(5);
  });

  test("dates events with the clock and keeps them as they were given", () => {
    const sessionId = started();
    bench.clock.nowAt = 42_000;
    const event = append(bench.store, {
      sessionId,
      type: "turn.started",
      turnId: "t1",
      data: { origin: "user" },
    });
    expect(event).toEqual({
      cursor: 1,
      sessionId,
      seq: 1,
      type: "turn.started",
      at: 42_000,
      turnId: "t1",
      data: { origin: "user" },
    });
    expect(bench.store.events.after(0, 1)).toEqual([event]);
  });

  test("a page ends before it is too large, and always has one event if there is one", () => {
    const sessionId = started();
    const text = (length: number) => "x".repeat(length);
    for (const length of [10, 5_000, 2_000, 2_000, 10]) {
      const data = { messageId: randomUUID(), text: text(length) };
      append(bench.store, { sessionId, type: "message", turnId: "t", data });
    }
    const pages: number[][] = [];
    for (let cursor = 0; cursor < 5; cursor = pages.at(-1)!.at(-1)!) {
      pages.push(bench.store.events.after(cursor, 100, 4_500).map((event) => event.cursor));
    }
    expect(pages).toEqual([[1], [2], [3, 4, 5]]);
    expect(bench.store.events.ofSession(sessionId, 2, 100, 2_500).map((event) => event.seq)).toEqual([3]);
    expect(bench.store.events.after(0, 2, 1_000_000)).toHaveLength(2);
  });

  test("a page as frames is the same page, frame by frame", () => {
    const sessionId = started();
    for (let index = 0; index < 6; index += 1) {
      const data = { messageId: randomUUID(), text: "ü".repeat(1_000 * index) };
      append(bench.store, { sessionId, type: "message", turnId: "t", data });
    }
    append(bench.store, { sessionId: null, type: "login.required", data: { detail: "Log in." } });
    for (const cursor of [0, 4, 6, 7]) {
      const events = bench.store.events.after(cursor, 100, 4_500);
      expect(bench.store.events.framesAfter(cursor, 100, 4_500)).toEqual(
        events.map((event) => ({
          cursor: event.cursor,
          turnId: event.turnId,
          text: frameText({ type: "event", event }),
        })),
      );
    }
  });

  test("gives an event about no session no place in any", () => {
    const event = append(bench.store, {
      sessionId: null,
      type: "login.required",
      data: { detail: "Log in." },
    });
    const again = append(bench.store, {
      sessionId: null,
      type: "login.required",
      data: { detail: "Log in." },
    });
    expect([event.seq, again.seq]).toEqual([null, null]);
    expect(bench.store.events.after(0, 10)).toEqual([event, again]);
  });

  test("refuses an event of a session that does not exist", () => {
    expect(() => append(bench.store, aMessage(randomUUID()))).toThrow(
      expect.objectContaining({ code: "session_not_found" }),
    );
  });

  test("never gives a cursor a second time, even when the newest events were deleted", () => {
    const sessionId = started();
    append(bench.store, aMessage(sessionId));
    append(bench.store, aMessage(sessionId));
    bench.connection.exec("DELETE FROM events");
    expect(bench.store.events.tip()).toBe(2);
    bench.reopen();
    expect(append(bench.store, aMessage(sessionId))).toMatchObject({ cursor: 3, seq: 3 });
  });

  test("reads on from a cursor and from a seq, a page at a time", () => {
    const [a, b] = [started(), started()];
    for (const sessionId of [a, b, a, b, a]) append(bench.store, aMessage(sessionId));
    expect(bench.store.events.after(2, 2).map((event) => event.cursor)).toEqual([3, 4]);
    expect(bench.store.events.after(5, 2)).toEqual([]);
    expect(bench.store.events.ofSession(a, 1, 10).map((event) => event.cursor)).toEqual([3, 5]);
    expect(bench.store.events.ofSession(a, 0, 1).map((event) => event.cursor)).toEqual([1]);
  });

  test("gives the messages of both sides, newest first, and finds one by its id", () => {
    const sessionId = started();
    const other = started();
    const asked = append(bench.store, {
      sessionId,
      type: "turn.accepted",
      turnId: "t1",
      data: { messageId: "m1", message: "Hello?", clientMessageId: "c1", deviceId: "phone", attachments: [] },
    });
    append(bench.store, { sessionId, type: "turn.started", turnId: "t1", data: { origin: "user" } });
    append(bench.store, aMessage(other, "m2"));
    const answered = append(bench.store, aMessage(sessionId, "m3", "Hello!"));
    const said = append(bench.store, aMessage(sessionId, "m4", "And now?"));
    expect(bench.store.events.transcript(sessionId, undefined, 10)).toEqual([said, answered, asked]);
    expect(bench.store.events.transcript(sessionId, said.cursor, 1)).toEqual([answered]);
    expect(bench.store.events.message("m3")).toEqual(answered);
    expect(bench.store.events.message("m1")).toEqual(asked);
    expect(bench.store.events.message("m9")).toBeUndefined();
  });

  test("T03 knows whether a turn of a session has ended since an event", () => {
    const [one, other] = [aSession(), aSession()].map((session) => {
      bench.store.sessions.insert(session);
      return session.sessionId;
    }) as [string, string];
    const { seq } = append(bench.store, aMessage(one, "m1"));
    const hasEnded = () => bench.store.events.hasTurnEndAfter(one, seq ?? 0);
    append(bench.store, aMessage(one, "m2"));
    append(bench.store, { sessionId: other, type: "turn.cancelled", data: { by: "phone" } });
    expect(hasEnded()).toBe(false);
    const end = append(bench.store, { sessionId: one, type: "turn.cancelled", data: { by: "phone" } });
    expect(hasEnded()).toBe(true);
    expect(bench.store.events.hasTurnEndAfter(one, end.seq ?? 0)).toBe(false);
  });

  test("finds messages, transcripts and pages through indexes, never by reading the whole log", () => {
    const plan = (sql: string): string =>
      bench.connection
        .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => row.detail)
        .join("; ");
    const messages = "type IN ('message', 'turn.accepted')";
    expect(
      plan(`SELECT * FROM events WHERE json_extract(data, '$.messageId') = 'm' AND ${messages}`),
    ).toMatch(/USING INDEX events_by_message/);
    expect(
      plan(
        `SELECT * FROM events WHERE session_id = 's' AND cursor < 9 AND ${messages} ORDER BY cursor DESC LIMIT 5`,
      ),
    ).toMatch(/USING INDEX events_transcript/);
    expect(plan("SELECT * FROM events WHERE session_id = 's' AND seq > 5 ORDER BY seq LIMIT 5")).toMatch(
      /USING INDEX sqlite_autoindex_events_1 \(session_id=\? AND seq>\?\)$/,
    );
  });

  test("has an epoch that stays, an empty log's tip of 0 and nothing cut", () => {
    const { epoch } = bench.store.events;
    expect(epoch).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(bench.store.events.tip()).toBe(0);
    expect(bench.store.events.floor()).toBe(0);
    bench.reopen();
    expect(bench.store.events.epoch).toBe(epoch);
    bench.connection.exec("UPDATE meta SET floor_cursor = 7");
    expect(bench.store.events.floor()).toBe(7);
  });
});
