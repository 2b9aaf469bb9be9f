import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { Torture } from "../torture/torture.ts";

test("V1 V10 V16 F22: at least eight kills in a storm with tasks and subagents: each message ends once, with its own words", async () => {
  const torture = new Torture({ kills: 8, rate: 20, seed: 5, longestLifeMs: 1_500, mostMs: 240_000 });
  const report = await torture.run();
  expect(report.broken).toEqual([]);
  // A server that is killed in its start may be the last one and counts as well.
  expect(report.kills).toBeGreaterThanOrEqual(8);
  expect(report.accepted).toBeGreaterThan(20);
  expect(report.ends["turn.completed"]).toBeGreaterThan(10);
  expect(report.agentWords).toBeGreaterThan(0);
  expect(report.taskEnds.completed).toBeGreaterThan(0);
  // The killing, two minutes at most until all is at rest, and the boots.
}, 480_000);

test("scripts/torture says what it does", () => {
  const said = execFileSync("scripts/torture", ["--help"], { encoding: "utf8" });
  expect(said).toContain("scripts/torture [--kills 500]");
});
