import { readFlags } from "../../server/platform/flags.ts";
import { Torture } from "./torture.ts";

const { values } = readFlags("scripts/torture", {
  flags: {
    kills: { type: "number", whole: true, min: 1 },
    rate: { type: "number", min: 1 },
    seed: { type: "number", min: 0 },
    life: { type: "number", min: 0.1 },
    minutes: { type: "number", min: 0.1 },
    json: { type: "boolean" },
  },
});

const seed = values.seed ?? Date.now() % 1_000_000;
console.error(`torture: seed ${seed}`);
const torture = new Torture({
  kills: values.kills ?? 500,
  rate: values.rate ?? 50,
  longestLifeMs: (values.life ?? 1.5) * 1_000,
  mostMs: (values.minutes ?? 40) * 60_000,
  seed,
  onProgress: (line) => console.error(line),
});
process.once("SIGINT", () => torture.stopEarly());
try {
  const report = await torture.run();
  if (values.json) console.log(JSON.stringify(report));
  else
    for (const [name, value] of Object.entries(report))
      console.log(`${name.padEnd(18)} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  for (const promise of report.broken) console.error(`BROKEN: ${promise}`);
  for (const words of report.misplaced) console.error(`MISPLACED: ${words}`);
  if (report.broken.length === 0) console.error("Every promise was kept.");
  process.exit(report.broken.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(1);
}
