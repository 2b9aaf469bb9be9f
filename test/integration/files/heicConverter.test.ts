import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { HeicConverter, heicDeadlineMs } from "../../../server/files/heicConverter.ts";
import { ManualClock } from "../../support/manualClock.ts";

let clock: ManualClock;
let warnings: unknown[][];
const log = { debug() {}, info() {}, error() {}, warn: (...said: unknown[]) => void warnings.push(said) };

beforeEach(() => {
  clock = new ManualClock();
  warnings = [];
});
afterEach(() => expect(clock.armed).toBe(0));

/** A converter whose thread runs these statements. */
const converterOf = (program: string) =>
  new HeicConverter({
    clock,
    log,
    program: new URL(
      `data:text/javascript,${encodeURIComponent(`import { parentPort, workerData } from "node:worker_threads"; ${program}`)}`,
    ),
  });

test("REPORT-12: what the thread makes of the image comes back, and nothing of the environment is in it", async () => {
  const converter = converterOf(
    "parentPort.postMessage(new Uint8Array([...workerData, Object.keys(process.env).length]))",
  );
  expect(await converter.toJpeg(Buffer.from([1, 2]))).toEqual(Buffer.from([1, 2, 0]));
  expect(warnings).toEqual([]);
});

test.each([
  ["throws", "throw new Error('no image')"],
  ["ends without a word", "process.exit(0)"],
  ["takes too much of its heap", "const kept = []; for (;;) kept.push(new Array(100_000).fill({}))"],
])("REPORT-12: a thread that %s gives no image, and takes nothing with it", async (_what, program) => {
  expect(await converterOf(program).toJpeg(Buffer.from([1]))).toBeUndefined();
  expect(warnings).toHaveLength(1);
});

test("REPORT-12: a thread that does not end is ended, and the next image waits for that", async () => {
  const converter = converterOf("setInterval(() => {}, 1000)");
  const both = [converter.toJpeg(Buffer.from([1])), converter.toJpeg(Buffer.from([2]))];
  await clock.settle();
  expect(clock.armed).toBe(1);
  await clock.run(heicDeadlineMs);
  expect(await both[0]).toBeUndefined();
  await clock.settle();
  expect(clock.armed).toBe(1);
  await clock.run(heicDeadlineMs);
  expect(await both[1]).toBeUndefined();
  expect(warnings).toHaveLength(2);
});
