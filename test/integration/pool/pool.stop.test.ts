import { describe, expect, test } from "@jest/globals";
import { hourMs, owner, usePoolRig } from "./rig.ts";

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
