import { describe, expect, test } from "@jest/globals";
import type { ProcessListener } from "../../../../server/domain/processes/process.ts";
import { hourMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("S12 a process that ends by itself", () => {
  test("in the middle of a turn fails it once, and the next message goes on with the context", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.message("I will begin.");
    process.crash({ code: null, signal: "SIGKILL" });
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed process_crashed"]);
    expect(rig.current.types(sessionId).slice(-3)).toEqual(["message", "turn.failed", "session.crashed"]);
    expect(rig.current.state(sessionId)).toBe("parked");
    expect(host.specs).toHaveLength(1);
    rig.current.submit({ sessionId, message: "Go on" });
    await clock.settle();
    expect(host.process(sessionId).resumed).toBe(true);
  });

  test("lets the messages behind run on the next one", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const waiting = rig.current.submit({ sessionId, message: "Next" });
    process.crash();
    await clock.settle();
    host.process(sessionId).reply("Done.");
    await clock.settle();
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.completed"]);
    expect(host.mostOfOneSession).toBe(1);
  });

  test("between turns parks its session: with a word of the crash if it was one", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const broken = await rig.current.idleSession();
    const tidy = await rig.current.idleSession();
    broken.process.crash({ code: 1 });
    tidy.process.crash({ code: 0 });
    await clock.settle();
    expect(rig.current.types(broken.sessionId).at(-1)).toBe("session.crashed");
    expect(rig.current.events(tidy.sessionId).at(-1)).toMatchObject({ data: { reason: "process_ended" } });
    expect([rig.current.state(broken.sessionId), rig.current.state(tidy.sessionId)]).toEqual([
      "parked",
      "parked",
    ]);
  });

  test("frees its place for others", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { process } = await rig.current.busySession();
    const other = rig.current.submit({ message: "Other" });
    process.crash();
    await rig.current.clock.settle();
    expect(rig.current.host.process(other.sessionId).sent).toHaveLength(1);
  });

  test("frees its place, although its turn has ended in the store already", async () => {
    await rig.current.open();
    const { clock, host, pool, store } = rig.current;
    host.manners.start = "held";
    const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
    await clock.settle();
    const error = { code: "interrupted", detail: "Elsewhere." } as const;
    store.turns.settle(turnId, { state: "interrupted", endedAt: clock.now(), error });
    host.starts[0]!.comeUp().crash();
    await clock.settle();
    expect([rig.current.state(sessionId), pool.stats().availableSlots]).toEqual(["parked", 3]);
    expect(store.turns.get(turnId)?.state).toBe("interrupted");
  });

  test("has its last words thrown away when it speaks after its end", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.crash();
    process.result();
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed process_crashed"]);
    expect(rig.current.state(sessionId)).toBe("parked");
  });
});

describe("F18 a process that does not come up", () => {
  test("fails the turn once, with the reason, and frees its place", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host, pool } = rig.current;
    host.manners.start = "fail";
    const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed process_start_failed"]);
    expect(rig.current.state(sessionId)).toBe("parked");
    expect(pool.stats().totalSessions).toBe(0);
    host.manners.start = "at-once";
    const next = rig.current.submit({ sessionId, message: "Again" });
    await clock.run(1_000);
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
  });

  test("fails the turn with words of our own when the reason is an unknown one", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    host.manners.start = "held";
    const { turnId } = rig.current.submit({ message: "Hello" });
    await clock.settle();
    host.starts[0]!.fail(new TypeError("secret path /x"));
    await clock.settle();
    const turn = await pool.waitForTurn(turnId, 0);
    expect(turn.error).toEqual({ code: "process_start_failed", detail: "Claude could not be started." });
  });

  test("lets each message behind have a try of its own", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.manners.start = "held";
    const first = rig.current.submit({ message: "first" });
    const second = rig.current.submit({ sessionId: first.sessionId, message: "second" });
    await clock.settle();
    host.starts[0]!.fail();
    await clock.run(1_000);
    host.starts[0]!.comeUp();
    await clock.settle();
    host.process(first.sessionId).reply("Done.");
    await clock.settle();
    expect(rig.current.ends(first.turnId)).toEqual(["turn.failed process_start_failed"]);
    expect(rig.current.ends(second.turnId)).toEqual(["turn.completed"]);
  });

  test("gives its turn back to the queue when it was stopped before the prompt was given", async () => {
    await rig.current.open();
    const { clock, host, disk } = rig.current;
    host.manners.start = "held";
    const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
    await clock.settle();
    // The hand-over cannot be written, so nothing may be given: the process goes, the turn stays.
    disk.plan(true);
    const first = host.starts[0]!.comeUp();
    await clock.settle();
    expect([first.alive, first.sent.length]).toEqual([false, 0]);
    await clock.run(hourMs);
    host.starts[0]!.comeUp();
    await clock.settle();
    host.process(sessionId).reply("Done.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(host.mostOfOneSession).toBe(1);
  });
});

