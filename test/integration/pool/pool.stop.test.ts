import { describe, expect, test } from "@jest/globals";
import { hourMs, owner, refusal, usePoolRig } from "./rig.ts";

const rig = usePoolRig();

describe("S29 C04 stopping processes", () => {
  test("of one session ends its turns, leaves its scheduled messages, and the session stays", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const other = await rig.current.busySession();
    const { sessionId, turnId, process } = await rig.current.busySession();
    const waiting = rig.current.submit({ sessionId, message: "Next" });
    const later = rig.current.submit({ sessionId, message: "Later", sendAt: clock.now() + hourMs });
    await expect(pool.stopProcesses(sessionId, owner)).resolves.toEqual([sessionId]);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.cancelled"]);
    expect([process.alive, other.process.alive, rig.current.state(sessionId)]).toEqual([
      false,
      true,
      "parked",
    ]);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({ data: { reason: "cancelled" } });
    await clock.run(hourMs);
    expect(host.process(sessionId).sent.at(-1)?.turnId).toBe(later.turnId);
  });

  test("of all sessions names those that had one", async () => {
    await rig.current.open();
    const { pool, host } = rig.current;
    const busy = await rig.current.busySession();
    const idle = await rig.current.idleSession();
    const stopped = await pool.stopProcesses(undefined, owner);
    expect(stopped.sort()).toEqual([busy.sessionId, idle.sessionId].sort());
    expect(host.live()).toEqual([]);
    expect(await pool.stopProcesses(undefined, owner)).toEqual([]);
  });

  test("that still start or already go waits for their end", async () => {
    await rig.current.open();
    const { pool, host, clock } = rig.current;
    const leaving = await rig.current.idleSession();
    host.manners.start = "held";
    host.manners.stop = "held";
    const starting = rig.current.submit({ message: "Starting" });
    await clock.settle();
    const first = pool.stopProcesses(leaving.sessionId, owner);
    const second = pool.stopProcesses(undefined, owner);
    await clock.settle();
    leaving.process.leave();
    await Promise.all([first, second]);
    expect([leaving.process.stopCount, host.starts.length]).toEqual([1, 0]);
    expect(rig.current.ends(starting.turnId)).toEqual(["turn.interrupted interrupted"]);
    expect(pool.active()).toEqual([]);
  });
});

describe("O12 stopping the pool", () => {
  test("lets turns finish within the grace time and gives their replies", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    const stopped = pool.stop(5_000);
    await clock.run(1_000);
    process.reply("In time.");
    await clock.settle();
    await stopped;
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(host.live()).toEqual([]);
    await clock.run(20);
    expect(clock.armed).toBe(0);
  });

  test("cuts what does not finish, says so, and keeps what waits for the next start", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.ask();
    const waiting = rig.current.submit({ sessionId, message: "Next" });
    const stopped = pool.stop(5_000);
    expect(pool.stop(5_000)).toBe(stopped);
    await clock.run(5_000);
    await stopped;
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted server_restarted"]);
    expect(rig.current.ends(waiting.turnId)).toEqual([]);
    expect([process.alive, clock.armed]).toEqual([false, 0]);
    await rig.current.restart();
    await rig.current.clock.settle();
    expect(rig.current.host.process(sessionId).sent.map((prompt) => prompt.text)).toEqual(["Next"]);
  });

  test("lets nobody wait for a turn any longer", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { turnId } = await rig.current.busySession();
    const waiting = pool.waitForTurn(turnId, hourMs);
    await pool.stop(0);
    expect((await waiting).state).toBe("interrupted");
  });
});

