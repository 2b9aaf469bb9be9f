import { describe, expect, test } from "@jest/globals";
import { hourMs, minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const warnings = (sessionId: string) =>
  rig.current
    .events(sessionId)
    .flatMap((event) => (event.type === "session.expiring" ? [event.data.final ? "final" : "first"] : []));
const renewals = (sessionId: string) =>
  rig.current
    .events(sessionId)
    .flatMap((event) =>
      event.type === "session.renewed" ? [`${event.data.term} ${event.data.reason}`] : [],
    );
const term = (sessionId: string) => rig.current.pool.session(sessionId).lease.term;

describe("S04 the warning", () => {
  test("comes once at 20 h, the last one half an hour before the end, and then the end", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await clock.run(20 * hourMs - 1);
    expect(warnings(sessionId)).toEqual([]);
    await clock.run(1);
    expect(warnings(sessionId)).toEqual(["first"]);
    await clock.run(3.5 * hourMs);
    expect(warnings(sessionId)).toEqual(["first", "final"]);
    await clock.run(0.5 * hourMs);
    expect(warnings(sessionId)).toEqual(["first", "final"]);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.expired");
    expect([rig.current.state(sessionId), process.alive]).toEqual(["expired", false]);
    expect(rig.current.pool.session(sessionId).timeRemainingMs).toBe(0);
  });

  test("is neither lost nor said twice over restarts", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    await rig.current.clock.run(19 * hourMs);
    await rig.current.restart();
    await rig.current.clock.run(hourMs);
    expect(warnings(sessionId)).toEqual(["first"]);
    await rig.current.restart();
    await rig.current.clock.run(hourMs);
    expect(warnings(sessionId)).toEqual(["first"]);
  });

  test("that fell into a restart comes right after it", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    rig.current.clock.jump(21 * hourMs);
    await rig.current.restart();
    expect(warnings(sessionId)).toEqual(["first"]);
  });

  test("that fell into a sleep comes within a minute, and only the one that still helps", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    rig.current.clock.jump(23.7 * hourMs);
    await rig.current.clock.run(minuteMs);
    expect(warnings(sessionId)).toEqual(["final"]);
  });

  test("is not said again when the clock was set back", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(20 * hourMs);
    clock.step(-5 * hourMs);
    await clock.run(3 * hourMs);
    expect(warnings(sessionId)).toEqual(["first"]);
  });

  test("comes once a term: activity after it opens the next", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(19 * hourMs);
    rig.current.submit({ sessionId, message: "Still here" });
    host.process(sessionId).reply("So am I.");
    expect(term(sessionId)).toBe(1);
    await clock.run(21 * hourMs);
    expect(warnings(sessionId)).toEqual(["first"]);
    rig.current.submit({ sessionId, message: "Here again" });
    host.process(sessionId).reply("Yes.");
    expect(renewals(sessionId)).toEqual(["2 activity"]);
    await clock.run(21 * hourMs);
    expect(warnings(sessionId)).toEqual(["first", "first"]);
  });

  test("comes to each of many sessions, parked ones included", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const sessions = [];
    for (let index = 0; index < 4; index += 1) sessions.push(await rig.current.idleSession());
    await rig.current.clock.run(20 * hourMs);
    for (const { sessionId } of sessions) expect(warnings(sessionId)).toEqual(["first"]);
  });

  test("F20 that could not be written is tried again", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(20 * hourMs - 1_000);
    disk.plan(true, true);
    await clock.run(minuteMs);
    expect(warnings(sessionId)).toEqual(["first"]);
  });
});

