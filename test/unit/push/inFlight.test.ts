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
  const flights = new InFlight();
  const [one, two] = [held<PushOutcome>(), held<PushOutcome>()];
  const tracked = [flights.track(one.promise), flights.track(two.promise)];
  expect(flights.isOver).toBe(false);
  const order: string[] = [];
  const landed = flights.land(1_000, () => order.push("cut")).then(() => order.push("landed"));
  expect(flights.isOver).toBe(true);
  one.resolve(sent);
  await settle();
  expect(order).toEqual([]);
  two.resolve(sent);
  await landed;
  expect(order).toEqual(["cut", "landed"]);
  expect(await Promise.all(tracked)).toEqual([sent, sent]);
  expect(jest.getTimerCount()).toBe(0);
});

test("after the grace it cuts, and is over when the cut has ended the rest", async () => {
  const flights = new InFlight();
  const push = held<PushOutcome>();
  void flights.track(push.promise);
  const order: string[] = [];
  void flights
    .land(1_000, async () => {
      order.push("cutting");
      await Promise.resolve();
      order.push("cut");
    })
    .then(() => order.push("landed"));
  jest.advanceTimersByTime(999);
  await settle();
  expect(order).toEqual([]);
  jest.advanceTimersByTime(1);
  await settle();
  expect(order).toEqual(["cutting", "cut"]);
  push.resolve(sent);
  await settle();
  expect(order).toEqual(["cutting", "cut", "landed"]);
});

test("a push that has its outcome is waited for no more, and a second stop is the first one", async () => {
  const flights = new InFlight();
  await flights.track(Promise.resolve(sent));
  let cuts = 0;
  const cut = () => {
    cuts += 1;
  };
  const landing = flights.land(60_000, cut);
  expect(flights.land(1, cut)).toBe(landing);
  await landing;
  expect(cuts).toBe(1);
});
