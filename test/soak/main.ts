import { readFlags } from "../../server/platform/flags.ts";
import { runCrowd } from "./crowd.ts";
import { Storm } from "./storm.ts";

const { values, given } = readFlags("scripts/soak", {
  flags: {
    sessions: { type: "number", whole: true, min: 1 },
    processes: { type: "number", whole: true, min: 1 },
    seed: { type: "number", min: 0 },
    conversations: { type: "number", whole: true, min: 1 },
    rounds: { type: "number", whole: true, min: 2 },
    json: { type: "boolean" },
  },
  arguments: [{ name: "MINUTES", optional: true, number: { min: 0.1 } }],
});

async function main() {
  if (values.conversations !== undefined) {
    return runCrowd({ conversations: values.conversations, rounds: values.rounds ?? 3 });
  }
  const seed = values.seed ?? Date.now() % 1_000_000;
  console.error(`soak: seed ${seed}`);
  const storm = new Storm({
    durationMs: Number(given[0] ?? "5") * 60_000,
    sessions: values.sessions ?? 6,
    processes: values.processes ?? 3,
    seed,
  });
  process.once("SIGINT", () => storm.stopEarly());
  return storm.run();
}

try {
  const report = await main();
  if (values.json) console.log(JSON.stringify(report));
  else {
    const { byRound, ...rest } = report as typeof report & { byRound?: object[] };
    console.table(flat(rest));
    if (byRound) console.table(byRound);
  }
  for (const promise of report.broken) console.error(`BROKEN: ${promise}`);
  if (report.broken.length === 0) console.error("Every promise was kept.");
  process.exit(report.broken.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(1);
}

/** One line for each figure. */
function flat(report: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(report).map(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : value,
    ]),
  );
}
