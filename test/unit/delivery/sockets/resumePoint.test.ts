import { describe, expect, test } from "@jest/globals";
import { type ResumeFacts, resumePoint } from "../../../../server/delivery/sockets/resumePoint.ts";

const log = { epoch: "e", tip: 100, floor: 20 };

describe("D02 where a device goes on", () => {
  const cases: Array<[string, Omit<ResumeFacts, "log">, { cursor: number; recovered: boolean }]> = [
    ["the cursor it names", { cursor: 50, epoch: "e", ackedCursor: 30 }, { cursor: 50, recovered: true }],
    ["the cursor without an epoch", { cursor: 50, ackedCursor: null }, { cursor: 50, recovered: true }],
    ["the tip itself", { cursor: 100, ackedCursor: null }, { cursor: 100, recovered: true }],
    ["the floor itself", { cursor: 20, ackedCursor: null }, { cursor: 20, recovered: true }],
    ["its last ack", { ackedCursor: 30 }, { cursor: 30, recovered: true }],
    ["the tip, if it never acked", { ackedCursor: null }, { cursor: 100, recovered: true }],
  ];
  test.each(cases)("is %s", (_name, facts, point) => {
    expect(resumePoint({ ...facts, log })).toEqual(point);
  });
});

describe("V5 loss is said, and the device starts at the tip", () => {
  const cases: Array<[string, Omit<ResumeFacts, "log">]> = [
    ["another epoch", { cursor: 50, epoch: "other", ackedCursor: null }],
    ["an empty epoch", { cursor: 50, epoch: "", ackedCursor: null }],
    ["another epoch of a device that never acked", { epoch: "other", ackedCursor: null }],
    ["a cursor ahead of the log", { cursor: 101, epoch: "e", ackedCursor: null }],
    ["a cursor below what was cut", { cursor: 19, epoch: "e", ackedCursor: null }],
    ["the very beginning of a cut log", { cursor: 0, ackedCursor: null }],
    ["an ack below what was cut", { ackedCursor: 3 }],
    ["an ack ahead of a restored log", { ackedCursor: 500 }],
  ];
  test.each(cases)("after %s", (_name, facts) => {
    expect(resumePoint({ ...facts, log })).toEqual({ cursor: 100, recovered: false });
  });
});
