import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chosen } from "./choose.ts";
import { normalised } from "./normalise.ts";
import type { Sample } from "./samples.ts";

/*
 * Writes the golden fixtures of this version from the samples of a run, in the root of the tree. Arguments: the folders of
 * samples, the most trusted first: a name that an earlier folder shows is not looked for in the later ones.
 */

const { values: flags, positionals: folders } = parseArgs({
  options: { fresh: { type: "boolean" }, release: { type: "boolean" } },
  allowPositionals: true,
});
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const target = join("ios-client-spec/fixtures", version);
const machine = { hostName: hostname(), root: process.cwd(), temporary: [tmpdir(), "/dev/shm", "/tmp"] };
mkdirSync(target, { recursive: true });

const samplesIn = (folder: string): Sample[] =>
  existsSync(folder)
    ? readdirSync(folder).flatMap((file) =>
        readFileSync(join(folder, file), "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Sample),
      )
    : [];

const found = folders.map(samplesIn);
for (const kind of ["frames", "events", "problems", "answers"] as const) {
  const path = join(target, `${kind}.json`);
  const kept: { [name: string]: unknown[] } =
    existsSync(path) && !flags.fresh ? JSON.parse(readFileSync(path, "utf8")) : {};
  const bodiesOf = (samples: Sample[], name: string) =>
    samples
      .filter((sample) => sample.kind === kind && sample.name === name)
      .map(({ body }) => normalised(body, machine));
  const namesIn = (samples: Sample[]) =>
    samples.filter((sample) => sample.kind === kind).map(({ name }) => name);
  const names = [...new Set([...Object.keys(kept), ...found.flatMap(namesIn)])].sort();
  const fixtures = Object.fromEntries(
    names.map((name) => {
      const before = kept[name] ?? [];
      // What a process of its own sent comes before what an application inside a test did.
      const bodies = found.map((samples) => bodiesOf(samples, name)).find((some) => some.length > 0) ?? [];
      return [name, chosen(before, bodies)];
    }),
  );
  writeFileSync(path, `${JSON.stringify(fixtures, null, 1)}\n`);
  console.log(`${path}: ${names.length} names, ${Object.values(fixtures).flat().length} samples`);
}
// A released version keeps the schemas that its apps were written from.
if (flags.release)
  for (const name of ["daylong.json", "openapi.json"])
    copyFileSync(join("ios-client-spec/schemas", name), join(target, name));
