import { expect, test } from "@jest/globals";
import { nearestFirst } from "../../mutate/testOrder.ts";

test("a file's own test comes first, then the fewest steps of imports, then the quickest", () => {
  const steps = new Map([
    ["test/unit/pool/far.test.ts", 3],
    ["test/unit/pool/slow.test.ts", 1],
    ["test/unit/pool/quick.test.ts", 1],
    ["test/integration/pool/health/load.test.ts", 4],
  ]);
  const tookMs = new Map([
    ["test/unit/pool/slow.test.ts", 900],
    ["test/unit/pool/quick.test.ts", 30],
    ["test/unit/pool/far.test.ts", 10],
  ]);
  expect(nearestFirst("server/pool/health/load.ts", { steps, tookMs })).toEqual([
    "test/integration/pool/health/load.test.ts",
    "test/unit/pool/quick.test.ts",
    "test/unit/pool/slow.test.ts",
    "test/unit/pool/far.test.ts",
  ]);
});
