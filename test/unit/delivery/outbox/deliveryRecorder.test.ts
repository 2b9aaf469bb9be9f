import { expect, test } from "@jest/globals";
import { DeliveryRecorder } from "../../../../server/delivery/outbox/deliveryRecorder.ts";
import type { Delivery, DeliveryState } from "../../../../server/domain/delivery/delivery.ts";
import { MemoryWords } from "../memoryLog.ts";

const sent = { state: "sent", nextAttemptAt: null } as const;
const attempt = { at: 1, status: 200, latencyMs: 5 };

function rig() {
  const written: Array<{ id: string; state: DeliveryState; attempted: boolean }> = [];
  const disk = { isFull: false, state: "pending" as DeliveryState };
  const words = new MemoryWords();
  const recorder = new DeliveryRecorder({
    log: words,
    outbox: {
      get: () => ({ state: disk.state }) as Delivery,
      record: (id, tried, next) => {
        if (disk.isFull) throw new Error("database or disk is full");
        written.push({ id, state: next.state, attempted: tried !== undefined });
      },
      claim: () => {
        if (disk.isFull) throw new Error("database or disk is full");
      },
      hold: () => {
        if (disk.isFull) throw new Error("database or disk is full");
      },
    },
  });
  return { recorder, written, disk, words };
}

test("a claim that a full disk refuses does not keep the push from going", () => {
  const { recorder, disk, words } = rig();
  disk.isFull = true;
  recorder.claim(["d"], 1);
  expect(recorder.hold("phone", 2)).toBe(false);
  expect(words.names).toEqual(["outbox.not_claimed", "outbox.not_held"]);
  disk.isFull = false;
  expect(recorder.hold("phone", 2)).toBe(true);
});

test("an ack that came while the push was on its way stands, and the attempt is booked all the same", () => {
  const { recorder, written, disk } = rig();
  disk.state = "acked";
  recorder.book("d", attempt, sent);
  expect(written).toEqual([{ id: "d", state: "acked", attempted: true }]);
});

test("V10 what cannot be booked on a full disk is remembered, in order, until it can", () => {
  const { recorder, written, disk } = rig();
  disk.isFull = true;
  recorder.book("d", attempt, { state: "pending", nextAttemptAt: 5 });
  recorder.book("d", attempt, sent);
  recorder.book("e", undefined, sent);
  recorder.settle();
  expect([recorder.owes("d"), recorder.owes("e"), recorder.owedCount]).toEqual([true, true, 2]);
  disk.isFull = false;
  recorder.settle();
  expect(written.map(({ id, state }) => `${id} ${state}`)).toEqual(["d pending", "d sent", "e sent"]);
  expect(recorder.owedCount).toBe(0);
});
