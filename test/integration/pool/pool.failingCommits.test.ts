import { expect, test } from "@jest/globals";
import { hourMs, minuteMs, owner, refusal, usePoolRig } from "./rig.ts";

const rig = usePoolRig();

test("F20 a result that is written late does not idle the process of the next turn", async () => {
  await rig.current.open();
  const { disk, clock } = rig.current;
  const { sessionId, process } = await rig.current.busySession();
  const second = rig.current.submit({ sessionId, message: "second" });
  disk.plan(false, true); // finish ok; begin of second fails
  process.reply("Done.");
  await clock.run(500);
  const third = rig.current.submit({ sessionId, message: "third" });
  await clock.run(2_000);
  process.reply("Second done.");
  await clock.run(2_000);
  process.reply("Third done.");
  await clock.run(2_000);
  expect([rig.current.ends(second.turnId), rig.current.ends(third.turnId)]).toEqual([
    ["turn.completed"],
    ["turn.completed"],
  ]);
});

test("F20 a result that is written late ends its turn without any other traffic", async () => {
  await rig.current.open();
  const { disk, clock } = rig.current;
  const { sessionId, process } = await rig.current.busySession();
  const second = rig.current.submit({ sessionId, message: "second" });
  disk.plan(false, true);
  process.reply("Done.");
  await clock.run(2_500);
  process.reply("Second done.");
  await clock.run(2_000);
  expect(rig.current.ends(second.turnId)).toEqual(["turn.completed"]);
});

test("F20 a close that cannot be written leaves the turn running, and it ends once", async () => {
  await rig.current.open();
  const { disk, clock, pool } = rig.current;
  const { sessionId, turnId, process } = await rig.current.busySession();
  disk.plan(true);
  expect(await refusal(() => pool.closeSession(sessionId, owner))).toBe("storage_failed");
  process.reply("Done.");
  await clock.run(2_000);
  expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "idle"]);
});
test("F20 a cancel that cannot be written leaves the turn running, and it ends once", async () => {
  await rig.current.open();
  const { disk, clock, pool } = rig.current;
  const { sessionId, turnId, process } = await rig.current.busySession();
  disk.plan(true);
  expect(await refusal(() => pool.stopProcesses(sessionId, owner))).toBe("storage_failed");
  process.reply("Done.");
  await clock.run(2_000);
  expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "idle"]);
});
test("F20 an expiry that cannot be written is tried again and ends the turn once", async () => {
  await rig.current.open();
  const { disk, clock } = rig.current;
  const { sessionId, turnId } = await rig.current.busySession();
  await clock.run(24 * hourMs + 4_900);
  disk.plan(true);
  await clock.run(minuteMs);
  expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
    ["turn.failed lease_expired"],
    "expired",
  ]);
});
test("F20 an interrupt that cannot be written is refused, and the turn goes on", async () => {
  await rig.current.open();
  const { disk, clock, pool, host } = rig.current;
  host.manners.start = "held";
  const { sessionId, turnId } = rig.current.submit({ message: "x" });
  // audit is not in a transaction of the decorator
  disk.plan(true);
  expect(await refusal(() => pool.interrupt(sessionId, undefined, owner))).toBe("storage_failed");
  await clock.settle();
  host.starts[0]!.comeUp();
  await clock.settle();
  rig.current.host.process(sessionId).reply("Done.");
  await clock.run(2_000);
  expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
});

