/** Tokens and cost of requests to one model. `inputTokens` includes what was read from and written to its cache. */
export interface ModelUse {
  model: string;
  costUsd: number;
  inputTokens: number;
  outputTokens: number;
}

/** What was used in one project on one day with one model. `turns`: those in which it was the model that cost most. */
export interface DailyUse extends ModelUse {
  /** `YYYY-MM-DD` in the computer's time zone. */
  day: string;
  projectPath: string;
  turns: number;
}

/** One window of a plan's limits, such as five hours or a week. */
export interface PlanWindow {
  /** The CLI's name of it: `five_hour`, `seven_day`, `seven_day_opus` ... */
  id: string;
  label: string;
  utilizationPercent: number;
  resetsAt?: number;
}

/** The limits of the plan that Claude is logged in with, as last told. */
export interface PlanUse {
  asOf: number;
  windows: PlanWindow[];
  /** By window: the instant until which its warning holds, so that it is told once. */
  warnedUntilAt: Record<string, number>;
}

interface Sum {
  costUsd: number;
  tokens: { input: number; output: number };
  turns: number;
}

/** Use and cost as clients see them. */
export interface UsageReport {
  /** Instant of the plan's figures; of the report when there are none. */
  asOf: number;
  plan: { available: boolean; windows: PlanWindow[] };
  /** Days with any use, oldest first. */
  days: Array<{ day: string } & Sum>;
  /** These two the most expensive first. */
  byProject: Array<{ projectPath: string } & Sum>;
  byModel: Array<{ model: string } & Sum>;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** The day of an instant in the computer's time zone. Without `Intl`, whose data take up 6 MB of memory once they are loaded. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** The rows of what was used. The turn, if it was one, counts once: for the model that it mostly was. */
export function dailyUse(
  projectPath: string,
  models: readonly ModelUse[],
  { now, turns }: { now: number; turns: 0 | 1 },
): DailyUse[] {
  const day = dayOf(now);
  const main = [...models].sort((a, b) => b.costUsd - a.costUsd || b.outputTokens - a.outputTokens)[0];
  return models.map((use) => ({ ...use, day, projectPath, turns: use === main ? turns : 0 }));
}

/** The first of the last `count` days, today included. Counted in the calendar: a day of a clock change has 23 or 25 hours. */
export function firstDayOf(count: number, now: number): string {
  const [year, month, day] = dayOf(now).split("-").map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day - (count - 1))).toISOString().slice(0, 10);
}

/** The rows summed up by day, by project and by model. */
export function sumUp(rows: readonly DailyUse[]): Pick<UsageReport, "days" | "byProject" | "byModel"> {
  const by = (keyOf: (row: DailyUse) => string) => {
    const sums = new Map<string, Sum>();
    for (const row of rows) {
      const sum = sums.get(keyOf(row)) ?? { costUsd: 0, tokens: { input: 0, output: 0 }, turns: 0 };
      sum.costUsd += row.costUsd;
      sum.tokens.input += row.inputTokens;
      sum.tokens.output += row.outputTokens;
      sum.turns += row.turns;
      sums.set(keyOf(row), sum);
    }
    return [...sums];
  };
  const dearest = (a: Sum, b: Sum) => b.costUsd - a.costUsd || b.turns - a.turns;
  return {
    days: by(({ day }) => day)
      .map(([day, sum]) => ({ day, ...sum }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
    byProject: by(({ projectPath }) => projectPath)
      .map(([projectPath, sum]) => ({ projectPath, ...sum }))
      .sort(dearest),
    byModel: by(({ model }) => model)
      .map(([model, sum]) => ({ model, ...sum }))
      .sort(dearest),
  };
}

/** From this use of a window on its owner is warned. */
const warnPercent = 80;

/** The windows of which the owner is to be warned now, and until when each warning holds: once a window. */
export function warningsOf(
  windows: readonly PlanWindow[],
  warnedUntilAt: PlanUse["warnedUntilAt"],
  now: number,
): { due: PlanWindow[]; warnedUntilAt: PlanUse["warnedUntilAt"] } {
  const held = Object.fromEntries(Object.entries(warnedUntilAt).filter(([, untilAt]) => untilAt > now));
  const high = windows.filter(
    ({ id, utilizationPercent }) => utilizationPercent >= warnPercent && held[id] === undefined,
  );
  // A window whose end is unknown is warned of once a day.
  for (const { id, resetsAt } of high) held[id] = resetsAt ?? now + 24 * 3_600_000;
  // Of one that is used up already, the limit itself is told.
  return { due: high.filter(({ utilizationPercent }) => utilizationPercent < 100), warnedUntilAt: held };
}

/** The windows with the newer figures of some of them; a window whose end is over is left out. */
export function mergedWindows(
  known: readonly PlanWindow[],
  told: readonly PlanWindow[],
  now: number,
): PlanWindow[] {
  const newer = new Set(told.map(({ id }) => id));
  const kept = known.filter(({ id, resetsAt }) => !newer.has(id) && (resetsAt ?? Number.MAX_VALUE) > now);
  return [...told, ...kept].sort((a, b) => (a.id < b.id ? -1 : 1));
}