describe("F5 F6 what belongs to no message", () => {
  test("F5 a result that answers another message does not end the running turn", async () => {
    await rig.current.open();
    const { clock, feed } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.result({ messageIds: ["task-notification"], text: "Task done." });
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual([]);
    expect(rig.current.state(sessionId)).toBe("busy");
    process.delta("Real ");
    const messageId = process.reply("Real reply.");
    await clock.settle();
    expect((await rig.current.pool.waitForTurn(turnId, 0)).reply).toMatchObject({
      messageId,
      text: "Real reply.",
    });
    expect(feed).toContain(`delta ${sessionId} ${turnId} Real `);
  });

  test("F5 a result between turns ends nothing and costs no turn", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const tip = rig.current.store.events.tip();
    process.result({ messageIds: ["task-notification"] });
    process.result({ messageIds: [] });
    await rig.current.clock.run(1_000);
    expect(rig.current.store.events.tip()).toBe(tip);
    expect(rig.current.pool.session(sessionId).turnCount).toBe(1);
  });

  test("F5 the late result of a turn that was interrupted does not end the next one", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    await pool.interrupt(sessionId, turnId, owner);
    const next = rig.current.submit({ sessionId, message: "Next" });
    process.result({ messageIds: [turnId], text: "Late." });
    await clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual([]);
    host.process(sessionId).reply("Done.");
    await clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
  });

  test("F6 F21 T01 a text between turns is told in a turn of Claude's own, with a beginning and one end", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const before = rig.current.events(sessionId).length;
    const ownTurnId = process.beginOwn("task");
    const messageId = process.message("The build is through.");
    expect(rig.current.state(sessionId)).toBe("busy");
    process.result({ text: "The build is through.", totalCostUsd: 0.75 });
    await rig.current.clock.settle();
    const told = rig.current.events(sessionId).slice(before);
    expect(told.map(({ type, turnId }) => [type, turnId])).toEqual([
      ["turn.started", ownTurnId],
      ["message", ownTurnId],
      ["turn.completed", ownTurnId],
    ]);
    expect(told[0]?.data).toEqual({ origin: "task" });
    expect(told[2]?.data).toMatchObject({ messageId, text: "The build is through.", origin: "task" });
    const session = rig.current.pool.session(sessionId);
    expect([session.state, session.turnCount, session.costUsd]).toEqual(["idle", 2, 0.75]);
    expect(rig.current.store.turns.get(ownTurnId)).toMatchObject({ origin: "task", state: "completed" });
  });
});

describe("an exit that is told a second time", () => {
  test("is logged as an error and ignored by the server: the log of the session does not change", async () => {
    rig.current.isProduction = true;
    await rig.current.open();
    const { clock, host, logged } = rig.current;
    let exited: ProcessListener["exited"] | undefined;
    const start = host.start.bind(host);
    host.start = (spec, listener, signal) => {
      exited = (exit) => listener.exited(exit);
      return start(spec, listener, signal);
    };
    const { sessionId, process } = await rig.current.idleSession();
    process.leave();
    await clock.settle();
    const types = rig.current.types(sessionId);
    expect([types.at(-1), logged.includes("error process.wrong_transition")]).toEqual([
      "session.parked",
      false,
    ]);
    exited?.({ expected: false, code: 1, signal: null, detail: "" });
    await clock.settle();
    expect(rig.current.types(sessionId)).toEqual(types);
    expect(logged.filter((line) => line.startsWith("error"))).toEqual(["error process.wrong_transition"]);
  });
});
