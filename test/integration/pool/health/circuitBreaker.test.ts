import { describe, expect, test } from "@jest/globals";
import { CircuitBreaker } from "../../../../server/pool/health/circuitBreaker.ts";
import type { GateUse } from "../../../../server/pool/state/gate.ts";
import { ScriptedWatch } from "../../../support/claude/scriptedWatch.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const told = (type: string) =>
  rig.current.store.events.after(0, 100_000).filter((event) => event.type === type);
const isOver = (turnId: string) => rig.current.ends(turnId).length === 1;

describe("F16: a login that is over", () => {
  test("F16: is told once for all sessions, ends their turns once, and lets nothing begin", async () => {
    await rig.current.open({ maxConcurrentSessions: 4 });
    const { clock, host, pool } = rig.current;
    const idle = await rig.current.idleSession();
    const busy = [await rig.current.busySession(), await rig.current.busySession()];
    const parked = busy[0]!.sessionId;
    for (const { process } of busy) process.refused({ kind: "login-refused", detail: "Log in." });
    for (const { process } of busy) process.refused({ kind: "login-refused", detail: "Log in." });
    await clock.settle();
    expect(told("login.required").map(({ sessionId, data }) => [sessionId, data])).toEqual([
      [null, { detail: "Log in." }],
    ]);
    for (const { turnId } of busy) expect(rig.current.ends(turnId)).toEqual(["turn.failed login_required"]);
    expect(host.live()).toEqual([idle.process]);
    expect(pool.health()).toEqual({ state: "degraded", detail: "Log in." });
    const starts = host.specs.length;
    const waiting = [
      rig.current.submit({ sessionId: idle.sessionId, message: "On" }),
      rig.current.submit({ sessionId: parked, message: "On" }),
      rig.current.submit({ message: "New" }),
    ];
    expect(waiting.map(({ state }) => state)).toEqual(["queued", "queued", "queued"]);
    await clock.run(14_999);
    expect([host.specs.length, idle.process.sent.length]).toEqual([starts, 1]);
    expect(await refusal(() => pool.recap(idle.sessionId))).toBe("login_required");
  });

  test("F16: is tried with one message at a time, less and less often, and the rest go on when one is answered", async () => {
    await rig.current.open({ maxConcurrentSessions: 4 });
    const { clock, host } = rig.current;
    const lost = await rig.current.busySession();
    lost.process.refused({ kind: "login-refused" });
    const waiting = [1, 2, 3, 4].map((number) => rig.current.submit({ message: `Number ${number}` }));
    await clock.settle();
    for (const [index, pauseMs] of [15_000, 30_000, 60_000].entries()) {
      await clock.run(pauseMs - 1);
      expect(host.live()).toEqual([]);
      await clock.run(1);
      expect(host.live()).toHaveLength(1);
      // However long this try takes, there is only one.
      await clock.run(minuteMs);
      expect(host.live()).toHaveLength(1);
      host.process(waiting[index]!.sessionId).refused({ kind: "login-refused" });
      await clock.settle();
      expect(rig.current.ends(waiting[index]!.turnId)).toEqual(["turn.failed login_required"]);
    }
    const newer = [5, 6].map((number) => rig.current.submit({ message: `Number ${number}` }));
    await clock.run(2 * minuteMs);
    const last = host.process(waiting[3]!.sessionId);
    expect(host.live()).toEqual([last]);
    last.delta("Hel");
    await clock.settle();
    // The first word proves the login; nobody waits for the end of a long turn.
    expect(host.live()).toHaveLength(3);
    for (const process of host.live()) process.reply("Done.");
    await clock.settle();
    for (const { turnId } of [waiting[3]!, ...newer])
      expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(told("login.required")).toHaveLength(1);
    expect(rig.current.pool.health()).toEqual({ state: "ok" });
  });

  test("F16: is tried with the oldest message, also when its conversation has to be looked at first", async () => {
    await rig.current.open({ maxConcurrentSessions: 4 });
    const { clock, host, pool } = rig.current;
    host.watch = new ScriptedWatch({ clock });
    const { sessionId } = await rig.current.idleSession();
    const lost = await rig.current.busySession();
    lost.process.refused({ kind: "login-refused" });
    await clock.settle();
    const oldest = await pool.submit({ caller: owner, sessionId, message: "Oldest" });
    const newer = [1, 2].map((number) => rig.current.submit({ message: `Newer ${number}` }));
    await clock.run(15_000);
    const states = () => [oldest, ...newer].map(({ turnId }) => rig.current.store.turns.get(turnId)?.state);
    expect(states()).toEqual(["running", "queued", "queued"]);
    host.process(sessionId).refused({ kind: "login-refused" });
    await clock.run(30_000);
    expect(states()).toEqual(["failed", "running", "queued"]);
  });

  test("F16: with nothing waiting is tried by the next message, and lost again is a new incident", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const lost = await rig.current.busySession();
    lost.process.refused({ kind: "login-refused" });
    await clock.run(20 * minuteMs);
    const next = rig.current.submit({ sessionId: lost.sessionId, message: "Again" });
    await clock.settle();
    host.process(lost.sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
    const again = rig.current.submit({ sessionId: lost.sessionId, message: "Again" });
    host.process(lost.sessionId).refused({ kind: "login-refused", refusals: 1, final: true });
    await clock.settle();
    expect(rig.current.ends(again.turnId)).toEqual(["turn.failed login_required"]);
    expect(told("login.required")).toHaveLength(2);
  });

  test("F16: is not believed at the CLI's first refusal, which makes it renew its token", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    process.refused({ kind: "login-refused", refusals: 1 });
    process.reply("Done.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(told("login.required")).toEqual([]);
  });

  test("F16: is not thought mended by words that were asked for before", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const older = await rig.current.busySession();
    const lost = await rig.current.busySession();
    lost.process.refused({ kind: "login-refused" });
    rig.current.submit({ message: "Waits" });
    older.process.delta("Still speaking");
    await clock.run(14_000);
    expect(host.specs).toHaveLength(2);
    // Nor does its turn, which may take hours, keep the next try from being made.
    await clock.run(1_000);
    expect(host.specs).toHaveLength(3);
  });

  test("F16: is not thought mended by the result of a background task", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    rig.current.submit({ sessionId, message: "Work" });
    host.process(sessionId).refused({ kind: "limit-hit", refusals: 4 });
    const waiting = rig.current.submit({ message: "Waits" });
    host.process(sessionId).result({ messageIds: ["a-task"] });
    await clock.settle();
    expect(rig.current.pool.health().state).toBe("degraded");
    expect(host.specs.some((spec) => spec.sessionId === waiting.sessionId)).toBe(false);
    host.process(sessionId).reply("Done after all.");
    await clock.settle();
    expect(rig.current.pool.health().state).toBe("ok");
  });

  test("F16: is told although the disk is full at that moment, and survives an interrupt of the try", async () => {
    await rig.current.open();
    const { clock, host, disk, pool } = rig.current;
    const lost = await rig.current.busySession();
    disk.failing = true;
    lost.process.refused({ kind: "login-refused" });
    await clock.run(3_000);
    expect(told("login.required")).toEqual([]);
    disk.failing = false;
    await clock.run(1_000);
    lost.process.refused({ kind: "login-refused", refusals: 3 });
    await clock.settle();
    expect([told("login.required").length, rig.current.ends(lost.turnId)]).toEqual([
      1,
      ["turn.failed login_required"],
    ]);
    const tries = [1, 2].map((number) => rig.current.submit({ message: `Try ${number}` }));
    await clock.run(15_000);
    await pool.interrupt(tries[0]!.sessionId, undefined, owner);
    await clock.settle();
    host.process(tries[1]!.sessionId).reply("Done.");
    await clock.settle();
    expect(tries.every(({ turnId }) => isOver(turnId))).toBe(true);
  });

  test("F16: leaves no timer behind when the pool stops", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const lost = await rig.current.busySession();
    lost.process.refused({ kind: "login-refused" });
    await clock.settle();
    await pool.stop(0);
    await clock.settle();
    expect(clock.armed).toBe(0);
  });
});

