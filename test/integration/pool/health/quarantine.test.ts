import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { minuteMs, refusal, usePoolRig } from "../rig.ts";

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
