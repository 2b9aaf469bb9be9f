import { closeSync, fsync, mkdtempSync, openSync, rmSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../server/platform/clock.ts";
import { readFlags } from "../../server/platform/flags.ts";
import { layOutJournal, openDatabase } from "../../server/store/database.ts";
import { type OpenStore, openStore, storeOver } from "../../server/store/store.ts";
import { pause } from "../support/pause.ts";

/**
 * What a commit costs: for how long it holds the event loop, and after how long what it tells may leave. A store that
 * syncs within commits and one that syncs beside the loop take turns in one run, first on a quiet disk, then while a
 * neighbour in the same process writes and syncs a large file.
 */
const { values } = readFlags("scripts/bench syncs", {
  flags: { commits: { type: "number", whole: true, min: 10 }, json: { type: "boolean" } },
});
const count = values.commits ?? 300;

const folder = mkdtempSync(join(tmpdir(), "daylong-commits-"));
const connection = openDatabase({ path: join(folder, "within.db") });
layOutJournal(connection);
const within = storeOver(connection, { clock: systemClock });
const beside = openStore({
  path: join(folder, "beside.db"),
  clock: systemClock,
  beside: {
    onFault: (error) => {
      throw error;
    },
  },
});

interface Costs {
  heldMs: number[];
  durableMs: number[];
}

/** One commit of some hundred bytes, as an ack or a mark is. */
async function measure(store: OpenStore, value: number, costs: Costs): Promise<void> {
  const beganAt = performance.now();
  store.transaction(() => store.settings.set("measured", value));
  costs.heldMs.push(performance.now() - beganAt);
  await new Promise<void>((resolve) => store.whenDurable(resolve));
  costs.durableMs.push(performance.now() - beganAt);
}

/** Writes 4 MB and syncs it, over and over, until told to stop. */
async function neighbour(isOver: () => boolean): Promise<void> {
  const fd = openSync(join(folder, "neighbour"), "w");
  const block = Buffer.alloc(4 * 1024 * 1024, 1);
  while (!isOver()) {
    await promisify(write)(fd, block, 0, block.length, 0);
    await promisify(fsync)(fd);
  }
  closeSync(fd);
}

const quantile = (values: number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

async function round(name: string) {
  const costs = {
    within: { heldMs: [], durableMs: [] } as Costs,
    beside: { heldMs: [], durableMs: [] } as Costs,
  };
  for (let done = 0; done < count; done += 1) {
    await measure(within, done, costs.within);
    await pause(5);
    await measure(beside, done, costs.beside);
    await pause(5);
  }
  const row = (what: keyof Costs, share: number) => {
    const [a, b] = [quantile(costs.within[what], share), quantile(costs.beside[what], share)];
    return { disk: name, what, share, withinMs: rounded(a), besideMs: rounded(b), ratio: rounded(b / a) };
  };
  return [row("heldMs", 0.5), row("heldMs", 0.99), row("durableMs", 0.5), row("durableMs", 0.99)];
}

const rows = await round("quiet");
let isOver = false;
const writing = neighbour(() => isOver);
rows.push(...(await round("busy")));
isOver = true;
await writing;
within.close();
beside.close();
rmSync(folder, { recursive: true });
if (values.json) console.log(JSON.stringify({ commits: count, rows }));
else console.table(rows);
