import { parseArgs } from "node:util";
import { runCrowd } from "./crowd.ts";
import { Storm } from "./storm.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sessions: { type: "string", default: "6" },
    processes: { type: "string", default: "3" },
    seed: { type: "string" },
    conversations: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean" },
  },
});

const numberOf = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!(value >= least)) {
    console.error(`${name} must be a number, at least ${least}; it is "${text}". See scripts/soak --help.`);
    process.exit(64);
  }
  return value;
};

async function main() {
  if (values.conversations !== undefined) {
    return runCrowd({
      conversations: numberOf("--conversations", values.conversations, 1),
      rounds: numberOf("--rounds", values.rounds, 2),
    });
  }
  const seed = numberOf("--seed", values.seed ?? String(Date.now() % 1_000_000), 0);
  console.error(`soak: seed ${seed}`);
  const storm = new Storm({
    durationMs: numberOf("MINUTES", positionals[0] ?? "5", 0.1) * 60_000,
    sessions: numberOf("--sessions", values.sessions, 1),
    processes: numberOf("--processes", values.processes, 1),
    seed,
  });
  process.once("SIGINT", () => storm.stopEarly());
  return storm.run();
}

try {
  const report = await main();
  if (values.json) console.log(JSON.stringify(report));
  else console.table(flat(report));
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
