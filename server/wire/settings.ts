import { z } from "zod";

/** One number that the owner may set: in the environment, or from a phone. */
export interface Limit {
  /** In force when nobody set it. */
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
  /** False: read once, so that a change takes effect at the next start. */
  readonly live: boolean;
}

const yearMinutes = 525_600;

/**
 * Every limit of the contract's environment table. The name in the environment follows from the name here:
 * `maxQueuedTurns` is `MAX_QUEUED_TURNS`. Where the contract names no upper bound there is one all the same, beyond
 * which a number can only be a slip.
 */
export const limitTable = {
  maxConcurrentSessions: { fallback: 10, min: 1, max: 1_000, whole: true, live: true },
  maxQueuedTurns: { fallback: 100, min: 0, max: 100_000, live: true },
  sessionTimeoutHours: { fallback: 24, min: 0.0001, max: 8_760, live: true },
  sessionWarningHours: { fallback: 20, min: 0, max: 8_760, live: true },
  sessionFinalWarningMinutes: { fallback: 15, min: 0, max: yearMinutes, live: true },
  sessionIdleMinutes: { fallback: 0, min: 0, max: yearMinutes, live: true },
  maxMemoryPerSessionMb: { fallback: 500, min: 1, max: 1_048_576, live: true },
  maxTotalMemoryGb: { fallback: 2, min: 0.01, max: 65_536, live: true },
  cpuUsageLimitPercent: { fallback: 80, min: 1, max: 100, live: true },
  // The pause between two passes is what a pass measures a sleep of the computer by.
  healthIntervalSeconds: { fallback: 30, min: 0.05, max: 86_400, live: false },
  resourceSampleSeconds: { fallback: 5, min: 0.05, max: 86_400, live: false },
  turnStallMinutes: { fallback: 10, min: 0, max: yearMinutes, live: true },
  permissionTimeoutMinutes: { fallback: 60, min: 0.001, max: yearMinutes, live: true },
  prewarmedProcesses: { fallback: 1, min: 0, max: 100, whole: true, live: true },
  pushGraceMs: { fallback: 3_000, min: 0, max: 3_600_000, live: true },
  retentionDays: { fallback: 90, min: 0.0001, max: 36_500, live: true },
  shutdownGraceSeconds: { fallback: 10, min: 0, max: 3_600, live: true },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;
export const limitNames = Object.keys(limitTable) as LimitName[];

/** `maxQueuedTurns` -> `MAX_QUEUED_TURNS`. */
export const environmentName = (name: LimitName): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The schema of one limit, wherever its value comes from. */
export function limitValueSchema({ min, max, whole }: Limit) {
  const bounded = z
    .number({ error: "must be a number" })
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);
  return whole ? bounded.refine(Number.isInteger, "must be a whole number") : bounded;
}

const mapLimits = <T>(of: (limit: Limit) => T): Record<LimitName, T> =>
  Object.fromEntries(limitNames.map((name) => [name, of(limitTable[name])])) as Record<LimitName, T>;

/** A change of limits: what is absent stays, `null` goes back to the default. */
export const settingsPatchSchema = z.object(
  mapLimits((limit) => limitValueSchema(limit).nullable().optional()),
);
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

export const settingSources = ["default", "environment", "stored"] as const;

const settingSchema = z
  .object({
    value: z.number().meta({ description: "In force now." }),
    default: z.number(),
    min: z.number(),
    max: z.number(),
    live: z.boolean().meta({ description: "Whether a change takes effect at once." }),
    source: z.enum(settingSources).meta({
      description: "The environment wins: what it sets can be changed there only.",
    }),
    next: z.number().optional().meta({ description: "In force from the next start." }),
  })
  .meta({ id: "Setting" });
export type SettingView = z.infer<typeof settingSchema>;

export const settingsSchema = z.object(mapLimits(() => settingSchema)).meta({ id: "Settings" });
export type SettingsView = Record<LimitName, SettingView>;
