import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism, freemem, loadavg, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { MachineReading } from "../../domain/processes/machine.ts";

/** Memory in bytes: what there is, and what a program could have of it without another one being swapped out. */
interface Memory {
  totalBytes: number;
  availableBytes: number;
}

/** `/proc/meminfo`; `undefined` where it says too little. */
export function parseMeminfo(text: string): Memory | undefined {
  const bytesOf = (name: string): number | undefined => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
  };
  const [totalBytes, availableBytes] = [bytesOf("MemTotal"), bytesOf("MemAvailable")];
  return totalBytes === undefined || availableBytes === undefined
    ? undefined
    : { totalBytes, availableBytes };
}

/**
 * `vm_stat` of macOS: pages that are free, or that hold what can be read again (its "free" alone is next to nothing on a
 * Mac that has run for an hour). `undefined` where it says too little.
 */
export function parseVmStat(text: string): number | undefined {
  const pageSize = /page size of (\d+) bytes/.exec(text)?.[1];
  const pagesOf = (name: string) =>
    Number(new RegExp(`^Pages ${name}:\\s+(\\d+)\\.?\\s*$`, "m").exec(text)?.[1] ?? 0);
  const pages = ["free", "inactive", "speculative", "purgeable"].map(pagesOf);
  if (pageSize === undefined || pages[0] === 0) return undefined;
  return pages.reduce((total, one) => total + one, 0) * Number(pageSize);
}

/** The limit of one control group of version 2 and what is used of it; `undefined` where none is set. */
export function parseCgroup(max: string, current: string, stat: string): Memory | undefined {
  const [limitBytes, usedBytes] = [Number(max.trim()), Number(current.trim())];
  if (!/^\d+$/.test(max.trim()) || !/^\d+$/.test(current.trim())) return undefined;
  // Files that were read once are given up first, and cost no program its memory.
  const filesBytes = Number(/^inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
  const heldBytes = Math.max(0, usedBytes - filesBytes);
  return { totalBytes: limitBytes, availableBytes: Math.max(0, limitBytes - heldBytes) };
}

/** The folders of the control group that `/proc/self/cgroup` names and of those above it, the root left out. */
export function cgroupFolders(text: string, mount = "/sys/fs/cgroup"): string[] {
  const path = /^0::(\/.*)$/m.exec(text)?.[1];
  const folders: string[] = [];
  // Inside a container the path is "/", and the folder at the root is the container's own.
  for (let one = path; one !== undefined; one = one === "/" ? undefined : dirname(one))
    folders.push(join(mount, one));
  return folders;
}

/** The tightest of the limits binds. */
export const tightest = (memories: readonly Memory[]): Memory => ({
  totalBytes: Math.min(...memories.map(({ totalBytes }) => totalBytes)),
  availableBytes: Math.min(...memories.map(({ availableBytes }) => availableBytes)),
});

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

async function cgroupMemories(): Promise<Memory[]> {
  const folders = cgroupFolders(await textOf("/proc/self/cgroup"));
  const memories = await Promise.all(
    folders.map(async (folder) => {
      const names = ["memory.max", "memory.current", "memory.stat"];
      const [max = "", current = "", stat = ""] = await Promise.all(
        names.map((name) => textOf(join(folder, name))),
      );
      return parseCgroup(max, current, stat);
    }),
  );
  return memories.filter((memory) => memory !== undefined);
}

/** What Node says: on macOS far too little is "free". */
const plainMemory = (): Memory => ({ totalBytes: totalmem(), availableBytes: freemem() });

const withLoad = ({ totalBytes, availableBytes }: Memory): MachineReading => ({
  totalBytes,
  availableBytes: Math.min(totalBytes, availableBytes),
  load: loadavg()[0] ?? 0,
  coreCount: availableParallelism(),
});

export async function readLinuxMachine(): Promise<MachineReading> {
  const machine = parseMeminfo(await textOf("/proc/meminfo")) ?? plainMemory();
  return withLoad(tightest([machine, ...(await cgroupMemories())]));
}

const run = promisify(execFile);

export async function readPortableMachine(): Promise<MachineReading> {
  const said = await run("vm_stat").then(
    ({ stdout }) => parseVmStat(stdout),
    () => undefined,
  );
  const memory = plainMemory();
  return withLoad({ totalBytes: memory.totalBytes, availableBytes: said ?? memory.availableBytes });
}

/** Memory of the machine, or of the container that the server runs in. Blocks; for the start. */
export function machineMemoryBytes(): number {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "";
    }
  };
  const limits = cgroupFolders(read("/proc/self/cgroup")).flatMap((folder) => {
    const max = read(join(folder, "memory.max")).trim();
    return /^\d+$/.test(max) ? [Number(max)] : [];
  });
  return Math.min(totalmem(), ...limits);
}