describe("S05 S07 keeping a session alive", () => {
  test("opens the next term without a word to Claude", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await clock.run(21 * hourMs);
    const view = pool.keepAlive(sessionId, owner);
    expect(view).toMatchObject({ lease: { term: 2 }, timeRemainingMs: 24 * hourMs });
    expect([process.sent.length, renewals(sessionId)]).toEqual([1, ["2 keep-alive"]]);
    await clock.run(20 * hourMs);
    expect(warnings(sessionId)).toEqual(["first", "first"]);
  });

  test("by itself happens in place of the warning, for ever", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await pool.updateSession(sessionId, { autoKeepAlive: true }, owner);
    await clock.run(100 * hourMs);
    expect([warnings(sessionId), term(sessionId), process.alive]).toEqual([[], 6, true]);
  });

  test("by itself from the first moment on does not keep the other sessions from their warnings", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const other = await rig.current.idleSession();
    await rig.current.changeLimits({ sessionWarningMs: 0 });
    const own = await rig.current.idleSession();
    store.sessions.update(own.sessionId, { autoKeepAlive: true });
    await clock.run(20 * hourMs + minuteMs);
    expect([warnings(other.sessionId), warnings(own.sessionId)]).toEqual([["first"], []]);
  });

  test("brings an expired session back, with a process when there is a place", async () => {
    await rig.current.open();
    const { clock, pool, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(24 * hourMs);
    expect(pool.keepAlive(sessionId, owner).state).toBe("parked");
    await clock.settle();
    expect(rig.current.state(sessionId)).toBe("idle");
    expect([host.process(sessionId).resumed, host.process(sessionId).sent]).toEqual([true, []]);
  });

  test("of one whose process is still on its way out waits for that, and never has two", async () => {
    await rig.current.open();
    const { clock, pool, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    await clock.run(24 * hourMs);
    pool.keepAlive(sessionId, owner);
    await clock.settle();
    expect(host.specs).toHaveLength(1);
    process.leave();
    await clock.settle();
    expect([host.specs.length, host.mostOfOneSession, rig.current.state(sessionId)]).toEqual([2, 1, "idle"]);
  });

  test("of one without a free place only parks it", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, pool, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(24 * hourMs);
    await rig.current.busySession();
    pool.keepAlive(sessionId, owner);
    await clock.settle();
    expect([rig.current.state(sessionId), host.mostAtOnce]).toEqual(["parked", 1]);
  });
});

describe("S03 the end of a lease", () => {
  test("in the middle of a turn gives it its time, and then fails it once", async () => {
    await rig.current.open({ drainMs: 5_000, permissionTimeoutMs: 48 * hourMs });
    const { clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const ask = process.ask();
    await clock.run(24 * hourMs + 4_000);
    expect([rig.current.ends(turnId), process.alive]).toEqual([[], true]);
    await clock.run(1_500);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed lease_expired"]);
    expect([ask.decision?.decision, process.alive, rig.current.state(sessionId)]).toEqual([
      "deny",
      false,
      "expired",
    ]);
  });

  test("is put off by a reply within that time, which is activity", async () => {
    await rig.current.open({ drainMs: 5_000 });
    const { clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    await clock.run(24 * hourMs + 1_000);
    process.reply("Just in time.");
    await clock.run(hourMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect([rig.current.state(sessionId), term(sessionId), process.alive]).toEqual(["idle", 2, true]);
  });

  test("is undone by a message, which goes on with the context in the next term", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(25 * hourMs);
    const { turnId } = rig.current.submit({ sessionId, message: "Good morning" });
    expect(renewals(sessionId)).toEqual(["2 revived"]);
    await clock.settle();
    expect(host.process(sessionId).resumed).toBe(true);
    host.process(sessionId).reply("Good morning.");
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "idle"]);
  });

  test("comes to a parked session as well, once", async () => {
    await rig.current.open({ sessionIdleMs: minuteMs });
    const { sessionId } = await rig.current.idleSession();
    await rig.current.clock.run(60 * hourMs);
    expect(rig.current.types(sessionId).filter((type) => type === "session.expired")).toHaveLength(1);
  });

  test("leaves a message that is scheduled for later, which brings the session back", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    const { turnId } = rig.current.submit({ sessionId, message: "Later", sendAt: clock.now() + 30 * hourMs });
    await clock.run(30 * hourMs);
    host.process(sessionId).reply("Now.");
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "idle"]);
    expect(term(sessionId)).toBe(2);
  });
});
