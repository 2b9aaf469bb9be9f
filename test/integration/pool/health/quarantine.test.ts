import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { Quarantine } from "../../../../server/pool/health/quarantine.ts";
import { TurnWriter } from "../../../../server/pool/turns/turnWriter.ts";
import { limitsOf, minuteMs, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const told = (type: string) =>
  rig.current.store.events.after(0, 100_000).filter((event) => event.type === type);
/** A session whose starts fail: five messages in a row, each given the time of its try. */
async function quarantined() {
  const { clock, host } = rig.current;
  host.manners.start = "fail";
  const first = rig.current.submit({ message: "1" });
  const { sessionId } = first;
  const others = [2, 3, 4, 5, 6, 7].map((number) => rig.current.submit({ sessionId, message: `${number}` }));
  const later = rig.current.submit({ sessionId, message: "8", sendAt: clock.now() + 60 * minuteMs });
  await clock.run(1_000 + 2_000 + 4_000 + 8_000);
  return { sessionId, turns: [first, ...others], later };
}

describe("F18: a session whose process does not come up", () => {
  test("F18: is started again after 1, 2, 4 and 8 seconds, and no sooner", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.manners.start = "fail";
    const { sessionId } = rig.current.submit({ message: "1" });
    for (let number = 2; number <= 5; number += 1) rig.current.submit({ sessionId, message: `${number}` });
    const startedAt: number[] = [];
    for (let second = 0; second <= 20; second += 1) {
      await clock.settle();
      while (startedAt.length < host.specs.length) startedAt.push(second);
      await clock.run(1_000);
    }
    expect(startedAt).toEqual([0, 1, 3, 7, 15]);
  });

  test("F18: is quarantined after five in a row: what waits fails once, the phones are told once", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, turns, later } = await quarantined();
    expect(turns.map(({ turnId }) => rig.current.ends(turnId).join())).toEqual([
      ...Array<string>(5).fill("turn.failed process_start_failed"),
      ...Array<string>(2).fill("turn.failed session_quarantined"),
    ]);
    expect(rig.current.state(sessionId)).toBe("quarantined");
    const retryAt = clock.now() + minuteMs;
    expect(told("session.quarantined").map(({ data }) => data)).toEqual([
      { detail: expect.stringContaining("5 times"), retryAt },
    ]);
    expect(pool.health()).toEqual({ state: "degraded", detail: "Quarantined sessions: 1." });
    const wait = () => rig.current.submit({ sessionId, message: "Now" });
    expect(await refusal(wait)).toBe("session_quarantined");
    await clock.run(minuteMs - 1);
    expect([await refusal(wait), host.specs.length]).toEqual(["session_quarantined", 5]);
    expect(rig.current.ends(later.turnId)).toEqual([]);
  });

  test("F18: is tried again by a message after that time, and an answer clears it", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, later } = await quarantined();
    await clock.run(minuteMs);
    const failing = rig.current.submit({ sessionId, message: "Again" });
    await clock.settle();
    expect(rig.current.ends(failing.turnId)).toEqual(["turn.failed process_start_failed"]);
    expect(rig.current.state(sessionId)).toBe("quarantined");
    expect(await refusal(() => rig.current.submit({ sessionId, message: "Now" }))).toBe(
      "session_quarantined",
    );
    await clock.run(2 * minuteMs);
    host.manners.start = "at-once";
    const answered = rig.current.submit({ sessionId, message: "Again" });
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(answered.turnId)).toEqual(["turn.completed"]);
    expect([rig.current.state(sessionId), pool.health().state]).toEqual(["idle", "ok"]);
    expect(told("session.quarantined")).toHaveLength(1);
    await clock.run(60 * minuteMs);
    host.process(sessionId).reply("Later.");
    await clock.settle();
    expect(rig.current.ends(later.turnId)).toEqual(["turn.completed"]);
  });

  test("F18: a restart of the server is a new chance", async () => {
    await rig.current.open();
    const { sessionId } = await quarantined();
    await rig.current.restart();
    expect(rig.current.state(sessionId)).toBe("parked");
    const next = rig.current.submit({ sessionId, message: "Again" });
    await rig.current.clock.settle();
    rig.current.host.process(sessionId).reply("Hi.");
    await rig.current.clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
  });

  test("F18: counts a process that dies in its turns, which one death alone does not delay", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    for (let round = 1; round <= 5; round += 1) {
      const { turnId } = rig.current.submit({ sessionId, message: `${round}` });
      await clock.run(round < 3 ? 0 : 2 ** (round - 3) * 1_000);
      host.process(sessionId).crash({ code: null, signal: "SIGKILL" });
      await clock.settle();
      expect(rig.current.ends(turnId)).toEqual(["turn.failed process_crashed"]);
    }
    expect(rig.current.state(sessionId)).toBe("quarantined");
    expect(told("session.quarantined")).toHaveLength(1);
  });

  test("F18: is not blamed for a directory that is gone, nor for a start that was given up", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const caller = { deviceId: "phone", scope: "chat" as const };
    host.manners.start = "held";
    const { sessionId } = rig.current.submit({ message: "Hello" });
    for (let round = 0; round < 8; round += 1) {
      rig.current.submit({ sessionId, message: "Hello" });
      await clock.settle();
      await pool.stopProcesses(sessionId, caller);
      await clock.settle();
    }
    const gone = new DaylongError("project_not_found", "The directory is gone.");
    rig.current.refusedProjects.set("/projects/alpha", gone);
    for (let round = 0; round < 8; round += 1) {
      const { turnId } = rig.current.submit({ sessionId, message: "Hello" });
      await clock.settle();
      expect(rig.current.ends(turnId)).toEqual(["turn.failed project_not_found"]);
    }
    rig.current.refusedProjects.clear();
    expect(rig.current.state(sessionId)).toBe("parked");
    host.manners.start = "at-once";
    const { turnId } = rig.current.submit({ sessionId, message: "Hello" });
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });
});

