import { z } from "zod";

/**
 * The value without the nulls that stand for nothing: those of object fields that may be left out and whose schema gives null
 * no meaning of its own. Many clients write every field of their types, and null for those that are not set. Nulls that a
 * schema takes (`model: null` takes a setting back), nulls in values of any shape, and nulls of required fields stay.
 */
export function withoutAbsentNulls(schema: z.ZodType, value: unknown): unknown {
  return holdsNull(value) ? cleaned(schema, value) : value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON from outside may be nested as deep as its parser goes: looked through without recursion. */
function holdsNull(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (one === null) return true;
    if (typeof one === "object") for (const inner of Object.values(one)) left.push(inner);
  }
  return false;
}

/** Recursion follows the schema, which is as deep as its author wrote it. */
function cleaned(schema: z.ZodType, value: unknown): unknown {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item) => cleaned(inner.element as z.ZodType, item));
  if (inner instanceof z.ZodRecord && isRecord(value))
    return mapped(value, (item) => cleaned(inner.valueType as z.ZodType, item));
  if (inner instanceof z.ZodUnion) return cleanedForOne(inner.options as z.ZodType[], value);
  if (!(inner instanceof z.ZodObject) || !isRecord(value)) return value;
  const shape = inner.shape as Readonly<Record<string, z.ZodType>>;
  const present = Object.entries(value).filter(([name, item]) => {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return item !== null || field === undefined || !isAbsent(field);
  });
  return mapped(Object.fromEntries(present), (item, name) => {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return field === undefined ? item : cleaned(field, item);
  });
}

/** Whether null in the field stands for leaving it out. */
const isAbsent = (field: z.ZodType): boolean =>
  !field.safeParse(null).success && field.safeParse(undefined).success;

/** Of several schemas the first that takes the value once it is cleaned; a value that none takes is named as it came. */
function cleanedForOne(options: readonly z.ZodType[], value: unknown): unknown {
  for (const option of options) {
    const candidate = cleaned(option, value);
    if (option.safeParse(candidate).success) return candidate;
  }
  return value;
}

const mapped = (
  value: Record<string, unknown>,
  map: (item: unknown, name: string) => unknown,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([name, item]) => [name, map(item, name)]));

/** The schema under its wrappers: optional, with a default, transformed afterwards. */
function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return unwrapped(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrapped(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) {
    const { in: input, out } = schema.def;
    return unwrapped((input instanceof z.ZodTransform ? out : input) as z.ZodType);
  }
  return schema;
}
