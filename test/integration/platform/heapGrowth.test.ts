import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { transform } from "@swc/core";

const megabyte = 1024 * 1024;

/** Allocates as a program does that loads a lot, and prints how large the young generation is afterwards. */
const work = `
  let kept = [];
  for (let index = 0; index < 2_000_000; index += 1) {
    kept.push({ index, text: "x" + index });
    if (kept.length > 30_000) kept = [];
  }
  console.log(youngBytes());
`;

/** What is loaded lasts for some collections of the young generation, and a twentieth of it stays; prints the size of the heap. */
const load = `
  const kept = [];
  let lasting = [];
  for (let step = 0; step < 4_000; step += 1) {
    const part = [];
    for (let index = 0; index < 400; index += 1) part.push({ step, index, text: "x" + step + index });
    if (lasting.push(part) > 200) lasting = [];
    if (step % 20 === 0) kept.push(part);
  }
  console.log(process.memoryUsage().heapTotal);
`;

/** What a program of its own prints: the limits hold for the life of a program. */
async function printed(program: string): Promise<number> {
  const source = readFileSync("server/platform/heapGrowth.ts", "utf8");
  const { code } = await transform(source, {
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "es6" },
  });
  const args = ["--input-type=module", "--eval", `${code}\n${program}`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
  return Number(stdout);
}

test("the young generation of a program that allocates a lot is held at 8 MB, and would be larger without the limit", async () => {
  const [held, free] = await Promise.all([printed(`limitYoungGeneration();${work}`), printed(work)]);
  expect(held).toBe(8 * megabyte);
  expect(free).toBeGreaterThan(8 * megabyte);
});

test("the heap of a program that loads a lot is smaller when it grows in small steps, until it may grow freely", async () => {
  const [inSteps, freely, freelyAgain] = await Promise.all([
    printed(`growInSmallSteps();${load}`),
    printed(load),
    printed(`growInSmallSteps()();${load}`),
  ]);
  expect(inSteps).toBeLessThan(freely - 10 * megabyte);
  expect(freelyAgain).toBeGreaterThan(inSteps + 10 * megabyte);
});
