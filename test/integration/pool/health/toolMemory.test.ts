import { describe, expect, test } from "@jest/globals";
import { autoValue } from "../../../../server/domain/limits.ts";
import type { ChildTree } from "../../../../server/domain/processes/process.ts";
import { usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const mega = 1_024 ** 2;
const giga = 1_024 * mega;
const watched = { resourceSampleMs: 5_000, healthIntervalMs: 30_000, maxMemoryPerToolBytes: 200 * mega };
const tree = (megabytes: number, changes: Partial<ChildTree> = {}): ChildTree => ({
  pid: 4_242,
  startTicks: "1",
  kind: "tool",
  rssBytes: megabytes * mega,
  ...changes,
});
const warnings = () =>
  rig.current.store.events
    .after(0, 100_000)
    .flatMap(({ type, sessionId, data }) => (type === "resource.warning" ? [{ sessionId, ...data }] : []));
const machine = (availableBytes: number, load = 0.5) => ({
  totalBytes: 16 * giga,
  availableBytes,
  load,
  coreCount: 4,
});

describe("REPORT-2: what a CLI started", () => {
  test("REPORT-2: is not the CLI's own memory, and not the pool's, however much it is", async () => {
    await rig.current.open({
      ...watched,
      maxMemoryPerToolBytes: 8 * giga,
      maxMemoryPerSessionBytes: 500 * mega,
      maxTotalMemoryBytes: 600 * mega,
    });
    const { turnId, process } = await rig.current.busySession();
    Object.assign(process.uses, { rssBytes: 200 * mega, trees: [tree(6_000)] });
    await rig.current.clock.run(60_000);
    expect([rig.current.ends(turnId), warnings(), process.alive]).toEqual([[], [], true]);
    process.reply("Built.");
    await rig.current.clock.run(60_000);
    expect([rig.current.ends(turnId), process.alive]).toEqual([["turn.completed"], true]);
    expect(rig.current.pool.stats()).toMatchObject({ memoryUsageBytes: 200 * mega });
  });

  test("REPORT-2: is ended above its limit, once, with a reason for Claude and a warning, and the turn goes on", async () => {
    await rig.current.open(watched);
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.uses.trees = [tree(300), tree(100, { pid: 4_243 })];
    await rig.current.clock.run(5_000);
    expect(rig.current.host.endedTrees).toEqual([
      { processId: process.processId, pid: 4_242, why: expect.stringContaining("used 300 MB of memory") },
    ]);
    process.uses.trees = [];
    await rig.current.clock.run(5_000);
    expect(warnings()).toEqual([
      { sessionId, kind: "tool_memory", detail: expect.stringContaining("the limit for one is 200 MB") },
    ]);
    expect([rig.current.ends(turnId), process.alive]).toEqual([[], true]);
    expect(rig.current.pool.health()).toEqual({ state: "ok" });
  });

  test("REPORT-2: is not ended again where a sample from before its end, or in its middle, comes after it", async () => {
    await rig.current.open(watched);
    const { process } = await rig.current.busySession();
    const { host } = rig.current;
    const counts = () => [host.endedTrees.length, warnings().length];
    process.uses.trees = [tree(300)];
    await rig.current.clock.run(5_000);
    expect(counts()).toEqual([1, 1]);
    // The shell is gone; what it ran has not ended yet, and is a tree of its own.
    process.uses.trees = [tree(300), tree(290, { pid: 4_243 })];
    await rig.current.clock.run(5_000);
    expect(counts()).toEqual([1, 1]);
    process.uses.trees = [tree(310, { startTicks: "2" }), tree(320, { pid: 4_244 })];
    await rig.current.clock.run(5_000);
    expect(counts()).toEqual([3, 2]);
  });

  test("REPORT-2: is not ended again while it is being ended, nor spared when that has failed", async () => {
    await rig.current.open(watched);
    const { process } = await rig.current.busySession();
    const { host } = rig.current;
    let fail: (error: Error) => void = () => {};
    let count = 0;
    host.endTree = () => {
      count += 1;
      return new Promise((_resolve, reject) => {
        fail = reject;
      });
    };
    process.uses.trees = [tree(300)];
    await rig.current.clock.run(20_000);
    expect(count).toBe(1);
    fail(new Error("no"));
    await rig.current.clock.run(5_000);
    expect(count).toBe(2);
    expect(rig.current.logged).toContain("error tool.end_failed");
  });

  test("REPORT-2: and has just begun is neither ended nor told about before it is known what it is", async () => {
    await rig.current.open(watched);
    const { process } = await rig.current.idleSession();
    process.uses.trees = [tree(300, { kind: "unknown" })];
    await rig.current.clock.run(60_000);
    expect([rig.current.host.endedTrees, warnings()]).toEqual([[], []]);
    process.uses.trees = [tree(300)];
    await rig.current.clock.run(5_000);
    expect(rig.current.host.endedTrees).toHaveLength(1);
  });

  test("REPORT-2: and is a server is told about once, and serves on", async () => {
    await rig.current.open(watched);
    const { sessionId, process } = await rig.current.idleSession();
    process.uses.trees = [tree(300, { kind: "server" })];
    await rig.current.clock.run(60_000);
    expect(rig.current.host.endedTrees).toEqual([]);
    expect(warnings()).toEqual([
      { sessionId, kind: "server_memory", detail: expect.stringContaining("uses 300 MB of memory") },
    ]);
    process.uses.trees = [tree(100, { kind: "server" })];
    await rig.current.clock.run(5_000);
    expect(rig.current.pool.health()).toEqual({ state: "ok" });
    process.uses.trees = [tree(300, { kind: "server" })];
    await rig.current.clock.run(5_000);
    expect(warnings()).toHaveLength(2);
  });
});

describe("REPORT-2: a machine whose memory runs out", () => {
  test("REPORT-2: starts nothing, parks the longest idle one after the other, and says so once", async () => {
    await rig.current.open(watched);
    const first = await rig.current.idleSession();
    await rig.current.clock.run(1_000);
    const second = await rig.current.idleSession();
    await rig.current.clock.run(1_000);
    rig.current.host.machineNow = machine(giga);
    await rig.current.clock.run(5_000);
    expect([first, second].map(({ process }) => process.alive)).toEqual([false, true]);
    const waiting = rig.current.submit({ message: "Me too" });
    await rig.current.clock.run(60_000);
    expect(second.process.alive).toBe(false);
    expect(rig.current.host.processes).toHaveLength(2);
    expect(warnings()).toMatchObject([{ sessionId: null, kind: "machine_memory" }]);
    expect(rig.current.pool.health()).toMatchObject({ state: "degraded" });
    rig.current.host.machineNow = machine(8 * giga);
    await rig.current.clock.run(20_000);
    rig.current.host.process(waiting.sessionId).reply("Here.");
    await rig.current.clock.settle();
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.completed"]);
    expect(rig.current.pool.health()).toEqual({ state: "ok" });
  });

  test("REPORT-2: lets what works go on, and an idle process take its next message", async () => {
    await rig.current.open(watched);
    const { sessionId, turnId, process } = await rig.current.busySession();
    rig.current.host.machineNow = machine(giga);
    await rig.current.clock.run(30_000);
    expect(process.alive).toBe(true);
    const next = rig.current.submit({ message: "Next", sessionId });
    process.reply("Done.");
    await rig.current.clock.settle();
    process.reply("Done too.");
    await rig.current.clock.settle();
    expect([rig.current.ends(turnId), rig.current.ends(next.turnId)]).toEqual([
      ["turn.completed"],
      ["turn.completed"],
    ]);
  });
});

describe("REPORT-2: MAX_CONCURRENT_SESSIONS=auto", () => {
  test("REPORT-2: says its number and why, and follows the machine by steps", async () => {
    rig.current.host.machineNow = machine(15 * giga);
    await rig.current.open({ ...watched, maxConcurrentSessions: autoValue });
    await rig.current.clock.settle();
    expect(rig.current.pool.sessionLimit()).toEqual({ effective: 20, limitedBy: "maximum" });
    expect(rig.current.pool.stats()).toMatchObject({ maxSessions: 20, maxSessionsLimitedBy: "maximum" });
    expect(rig.current.pool.health()).toMatchObject({
      state: "ok",
      detail: expect.stringContaining("Up to 20 sessions"),
    });
    rig.current.host.machineNow = machine(15 * giga, 9);
    await rig.current.clock.run(15_000);
    expect(rig.current.pool.sessionLimit()).toEqual({ effective: 19, limitedBy: "load" });
    await rig.current.clock.run(60 * 15_000);
    expect(rig.current.pool.stats()).toMatchObject({ maxSessions: 2, maxSessionsLimitedBy: "load" });
  });

  test("REPORT-2: holds messages above its number, and lets them through when there is room", async () => {
    rig.current.host.machineNow = machine(15 * giga, 9);
    await rig.current.open({ ...watched, maxConcurrentSessions: autoValue });
    await rig.current.clock.settle();
    const busy = [await rig.current.busySession(), await rig.current.busySession()];
    const third = rig.current.submit({ message: "Me too" });
    await rig.current.clock.run(5_000);
    expect(rig.current.host.processes).toHaveLength(2);
    rig.current.host.machineNow = machine(15 * giga, 0.1);
    await rig.current.clock.run(6 * 5_000);
    expect(rig.current.host.processes).toHaveLength(3);
    for (const { process } of busy) process.reply("Done.");
    rig.current.host.process(third.sessionId).reply("Done.");
  });

  test("REPORT-2: a number of the owner's has no reason, and a change back to auto begins anew", async () => {
    rig.current.host.machineNow = machine(15 * giga);
    await rig.current.open({ ...watched, maxConcurrentSessions: 4 });
    await rig.current.clock.run(5_000);
    expect(rig.current.pool.sessionLimit()).toBeUndefined();
    expect(rig.current.pool.stats()).not.toHaveProperty("maxSessionsLimitedBy");
    await rig.current.changeLimits({ maxConcurrentSessions: autoValue });
    expect(rig.current.pool.sessionLimit()).toEqual({ effective: 2, limitedBy: "memory" });
    await rig.current.clock.run(5_000);
    expect(rig.current.pool.sessionLimit()).toEqual({ effective: 20, limitedBy: "maximum" });
  });

  test("REPORT-2: a machine that cannot be read is logged, and limits are enforced all the same", async () => {
    const read = rig.current.host.machine.bind(rig.current.host);
    rig.current.host.machine = async () => {
      throw new Error("no /proc");
    };
    await rig.current.open({ ...watched, maxConcurrentSessions: autoValue });
    const { process } = await rig.current.busySession();
    process.uses.trees = [tree(300)];
    await rig.current.clock.run(10_000);
    expect(rig.current.logged).toContain("warn pool.machine_unread");
    expect(rig.current.host.endedTrees.length).toBeGreaterThan(0);
    rig.current.host.machine = read;
    await rig.current.clock.run(5_000);
    expect(rig.current.pool.sessionLimit()).toMatchObject({ limitedBy: expect.any(String) });
  });
});
