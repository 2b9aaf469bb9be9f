import { z } from "zod";

/** Fields of a request that may hold anything. */
export const unknownFields = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, z.unknown().optional()])) as Record<
    N,
    z.ZodOptional<z.ZodUnknown>
  >;

/** Whether the value of a parameter asks for nothing but what happens anyway. */
export function isHarmless(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return true;
  if (value === "none" || value === "auto") return true;
  if (Array.isArray(value)) return value.length === 0;
  return (
    typeof value === "object" && ("type" in value ? value.type === "text" : Object.keys(value).length === 0)
  );
}
