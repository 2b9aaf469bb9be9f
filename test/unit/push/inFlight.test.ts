import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { PushOutcome } from "../../../server/domain/delivery/push.ts";
import { InFlight } from "../../../server/push/inFlight.ts";
import { held } from "../../support/push/memoryPush.ts";

const sent: PushOutcome = { outcome: "sent", apnsId: "a", status: 200, latencyMs: 1 };
const settle = async () => {
  for (let round = 0; round < 10; round += 1) await Promise.resolve();
};

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("a stop waits for the pushes that are on their way, then cuts, and leaves no timer", async () => {
  const inFlight = new InFlight();
  const [one, two] = [held<PushOutcome>(), held<PushOutcome>()];
  const tracked = [inFlight.track(one.promise), inFlight.track(two.promise)];
  expect(inFlight.isOver).toBe(false);
  const order: string[] = [];
  const drained = inFlight.drain(1_000, () => order.push("cut")).then(() => order.push("drained"));
  expect(inFlight.isOver).toBe(true);
  one.resolve(sent);
  await settle();
  expect(order).toEqual([]);
  two.resolve(sent);
  await drained;
  expect(order).toEqual(["cut", "drained"]);
  expect(await Promise.all(tracked)).toEqual([sent, sent]);
  expect(jest.getTimerCount()).toBe(0);
});

test("after the grace it cuts, and is over when the cut has ended the rest", async () => {
  const inFlight = new InFlight();
  const push = held<PushOutcome>();
  void inFlight.track(push.promise);
  const order: string[] = [];
  void inFlight
    .drain(1_000, async () => {
      order.push("cutting");
      await Promise.resolve();
      order.push("cut");
    })
    .then(() => order.push("drained"));
  jest.advanceTimersByTime(999);
  await settle();
  expect(order).toEqual([]);
  jest.advanceTimersByTime(1);
  await settle();
  expect(order).toEqual(["cutting", "cut"]);
  push.resolve(sent);
  await settle();
  expect(order).toEqual(["cutting", "cut", "drained"]);
});

test("a push that has its outcome is waited for no more, and a second stop is the first one", async () => {
  const inFlight = new InFlight();
  await inFlight.track(Promise.resolve(sent));
  let cuts = 0;
  const cut = () => {
    cuts += 1;
  };
  const landing = inFlight.drain(60_000, cut);
  expect(inFlight.drain(1, cut)).toBe(landing);
  await landing;
  expect(cuts).toBe(1);
});
