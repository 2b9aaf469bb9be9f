import { expect, test } from "@jest/globals";
import { SharedReads } from "../../../../server/delivery/outbox/sharedReads.ts";

test("a row is read once for all the pushes of a step, also one that is not there", () => {
  const read: unknown[] = [];
  const reads = new SharedReads({
    events: {
      after: (cursor) => {
        read.push(cursor);
        return [];
      },
    },
    sessions: {
      get: (sessionId) => {
        read.push(sessionId);
        return undefined;
      },
    },
  });
  for (let device = 0; device < 3; device += 1)
    expect([reads.event(8), reads.event(9), reads.session("s")]).toEqual([undefined, undefined, undefined]);
  expect(read).toEqual([7, 8, "s"]);
});
