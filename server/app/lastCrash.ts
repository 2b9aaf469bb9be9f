import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../domain/ports.ts";

const crashSchema = z.object({ at: z.number(), error: z.string() });
type Crash = z.infer<typeof crashSchema>;

/** For so long after its start a server tells how the one before it ended. */
const toldMs = 24 * 3_600_000;
/** Enough for the name, the message and the place; a whole stack is in the log. */
const maxChars = 500;

const pathIn = (dataDir: string): string => join(dataDir, "last-crash.json");

/** Leaves word for the next start that this server ended by a fault. Never throws: the fault may be the disk's. */
export function noteCrash(dataDir: string, error: unknown, at: number): void {
  const [first = "", second = ""] = (
    error instanceof Error ? (error.stack ?? error.message) : String(error)
  ).split("\n");
  const crash: Crash = { at, error: `${first} ${second.trim()}`.trim().slice(0, maxChars).toWellFormed() };
  try {
    writeFileSync(pathIn(dataDir), `${JSON.stringify(crash)}\n`, { mode: 0o600 });
  } catch {
    // It is in the log.
  }
}

/** The word that the last server left, which is taken away with it. */
export function takeLastCrash(dataDir: string): Crash | undefined {
  try {
    const crash = crashSchema.parse(JSON.parse(readFileSync(pathIn(dataDir), "utf8")));
    rmSync(pathIn(dataDir));
    return crash;
  } catch {
    return undefined;
  }
}

/** The check of `/health` that tells of it for a day. */
export function lastRunCheck(crash: Crash | undefined, clock: Clock) {
  const startedAt = clock.monotonic();
  return (): { state: string; detail?: string } => {
    if (crash === undefined || clock.monotonic() - startedAt >= toldMs) return { state: "ok" };
    const at = new Date(crash.at).toISOString();
    return {
      state: "degraded",
      detail: `The server before this one ended by a fault at ${at}: ${crash.error}`,
    };
  };
}
