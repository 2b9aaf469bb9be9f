import { describe, expect, test } from "@jest/globals";
import { afterFailure, type StartFailures } from "../../../../server/domain/processes/startFailures.ts";

const row = (kinds: Array<"start" | "crash">) => {
  let record: StartFailures | undefined;
  return kinds.map((kind) => {
    record = afterFailure(record, kind, 0);
    return record.quarantined ? `quarantine ${record.retryAt / 1_000}` : record.retryAt / 1_000;
  });
};

describe("F18: the record of a session's starts", () => {
  test("pauses 1, 2, 4, 8 s after failed starts, and the fifth in a row is the quarantine, for longer each time", () => {
    expect(row(Array<"start">(13).fill("start"))).toEqual([
      1,
      2,
      4,
      8,
      "quarantine 60",
      "quarantine 120",
      "quarantine 240",
      "quarantine 480",
      "quarantine 960",
      "quarantine 1920",
      "quarantine 3600",
      "quarantine 3600",
      "quarantine 3600",
    ]);
  });

  test("does not delay the start after a single crash, and counts crashes like starts", () => {
    expect(row(["crash", "crash", "crash", "start", "crash"])).toEqual([0, 1, 2, 8, "quarantine 60"]);
  });
});
