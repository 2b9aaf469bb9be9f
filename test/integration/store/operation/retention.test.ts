import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { aSession, useBench } from "../fixture.ts";

const bench = useBench();

/** Says `count` things in a session, one millisecond apart, from `fromAt` on. */
function say(sessionId: string, count: number, fromAt: number, text = "x"): void {
  for (let index = 0; index < count; index += 1) {
    bench.clock.nowAt = fromAt + index;
    bench.store.transaction(() => {
      bench.store.events.append({ sessionId, type: "message", data: { messageId: randomUUID(), text } });
    });
  }
}

describe("O11 retention", () => {
  test("cuts old events in batches, raises the floor with them, and never uses a cursor again", () => {
    const session = aSession();
    bench.store.sessions.insert(session);
    say(session.sessionId, 10, 1_000);
    say(session.sessionId, 5, 9_000);
    const { events, history } = bench.store;
    expect(history.newestAt()).toBe(9_004);
    expect(history.cut(5_000, 4)).toBe(4);
    expect(events.floor()).toBe(4);
    expect(history.cut(5_000, 100)).toBe(6);
    expect(history.cut(5_000, 100)).toBe(0);
    expect(events.floor()).toBe(10);
    expect(events.after(0, 100).map((event) => event.cursor)).toEqual([11, 12, 13, 14, 15]);
    expect(events.ofSession(session.sessionId, 0, 100).map((event) => event.seq)).toEqual([
      11, 12, 13, 14, 15,
    ]);
    history.cut(Number.MAX_SAFE_INTEGER, 100);
    expect([events.floor(), events.tip()]).toEqual([15, 15]);
    expect(history.newestAt()).toBeUndefined();
    say(session.sessionId, 1, 20_000);
    expect(events.tip()).toBe(16);
    bench.reopen();
    expect([bench.store.events.floor(), bench.store.events.tip()]).toEqual([15, 16]);
  });

  test("a clock that was set back leaves no hole: what came after a young event stays", () => {
    const session = aSession();
    bench.store.sessions.insert(session);
    say(session.sessionId, 2, 1_000);
    say(session.sessionId, 1, 9_000);
    say(session.sessionId, 2, 1_500);
    expect(bench.store.history.cut(5_000, 100)).toBe(2);
    expect(bench.store.events.after(0, 100).map((event) => event.cursor)).toEqual([3, 4, 5]);
  });

  test("cuts the audit log and gives the space back to the file system", () => {
    const session = aSession();
    bench.store.sessions.insert(session);
    bench.store.audit.add({ at: 1_000, deviceId: "d", action: "old", target: "", detail: "" });
    bench.store.audit.add({ at: 9_000, deviceId: "d", action: "young", target: "", detail: "" });
    say(session.sessionId, 400, 1_000, "y".repeat(40_000));
    bench.connection.pragma("wal_checkpoint(TRUNCATE)");
    const before = statSync(bench.path).size;
    let rows = 0;
    for (let cut = bench.store.history.cut(5_000, 50); cut > 0; cut = bench.store.history.cut(5_000, 50))
      rows += cut;
    expect(rows).toBe(401);
    bench.connection.pragma("wal_checkpoint(TRUNCATE)");
    expect(statSync(bench.path).size).toBeLessThan(before / 2);
    expect(bench.store.audit.list(undefined, 10).entries.map((entry) => entry.action)).toEqual(["young"]);
  });
});
