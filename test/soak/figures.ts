import { readFileSync } from "node:fs";
import type { LoggedEvent } from "../../server/domain/delivery/event.ts";

/** Response times in milliseconds. */
export interface ResponseTimes {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Nearest-rank quantiles of the samples; zeros of none. */
export function quantilesOf(samples: readonly number[]): ResponseTimes {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

/** How long messages took from being accepted to their reply; those of `turnIds`, or all. */
export function responseTimes(log: readonly LoggedEvent[], turnIds?: ReadonlySet<string>): ResponseTimes {
  const acceptedAt = new Map<string, number>();
  const samples: number[] = [];
  for (const { type, turnId, at } of log) {
    if (turnId === undefined || turnIds?.has(turnId) === false) continue;
    if (type === "turn.accepted") acceptedAt.set(turnId, at);
    const from = acceptedAt.get(turnId);
    if (type === "turn.completed" && from !== undefined) samples.push(at - from);
  }
  return quantilesOf(samples);
}

/** Resident memory of a process, in MB; 0 where it cannot be read. */
export function residentMb(pid: number): number {
  try {
    const [, kilobytes = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Math.round(Number(kilobytes) / 102.4) / 10;
  } catch {
    return 0;
  }
}
