import { describe, expect, test } from "@jest/globals";
import { usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const mega = 1_024 ** 2;

async function open(limits = {}) {
  rig.current.keepsSpares = true;
  await rig.current.open({ prewarmedProcesses: 2, resourceSampleMs: 5_000, ...limits });
  const { spares } = rig.current.host;
  const kept: number[] = [];
  const keep = spares!.keep.bind(spares);
  spares!.keep = (count) => {
    kept.push(count);
    keep(count);
  };
  return { kept, spares: spares! };
}

describe("the number of spares", () => {
  test("is looked at every sampling, and follows the owner's change at once, to none and back", async () => {
    const { kept, spares } = await open();
    const { clock } = rig.current;
    expect(spares.count).toBe(1);
    await clock.run(5_000);
    expect([kept, spares.count]).toEqual([[2], 2]);
    await rig.current.changeLimits({ prewarmedProcesses: 0 });
    expect([kept.at(-1), spares.count]).toEqual([0, 0]);
    const looks = kept.length;
    await clock.run(20_000);
    expect(kept).toHaveLength(looks);
    await rig.current.changeLimits({ prewarmedProcesses: 1 });
    await clock.run(10_000);
    expect([kept.slice(looks), spares.count]).toEqual([[1, 1, 1], 1]);
  });

  test("is for such projects as the one whose session was used last, from the start on", async () => {
    rig.current.keepsSpares = true;
    await rig.current.open({ prewarmedProcesses: 1 });
    expect(rig.current.host.spares?.expected).toEqual([]);
    const { process } = await rig.current.busySession();
    process.reply("Done.");
    await rig.current.clock.settle();
    await rig.current.restart();
    expect(rig.current.host.spares?.expected).toEqual(["/projects/alpha"]);
  });

  test("falls with the memory that is left", async () => {
    const { kept } = await open({ maxTotalMemoryBytes: 500 * mega });
    const { clock } = rig.current;
    const { process } = await rig.current.busySession();
    process.uses.rssBytes = 250 * mega;
    await clock.run(10_000);
    expect(kept.at(-1)).toBe(1);
    process.uses.rssBytes = 450 * mega;
    await clock.run(10_000);
    expect(kept.at(-1)).toBe(0);
  });

  test("grows by none while a session waits for a process or every place is taken", async () => {
    const { kept, spares } = await open({ maxConcurrentSessions: 1, prewarmedProcesses: 3 });
    const { clock } = rig.current;
    const { process } = await rig.current.busySession();
    const before = spares.count;
    await clock.run(15_000);
    expect([kept.every((count) => count <= before), spares.count]).toEqual([true, before]);
    process.reply("Done.");
    await clock.settle();
    expect(rig.current.host.live()).toHaveLength(1);
  });

  test("is none after the stop, without a timer, and none in the rollback", async () => {
    const { kept, spares } = await open();
    const { clock, pool } = rig.current;
    await pool.stop(0);
    expect([kept.at(-1), spares.count]).toEqual([0, 0]);
    await clock.run(20_000);
    expect([kept.length, clock.armed]).toEqual([1, 0]);
    await rig.current.changeLimits({ prewarmedProcesses: 2 });
    expect(kept).toHaveLength(1);
  });

  test("is none where every message has a process of its own", async () => {
    const { kept, spares } = await open({ interactive: false });
    await rig.current.clock.run(20_000);
    expect([kept, spares.count]).toEqual([[], 0]);
    await rig.current.pool.stop(0);
    expect(kept).toEqual([]);
  });
});

describe("a session that begins", () => {
  test("takes a spare for now, not for later, nor in a mode or with options that a spare has not", async () => {
    const { spares } = await open({ allowBypassPermissions: true, maxConcurrentSessions: 9 });
    const { clock, host } = rig.current;
    await clock.run(5_000);
    const later = rig.current.submit({ message: "Later", sendAt: clock.now() + 60_000 });
    const bypass = rig.current.submit({ message: "Free", permissionMode: "bypassPermissions" });
    const briefed = rig.current.submit({ message: "Brief", options: { appendSystemPrompt: "x" } });
    const plain = rig.current.submit({ message: "Plain", options: { maxTurns: undefined } });
    const due = rig.current.submit({ message: "Due", sendAt: clock.now() });
    await clock.settle();
    expect([bypass, briefed, plain, due].map(({ sessionId }) => host.process(sessionId).wasSpare)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([spares.claimed, rig.current.state(later.sessionId)]).toEqual([2, "parked"]);
  });

  test("takes none where it would have to wait for a place", async () => {
    const { spares } = await open({ maxConcurrentSessions: 1 });
    const { clock } = rig.current;
    await rig.current.busySession();
    await clock.run(5_000);
    const { sessionId, state } = rig.current.submit({ message: "Waits" });
    expect([state, spares.take(sessionId)]).toEqual(["queued", false]);
  });
});