describe("F17: a usage limit", () => {
  test("F17: with a reset is told once with it, holds the queue until then, and is over by itself", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const resetsAt = clock.now() + 90 * minuteMs;
    const limit = {
      kind: "limit-hit",
      limit: "five_hour",
      final: true,
      detail: "Used up.",
      resetsAt,
    } as const;
    process.refused(limit);
    // The CLI reports the request that was refused as well; it says less.
    process.refused({ kind: "limit-hit", limit: "rate_limit", final: true, detail: "Some limit." });
    process.result({ outcome: "failed", failure: { code: "claude_error", detail: "You've hit your limit" } });
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed usage_limit"]);
    expect(rig.current.pool.health().detail).toBe("Used up.");
    const next = rig.current.submit({ sessionId, message: "Next" });
    const other = rig.current.submit({ message: "Other" });
    await clock.run(90 * minuteMs - 1);
    expect([process.sent.length, host.specs.length]).toEqual([1, 1]);
    await clock.run(1);
    process.reply("Hi.");
    await clock.settle();
    host.process(other.sessionId).reply("Hi.");
    await clock.settle();
    for (const turn of [next, other]) expect(rig.current.ends(turn.turnId)).toEqual(["turn.completed"]);
    expect(told("limit.reached").map(({ sessionId: about, data }) => [about, data])).toEqual([
      [sessionId, { kind: "five_hour", resetsAt, retryAt: resetsAt, detail: "Used up." }],
    ]);
  });

  test("F17: without a reset is tried after 1, 2, 4, 8, 15 minutes", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const first = await rig.current.busySession();
    const startedAt = clock.now();
    const turns = [1, 2, 3, 4, 5, 6].map((number) => rig.current.submit({ message: `Number ${number}` }));
    const hit = (sessionId: string) => {
      const process = host.process(sessionId);
      process.refused({ kind: "limit-hit", refusals: 4 });
      process.result({ outcome: "failed", failure: { code: "claude_error", detail: "429" } });
    };
    await clock.settle();
    // Two more are under way already when the first one meets the limit.
    hit(first.sessionId);
    hit(turns[0]!.sessionId);
    hit(turns[1]!.sessionId);
    await clock.settle();
    const pauses: number[] = [];
    let since = startedAt;
    for (const turn of turns.slice(2)) {
      while (host.processes.every((one) => one.sent.every(({ turnId }) => turnId !== turn.turnId)))
        await clock.run(1_000);
      pauses.push((clock.now() - since) / minuteMs);
      since = clock.now();
      hit(turn.sessionId);
      await clock.settle();
    }
    expect(pauses).toEqual([1, 2, 4, 8]);
    const last = rig.current.submit({ message: "Last" });
    await clock.run(15 * minuteMs);
    host.process(last.sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(last.turnId)).toEqual(["turn.completed"]);
    expect(told("limit.reached")).toHaveLength(1);
    for (const { turnId } of [first, ...turns]) expect(rig.current.ends(turnId)).toHaveLength(1);
  });

  test("F17: leaves the turn that met it to the CLI's patience, and is over when that turn goes on", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const met = await rig.current.busySession();
    met.process.refused({ kind: "limit-hit", refusals: 4 });
    const other = rig.current.submit({ message: "Other" });
    await clock.run(30_000);
    expect(host.specs).toHaveLength(1);
    met.process.reply("Here it is.");
    await clock.settle();
    host.process(other.sessionId).reply("Hi.");
    await clock.settle();
    for (const { turnId } of [met, other]) expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("F17: that is over within the CLI's first tries is no news; a long pause that it was told is, at once", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", refusals: 3 });
    expect(told("limit.reached")).toEqual([]);
    process.refused({ kind: "limit-hit", refusals: 1, waitMs: 120_000 });
    const at = clock.now() + 120_000;
    expect(told("limit.reached").map(({ data }) => data)).toEqual([
      expect.objectContaining({ resetsAt: at, retryAt: at }),
    ]);
  });

  test("F17: is forgotten by a restart, which simply tries again", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", final: true, resetsAt: rig.current.clock.now() + 600 * minuteMs });
    const waiting = rig.current.submit({ message: "Other" });
    await rig.current.clock.settle();
    await rig.current.restart();
    await rig.current.clock.settle();
    rig.current.host.process(waiting.sessionId).reply("Hi.");
    await rig.current.clock.settle();
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.completed"]);
  });
});

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function bench(uses: GateUse[] = ["start"]) {
  const clock = new ManualClock(0);
  const seen = { opened: [] as number[], advanced: [] as number[], tries: [] as string[] };
  const circuit = new CircuitBreaker({
    name: "test",
    clock,
    log: quiet,
    backOff: { firstMs: 1_000, mostMs: 200_000 },
    uses,
    tries: () => seen.tries,
    opened: ({ retryAt }) => seen.opened.push(retryAt),
    advance: () => seen.advanced.push(clock.now()),
  });
  return { clock, circuit, seen };
}

