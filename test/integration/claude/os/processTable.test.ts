import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ProcessTable, readProcTable } from "../../../../server/claude/os/processTable.ts";

/** Works until it has used 200 ms of a core for each line it reads, and says so; `child` starts a child instead. */
const script = `
  const { spawn } = require("node:child_process");
  const used = () => { const { user, system } = process.cpuUsage(); return user + system; };
  const held = [];
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    if (line === "child") held.push(spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] }));
    else for (const until = used() + 200_000; used() < until;);
    console.log(held.at(-1)?.pid ?? 0);
  }).on("close", () => process.exit(0));`;

let worker: ChildProcess;
let table: ProcessTable;
beforeEach(() => {
  worker = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  table = new ProcessTable();
});
afterEach(async () => {
  worker.stdin!.end();
  await once(worker, "exit");
});
const order = async (line: string): Promise<number> => {
  worker.stdin!.write(`${line}\n`);
  const [said] = (await once(worker.stdout!, "data")) as [Buffer];
  return Number(said);
};
const ticksIn = async (roots: number[]) =>
  (await table.read(roots)).find(({ pid }) => pid === worker.pid)!.cpuTicks;
const ticksNow = async () => (await readProcTable()).find(({ pid }) => pid === worker.pid)!.cpuTicks;

test("S10: a stranger is read once, and again with every twelfth reading, so that no reused pid hides for long", async () => {
  await order("begin");
  const first = await ticksIn([]);
  await order("work");
  const now = await ticksNow();
  expect(now).toBeGreaterThan(first);
  for (let reading = 2; reading <= 12; reading += 1) expect(await ticksIn([])).toBe(first);
  expect(await ticksIn([])).toBeGreaterThanOrEqual(now);
});

test("S10: what is below a root is read each time, and so is what is new", async () => {
  await order("begin");
  const first = await ticksIn([worker.pid!]);
  await order("work");
  expect(await ticksIn([worker.pid!])).toBeGreaterThan(first);
  const child = await order("child");
  const rows = await table.read([worker.pid!]);
  expect(rows.find(({ pid }) => pid === child)).toMatchObject({ ppid: worker.pid });
});
