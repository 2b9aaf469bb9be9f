/** How a limit is shown: in words, and over the range in which people set it. Exact and rare values have the field beside. */
export interface LimitLook {
  group: "Sessions" | "Computer" | "Times" | "Operation";
  words: string;
  unit: string;
  /** The slider's end; the server's own bound may be far beyond it. */
  upTo: number;
  step: number;
}

const looks: Record<string, LimitLook> = {
  maxConcurrentSessions: { group: "Sessions", words: "Live sessions at most", unit: "", upTo: 20, step: 1 },
  maxQueuedTurns: { group: "Sessions", words: "Waiting messages at most", unit: "", upTo: 200, step: 1 },
  prewarmedProcesses: { group: "Sessions", words: "Spares that are kept ready", unit: "", upTo: 4, step: 1 },
  sessionIdleMinutes: {
    group: "Sessions",
    words: "Park after idle (0 = never)",
    unit: "min",
    upTo: 240,
    step: 5,
  },
  maxMemoryPerSessionMb: { group: "Computer", words: "Memory of one CLI", unit: "MB", upTo: 2_000, step: 50 },
  maxTotalMemoryGb: { group: "Computer", words: "Memory of all CLIs", unit: "GB", upTo: 32, step: 0.5 },
  // Its default is half of what the machine has: any whole number.
  maxMemoryPerToolMb: { group: "Computer", words: "Memory of one tool", unit: "MB", upTo: 32_000, step: 1 },
  cpuUsageLimitPercent: {
    group: "Computer",
    words: "CPU, share of the machine",
    unit: "%",
    upTo: 100,
    step: 5,
  },
  sessionTimeoutHours: { group: "Times", words: "A session lives for", unit: "h", upTo: 72, step: 1 },
  sessionWarningHours: { group: "Times", words: "Warning after", unit: "h", upTo: 72, step: 1 },
  sessionFinalWarningMinutes: {
    group: "Times",
    words: "Last warning before the end",
    unit: "min",
    upTo: 120,
    step: 5,
  },
  permissionTimeoutMinutes: {
    group: "Times",
    words: "A permission waits for",
    unit: "min",
    upTo: 480,
    step: 5,
  },
  turnStallMinutes: { group: "Times", words: "An answer has stalled after", unit: "min", upTo: 60, step: 1 },
  pushGraceMs: {
    group: "Operation",
    words: "A push waits for the open app",
    unit: "ms",
    upTo: 30_000,
    step: 500,
  },
  requestsPerMinute: {
    group: "Operation",
    words: "Requests of a device",
    unit: "a minute",
    upTo: 1_000,
    step: 10,
  },
  retentionDays: { group: "Operation", words: "Events are kept for", unit: "days", upTo: 365, step: 5 },
  healthIntervalSeconds: { group: "Operation", words: "Health pass every", unit: "s", upTo: 120, step: 5 },
  resourceSampleSeconds: { group: "Operation", words: "Sample every", unit: "s", upTo: 60, step: 1 },
  shutdownGraceSeconds: {
    group: "Operation",
    words: "A stop waits for answers",
    unit: "s",
    upTo: 120,
    step: 5,
  },
};

/** A limit of a later server has its name for words. */
export const lookOf = (name: string, max: number): LimitLook =>
  looks[name] ?? { group: "Operation", words: name, unit: "", upTo: Math.min(max, 1_000), step: 1 };

export const limitGroups = ["Sessions", "Computer", "Times", "Operation"] as const;

/** `maxQueuedTurns` -> `MAX_QUEUED_TURNS`, as it stands in the environment. */
export const environmentName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** Up to four decimals, without zeros behind them. */
export const limitNumber = (value: number): string => String(Math.round(value * 10_000) / 10_000);