describe("F18: a CLI that is missing", () => {
  test("F18: is started less and less often, not once for every session, and is told of once", async () => {
    await rig.current.open({ maxConcurrentSessions: 3 });
    const { clock, host, pool } = rig.current;
    host.manners.start = "fail";
    const turns = Array.from({ length: 20 }, (_, number) => rig.current.submit({ message: `${number}` }));
    await clock.settle();
    expect(host.specs.length).toBeLessThanOrEqual(5);
    await clock.run(2 * minuteMs);
    const failed = turns.filter(({ turnId }) => rig.current.ends(turnId).length === 1);
    // 1 + 2 + 4 + 8 + 16 + 32 s, then every minute.
    expect(host.specs.length).toBeLessThanOrEqual(12);
    expect(failed).toHaveLength(host.specs.length);
    expect(told("resource.warning").map(({ data }) => data)).toEqual([
      { kind: "process_start", detail: "Claude could not be started." },
    ]);
    expect(told("session.quarantined")).toEqual([]);
    expect(pool.health()).toEqual({ state: "degraded", detail: "Claude could not be started." });
    host.manners.start = "at-once";
    for (let round = 0; round < 12; round += 1) {
      await clock.run(minuteMs);
      for (const process of host.live()) if (process.unanswered.length > 0) process.reply("Hi.");
    }
    expect(turns.every(({ turnId }) => rig.current.ends(turnId).length === 1)).toBe(true);
    const answered = turns.filter(({ turnId }) => rig.current.ends(turnId)[0] === "turn.completed");
    expect(answered).toHaveLength(turns.length - failed.length);
    expect(pool.health()).toEqual({ state: "ok" });
  });
});

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A quarantine of its own over the store of a pool that has stopped, with a session in it. */
async function bench() {
  await rig.current.open();
  const { clock, store, disk, pool } = rig.current;
  const { sessionId } = await rig.current.idleSession();
  await pool.stop(0);
  await clock.run(1_000);
  const advanced: number[] = [];
  const turnWriter = new TurnWriter({
    store,
    clock,
    limits: limitsOf(),
    feed: { unfinished: () => undefined },
    newId: () => "id",
  });
  const startedAt = clock.now();
  const quarantine = new Quarantine({
    store: disk.over(store),
    clock,
    log: quiet,
    turnWriter,
    advance: () => advanced.push(clock.now() - startedAt),
  });
  const fail = (times: number, kind: "start" | "crash" = "start") => {
    for (let time = 0; time < times; time += 1) quarantine.failed(sessionId, kind, "Why.");
  };
  return { clock, store, disk, sessionId, quarantine, fail, advanced };
}

