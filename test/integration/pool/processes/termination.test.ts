import { describe, expect, test } from "@jest/globals";
import { hourMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("S23 an interrupt", () => {
  test("of a turn at work ends it as interrupted, and the process goes on", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    await expect(pool.interrupt(sessionId, undefined, owner)).resolves.toEqual({ interrupted: true, turnId });
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    rig.current.submit({ sessionId, message: "Something else" });
    process.reply("Done.");
    await clock.settle();
    expect(process.sent).toHaveLength(2);
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("of a turn whose process still starts takes the turn back and keeps the process", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    host.manners.start = "held";
    const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
    await pool.interrupt(sessionId, turnId, owner);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    expect(await refusal(() => pool.interrupt(sessionId, undefined, owner))).toBe("nothing_running");
    await clock.settle();
    const process = host.starts[0]!.comeUp();
    await clock.settle();
    expect(process.sent).toEqual([]);
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("lets the messages behind run, when the process comes up", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    host.manners.start = "held";
    const first = rig.current.submit({ message: "first" });
    const second = rig.current.submit({ sessionId: first.sessionId, message: "second" });
    await pool.interrupt(first.sessionId, undefined, owner);
    await clock.settle();
    const process = host.starts[0]!.comeUp();
    await clock.settle();
    process.reply("Done.");
    await clock.settle();
    expect(process.sent.map((prompt) => prompt.text)).toEqual(["second"]);
    expect(rig.current.ends(second.turnId)).toEqual(["turn.completed"]);
  });

  test("with a permission open withdraws the question", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const ask = process.ask();
    expect(rig.current.state(sessionId)).toBe("waiting");
    await pool.interrupt(sessionId, turnId, owner);
    await clock.settle();
    expect(ask.decision?.decision).toBe("deny");
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    expect(pool.session(sessionId)).toMatchObject({ state: "idle", openPermissions: 0 });
  });

  test("F4 that never settles ends the process in bounded time, and the messages behind run", async () => {
    await rig.current.open({ drainMs: 5_000 });
    const { pool, clock, host } = rig.current;
    host.manners.interrupt = "deaf";
    const { sessionId, turnId, process } = await rig.current.busySession();
    const waiting = rig.current.submit({ sessionId, message: "Next" });
    const interrupt = pool.interrupt(sessionId, turnId, owner);
    await clock.run(10_000);
    await interrupt;
    expect(process.alive).toBe(false);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    host.process(sessionId).reply("Done.");
    await clock.settle();
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.completed"]);
  });

  test("that comes too late leaves the reply standing", async () => {
    await rig.current.open();
    const { pool, host, clock } = rig.current;
    host.manners.interrupt = "deaf";
    const { sessionId, turnId, process } = await rig.current.busySession();
    const interrupt = pool.interrupt(sessionId, turnId, owner);
    process.reply("Done already.");
    await clock.run(10_000);
    await interrupt;
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(process.alive).toBe(true);
  });

  test("during which the process breaks is still an interrupt", async () => {
    await rig.current.open();
    const { pool, host, clock } = rig.current;
    host.manners.interrupt = "deaf";
    const { sessionId, turnId, process } = await rig.current.busySession();
    const interrupt = pool.interrupt(sessionId, turnId, owner);
    process.crash();
    await clock.run(10_000);
    await interrupt;
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
  });

  test("T01 of a message that waits behind a turn of Claude's own ends both as interrupted", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const { turnId } = rig.current.submit({ sessionId, message: "Work" });
    const ownTurnId = process.beginOwn();
    const interrupting = pool.interrupt(sessionId, turnId, owner);
    await clock.settle();
    process.takePrompt();
    expect(await interrupting).toEqual({ interrupted: true, turnId });
    expect([rig.current.ends(ownTurnId), rig.current.ends(turnId)]).toEqual([
      ["turn.interrupted interrupted"],
      ["turn.interrupted interrupted"],
    ]);
    expect([process.interrupts.length, rig.current.state(sessionId)]).toEqual([2, "idle"]);
  });

  test("of nothing, of another turn, or of an unknown session says so", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    expect(await refusal(() => pool.interrupt(sessionId, undefined, owner))).toBe("nothing_running");
    expect(await refusal(() => pool.interrupt("nobody", undefined, owner))).toBe("session_not_found");
    const busy = await rig.current.busySession();
    expect(await refusal(() => pool.interrupt(busy.sessionId, "other", owner))).toBe("nothing_running");
  });

  test("that nobody asked for is told as a failure", async () => {
    await rig.current.open();
    const { turnId, process } = await rig.current.busySession();
    process.result({ outcome: "interrupted" });
    expect(rig.current.ends(turnId)).toEqual(["turn.failed claude_error"]);
  });
});

describe("S25 closing a session", () => {
  test("ends its turns and its process, for good", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const ask = process.ask();
    const waiting = rig.current.submit({ sessionId, message: "Next" });
    const later = rig.current.submit({ sessionId, message: "Later", sendAt: clock.now() + hourMs });
    await pool.closeSession(sessionId, owner);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    for (const { turnId: other } of [waiting, later])
      expect(rig.current.ends(other)).toEqual(["turn.cancelled"]);
    expect(ask.decision?.decision).toBe("deny");
    expect([process.alive, rig.current.state(sessionId)]).toEqual([false, "closed"]);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.closed");
    await clock.run(30 * hourMs);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.closed");
    expect(await refusal(() => rig.current.submit({ sessionId, message: "Hello?" }))).toBe("session_closed");
    await pool.closeSession(sessionId, owner);
    expect(await refusal(() => pool.keepAlive(sessionId, owner))).toBe("session_closed");
  });

  test("F3 whose process still starts gives that start up and does not wait for it", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    host.manners.start = "held";
    const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
    await clock.settle();
    expect(host.starts).toHaveLength(1);
    await pool.closeSession(sessionId, owner);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    expect([host.starts.length, pool.stats().totalSessions, rig.current.state(sessionId)]).toEqual([
      0,
      0,
      "closed",
    ]);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.closed");
  });

  test("whose process is being evicted waits for its end and starts no other", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, host, clock } = rig.current;
    host.manners.stop = "held";
    const { sessionId, process } = await rig.current.idleSession();
    rig.current.submit({ message: "Other" });
    const waiting = rig.current.submit({ sessionId, message: "Mine" });
    const closing = pool.closeSession(sessionId, owner);
    process.leave();
    await closing;
    await clock.settle();
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.cancelled"]);
    expect(host.specs.filter((spec) => spec.sessionId === sessionId)).toHaveLength(1);
    expect([rig.current.state(sessionId), host.mostAtOnce]).toEqual(["closed", 1]);
  });

  test("without a process is a line in the log", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const { sessionId } = rig.current.submit({ message: "Later", sendAt: clock.now() + hourMs });
    await pool.closeSession(sessionId, owner);
    await clock.run(2 * hourMs);
    expect([rig.current.state(sessionId), host.specs.length]).toEqual(["closed", 0]);
  });
});
