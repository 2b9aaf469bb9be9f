import { ECDH } from "node:crypto";
import { z } from "zod";
import { scopes } from "../../domain/delivery/device.ts";
import { activityKinds } from "../../domain/delivery/liveActivity.ts";
import { mutableKinds, pushKinds } from "../../domain/delivery/pushRules.ts";
import { withoutTrailing } from "../../domain/trimText.ts";
import { countSchema, cursorSchema, durationMsSchema, instantSchema } from "../instants.ts";
import { textSchema } from "../text.ts";

/** An APNs token is an opaque byte string; Apple tells not to assume its length (32 bytes today). Half a byte is none. */
export const apnsTokenSchema = z
  .string()
  .regex(/^(?:[0-9a-fA-F]{2}){8,200}$/, "must be the hexadecimal device token")
  .transform((value) => value.toLowerCase());

const encryptionKeySchema = z
  .base64()
  .refine((value) => Buffer.from(value, "base64").length === 32, "must be 32 bytes in base64");

/** An app's bundle id, which becomes a header: what cannot be one would be tried again and again. */
export const bundleIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9.-]{1,255}$/, "must be a bundle id: letters, digits, hyphens and periods");

export const apnsPushSchema = z.object({
  provider: z.literal("apns"),
  token: apnsTokenSchema,
  /** Left out: the server's own (`APNS_ENVIRONMENT`). */
  environment: z.enum(["sandbox", "production"]).optional(),
  topic: bundleIdSchema.optional(),
  encryptionKey: encryptionKeySchema.optional(),
});

/** Longest endpoint of a push service that is taken; today's have 150 to 500 characters. */
const maxEndpointLength = 2_048;

const isPoint = (base64url: string): boolean => {
  try {
    return ECDH.convertKey(base64url, "prime256v1", "base64url", "hex", "uncompressed").length === 130;
  } catch {
    return false;
  }
};
/** Base64 of either alphabet (RFC 4648, 4 and 5): not every page encodes the keys as `toJSON` does. Kept as base64url. */
const base64urlSchema = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_+/-]+={0,2}$/, "must be base64url")
  .transform((value) => withoutTrailing(value, "=").replaceAll("+", "-").replaceAll("/", "_"));

/** A browser's `PushSubscription.toJSON()`. Where it may lead is looked at when it is registered, and at every push. */
export const subscriptionSchema = z.object({
  endpoint: z
    .string()
    .max(maxEndpointLength)
    .regex(/^https:\/\/[!-~]+$/, "must be an https address"),
  keys: z.object({
    p256dh: base64urlSchema.refine(
      (value) => Buffer.from(value, "base64url").length === 65 && isPoint(value),
      "must be an uncompressed P-256 point",
    ),
    auth: base64urlSchema.refine(
      (value) => Buffer.from(value, "base64url").length === 16,
      "must be 16 bytes",
    ),
  }),
});

const apnsFields = ["token", "environment", "topic", "encryptionKey"] as const;

/** A merge patch of a device's push target: an absent field stays, `null` removes. */
export const pushPatchSchema = z
  .object({
    provider: z.enum(["apns", "webpush"]).optional(),
    token: apnsTokenSchema.optional(),
    environment: z.enum(["sandbox", "production"]).optional(),
    topic: bundleIdSchema.nullable().optional(),
    encryptionKey: encryptionKeySchema.nullable().optional(),
    subscription: subscriptionSchema.optional(),
    liveActivity: z.object({ pushToStartToken: apnsTokenSchema.nullable().optional() }).optional(),
  })
  .check(({ value, issues }) => {
    const fault = (path: string, message: string) =>
      issues.push({ code: "custom", input: value, path: [path], message });
    if (value.provider === "webpush" && !value.subscription) {
      fault("subscription", "is needed with the provider webpush");
    }
    if (value.provider === "apns" && value.subscription)
      fault("subscription", "belongs to the provider webpush");
    if (value.provider !== "webpush" && !value.subscription) return;
    for (const field of apnsFields) {
      if (value[field] !== undefined) fault(field, "belongs to the provider apns");
    }
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
  mutedKinds: z.array(z.enum(mutableKinds)).max(20).optional(),
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

/** A device as clients see it: no token, no push token, no key. */
export const deviceSchema = z
  .object({
    deviceId: z.string(),
    name: z.string(),
    platform: z.string(),
    scope: scopeSchema,
    createdAt: instantSchema,
    lastSeenAt: instantSchema,
    connected: z.boolean(),
    ackedCursor: cursorSchema.nullable(),
    push: z
      .object({
        provider: z.string(),
        environment: z.string().optional(),
        registeredAt: instantSchema,
        encrypted: z.boolean(),
      })
      .nullable(),
    preferences: z.object({
      mutedKinds: z.array(z.string()),
      quietHours: devicePreferencesSchema.shape.quietHours.unwrap().unwrap().optional(),
    }),
  })
  .meta({ id: "Device" });

/** The outcome of one push. */
export const deliverySchema = z
  .object({
    deliveryId: z.string(),
    cursor: cursorSchema,
    kind: z.enum([...pushKinds, ...activityKinds]),
    state: z.enum(["pending", "sent", "acked", "suppressed", "gone", "dead"]),
    attempts: z.array(
      z.object({
        at: instantSchema,
        status: countSchema.optional(),
        reason: z.string().optional(),
        latencyMs: durationMsSchema,
      }),
    ),
    nextAttemptAt: instantSchema.optional(),
  })
  .meta({ id: "Delivery" });

/** The outcome of one push, in the log of all devices. */
export const deliveryLogSchema = deliverySchema
  .extend({
    deviceId: z.string(),
    deviceName: z.string(),
    createdAt: instantSchema,
  })
  .meta({ id: "LoggedDelivery" });

export const testPushSchema = z.object({
  outcome: z.string(),
  apnsId: z.string(),
  status: countSchema.optional(),
  reason: z.string().optional(),
  detail: z
    .string()
    .optional()
    .meta({ description: "The reason in words, when the server's own side is at fault." }),
  latencyMs: durationMsSchema,
});
