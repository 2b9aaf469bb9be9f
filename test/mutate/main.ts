import { writeFileSync } from "node:fs";
import { readFlags } from "../../server/platform/flags.ts";
import { MutationRun, MutationRunError } from "./mutationRun.ts";
import { lives, scoreLine, scoreOf, scoresByFolder, survivorLine } from "./score.ts";

const { values, given } = readFlags("scripts/mutate", {
  flags: {
    seed: { type: "number", min: 0 },
    count: { type: "number", whole: true, min: 1 },
    reach: { type: "number", min: 0 },
    json: { type: "text" },
  },
  arguments: [{ name: "FILE", optional: true, many: true }],
});

const seed = values.seed ?? Date.now() % 1_000_000;
const count = values.count ?? 200;
const reach = values.reach ?? 80;
console.error(`mutate: seed ${seed}`);
const run = new MutationRun({
  tree: process.cwd(),
  files: given,
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
