import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { MutationRun, MutationRunError } from "./mutationRun.ts";
import { lives, scoreLine, scoreOf, scoresByFolder, survivorLine } from "./score.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string" },
    count: { type: "string", default: "200" },
    reach: { type: "string", default: "80" },
    json: { type: "string" },
  },
});

const numberOf = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!(value >= least)) {
    console.error(`${name} must be a number, at least ${least}; it is "${text}". See scripts/mutate --help.`);
    process.exit(64);
  }
  return value;
};

const seed = numberOf("--seed", values.seed ?? String(Date.now() % 1_000_000), 0);
const count = numberOf("--count", values.count, 1);
const reach = numberOf("--reach", values.reach, 0);
console.error(`mutate: seed ${seed}`);
const run = new MutationRun({
  tree: process.cwd(),
  files: positionals,
  seed,
  count,
  onProgress: (line) => console.error(line),
});
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    isInterrupted = true;
    run.stop();
  });
try {
  const verdicts = await run.run();
  const score = scoreOf(verdicts);
  const folders = scoresByFolder(verdicts);
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify({ seed, ...score, folders: Object.fromEntries(folders), verdicts }, undefined, 2)}\n`,
    );
  for (const verdict of verdicts) if (lives(verdict)) console.log(survivorLine(verdict));
  for (const [folder, part] of folders) console.log(`${folder.padEnd(18)} ${scoreLine(part)}`);
  console.log(scoreLine(score));
  if (isInterrupted) process.exit(130);
  process.exit(score.mutants > 0 && score.percent >= reach ? 0 : 1);
} catch (error) {
  console.error(error instanceof MutationRunError ? error.message : error);
  process.exit(2);
}
