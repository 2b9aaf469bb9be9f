import { describe, expect, test } from "@jest/globals";
import {
  type AutoFacts,
  type AutoLimit,
  autoTarget,
  type MachineReading,
  nextAutoLimit,
  noShortage,
  readShortage,
} from "../../../../server/domain/processes/machine.ts";

const giga = 1_024 ** 3;
const machineOf = (availableGb: number, load = 0, changes: Partial<MachineReading> = {}): MachineReading => ({
  totalBytes: 16 * giga,
  availableBytes: availableGb * giga,
  load,
  coreCount: 4,
  ...changes,
});

describe("REPORT-2: a machine whose memory runs out", () => {
  const after = (...available: number[]) =>
    available.reduce((shortage, gb) => readShortage(shortage, machineOf(gb)), noShortage).isShort;

  test.each([
    ["plenty", [12], false],
    ["just enough", [1.61], false],
    ["a tenth less a little, at once", [1.59], true],
    ["nothing", [0], true],
    ["a little more than a tenth again, which is not enough", [1, 1.7, 1.7, 1.7, 1.7], true],
    ["enough again, but only twice", [1, 4, 4], true],
    ["enough again, three times in a row", [1, 4, 4, 4], false],
    ["enough, with a relapse in between", [1, 4, 4, 1.7, 4, 4], true],
    ["a flapping tenth", [1.5, 1.7, 1.5, 1.7, 1.5], true],
    ["short anew", [1, 4, 4, 4, 1], true],
  ])("REPORT-2: with %s", (_what, available, isShort) => {
    expect(after(...available)).toBe(isShort);
  });

  test("REPORT-2: is not one that tells nothing of itself", () => {
    expect(readShortage(noShortage, machineOf(0, 0, { totalBytes: 0, availableBytes: 0 })).isShort).toBe(
      true,
    );
  });
});

describe("REPORT-2: a limit of sessions that follows the machine", () => {
  const facts = (changes: Partial<AutoFacts> = {}): AutoFacts => ({
    machine: machineOf(12),
    processCount: 0,
    bytesEach: 0.2 * giga,
    maxTotalBytes: 100 * giga,
    ...changes,
  });

  test.each([
    ["a free machine", {}, { value: 20, limitedBy: "maximum" }],
    ["4 GB available of 16", { machine: machineOf(4.1) }, { value: 12, limitedBy: "memory" }],
    [
      "4 GB available beside 5 that run",
      { machine: machineOf(4.1), processCount: 5 },
      { value: 17, limitedBy: "memory" },
    ],
    ["big processes", { bytesEach: 2 * giga }, { value: 5, limitedBy: "memory" }],
    ["2 GB for all CLIs", { maxTotalBytes: 2 * giga }, { value: 10, limitedBy: "memory" }],
    ["no memory left", { machine: machineOf(0.5), processCount: 6 }, { value: 2, limitedBy: "memory" }],
    ["all cores busy", { machine: machineOf(12, 5), processCount: 7 }, { value: 7, limitedBy: "load" }],
    [
      "more work than cores can do",
      { machine: machineOf(12, 9), processCount: 7 },
      { value: 6, limitedBy: "load" },
    ],
    ["a busy machine with nothing of ours", { machine: machineOf(12, 9) }, { value: 2, limitedBy: "load" }],
    ["a machine that cannot be read", { machine: undefined }, { value: 9, limitedBy: "memory" }],
  ] as const)("REPORT-2: has room on %s", (_what, changes, target) => {
    expect(autoTarget(facts(changes), 9)).toEqual(target);
  });

  test("REPORT-2: takes the first reading as it is, and goes by one step after several alike", () => {
    let limit: AutoLimit | undefined;
    const read = (times: number, changes: Partial<AutoFacts>) => {
      for (let count = 0; count < times; count += 1) limit = nextAutoLimit(limit, facts(changes));
      return limit!.value;
    };
    expect(read(1, { machine: machineOf(4.1) })).toBe(12);
    expect(read(5, {})).toBe(12);
    expect(read(1, {})).toBe(13);
    expect(read(6, {})).toBe(14);
    expect(read(2, { machine: machineOf(2) })).toBe(14);
    expect(read(1, { machine: machineOf(2) })).toBe(13);
    expect(read(3, { machine: machineOf(2) })).toBe(12);
    expect(limit).toEqual({ value: 12, limitedBy: "memory", streak: 0 });
  });

  test("REPORT-2: does not flap on a machine that does", () => {
    let limit = nextAutoLimit(undefined, facts({ machine: machineOf(4.1) }));
    for (let count = 0; count < 100; count += 1)
      limit = nextAutoLimit(limit, facts({ machine: machineOf(count % 3 === 0 ? 2 : 12) }));
    expect(limit.value).toBe(12);
  });

  test("REPORT-2: is two before the machine was read, and stays where it is while it cannot be", () => {
    expect(nextAutoLimit(undefined, facts({ machine: undefined }))).toMatchObject({ value: 2 });
    const limit = nextAutoLimit(undefined, facts());
    expect(nextAutoLimit(limit, facts({ machine: undefined }))).toBe(limit);
  });
});
