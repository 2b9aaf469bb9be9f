import { expect, test } from "@jest/globals";
import { OutcomeRecorder } from "../../../../server/delivery/outbox/outcomeRecorder.ts";
import type { DeliveryState } from "../../../../server/domain/delivery/delivery.ts";
import type { SyncTime } from "../../../../server/domain/ports.ts";
import { MemoryWords } from "../memoryLog.ts";

const sent = { state: "sent", nextAttemptAt: null } as const;
const attempt = { at: 1, status: 200, latencyMs: 5 };

function rig() {
  const written: Array<{
    id: string;
    state: DeliveryState;
    attempted: boolean;
    nextAttemptAt: number | null;
  }> = [];
  const disk = {
    isFull: false,
    roomFor: Number.POSITIVE_INFINITY,
  };
  const words = new MemoryWords();
  const commits = { count: 0, syncs: [] as Array<SyncTime | undefined> };
  const claimed: string[] = [];
  const recorder = new OutcomeRecorder({
    log: words,
    store: {
      transaction: (work, _committed, sync) => {
        const [before, room] = [written.length, disk.roomFor];
        commits.count += 1;
        commits.syncs.push(sync);
        try {
          work();
        } catch (error) {
          written.length = before;
          disk.roomFor = room;
          throw error;
        }
      },
      outbox: {
        record: (id, tried, next) => {
          if (disk.isFull || disk.roomFor === 0) throw new Error("database or disk is full");
          disk.roomFor -= 1;
          written.push({ id, ...next, attempted: tried !== undefined });
        },
        claim: (ids) => {
          if (disk.isFull) throw new Error("database or disk is full");
          claimed.push(...ids);
          return [];
        },
        hold: () => {
          if (disk.isFull) throw new Error("database or disk is full");
        },
      },
    },
  });
  return { recorder, written, claimed, commits, disk, words };
}

test("a claim that a full disk refuses does not keep the push from going", () => {
  const { recorder, disk, words } = rig();
  disk.isFull = true;
  recorder.write(["d"], 1);
  expect(recorder.hold("phone", 2)).toBe(false);
  expect(words.names).toEqual(["outbox.not_claimed", "outbox.not_held"]);
  disk.isFull = false;
  expect(recorder.hold("phone", 2)).toBe(true);
});

test("outcomes and claims of one step are written in one commit, in order", () => {
  const { recorder, written, claimed, commits } = rig();
  for (const id of ["d", "e", "f"]) recorder.record(id, attempt, sent);
  expect([written, recorder.unwrittenCount, recorder.isUnwritten("e")]).toEqual([[], 3, true]);
  recorder.write(["g", "h"], 1);
  expect([written.map(({ id }) => id), claimed, commits.count]).toEqual([["d", "e", "f"], ["g", "h"], 1]);
  recorder.write();
  expect([commits.count, recorder.unwrittenCount]).toEqual([1, 0]);
});

test("the disk is asked for the last outcomes, and not while pushes follow on pushes", () => {
  const { recorder, commits } = rig();
  recorder.write(["d"], 1);
  recorder.record("d", attempt, sent);
  recorder.write(["e"], 2);
  recorder.record("e", attempt, sent);
  recorder.write();
  expect(commits.syncs).toEqual(["later", "later", "now"]);
});

test("a device is held back only after its outcomes are written, which would move its delivery again", () => {
  const { recorder, written } = rig();
  recorder.record("d", attempt, { state: "pending", nextAttemptAt: 5 });
  expect(recorder.hold("phone", 5)).toBe(true);
  expect(written.map(({ id }) => id)).toEqual(["d"]);
});

test("V10 what cannot be booked on a full disk is remembered, in order, until it can", () => {
  const { recorder, written, disk, words } = rig();
  disk.isFull = true;
  recorder.record("d", attempt, { state: "pending", nextAttemptAt: 5 });
  recorder.record("d", attempt, sent);
  recorder.record("e", undefined, sent);
  recorder.write();
  recorder.write();
  expect([
    recorder.isUnwritten("d"),
    recorder.isUnwritten("e"),
    recorder.isUnwritten("f"),
    recorder.unwrittenCount,
  ]).toEqual([...[true, true, false, 2]]);
  // Said once for each delivery, not for each look.
  expect(words.names).toEqual(["delivery.not_recorded", "delivery.not_recorded"]);
  disk.isFull = false;
  recorder.write();
  expect(written.map(({ id, state }) => `${id} ${state}`)).toEqual(["d pending", "d sent", "e sent"]);
  expect(recorder.unwrittenCount).toBe(0);
});

test("V10 a disk that is full again in the middle keeps what is left, and nothing is written twice", () => {
  const { recorder, written, disk } = rig();
  disk.isFull = true;
  recorder.record("d", attempt, { state: "pending", nextAttemptAt: 5 });
  recorder.record("d", attempt, sent);
  recorder.record("e", undefined, sent);
  recorder.write();
  disk.isFull = false;
  disk.roomFor = 1;
  recorder.write();
  expect(written.map(({ id, state }) => `${id} ${state}`)).toEqual(["d pending"]);
  expect([recorder.isUnwritten("d"), recorder.isUnwritten("e")]).toEqual([true, true]);
  disk.roomFor = 1;
  recorder.write();
  expect([recorder.isUnwritten("d"), recorder.isUnwritten("e")]).toEqual([false, true]);
  disk.roomFor = Number.POSITIVE_INFINITY;
  recorder.write();
  expect(written.map(({ id, state }) => `${id} ${state}`)).toEqual(["d pending", "d sent", "e sent"]);
  recorder.record("d", undefined, { state: "pending", nextAttemptAt: 9 });
  recorder.write();
  expect(written.at(-1)).toEqual({ id: "d", state: "pending", attempted: false, nextAttemptAt: 9 });
});
