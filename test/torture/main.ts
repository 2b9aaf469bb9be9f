import { parseArgs } from "node:util";
import { Torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "500" },
    rate: { type: "string", default: "50" },
    seed: { type: "string" },
    life: { type: "string", default: "1.5" },
    minutes: { type: "string", default: "40" },
    json: { type: "boolean" },
  },
});

const numberOf = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!(value >= least)) {
    console.error(
      `${name} must be a number, at least ${least}; it is "${text}". See scripts/torture --help.`,
    );
    process.exit(64);
  }
  return value;
};

const seed = numberOf("--seed", values.seed ?? String(Date.now() % 1_000_000), 0);
console.error(`torture: seed ${seed}`);
const torture = new Torture({
  kills: numberOf("--kills", values.kills, 1),
  rate: numberOf("--rate", values.rate, 1),
  longestLifeMs: numberOf("--life", values.life, 0.1) * 1_000,
  mostMs: numberOf("--minutes", values.minutes, 0.1) * 60_000,
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
  if (report.broken.length === 0) console.error("Every promise was kept.");
  process.exit(report.broken.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(1);
}
