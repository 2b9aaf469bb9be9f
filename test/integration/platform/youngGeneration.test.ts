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

/** In a program of its own: the limit holds for the life of a program. */
async function youngBytesAfter(before: string): Promise<number> {
  const source = readFileSync("server/platform/youngGeneration.ts", "utf8");
  const { code } = await transform(source, {
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "es6" },
  });
  const program = `${code}\n${before}\n${work}`;
  const args = ["--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
  return Number(stdout);
}

test("the young generation of a program that allocates a lot is held at 8 MB, and would be larger without the limit", async () => {
  const [held, free] = await Promise.all([youngBytesAfter("limitYoungGeneration();"), youngBytesAfter("")]);
  expect(held).toBe(8 * megabyte);
  expect(free).toBeGreaterThan(8 * megabyte);
});
