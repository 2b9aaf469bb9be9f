import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Files of our own beyond those that are open at the start: transcripts, attachments, connections to push services. */
const spareFiles = 48;
/** Of one CLI process: its three pipes, and what a start takes for a moment. */
const filesPerProcess = 8;
/** More connections than a person's devices will ever open. */
const mostConnections = 1_000;
/** Fewer would lock the owner out; with so small a table the start of processes may fail, which is told. */
const fewestConnections = 8;

/** The process's soft limit of open files, as the system says it; `undefined` where it does not. */
export function openFilesLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return numberOf(line);
  } catch {
    // Not Linux. A shell inherits the limit, and `ulimit` is part of each (POSIX.1-2017, XCU 4).
    return askShell();
  }
}

/** How many files the process has open now; `undefined` where the system does not say. */
export function openFilesCount(): number | undefined {
  for (const folder of ["/proc/self/fd", "/dev/fd"]) {
    try {
      return readdirSync(folder).length;
    } catch {
      // Not there: the next one.
    }
  }
  return undefined;
}

/** The connections that the table of open files has room for beside the CLI processes and the server's own files. */
export function roomForConnections(files: {
  limit: number | undefined;
  openAtStart: number | undefined;
  /** CLI processes at once, spares included. */
  processes: number;
}): number {
  const { limit, openAtStart = 32, processes } = files;
  if (limit === undefined) return mostConnections;
  const room = limit - openAtStart - spareFiles - filesPerProcess * processes;
  return Math.min(mostConnections, Math.max(fewestConnections, room));
}

function askShell(): number | undefined {
  try {
    return numberOf(execFileSync("/bin/sh", ["-c", "ulimit -n"], { timeout: 2_000 }).toString().trim());
  } catch {
    return undefined;
  }
}

/** `unlimited` is no number, and needs no bound. */
const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
