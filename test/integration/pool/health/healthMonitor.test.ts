import { describe, expect, test } from "@jest/globals";
import { minuteMs, type PoolRig, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const mega = 1_024 ** 2;
const watched = { resourceSampleMs: 5_000, healthIntervalMs: 30_000 };

const warnings = (of: PoolRig) =>
  of.store.events
    .after(0, 100_000)
    .flatMap((event) => (event.type === "resource.warning" ? [event.data.kind] : []));
const details = (of: PoolRig) => of.pool.health();

describe("F1: silence in a turn", () => {
  const stall = { ...watched, turnStallMs: 10 * minuteMs };

  test("ends it as stalled, once, and the waiting message runs on the process that obeyed", async () => {
    await rig.current.open(stall);
    const { sessionId, turnId, process } = await rig.current.busySession();
    const next = rig.current.submit({ message: "Next", sessionId });
    await rig.current.clock.run(9 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    await rig.current.clock.run(2 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
    expect(process.interrupts).toEqual([5_000]);
    process.reply("Here again.");
    await rig.current.clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
    expect(process.alive).toBe(true);
    await rig.current.clock.run(60 * minuteMs);
    expect(rig.current.ends(turnId)).toHaveLength(1);
  });

  test("F4: is bounded also when the interrupt never settles: the process goes, and the waiting message runs on a fresh one", async () => {
    await rig.current.open(stall);
    const { sessionId, turnId, process } = await rig.current.busySession();
    const next = rig.current.submit({ message: "Next", sessionId });
    rig.current.host.manners.interrupt = "deaf";
    await rig.current.clock.run(10 * minuteMs + 30_000 + 2 * 5_000);
    expect(process.alive).toBe(false);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
    expect(rig.current.types(sessionId)).toContain("session.recycled");
    const fresh = rig.current.host.process(sessionId);
    expect(fresh.resumed).toBe(true);
    fresh.reply("Here again.");
    await rig.current.clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
    expect(rig.current.types(sessionId)).not.toContain("session.crashed");
  });

  test("is none while the process says anything", async () => {
    await rig.current.open(stall);
    const { turnId, process } = await rig.current.busySession();
    for (let round = 0; round < 6; round += 1) {
      await rig.current.clock.run(9 * minuteMs);
      process.think();
    }
    expect(rig.current.ends(turnId)).toEqual([]);
  });

  test("is none while the owner is asked, and counts anew from the answer", async () => {
    await rig.current.open({ ...stall, permissionTimeoutMs: 60 * minuteMs });
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.ask();
    await rig.current.clock.run(50 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    expect(rig.current.state(sessionId)).toBe("waiting");
    const [open] = rig.current.store.permissions.openOf(sessionId);
    rig.current.pool.answerPermission(
      open!.permissionId,
      { decision: "allow" },
      { deviceId: "phone", scope: "chat" },
    );
    await rig.current.clock.run(9 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    await rig.current.clock.run(2 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("is none while a tool works, and is one when the tool only hangs", async () => {
    await rig.current.open(stall);
    const { turnId, process } = await rig.current.busySession();
    process.startTool("build");
    process.uses.cpuPercent = 95;
    await rig.current.clock.run(50 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    process.uses.cpuPercent = process.uses.ownCpuPercent;
    await rig.current.clock.run(11 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("is not what the computer slept through", async () => {
    await rig.current.open(stall);
    const { turnId } = await rig.current.busySession();
    await rig.current.clock.run(minuteMs);
    rig.current.clock.jump(8 * 60 * minuteMs);
    await rig.current.clock.run(8 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    await rig.current.clock.run(3 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("that the owner interrupts meanwhile is the owner's interrupt", async () => {
    await rig.current.open(stall);
    const { sessionId, turnId } = await rig.current.busySession();
    rig.current.host.manners.interrupt = "deaf";
    await rig.current.clock.run(10 * minuteMs - 1_000);
    const interrupted = rig.current.pool.interrupt(sessionId, turnId, { deviceId: "phone", scope: "chat" });
    await rig.current.clock.run(minuteMs);
    await interrupted;
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
  });
});

describe("F8: a process that grows", () => {
  const caps = { ...watched, maxMemoryPerSessionBytes: 500 * mega };

  test("S19: is replaced while it is idle, unnoticed, and the next message has its context", async () => {
    await rig.current.open(caps);
    const { sessionId, process } = await rig.current.idleSession();
    process.uses.rssBytes = 450 * mega;
    await rig.current.clock.run(35_000);
    expect(process.alive).toBe(false);
    expect([rig.current.types(sessionId).at(-1), rig.current.state(sessionId)]).toEqual([
      "session.recycled",
      "parked",
    ]);
    expect(warnings(rig.current)).toEqual([]);
    const { turnId } = rig.current.submit({ message: "Go on", sessionId });
    await rig.current.clock.settle();
    const fresh = rig.current.host.process(sessionId);
    expect(fresh.resumed).toBe(true);
    fresh.reply("On.");
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("S19: is replaced right after its turn, and the waiting message goes to the fresh one", async () => {
    await rig.current.open(caps);
    const { sessionId, turnId, process } = await rig.current.busySession();
    const next = rig.current.submit({ message: "Next", sessionId });
    process.uses.rssBytes = 450 * mega;
    await rig.current.clock.run(5 * minuteMs);
    expect([process.alive, process.interrupts]).toEqual([true, []]);
    process.reply("Done.");
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect([process.alive, process.sent]).toEqual([false, [expect.objectContaining({ turnId })]]);
    const fresh = rig.current.host.process(sessionId);
    expect(fresh.sent.map((prompt) => prompt.turnId)).toEqual([next.turnId]);
    fresh.reply("Done too.");
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
    expect(rig.current.types(sessionId).filter((type) => type === "session.recycled")).toHaveLength(1);
    expect(warnings(rig.current)).toEqual([]);
  });

  test("S10: is stopped in its turn at the hard cap, on the sample that shows it, and said once", async () => {
    await rig.current.open(caps);
    const { sessionId, turnId, process } = await rig.current.busySession();
    const next = rig.current.submit({ message: "Next", sessionId });
    rig.current.host.manners.stop = "held";
    process.uses.rssBytes = 501 * mega;
    await rig.current.clock.run(5_000);
    expect(process.stopCount).toBe(1);
    expect(details(rig.current)).toEqual({ state: "degraded", detail: expect.stringContaining("501 MB") });
    await rig.current.clock.run(10 * minuteMs);
    process.leave();
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed memory_limit"]);
    expect(warnings(rig.current)).toEqual(["session_memory"]);
    rig.current.host.process(sessionId).reply("Here again.");
    await rig.current.clock.run(minuteMs);
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
    expect(details(rig.current)).toEqual({ state: "ok" });
  });

  test("F20: is stopped though the warning cannot be written, which is written when the disk is mended", async () => {
    await rig.current.open(caps);
    const { turnId, process } = await rig.current.busySession();
    process.uses.rssBytes = 501 * mega;
    rig.current.disk.failing = true;
    await rig.current.clock.run(6_000);
    expect(process.alive).toBe(false);
    rig.current.disk.failing = false;
    await rig.current.clock.run(minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed memory_limit"]);
    expect(warnings(rig.current)).toEqual(["session_memory"]);
  });
});

describe("S10: the pool's memory", () => {
  test("over the limit parks the longest idle, no more than needed, and warns of nothing that this mends", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 1_000 * mega });
    const first = await rig.current.idleSession();
    await rig.current.clock.run(1_000);
    const second = await rig.current.idleSession();
    await rig.current.clock.run(1_000);
    const third = await rig.current.idleSession();
    for (const { process } of [first, second, third]) process.uses.rssBytes = 400 * mega;
    await rig.current.clock.run(5_000);
    expect([first, second, third].map(({ process }) => process.alive)).toEqual([false, true, true]);
    expect(rig.current.state(first.sessionId)).toBe("parked");
    expect(warnings(rig.current)).toEqual([]);
  });

  test("over the limit with all at work is said once an incident, and new sessions wait until there is room", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 500 * mega });
    const first = await rig.current.busySession();
    first.process.uses.rssBytes = 600 * mega;
    await rig.current.clock.run(minuteMs);
    const waiting = rig.current.submit({ message: "Me too" });
    await rig.current.clock.run(10 * minuteMs);
    expect(rig.current.host.processes).toHaveLength(1);
    expect(warnings(rig.current)).toEqual(["memory"]);
    expect(details(rig.current).state).toBe("degraded");
    first.process.reply("Done.");
    await rig.current.clock.run(10_000);
    expect(first.process.alive).toBe(false);
    rig.current.host.process(waiting.sessionId).reply("Done too.");
    await rig.current.clock.run(10_000);
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.completed"]);
    expect(details(rig.current)).toEqual({ state: "ok" });
  });

  test("holds a start that would go over it, and the longest idle makes room at once", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 1_000 * mega });
    const idle = await rig.current.idleSession();
    const busy = await rig.current.busySession();
    for (const { process } of [idle, busy]) process.uses.rssBytes = 400 * mega;
    await rig.current.clock.run(5_000);
    const third = rig.current.submit({ message: "Me too" });
    await rig.current.clock.run(10);
    expect([idle.process.alive, busy.process.alive]).toEqual([false, true]);
    rig.current.host.process(third.sessionId).reply("Done.");
    await rig.current.clock.settle();
    expect(rig.current.ends(third.turnId)).toEqual(["turn.completed"]);
  });

  test("never holds the first process, however small the limit", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 1 });
    for (let round = 0; round < 3; round += 1) {
      const { sessionId, turnId } = await rig.current.busySession();
      rig.current.host.process(sessionId).reply("Done.");
      await rig.current.clock.run(10_000);
      expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    }
  });
});

describe("S10: the pool's share of the machine", () => {
  const caps = { ...watched, cpuUsageLimitPercent: 80 };

  test("over the limit holds new processes, is said once, of the hottest, and lets them go when it has fallen", async () => {
    await rig.current.open(caps);
    const { sessionId, process } = await rig.current.busySession();
    const idle = await rig.current.idleSession();
    process.uses.cpuPercent = 390;
    await rig.current.clock.run(10_000);
    expect(warnings(rig.current)).toEqual([]);
    await rig.current.clock.run(5 * minuteMs);
    expect(warnings(rig.current)).toEqual(["cpu"]);
    expect(rig.current.types(sessionId)).toContain("resource.warning");
    expect(details(rig.current)).toEqual({ state: "degraded", detail: expect.stringContaining("98 %") });
    const held = rig.current.submit({ message: "New" });
    const given = rig.current.submit({ message: "To a live one", sessionId: idle.sessionId });
    await rig.current.clock.run(minuteMs);
    expect([held.state, given.state, process.alive]).toEqual(["queued", "running", true]);
    expect(rig.current.host.processes).toHaveLength(2);
    process.uses.cpuPercent = 100;
    await rig.current.clock.run(15_000);
    expect(rig.current.host.process(held.sessionId).sent).toHaveLength(1);
    expect(details(rig.current)).toEqual({ state: "ok" });
    process.uses.cpuPercent = 390;
    await rig.current.clock.run(minuteMs);
    expect(warnings(rig.current)).toEqual(["cpu", "cpu"]);
  });

  test("over the limit while nobody works holds nobody", async () => {
    await rig.current.open(caps);
    const { process } = await rig.current.idleSession();
    process.uses.cpuPercent = 390;
    await rig.current.clock.run(minuteMs);
    const other = rig.current.submit({ message: "New" });
    await rig.current.clock.settle();
    expect(other.state).toBe("running");
    rig.current.host.process(other.sessionId).reply("Done.");
    expect(rig.current.ends(other.turnId)).toEqual(["turn.completed"]);
  });
});

describe("F9: a process that spins", () => {
  test("with nothing to do is replaced after half a minute; the one in a turn is left alone", async () => {
    await rig.current.open(watched);
    const { sessionId, process } = await rig.current.idleSession();
    const busy = await rig.current.busySession();
    for (const uses of [process.uses, busy.process.uses]) {
      uses.cpuPercent = 100;
      uses.ownCpuPercent = 100;
    }
    await rig.current.clock.run(25_000);
    expect(process.alive).toBe(true);
    await rig.current.clock.run(minuteMs);
    expect([process.alive, busy.process.alive]).toEqual([false, true]);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.recycled");
    expect(rig.current.ends(busy.turnId)).toEqual([]);
  });

  test("is not one that rests, nor one whose background shell works", async () => {
    await rig.current.open(watched);
    const { process } = await rig.current.idleSession();
    process.uses.cpuPercent = 100;
    process.uses.ownCpuPercent = 2;
    await rig.current.clock.run(10 * minuteMs);
    expect(process.alive).toBe(true);
  });
});
