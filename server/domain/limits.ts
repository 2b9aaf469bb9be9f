/**
 * The limits that the owner may set, in the environment or from a phone. A limit is one row here, its line in
 * `.env.example`, and the code that reads it; everything else follows from the row:
 *
 *   maxQueuedTurns      -> MAX_QUEUED_TURNS      in the environment, maxQueuedTurns     in the code
 *   turnStallMinutes    -> TURN_STALL_MINUTES    in the environment, turnStallMs        in the code
 *   maxTotalMemoryGb    -> MAX_TOTAL_MEMORY_GB   in the environment, maxTotalMemoryBytes in the code
 */

/** One row: a number in the unit that its name ends in. */
export interface Limit {
  /** In force when the owner has not set it. */
  readonly fallback: number;
  readonly min: number;
  /** Beyond it the number can only be a slip. */
  readonly max: number;
  readonly whole?: boolean;
  /** Instead of `fallback` this share of the machine's memory, where that is known. */
  readonly memoryShare?: number;
  /** May be `auto`, for which `autoValue` stands in the code. */
  readonly auto?: boolean;
  /** False: read once, so that a change takes effect at the next start. */
  readonly live: boolean;
}

const yearMinutes = 525_600;

export const limitTable = {
  // Live processes, starting and stopping ones included.
  maxConcurrentSessions: { fallback: 10, min: 1, max: 1_000, whole: true, auto: true, live: true },
  // Waiting turns over all sessions.
  maxQueuedTurns: { fallback: 100, min: 0, max: 100_000, live: true },
  // Requests of one device over HTTP, and its frames that are no acks, pings or presence, together.
  requestsPerMinute: { fallback: 300, min: 1, max: 1_000_000, whole: true, live: true },
  // Length of a lease's term, its first warning, and its last one before the end (0 = none).
  sessionTimeoutHours: { fallback: 24, min: 0.0001, max: 8_760, live: true },
  sessionWarningHours: { fallback: 20, min: 0, max: 8_760, live: true },
  sessionFinalWarningMinutes: { fallback: 15, min: 0, max: yearMinutes, live: true },
  // A session that was idle for so long is parked; 0 = never.
  sessionIdleMinutes: { fallback: 0, min: 0, max: yearMinutes, live: true },
  // One CLI without what its tools started; what one use of a tool started; all CLIs together.
  maxMemoryPerSessionMb: { fallback: 500, min: 1, max: 1_048_576, live: true },
  maxMemoryPerToolMb: { fallback: 4_096, memoryShare: 0.5, min: 1, max: 67_108_864, live: true },
  maxTotalMemoryGb: { fallback: 2, min: 0.01, max: 65_536, live: true },
  // All process trees together, as a share of the whole machine.
  cpuUsageLimitPercent: { fallback: 80, min: 1, max: 100, live: true },
  // The pause between two passes is what a pass measures a sleep of the computer by.
  healthIntervalSeconds: { fallback: 30, min: 0.05, max: 86_400, live: false },
  resourceSampleSeconds: { fallback: 5, min: 0.05, max: 86_400, live: false },
  // A turn without a sign of life for so long has stalled; 0 = never.
  turnStallMinutes: { fallback: 10, min: 0, max: yearMinutes, live: true },
  permissionTimeoutMinutes: { fallback: 60, min: 0.001, max: yearMinutes, live: true },
  prewarmedProcesses: { fallback: 1, min: 0, max: 100, whole: true, live: true },
  pushGraceMs: { fallback: 3_000, min: 0, max: 3_600_000, live: true },
  retentionDays: { fallback: 90, min: 0.0001, max: 36_500, live: true },
  shutdownGraceSeconds: { fallback: 10, min: 0, max: 3_600, live: true },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;
export const limitNames = Object.keys(limitTable) as LimitName[];

/** Stands for `auto` where a limit may be that: no limit is 0 then. */
export const autoValue = 0;

/** What is in force when the owner has set nothing, on a machine with so much memory. */
export function fallbackOf(name: LimitName, machineBytes: number): number {
  const { fallback, memoryShare, min }: Limit = limitTable[name];
  if (memoryShare === undefined || machineBytes <= 0) return fallback;
  return Math.max(min, Math.floor((machineBytes * memoryShare) / 1_024 ** 2));
}

/** `maxQueuedTurns` -> `MAX_QUEUED_TURNS`. */
export const environmentName = (name: LimitName): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The endings of names that are units, and the unit that the code computes in. */
const units = {
  Ms: { base: "Ms", factor: 1 },
  Seconds: { base: "Ms", factor: 1_000 },
  Minutes: { base: "Ms", factor: 60_000 },
  Hours: { base: "Ms", factor: 3_600_000 },
  Days: { base: "Ms", factor: 86_400_000 },
  Mb: { base: "Bytes", factor: 1_024 ** 2 },
  Gb: { base: "Bytes", factor: 1_024 ** 3 },
} as const;
type Unit = keyof typeof units;

type Converted<Name extends string> = {
  [U in Unit]: Name extends `${infer Stem}${U}` ? `${Stem}${(typeof units)[U]["base"]}` : never;
}[Unit];
type CodeName<Name extends string> = [Converted<Name>] extends [never] ? Name : Converted<Name>;

/** The limits as the code reads them: whole milliseconds, whole bytes, and the other numbers as they were set. */
export type LimitValues = { [Name in LimitName as CodeName<Name>]: number };

export const limitValues = (set: Readonly<Record<LimitName, number>>): LimitValues =>
  Object.fromEntries(limitNames.map((name) => converted(name, set[name]))) as LimitValues;

function converted(name: LimitName, value: number): [string, number] {
  const unit = (Object.keys(units) as Unit[]).find((ending) => name.endsWith(ending));
  if (unit === undefined) return [name, value];
  const { base, factor } = units[unit];
  return [`${name.slice(0, -unit.length)}${base}`, Math.round(value * factor)];
}
