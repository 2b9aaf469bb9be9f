import { execFileSync } from "node:child_process";
import { readFlags } from "../../server/platform/flags.ts";
import { boot } from "./figures/boot.ts";
import { commits } from "./figures/commits.ts";
import { connections } from "./figures/connections.ts";
import { crowd } from "./figures/crowd.ts";
import { healthPass } from "./figures/healthPass.ts";
import { memory } from "./figures/memory.ts";
import { pushes } from "./figures/pushes.ts";
import { replay } from "./figures/replay.ts";
import { rest } from "./figures/rest.ts";
import { starts } from "./figures/starts.ts";
import { transcripts } from "./figures/transcripts.ts";
import { turns } from "./figures/turns.ts";
import { wire } from "./figures/wire.ts";
import { type FigureRow, sumUp } from "./report/figure.ts";
import { NoiseMeter } from "./report/noise.ts";
import { type BenchReport, tableOf } from "./report/report.ts";
import type { Figure } from "./report/run.ts";

/** Every figure, in the order of the report. */
const figures: Record<string, Figure> = {
  turns,
  starts,
  crowd,
  connections,
  commits,
  pushes,
  replay,
  transcripts,
  healthPass,
  boot,
  memory,
  wire,
  rest,
};

const { values, given } = readFlags("scripts/bench", {
  flags: { effort: { type: "number", min: 0.01, max: 20 }, json: { type: "boolean" } },
  arguments: [{ name: "figure", optional: true, many: true, choices: Object.keys(figures) }],
});

const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
};

async function main(): Promise<void> {
  const noise = new NoiseMeter();
  const rows: FigureRow[] = [];
  const failures: BenchReport["failures"] = [];
  const say = (text: string) => process.stderr.write(`${text}\n`);
  for (const name of given.length > 0 ? given : Object.keys(figures)) {
    say(`measuring ${name}`);
    const beganAt = performance.now();
    try {
      const measured = await figures[name]!({ effort: values.effort ?? 1, noise, say });
      rows.push(...measured.map(sumUp));
    } catch (error) {
      failures.push({ figure: name, reason: error instanceof Error ? error.message : String(error) });
      say(String(error instanceof Error ? error.stack : error));
    }
    say(`measured ${name} in ${Math.round((performance.now() - beganAt) / 1_000)} s`);
  }
  const report: BenchReport = {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    commit: commit(),
    rows,
    failures,
    noise: noise.report(),
  };
  console.log(values.json ? JSON.stringify(report) : tableOf(report));
  // A figure that could not be measured is no figure that was met.
  if (failures.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
