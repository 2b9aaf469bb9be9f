import { z } from "zod";
import { pushKinds } from "../../domain/delivery/pushRules.ts";
import { turnStates } from "../../domain/sessions/turn.ts";
import { countSchema, cursorSchema, instantSchema } from "../instants.ts";

const version = z.number().int().meta({ description: "The version of this object: 1." });

/** What an alert is about: the `daylong` object of a push that is not sealed. */
export const pushSubjectSchema = z
  .object({
    v: version,
    kind: z.enum(pushKinds).meta({ description: "A newer server may send others: show the alert as it is." }),
    cursor: cursorSchema.meta({ description: "Of the event that the push is about." }),
    sessionId: z.string(),
    turnId: z.string().optional(),
    messageId: z
      .string()
      .optional()
      .meta({ description: "GET /api/messages/:messageId has the whole text." }),
    permissionId: z.string().optional(),
    expiresAt: instantSchema
      .optional()
      .meta({ description: "When the subject ends: a permission, a lease." }),
    truncated: z.boolean().meta({ description: "The alert shows less than there is: fetch before acting." }),
  })
  .meta({ id: "PushSubject" });

/** The plaintext of a sealed push: what it is about and what the alert should say. */
export const sealedPushSchema = pushSubjectSchema
  .extend({ title: z.string(), subtitle: z.string().optional(), body: z.string() })
  .meta({ id: "SealedPush" });

const categories = [
  "REPLY",
  "PERMISSION",
  "PERMISSION_LOOK",
  "QUESTION",
  "FORM",
  "EXPIRING",
  "SESSION",
] as const;

/** The `aps` dictionary of an alert. */
const alertApsSchema = z.object({
  alert: z.object({ title: z.string(), subtitle: z.string().optional(), body: z.string() }),
  badge: countSchema,
  sound: z.string(),
  "thread-id": z.string().meta({ description: "The session's id." }),
  category: z.enum(categories),
  "interruption-level": z.enum(["passive", "active", "time-sensitive"]),
  "mutable-content": z.literal(1),
});

/** An alert as Apple delivers it. With a device key `daylong` holds `enc` in place of the subject. */
export const alertPushSchema = z
  .object({
    aps: alertApsSchema,
    daylong: z.union([
      pushSubjectSchema,
      z.object({
        v: version,
        enc: z
          .base64()
          .meta({ description: "base64(nonce of 12 bytes, AES-256-GCM ciphertext, tag of 16 bytes)." }),
      }),
    ]),
  })
  .meta({ id: "AlertPush" });

/** A background push: another device has read something. */
export const syncPushSchema = z
  .object({
    aps: z.object({ "content-available": z.literal(1) }),
    daylong: z.object({ v: version, kind: z.literal("sync"), cursor: cursorSchema, unread: countSchema }),
  })
  .meta({ id: "SyncPush" });

/** The `content-state` of a Live Activity. */
export const liveActivityStateSchema = z
  .object({
    state: z
      .enum([...turnStates, "waiting"])
      .meta({ description: "waiting: for a permission or an answer." }),
    tool: z.string().optional().meta({ description: "The title of the tool that runs." }),
    startedAt: instantSchema,
    leaseExpiresAt: instantSchema,
    lastText: z.string().optional(),
  })
  .meta({ id: "LiveActivityState" });

/** The attributes with which a push starts a Live Activity. */
export const liveActivityAttributesSchema = z
  .object({ sessionId: z.string(), turnId: z.string(), title: z.string(), projectName: z.string() })
  .meta({ id: "LiveActivityAttributes" });

/** A push to a Live Activity. `timestamp`, `stale-date` and `dismissal-date` are in seconds, as Apple counts them. */
export const liveActivityPushSchema = z
  .object({
    aps: z.object({
      timestamp: z.number().int(),
      event: z.enum(["start", "update", "end"]),
      "content-state": liveActivityStateSchema,
      "stale-date": z.number().int().optional(),
      "dismissal-date": z.number().int().optional(),
      "attributes-type": z.string().optional(),
      attributes: liveActivityAttributesSchema.optional(),
      alert: z.object({ title: z.string(), body: z.string() }).optional(),
      "input-push-token": z.literal(1).optional(),
    }),
  })
  .meta({ id: "LiveActivityPush" });

/** Every payload that Apple delivers, and the plaintext of a sealed one. */
export const pushPayloadSchemas = {
  alert: alertPushSchema,
  sealed: sealedPushSchema,
  sync: syncPushSchema,
  liveActivity: liveActivityPushSchema,
} as const;
