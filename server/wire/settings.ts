import { z } from "zod";
import { type Limit, type LimitName, limitNames, limitTable } from "../domain/limits.ts";
import { limitReasons } from "../domain/processes/machine.ts";

/** The schema of one limit, wherever its value comes from. */
export function limitValueSchema({ min, max, whole, auto }: Pick<Limit, "min" | "max" | "whole" | "auto">) {
  const bounded = z
    .number({ error: auto ? "must be a number or auto" : "must be a number" })
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);
  const number = whole ? bounded.refine(Number.isInteger, "must be a whole number") : bounded;
  return auto ? z.literal("auto").or(number) : number;
}

const mapLimits = <T>(of: (limit: Limit) => T): Record<LimitName, T> =>
  Object.fromEntries(limitNames.map((name) => [name, of(limitTable[name])])) as Record<LimitName, T>;

/** A merge patch of limits: an absent limit stays, `null` goes back to the default. */
export const settingsPatchSchema = z.object(
  mapLimits((limit) => limitValueSchema(limit).nullable().optional()),
);
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

export const settingSources = ["default", "environment", "stored"] as const;

/** `auto` only where the limit may be that. */
const settingValue = z.union([z.number(), z.literal("auto")]);

const settingSchema = z
  .object({
    value: settingValue.meta({ description: "In force now." }),
    default: z.number(),
    min: z.number(),
    max: z.number(),
    live: z.boolean().meta({ description: "Whether a change takes effect at once." }),
    source: z.enum(settingSources).meta({
      description: "The environment wins: what it sets can be changed there only.",
    }),
    next: settingValue.optional().meta({ description: "In force from the next start." }),
    effective: z.number().optional().meta({ description: "With `auto`: the number that is in force now." }),
    limitedBy: z.enum(limitReasons).optional().meta({
      description: "With `auto`: what keeps the number from being higher.",
    }),
  })
  .meta({ id: "Setting" });
export type SettingView = z.infer<typeof settingSchema>;

export const settingsSchema = z.object(mapLimits(() => settingSchema)).meta({ id: "Settings" });
export type SettingsView = Record<LimitName, SettingView>;
