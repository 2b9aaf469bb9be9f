import { readFileSync } from "node:fs";

/** Resident bytes of a process without its children, from /proc. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`The process ${pid} says nothing of its memory.`);
  return Number(kilobytes) * 1_024;
}
