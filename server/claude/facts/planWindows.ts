import type { SDKControlGetUsageResponse, SDKRateLimitInfo } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import type { PlanWindow } from "../../domain/processes/usage.ts";

const labels: Record<string, string> = {
  five_hour: "5 hours",
  seven_day: "7 days",
  seven_day_opus: "7 days, Opus",
  seven_day_sonnet: "7 days, Sonnet",
  seven_day_oauth_apps: "7 days, apps",
  seven_day_overage_included: "7 days, with extra usage",
  overage: "Extra usage",
};
const labelOf = (id: string): string => labels[id] ?? id.replaceAll("_", " ");

const windowOf = (id: string, utilizationPercent: number, resetsAt: number | undefined): PlanWindow => ({
  id,
  label: labelOf(id),
  utilizationPercent: Math.round(utilizationPercent * 10) / 10,
  ...(resetsAt !== undefined && { resetsAt }),
});

/** Every window with its use as a share of 1 and its end in seconds: CLI 2.1.330 says them, the SDK has no type for them. */
const unifiedSchema = z.record(
  z.string(),
  z
    .object({ utilization: z.number(), resetsAt: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
);

/** The plan's windows that a notice about the limits of a login names. */
export function planWindowsOf(info: SDKRateLimitInfo & { unifiedWindows?: unknown }): PlanWindow[] {
  const unified = unifiedSchema.safeParse(info.unifiedWindows).data ?? {};
  const windows = Object.entries(unified).flatMap(([id, window]) =>
    window === undefined
      ? []
      : [
          windowOf(
            id,
            window.utilization * 100,
            window.resetsAt === undefined ? undefined : window.resetsAt * 1_000,
          ),
        ],
  );
  const { rateLimitType: id, utilization, resetsAt } = info;
  if (id === undefined || utilization === undefined || windows.some((window) => window.id === id))
    return windows;
  return [...windows, windowOf(id, utilization * 100, resetsAt === undefined ? undefined : resetsAt * 1_000)];
}

/** The fields of the CLI's answer about usage that are read; it is experimental, so nothing in it is relied on. */
const usageSchema = z.object({
  rate_limits_available: z.boolean(),
  rate_limits: z.record(z.string(), z.unknown()).nullable(),
});
const limitSchema = z.object({ utilization: z.number(), resets_at: z.string().nullable() });
const scopedSchema = z.array(limitSchema.extend({ display_name: z.string() }));

const instantOf = (text: string | null): number | undefined => {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
};

/** The windows in the CLI's answer about usage; `undefined` when there is no plan, or when it is not understood. */
export function planWindowsOfUsage(answer: Partial<SDKControlGetUsageResponse>): PlanWindow[] | undefined {
  const usage = usageSchema.safeParse(answer).data;
  if (!usage?.rate_limits_available || usage.rate_limits === null) return undefined;
  const { model_scoped: scoped, ...rest } = usage.rate_limits;
  const named = Object.entries(rest).flatMap(([id, value]) => {
    const limit = limitSchema.safeParse(value).data;
    return limit === undefined ? [] : [windowOf(id, limit.utilization, instantOf(limit.resets_at))];
  });
  const ofModels = (scopedSchema.safeParse(scoped).data ?? []).map((limit) => ({
    ...windowOf(
      `seven_day_${limit.display_name.toLowerCase()}`,
      limit.utilization,
      instantOf(limit.resets_at),
    ),
    label: `7 days, ${limit.display_name}`,
  }));
  const known = new Set(named.map(({ id }) => id));
  return [...named, ...ofModels.filter(({ id }) => !known.has(id))];
}
