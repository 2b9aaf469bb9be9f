import { getEventListeners } from "node:events";
import { describe, expect, test } from "@jest/globals";
import {
  abortOf,
  nextTurn,
  pause,
  unlessAborted,
  unlessLate,
  withDeadline,
} from "../../../server/domain/deadline.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { held } from "../../support/push/memoryPush.ts";

/** Counted after what follows on the end of the work has had its turn. */
const listenersOf = async (signal: AbortSignal): Promise<number> => {
  await new Promise((resolve) => setImmediate(resolve));
  return getEventListeners(signal, "abort").length;
};

describe("work that is given up when a signal aborts", () => {
  test("counts as it ends when nothing aborts, and leaves no listener", async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve("done"), signal)).toBe("done");
    await expect(unlessAborted(Promise.reject(new Error("No.")), signal)).rejects.toThrow("No.");
    expect(await listenersOf(signal)).toBe(0);
  });

  test("rejects at once with the signal's reason, also when it had aborted before", async () => {
    const controller = new AbortController();
    const work = unlessAborted(new Promise(() => {}), controller.signal);
    controller.abort(new Error("Given up."));
    await expect(work).rejects.toThrow("Given up.");
    const late = unlessAborted(new Promise(() => {}), controller.signal);
    await expect(late).rejects.toThrow("Given up.");
  });

  test("one of two that ends leaves the other one's listener", async () => {
    const controller = new AbortController();
    const other = unlessAborted(new Promise(() => {}), controller.signal);
    await unlessAborted(Promise.resolve(1), controller.signal);
    expect(await listenersOf(controller.signal)).toBe(1);
    controller.abort(new Error("Given up."));
    await expect(other).rejects.toThrow("Given up.");
  });
});

describe("work with a time", () => {
  const late = () => new Error("Too late.");

  test("within it counts, and leaves neither timer nor listener", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    expect(await unlessLate(Promise.resolve(1), { clock, deadlineMs: 100, late, signal })).toBe(1);
    expect(await unlessLate(Promise.resolve(2), { clock, deadlineMs: 100, late })).toBe(2);
    expect([clock.armed, await listenersOf(signal)]).toEqual([0, 0]);
  });

  test("after it is told as late, and what it comes to then is nobody's", async () => {
    const clock = new ManualClock();
    const work = held<number>();
    const result = unlessLate(work.promise, { clock, deadlineMs: 100, late });
    clock.advance(99);
    expect(clock.armed).toBe(1);
    clock.advance(1);
    work.resolve(1);
    await expect(result).rejects.toThrow("Too late.");
    expect(clock.armed).toBe(0);
  });

  test("is given up by the signal before it, and the timer goes with it", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const result = unlessLate(new Promise(() => {}), { clock, deadlineMs: 100, late, signal });
    controller.abort(new Error("Given up."));
    await expect(result).rejects.toThrow("Given up.");
    expect(clock.armed).toBe(0);
  });
});

test("a pause is over after its time of the clock", async () => {
  const clock = new ManualClock();
  let isOver = false;
  void pause(clock, 50).then(() => {
    isOver = true;
  });
  await clock.run(49);
  expect(isOver).toBe(false);
  await clock.run(1);
  expect(isOver).toBe(true);
});

test("the next turn is the clock's own where it has one, and no timer is waited for", async () => {
  const clock = new ManualClock();
  const order: string[] = [];
  const soon = (callback: () => void) => void setImmediate(callback);
  const turns = [nextTurn({ after: (...args) => clock.after(...args), soon }), nextTurn(clock)];
  turns.forEach((turn, index) => void turn.then(() => order.push(["soon", "timer"][index]!)));
  setImmediate(() => order.push("what had come"));
  await turns[0];
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["soon", "what had come"]);
  await clock.run(0);
  expect(order).toEqual(["soon", "what had come", "timer"]);
});

test("work with a fallback that is within its deadline counts as it ends, well or badly, and leaves no timer", async () => {
  const clock = new ManualClock();
  const never = (): string => {
    throw new Error("Not asked for.");
  };
  expect(await withDeadline(clock, 100, Promise.resolve("done"), never)).toBe("done");
  await expect(withDeadline(clock, 100, Promise.reject(new Error("No.")), never)).rejects.toThrow("No.");
  expect(clock.armed).toBe(0);
});

test("the fallback counts for work that is not done at its deadline", async () => {
  const clock = new ManualClock();
  const work = held<string>();
  const result = withDeadline(clock, 100, work.promise, () => "given up");
  clock.advance(99);
  expect(clock.armed).toBe(1);
  clock.advance(1);
  work.resolve("late");
  expect(await result).toBe("given up");
});

describe("an abort as a promise", () => {
  test("resolves when the signal aborts, and at once when it has", async () => {
    const controller = new AbortController();
    let isAborted = false;
    const { aborted } = abortOf(controller.signal);
    void aborted.then(() => {
      isAborted = true;
    });
    await new ManualClock().settle();
    expect(isAborted).toBe(false);
    controller.abort();
    await aborted;
    await abortOf(controller.signal).aborted;
    expect(isAborted).toBe(true);
  });

  test("leaves no listener when it is released, and never resolves without a signal", async () => {
    const controller = new AbortController();
    const { release } = abortOf(controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    release();
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    const none = abortOf(undefined);
    none.release();
    expect(await Promise.race([none.aborted.then(() => "aborted"), Promise.resolve("waits")])).toBe("waits");
  });
});