describe("a trouble that all sessions share", () => {
  test("closed holds nothing and has no timer; a success of it is no news", () => {
    const { clock, circuit, seen } = bench();
    circuit.succeed("a");
    expect([circuit.isOpen, circuit.retryAt, circuit.holds("s", "start"), clock.armed]).toEqual([
      false,
      undefined,
      false,
      0,
    ]);
    expect(seen.advanced).toEqual([]);
  });

  test("open holds what it is for until its next try, and lets the pool go on then", () => {
    const { clock, circuit, seen } = bench();
    circuit.fail("a");
    expect([circuit.isOpen, circuit.retryAt, seen.opened]).toEqual([true, 1_000, [1_000]]);
    expect([circuit.holds("s", "start"), circuit.holds("s", "give")]).toEqual([true, false]);
    clock.advance(999);
    expect([circuit.holds("s", "start"), seen.advanced]).toEqual([true, []]);
    clock.advance(1);
    expect([circuit.holds("s", "start"), seen.advanced]).toEqual([false, [1_000]]);
    // One try at a time.
    seen.tries.push("b");
    expect(circuit.holds("s", "start")).toBe(true);
  });

  test("is told once an incident, and waits longer after each try that fails", () => {
    const { clock, circuit, seen } = bench();
    circuit.fail("a");
    clock.advance(1_000);
    circuit.fail("b");
    expect([circuit.retryAt, seen.opened.length]).toEqual([3_000, 1]);
    clock.advance(2_000);
    expect(seen.advanced).toEqual([1_000, 3_000]);
    circuit.succeed("c");
    expect([circuit.isOpen, seen.advanced.length, clock.armed]).toEqual([false, 3, 0]);
    circuit.fail("d");
    expect([circuit.retryAt, seen.opened.length]).toEqual([4_000, 2]);
  });

  test("takes no success for its end of what was under way when it opened, unless that failed too", () => {
    const { clock, circuit, seen } = bench();
    seen.tries.push("old", "met");
    circuit.fail("met");
    clock.advance(1_000);
    circuit.succeed("old");
    expect(circuit.isOpen).toBe(true);
    seen.tries.splice(1, 1);
    // What is of before is no try.
    expect(circuit.holds("s", "start")).toBe(false);
    circuit.succeed("met");
    expect(circuit.isOpen).toBe(false);
    // A new incident knows nothing of the one before.
    seen.tries.length = 0;
    circuit.fail("x");
    circuit.succeed("old");
    expect(circuit.isOpen).toBe(false);
  });

  test("of a crowd is one failure, and one of no try is one too", () => {
    const { circuit, clock, seen } = bench();
    for (const id of ["a", "b", undefined]) circuit.fail(id);
    expect([circuit.retryAt, clock.armed, seen.opened.length]).toEqual([1_000, 1, 1]);
  });

  test("with a far end looks at the clock every minute, and acts at that end only", () => {
    const { clock, circuit, seen } = bench();
    circuit.fail("a", 150_000);
    clock.advance(149_999);
    expect([seen.advanced, clock.armed]).toEqual([[], 1]);
    clock.advance(1);
    expect(seen.advanced).toEqual([150_000]);
    circuit.fail("b", 3_600_000);
    clock.jump(3_600_000);
    clock.advance(60_000);
    expect(seen.advanced).toHaveLength(2);
  });

  test("that is moved by a later end is armed for that one alone", () => {
    const { clock, circuit, seen } = bench();
    circuit.fail("a", 10_000);
    circuit.fail("a", 20_000);
    expect([clock.armed, circuit.retryAt, seen.opened.length]).toEqual([1, 20_000, 1]);
    clock.advance(20_000);
    expect(seen.advanced).toEqual([20_000]);
  });

  test("that is stopped has no timer and opens no more", () => {
    const { clock, circuit, seen } = bench();
    circuit.fail("a");
    circuit.stop();
    clock.advance(10_000);
    expect([clock.armed, seen.advanced]).toEqual([0, []]);
    const other = bench();
    other.circuit.stop();
    other.circuit.fail("a");
    expect([other.circuit.isOpen, other.clock.armed]).toEqual([false, 0]);
  });
});
