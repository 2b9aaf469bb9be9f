import { describe, expect, test } from "@jest/globals";
import type { ProcessUsage } from "../../../../server/domain/processes/process.ts";
import { LoadGate } from "../../../../server/pool/health/loadGate.ts";
import { ProcessRegistry } from "../../../../server/pool/state/processRegistry.ts";
import type { ProcessPhase } from "../../../../server/pool/state/sessionProcess.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { processInPhase } from "../../../support/processInPhase.ts";
import { limitsOf } from "../rig.ts";

const clock = new ManualClock();
const mega = 1_024 ** 2;

const uses = (rssMega: number, cpuPercent = 0): ProcessUsage => ({
  rssBytes: rssMega * mega,
  cpuPercent,
  ownCpuPercent: cpuPercent,
  processCount: 1,
});

function bench(limits = {}) {
  const registry = new ProcessRegistry();
  const short = { count: 0 };
  const load = new LoadGate({
    limits: limitsOf({ maxTotalMemoryBytes: 1_000 * mega, cpuUsageLimitPercent: 50, ...limits }),
    registry,
    coreCount: 4,
    shortOfRoom: () => {
      short.count += 1;
    },
  });
  const add = (name: string, phase: ProcessPhase = "idle") => {
    const one = processInPhase(phase, { sessionId: name, processId: `p-${name}`, clock });
    registry.add(one);
    return one;
  };
  return { registry, load, add, short };
}

describe("what the processes use", () => {
  test("is told by process, with what belongs to no session apart, and what was not measured yet", () => {
    const { load, add } = bench();
    add("a");
    add("b");
    load.read(
      new Map([
        ["p-a", uses(300)],
        ["spare", uses(100)],
        ["fork", uses(50)],
      ]),
    );
    expect(load.usageOf("p-a")).toEqual(uses(300));
    expect(load.usageOf("p-b")).toBeUndefined();
    expect(load.memory).toEqual({ sampled: [300 * mega], unsampledCount: 1, otherBytes: 150 * mega });
    expect(load.sessionBytes).toBe(300 * mega);
    load.read(
      new Map([
        ["p-b", uses(10)],
        ["spare", uses(20)],
      ]),
    );
    expect(load.memory).toEqual({ sampled: [10 * mega], unsampledCount: 1, otherBytes: 20 * mega });
  });

  test("as a share is of the whole machine, whoever uses it", () => {
    const { load, add } = bench();
    add("a");
    load.read(
      new Map([
        ["p-a", uses(1, 100)],
        ["spare", uses(1, 60)],
      ]),
    );
    expect([load.cpuShare, load.isCpuOver]).toEqual([40, false]);
  });
});

describe("the gate over the load", () => {
  test("lets the first process through, whatever is used, and the idle one's next message", () => {
    const { load, add, short } = bench({ maxTotalMemoryBytes: 1 });
    expect(load.holds("new", "start")).toBe(false);
    add("a");
    load.read(new Map([["p-a", uses(300)]]));
    expect(load.holds("a", "give")).toBe(false);
    expect(short.count).toBe(0);
    expect([load.holds("new", "start"), short.count]).toEqual([true, 1]);
  });

  test("holds starts that memory has no room for, and lets them go when it has", () => {
    const { load, add, short } = bench();
    add("a");
    load.read(new Map([["p-a", uses(500)]]));
    expect([load.hasRoom, load.holds("new", "start")]).toEqual([true, false]);
    load.read(new Map([["p-a", uses(501)]]));
    expect([load.hasRoom, load.holds("new", "start"), short.count]).toEqual([false, true, 1]);
    load.read(new Map([["p-a", uses(100)]]));
    expect([load.holds("new", "start"), short.count]).toEqual([false, 1]);
  });

  test("holds starts while the CPU is over its limit and one works, starts or goes", () => {
    const { load, add } = bench();
    const one = add("a", "busy");
    add("b", "idle");
    for (let reading = 0; reading < 3; reading += 1) {
      expect(load.holds("new", "start")).toBe(false);
      load.read(new Map([["p-a", uses(1, 201)]]));
    }
    expect([load.isCpuOver, load.holds("new", "start")]).toEqual([true, true]);
    one.dropTurn("turn");
    expect(one.becomeIdle()).toBe(true);
    expect(load.holds("new", "start")).toBe(false);
    void one.stop("idle");
    expect(load.holds("new", "start")).toBe(true);
    for (let reading = 0; reading < 3; reading += 1) load.read(new Map([["p-a", uses(1, 170)]]));
    expect([load.isCpuOver, load.holds("new", "start")]).toEqual([false, false]);
  });
});

describe("the places", () => {
  test("are those of sessions and of guests", () => {
    const { registry, add } = bench();
    const one = add("a", "exited");
    registry.oneShots.add({ processId: "g", fail: () => {} });
    expect([registry.size, registry.all().length]).toEqual([2, 1]);
    registry.remove(one);
    expect([registry.size, registry.get("a")]).toEqual([1, undefined]);
  });

  test("of a session stay its newer process's when the older one is gone, which is told so", async () => {
    const { registry, add } = bench();
    const older = add("a", "exited");
    const newer = add("a");
    registry.remove(older);
    await older.gone;
    expect(registry.get("a")).toBe(newer);
  });

  test("are given up by the longest idle that is free: not by one at work, asked something, going or gone", async () => {
    const { registry, add } = bench();
    add("busy", "busy");
    add("starting", "starting");
    add("stopping", "stopping");
    add("asked").hold();
    add("gone", "exited");
    const late = add("late");
    await clock.run(1_000);
    add("early");
    await clock.run(1_000);
    late.assign("turn");
    late.finishTurn(late.turn!);
    expect(registry.idlest()).toEqual(["early", "late"]);
    expect(registry.stoppingCount()).toBe(2);
    expect(
      ["late", "busy", "starting", "stopping", "gone", "nobody"].map((name) => registry.ownState(name)),
    ).toEqual(["ready", "busy", "busy", "stopping", "stopping", "none"]);
  });
});