describe("the stop of the pool", () => {
  test("ends what only starts or is idle at once, and waits for what was given as long as it may", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const idle = await rig.current.idleSession();
    const busy = await rig.current.busySession();
    host.manners.start = "held";
    const starting = rig.current.submit({ message: "Starts" });
    await clock.settle();
    const stopped = pool.stop(5_000);
    await clock.run(1);
    expect([host.starts, busy.process.alive]).toEqual([[], true]);
    await clock.run(4_998);
    expect(rig.current.ends(busy.turnId)).toEqual([]);
    await clock.run(1);
    await stopped;
    expect(rig.current.ends(busy.turnId)).toEqual(["turn.interrupted server_restarted"]);
    expect([idle.process.alive, rig.current.ends(starting.turnId), clock.armed]).toEqual([false, [], 0]);
    expect(rig.current.events(idle.sessionId).at(-1)?.data).toEqual({ reason: "server_stopped" });
  });

  test("does not give a message that waited to a process whose turn ended within the grace time", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const next = rig.current.submit({ sessionId, message: "Next" });
    const stopped = pool.stop(5_000);
    process.reply("Done.");
    await stopped;
    await clock.settle();
    expect([process.sent.length, rig.current.store.turns.get(next.turnId)?.state]).toEqual([1, "queued"]);
  });

  test("is over 10 s after the grace time, whatever a process does", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    await rig.current.idleSession();
    host.manners.stop = "held";
    let isOver = false;
    const stopped = pool.stop(0).then(() => {
      isOver = true;
    });
    await clock.run(9_999);
    expect(isOver).toBe(false);
    await clock.run(1);
    await stopped;
  });

  test("is over 2 s after the end of the last process when the disk takes nothing, and then tries no more", async () => {
    await rig.current.open();
    const { clock, disk, pool } = rig.current;
    const { turnId } = await rig.current.busySession();
    disk.failing = true;
    let isOver = false;
    const stopped = pool.stop(0).then(() => {
      isOver = true;
    });
    await clock.run(1_999);
    expect(isOver).toBe(false);
    await clock.run(1);
    await stopped;
    expect(clock.armed).toBe(0);
    await rig.current.restart();
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted server_restarted"]);
  });

  test("refuses everything that would begin, and says how the pool is", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    expect(pool.health()).toEqual({ state: "ok" });
    await pool.stop(0);
    expect(pool.health().state).toBe("failing");
    const request = { caller: owner, sessionId, message: "x", model: "m" };
    for (const work of [
      () => pool.submit(request),
      () => pool.submit({ ...request, model: undefined }),
      () => pool.createSession({ caller: owner, projectPath: "/projects/alpha", options: {} }),
      () => pool.forkSession(sessionId, undefined, owner),
    ])
      expect(await refusal(work)).toBe("shutting_down");
  });
});

describe("the end of a lease", () => {
  test("is told to be over when nothing of the process is left, and only of a session that does not go on", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    await clock.run(24 * hourMs);
    expect([rig.current.state(sessionId), rig.current.over]).toEqual(["expired", []]);
    process.leave();
    await clock.settle();
    expect(rig.current.over).toEqual([sessionId]);
    expect(rig.current.types(sessionId).filter((type) => type === "session.expired")).toHaveLength(1);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.expired");
  });

  test("lets a turn go on for its time, and cuts it to the millisecond after it", async () => {
    await rig.current.open({ drainMs: 5_000 });
    const { clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    await clock.run(24 * hourMs + 4_999);
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([[], "busy"]);
    await clock.run(1);
    expect([rig.current.ends(turnId), process.alive]).toEqual([["turn.failed lease_expired"], false]);
  });
});

describe("an interrupt", () => {
  test("is audited, is bounded, and leaves a process that obeyed late alone", async () => {
    await rig.current.open({ drainMs: 5_000 });
    const { clock, host, pool, store } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    host.manners.interrupt = "deaf";
    const interrupted = pool.interrupt(sessionId, turnId, owner);
    expect(store.audit.list(undefined, 1).entries[0]).toMatchObject({
      action: "turn.interrupt",
      target: turnId,
    });
    await clock.run(9_999);
    expect([process.stopCount, rig.current.ends(turnId)]).toEqual([0, []]);
    process.result({ outcome: "interrupted" });
    expect(await interrupted).toEqual({ interrupted: true, turnId });
    await clock.run(10_000);
    expect([process.alive, rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      true,
      ["turn.interrupted interrupted"],
      "idle",
    ]);
  });
});
