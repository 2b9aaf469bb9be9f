import { z } from "zod";
import { scopes } from "../domain/device.ts";
import { textSchema } from "./text.ts";

/** An APNs token is an opaque byte string; Apple tells not to assume its length (32 bytes today). */
export const apnsTokenSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{16,400}$/, "must be the hexadecimal device token")
  .transform((value) => value.toLowerCase());

const encryptionKeySchema = z
  .base64()
  .refine((value) => Buffer.from(value, "base64").length === 32, "must be 32 bytes in base64");

export const apnsPushSchema = z.object({
  provider: z.literal("apns"),
  token: apnsTokenSchema,
  /** Left out: the server's own (`APNS_ENVIRONMENT`). */
  environment: z.enum(["sandbox", "production"]).optional(),
  topic: textSchema.min(1).max(255).optional(),
  encryptionKey: encryptionKeySchema.optional(),
});

/** A merge patch of a device's push target: what is absent stays, `null` removes. */
export const pushPatchSchema = z.object({
  provider: z.enum(["apns", "webpush"]).optional(),
  token: apnsTokenSchema.optional(),
  environment: z.enum(["sandbox", "production"]).optional(),
  topic: textSchema.min(1).max(255).nullable().optional(),
  encryptionKey: encryptionKeySchema.nullable().optional(),
  subscription: z.unknown().optional(),
  liveActivity: z.unknown().optional(),
});

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

export const devicePreferencesSchema = z.object({
  mutedKinds: z.array(textSchema.max(40)).max(20).optional(),
  quietHours: z
    .object({
      startMinute: z.number().int().min(0).max(1439),
      endMinute: z.number().int().min(0).max(1439),
      timeZone: z.string().max(64).refine(isTimeZone, "must be an IANA time zone"),
    })
    .nullable()
    .optional(),
});

/** A name people read in lists and logs: no control characters, which could forge lines there. */
export const deviceNameSchema = textSchema
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u, "must not hold control characters");

export const devicePatchSchema = z.object({
  name: deviceNameSchema.optional(),
  push: pushPatchSchema.nullable().optional(),
  preferences: devicePreferencesSchema.optional(),
});

export const scopeSchema = z.enum(scopes);

export const newDeviceSchema = z.object({
  name: deviceNameSchema,
  platform: z.string().regex(/^[A-Za-z0-9 ._-]{1,40}$/, "must be a short plain name such as ios"),
});
