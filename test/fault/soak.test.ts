import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { Storm } from "../soak/storm.ts";

test("S12 S13 F10: eight seconds of messages while CLIs and the server are killed: each ends once, nothing is left", async () => {
  const storm = new Storm({ durationMs: 8_000, sessions: 3, processes: 2, seed: 11 });
  const report = await storm.run();
  expect(report.broken).toEqual([]);
  expect(report.accepted).toBeGreaterThan(3);
  expect(report.killedServers).toBeGreaterThanOrEqual(2);
  // Eight seconds, two minutes at most until all is at rest, and the boots: the storm says what went wrong, not the deadline.
}, 240_000);

test("scripts/soak says what it does", () => {
  expect(execFileSync("scripts/soak", ["--help"], { encoding: "utf8" })).toContain("scripts/soak [MINUTES]");
});
