import { describe, expect, test } from "@jest/globals";
import type { Store } from "../../../../server/domain/ports.ts";
import { Capacity } from "../../../../server/pool/processes/capacity.ts";
import type { PoolLimits } from "../../../../server/pool/state/limits.ts";
import { ProcessRegistry } from "../../../../server/pool/state/processRegistry.ts";
import { SessionLimit } from "../../../../server/pool/state/sessionLimit.ts";
import type { ProcessPhase, SessionProcess } from "../../../../server/pool/state/sessionProcess.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { processInPhase } from "../../../support/processInPhase.ts";

function bench(maxConcurrentSessions: number) {
  const clock = new ManualClock();
  const registry = new ProcessRegistry();
  const limits = { maxConcurrentSessions } as PoolLimits;
  const waiting: string[] = [];
  const nextQueued = () => ({ acceptedAt: clock.now() });
  const store = { turns: { sessionsWithQueued: () => waiting, nextQueued } } as unknown as Store;
  const capacity = new Capacity({ store, clock, sessionLimit: new SessionLimit({ limits }), registry });
  const add = (sessionId: string, phase: ProcessPhase): SessionProcess => {
    const sessionProcess = processInPhase(phase, { sessionId, processId: `process of ${sessionId}`, clock });
    registry.add(sessionProcess);
    return sessionProcess;
  };
  const starting = (sessionId: string) => add(sessionId, "starting");
  /** A process that is idle since now; the clock goes on, so that the next one is idle for a shorter time. */
  const idle = async (sessionId: string): Promise<SessionProcess> => {
    const sessionProcess = add(sessionId, "idle");
    await clock.run(1_000);
    return sessionProcess;
  };
  const stopping = (sessionId: string) => add(sessionId, "stopping");
  const evicted = () =>
    registry.all().flatMap(({ sessionId, stopReason }) => (stopReason === "evicted" ? [sessionId] : []));
  return { clock, registry, limits, waiting, capacity, starting, idle, stopping, evicted };
}

describe("places for sessions that wait", () => {
  test("are the free ones first, then those that are coming, then those of the longest idle, then none", async () => {
    const { capacity, registry, idle, stopping, starting, evicted } = bench(4);
    await idle("older");
    await idle("newer");
    stopping("leaving");
    const next = capacity.allot();
    expect(next()).toBe("free");
    starting("first");
    expect([next(), evicted()]).toEqual(["coming", []]);
    expect([next(), evicted()]).toEqual(["coming", ["older"]]);
    expect([next(), evicted()]).toEqual(["coming", ["older", "newer"]]);
    expect([next(), registry.size]).toEqual(["none", 4]);
  });

  test("are not taken from a process that starts, works, or is asked something", async () => {
    const { capacity, idle, starting, evicted } = bench(3);
    starting("starting");
    (await idle("busy")).assign("turn");
    (await idle("asked")).hold();
    expect([capacity.allot()(), evicted(), capacity.canMakePlace]).toEqual(["none", [], false]);
  });

  test("are counted without a floor once the owner has lowered their number", async () => {
    const { capacity, limits, idle } = bench(3);
    await idle("a");
    await idle("b");
    expect([capacity.freePlaces, capacity.hasPlace]).toEqual([1, true]);
    limits.maxConcurrentSessions = 1;
    expect([capacity.freePlaces, capacity.hasPlace, capacity.canMakePlace]).toEqual([-1, false, true]);
  });

  test("leave one for the sessions when one-shot prompts take the others, where there is more than one", () => {
    const { capacity, registry, limits } = bench(2);
    const oneShot = { processId: "one-shot", fail: () => {} };
    expect(capacity.admitsOneShot).toBe(true);
    registry.oneShots.add(oneShot);
    expect([capacity.admitsOneShot, capacity.freePlaces]).toEqual([false, 1]);
    registry.oneShots.delete(oneShot);
    limits.maxConcurrentSessions = 1;
    expect(capacity.admitsOneShot).toBe(true);
  });
});

describe("a surplus of processes", () => {
  test("goes as far as it is idle, longest idle first, and what stops already counts", async () => {
    const { capacity, limits, idle, stopping, evicted } = bench(5);
    for (const sessionId of ["a", "b", "c"]) await idle(sessionId);
    stopping("leaving");
    limits.maxConcurrentSessions = 2;
    capacity.vacateSurplus();
    expect(evicted()).toEqual(["a"]);
    capacity.vacateSurplus();
    expect(evicted()).toEqual(["a"]);
    limits.maxConcurrentSessions = 1;
    capacity.vacateSurplus();
    expect(evicted()).toEqual(["a", "b"]);
  });

  test("is none while there are as many as there may be", async () => {
    const { capacity, idle, evicted } = bench(1);
    await idle("a");
    capacity.vacateSurplus();
    expect(evicted()).toEqual([]);
  });
});

describe("a place for a call without a message", () => {
  test("is not made while one is free", async () => {
    const { capacity, idle, evicted } = bench(2);
    await idle("a");
    expect([capacity.makePlaceForCall(), evicted()]).toEqual([undefined, []]);
  });

  test("is one that is coming, unless as many sessions wait for it", async () => {
    const { capacity, waiting, idle, stopping, evicted } = bench(2);
    const longestIdle = await idle("a");
    const leaving = stopping("leaving");
    expect([capacity.makePlaceForCall(), evicted()]).toEqual([leaving, []]);
    waiting.push("waits");
    expect([capacity.makePlaceForCall(), evicted()]).toEqual([longestIdle, ["a"]]);
  });

  test("cannot be made while all processes are at work", async () => {
    const { capacity, idle } = bench(1);
    (await idle("a")).assign("turn");
    expect(capacity.makePlaceForCall()).toBeUndefined();
  });
});

describe("memory", () => {
  test("is made for a session that waits, once, and for none that has a process", async () => {
    const { capacity, waiting, idle, evicted } = bench(5);
    await idle("a");
    await idle("b");
    waiting.push("a");
    capacity.makeMemoryForWaiting();
    expect(evicted()).toEqual([]);
    waiting.push("waits");
    expect(capacity.waitingSessions()).toEqual(["waits"]);
    capacity.makeMemoryForWaiting();
    capacity.makeMemoryForWaiting();
    expect(evicted()).toEqual(["a"]);
  });

  test("is vacated by idle processes, longest idle first, until what stays fits or none is idle", async () => {
    const { capacity, idle, evicted } = bench(5);
    await idle("a");
    await idle("b");
    (await idle("c")).assign("turn");
    expect([capacity.vacateMemory(300, 300, () => 100), evicted()]).toEqual([false, []]);
    expect([capacity.vacateMemory(300, 250, () => 100), evicted()]).toEqual([false, ["a"]]);
    expect([capacity.vacateMemory(200, 50, () => 100), evicted()]).toEqual([true, ["a", "b"]]);
  });
});