test("F20 a stop on a full disk ends the processes all the same", async () => {
  await rig.current.open();
  const { disk, clock, pool, host } = rig.current;
  await rig.current.busySession();
  disk.failing = true;
  const stopped = pool.stop(1_000).then(
    () => "ok",
    (e) => String(e),
  );
  await clock.run(15_000);
  await stopped;
  expect(host.live()).toEqual([]);
});
test("F20 a permission that times out on a full disk is denied when there is space", async () => {
  await rig.current.open();
  const { disk, clock } = rig.current;
  const { process } = await rig.current.busySession();
  const ask = process.ask();
  await clock.run(10 * minuteMs - 1);
  disk.plan(true);
  let thrown: unknown;
  await clock.run(1).catch((e) => (thrown = e));
  await clock.run(10 * minuteMs);
  expect(thrown).toBeUndefined();
  expect(ask.decision?.decision).toBe("deny");
});
test("F20 a scheduled message that cannot begin now begins later", async () => {
  await rig.current.open();
  const { disk, clock, host } = rig.current;
  const { sessionId } = rig.current.submit({ message: "Later", sendAt: clock.now() + 30_000 });
  disk.plan(true);
  let thrown: unknown;
  await clock.run(30_000).catch((e) => (thrown = e));
  await clock.run(10 * minuteMs).catch((e) => (thrown = e));
  expect(host.live().map((p) => p.spec.sessionId)).toEqual([sessionId]);
  expect(thrown).toBeUndefined();
});
test("F20 a message that is kept but could not begin runs by itself", async () => {
  await rig.current.open();
  const { disk, clock, host } = rig.current;
  disk.plan(false, true);
  const r = { message: "Hello", clientMessageId: "c1" };
  await clock.run(5_000);
  rig.current.submit(r);
  await clock.run(10 * minuteMs);
  expect(host.live()).toHaveLength(1);
});
test("F18 a crash in the tick of the start ends or repeats the turn once", async () => {
  await rig.current.open();
  const { clock, host } = rig.current;
  host.manners.start = "held";
  const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
  await clock.settle();
  host.starts[0]!.comeUp().crash();
  await clock.settle();
  host.starts[0]!.comeUp();
  await clock.settle();
  expect(rig.current.state(sessionId)).toBe("busy");
  rig.current.host.process(sessionId).reply("Done.");
  expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
});
test("F18 a crash in the tick of a wake leaves the session parked", async () => {
  await rig.current.open();
  const { clock, host, pool } = rig.current;
  const { sessionId } = await rig.current.idleSession();
  await clock.run(24 * hourMs);
  host.manners.start = "held";
  pool.keepAlive(sessionId, owner);
  await clock.settle();
  host.starts[0]!.comeUp().crash();
  await clock.settle();
  expect([rig.current.state(sessionId), pool.active().length]).toEqual(["parked", 0]);
});
test("S22 a mode that changes during the start is the one that holds", async () => {
  await rig.current.open();
  const { clock, host, pool } = rig.current;
  host.manners.start = "held";
  const { sessionId } = rig.current.submit({ message: "Hello", permissionMode: "acceptEdits" });
  await pool.updateSession(sessionId, { permissionMode: "plan" }, owner);
  await clock.settle();
  const p = host.starts[0]!.comeUp();
  await clock.settle();
  expect([p.spec.permissionMode, p.modes.at(-1), pool.session(sessionId).permissionMode]).toEqual([
    "acceptEdits",
    "plan",
    "plan",
  ]);
});
test("F20 a reply that waits for the disk survives the end of its process", async () => {
  await rig.current.open();
  const { clock, disk } = rig.current;
  const { turnId, process } = await rig.current.busySession();
  disk.plan(true);
  process.reply("The reply.");
  await clock.run(500);
  process.crash();
  await clock.run(5_000);
  expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
});
test("F20 an exit that is written late does not park the next process's session", async () => {
  await rig.current.open();
  const { clock, disk } = rig.current;
  const { sessionId, process } = await rig.current.busySession();
  const next = rig.current.submit({ sessionId, message: "Next" });
  disk.plan(false, true); // leave ok, begin of next fails
  process.crash();
  await clock.run(500);
  const third = rig.current.submit({ sessionId, message: "Third" });
  await clock.run(2_000);
  expect(rig.current.state(sessionId)).toBe("busy");
  expect(rig.current.types(sessionId).filter((t) => t === "session.crashed")).toHaveLength(1);
  void next;
  void third;
});
test("F20 one session's late write leaves another session alone", async () => {
  await rig.current.open({ maxConcurrentSessions: 2 });
  const { clock, disk } = rig.current;
  const a = await rig.current.busySession();
  const b = await rig.current.busySession();
  const b2 = rig.current.submit({ sessionId: b.sessionId, message: "b2" });
  const a2 = rig.current.submit({ sessionId: a.sessionId, message: "a2" });
  disk.plan(false, true);
  b.process.reply("b1");
  await clock.run(500);
  a.process.reply("a1");
  await clock.run(3_000);
  a.process.reply("a2");
  b.process.reply("b2");
  await clock.run(3_000);
  expect([rig.current.ends(a2.turnId), rig.current.ends(b2.turnId)]).toEqual([
    ["turn.completed"],
    ["turn.completed"],
  ]);
});
test("S35 a message behind a scheduled one is next", async () => {
  await rig.current.open();
  const { clock } = rig.current;
  const { sessionId } = await rig.current.busySession();
  rig.current.submit({ sessionId, message: "Tomorrow", sendAt: clock.now() + 20 * hourMs });
  expect(rig.current.submit({ sessionId, message: "Next" }).queuePosition).toBe(1);
});
test("O12 a turn that was not given at the stop waits for the next run", async () => {
  await rig.current.open();
  const { clock, host, pool } = rig.current;
  host.manners.start = "held";
  const { turnId } = rig.current.submit({ message: "Hello" });
  const stopped = pool.stop(1_000);
  await clock.run(1_000);
  await stopped;
  expect(rig.current.ends(turnId)).toEqual([]);
});
test("O12 a start that hangs does not hold up the stop", async () => {
  await rig.current.open();
  const { clock, host, pool } = rig.current;
  host.manners.start = "held";
  rig.current.submit({ message: "Hello" });
  let done = false;
  void pool.stop(1_000).then(() => (done = true));
  await clock.run(5_000);
  expect(done).toBe(true);
});
test("S07 a session that keeps itself alive survives a sleep longer than its term", async () => {
  await rig.current.open();
  const { clock, pool } = rig.current;
  const { sessionId } = await rig.current.idleSession();
  await pool.updateSession(sessionId, { autoKeepAlive: true }, owner);
  clock.jump(30 * hourMs);
  await clock.run(minuteMs);
  expect(rig.current.state(sessionId)).toBe("idle");
});
test("S29 a cancel of a session that waits without a process cancels its messages", async () => {
  await rig.current.open({ maxConcurrentSessions: 1 });
  const { pool } = rig.current;
  await rig.current.busySession();
  const waiting = rig.current.submit({ message: "Waiting" });
  await pool.stopProcesses(waiting.sessionId, owner);
  expect(rig.current.ends(waiting.turnId)).toEqual(["turn.cancelled"]);
});
test("P03 an answer that could not be written can be given again", async () => {
  await rig.current.open();
  const { disk, pool } = rig.current;
  const { process } = await rig.current.busySession();
  const ask = process.ask();
  const { permissionId } = rig.current.store.permissions.open()[0]!;
  disk.plan(true);
  expect(await refusal(() => pool.answerPermission(permissionId, { decision: "allow" }, owner))).toBe(
    "storage_failed",
  );
  pool.answerPermission(permissionId, { decision: "allow" }, owner);
  await expect(ask.answer).resolves.toMatchObject({ decision: "allow" });
});
test("F7 nothing is given to a process that has exited", async () => {
  await rig.current.open();
  const { disk, clock } = rig.current;
  const { sessionId, process } = await rig.current.idleSession();
  disk.plan(true);
  process.crash();
  rig.current.submit({ sessionId, message: "Next" });
  await clock.run(3_000);
  expect(process.sent).toHaveLength(1);
});
test("F20 an abort on a full disk does not throw into the signal", async () => {
  await rig.current.open();
  const { disk, clock } = rig.current;
  const { process } = await rig.current.busySession();
  const ask = process.ask();
  disk.plan(true);
  let uncaught: unknown;
  const on = (e: unknown) => (uncaught = e);
  globalThis.process.prependOnceListener("uncaughtException", on);
  ask.abort();
  await clock.run(5_000);
  globalThis.process.removeListener("uncaughtException", on);
  expect(uncaught).toBeUndefined();
  expect(ask.decision?.decision).toBe("deny");
});