describe("the records of failing sessions", () => {
  test("hold the session's starts alone, for their pause, and let the pool go on after it", async () => {
    const { clock, quarantine, sessionId, fail, advanced } = await bench();
    fail(1);
    expect([
      quarantine.holds(sessionId, "start"),
      quarantine.holds(sessionId, "give"),
      quarantine.holds("other", "start"),
      quarantine.refusal(sessionId),
      quarantine.count,
    ]).toEqual([true, false, false, undefined, 0]);
    clock.advance(999);
    expect([advanced, quarantine.holds(sessionId, "start")]).toEqual([[], true]);
    clock.advance(1);
    expect([advanced, quarantine.holds(sessionId, "start")]).toEqual([[1_000], false]);
  });

  test("have one timer a session, of the newest failure", async () => {
    const { clock, fail, advanced } = await bench();
    fail(3);
    expect(clock.armed).toBe(1);
    clock.advance(60_000);
    expect(advanced).toEqual([4_000]);
  });

  test("of a first crash hold nothing and have no timer", async () => {
    const { clock, quarantine, sessionId, fail } = await bench();
    fail(1, "crash");
    expect([quarantine.holds(sessionId, "start"), clock.armed]).toEqual([false, 0]);
  });

  test("are forgotten with an answer, timer and all, and counted anew", async () => {
    const { clock, quarantine, sessionId, fail, advanced } = await bench();
    fail(5);
    expect([quarantine.count, quarantine.refusal(sessionId)?.code]).toEqual([1, "session_quarantined"]);
    quarantine.succeeded(sessionId);
    expect([quarantine.count, quarantine.refusal(sessionId), clock.armed]).toEqual([0, undefined, 0]);
    fail(1);
    clock.advance(1_000);
    expect(advanced).toEqual([1_000]);
  });

  test("refuse with the time that is left, until it is over", async () => {
    const { clock, quarantine, sessionId, fail } = await bench();
    fail(5);
    clock.advance(500);
    const refused = quarantine.refusal(sessionId);
    expect([refused?.message, refused?.retryAfterMs]).toEqual([expect.stringContaining("in 60 s."), 59_500]);
    clock.advance(59_500);
    expect(quarantine.refusal(sessionId)).toBeUndefined();
  });

  test("write the quarantine as soon as the disk takes it, and tell it once", async () => {
    const { clock, disk, sessionId, fail } = await bench();
    fail(4);
    disk.plan(true);
    fail(1);
    expect(rig.current.state(sessionId)).toBe("parked");
    clock.advance(1_000);
    expect(rig.current.state(sessionId)).toBe("quarantined");
    fail(1);
    const told = rig.current.events(sessionId).filter(({ type }) => type === "session.quarantined");
    expect(told.map(({ data }) => data)).toEqual([
      expect.objectContaining({ detail: expect.stringContaining("Claude failed 5 times in a row") }),
    ]);
  });

  test("F18: let the pool go on within a minute after a suspend over the next try", async () => {
    const { clock, quarantine, sessionId, fail, advanced } = await bench();
    fail(7);
    const pauseMs = 4 * minuteMs;
    clock.advance(1_000);
    clock.suspend(pauseMs);
    expect([quarantine.holds(sessionId, "start"), advanced]).toEqual([false, []]);
    clock.advance(minuteMs);
    expect(advanced).toEqual([pauseMs + minuteMs]);
    clock.advance(2 * pauseMs);
    expect([advanced.length, clock.armed]).toEqual([1, 0]);
  });

  test.each(["closed", "expired"] as const)("leave a session that is %s as it is", async (state) => {
    const { store, sessionId, fail } = await bench();
    store.transaction(() => store.sessions.setState(sessionId, state));
    fail(5);
    expect(rig.current.state(sessionId)).toBe(state);
    expect(rig.current.types(sessionId)).not.toContain("session.quarantined");
  });

  test("that are stopped have no timer and take nothing up", async () => {
    const { clock, quarantine, sessionId, fail, advanced } = await bench();
    fail(2);
    quarantine.stop();
    fail(5);
    clock.advance(60_000);
    expect([clock.armed, advanced, quarantine.count, rig.current.state(sessionId)]).toEqual([
      0,
      [],
      0,
      "parked",
    ]);
  });
});
