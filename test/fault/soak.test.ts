import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { runCrowd } from "../soak/crowd.ts";
import { quantilesOf } from "../soak/figures.ts";
import { Storm } from "../soak/storm.ts";

test("S12 S13 F10: eight seconds of messages while CLIs and the server are killed: each ends once, nothing is left", async () => {
  const storm = new Storm({ durationMs: 8_000, sessions: 3, processes: 2, seed: 11 });
  const report = await storm.run();
  expect(report.broken).toEqual([]);
  expect(report.accepted).toBeGreaterThan(3);
  expect(report.killedServers).toBeGreaterThanOrEqual(2);
  expect(report.responseMs.max).toBeGreaterThanOrEqual(report.responseMs.p50);
  expect(report.serverMb).toBeGreaterThan(20);
  // Eight seconds, two minutes at most until all is at rest, and the boots: the storm says what went wrong, not the deadline.
}, 240_000);

test("EXAMPLE-8: a crowd's report has response times and the server's memory for each round", async () => {
  const report = await runCrowd({ conversations: 3, rounds: 3 });
  expect(report.broken).toEqual([]);
  expect(report.byRound.map(({ round }) => round)).toEqual([1, 2, 3]);
  for (const { p50, p95, p99, max, serverMb } of report.byRound) {
    expect(p50).toBeGreaterThan(0);
    expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].sort((a, b) => a - b));
    expect(serverMb).toBeGreaterThan(20);
  }
  const [first, second] = report.byRound;
  expect(second!.growthMb).toBeCloseTo(second!.serverMb - first!.serverMb, 5);
}, 240_000);

test("EXAMPLE-8: quantiles are those of the nearest rank", () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantilesOf(samples)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
  expect(quantilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
  expect(quantilesOf([])).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 });
});

test("scripts/soak says what it does", () => {
  expect(execFileSync("scripts/soak", ["--help"], { encoding: "utf8" })).toContain("scripts/soak [MINUTES]");
});
