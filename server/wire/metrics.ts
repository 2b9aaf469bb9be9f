import { z } from "zod";
import { countSchema, instantSchema } from "./instants.ts";
import { poolStatsFields } from "./sessions/sessions.ts";

const byReason = z.record(z.string(), countSchema);

/** What the pool holds now, and what happened since the server started. */
export const sessionMetricsSchema = z
  .object({
    sinceAt: instantSchema,
    ...poolStatsFields,
    spares: countSchema,
    starts: z.object({ spare: countSchema, cold: countSchema, resumed: countSchema }),
    wakes: countSchema,
    parks: byReason,
    recycles: countSchema,
    crashes: countSchema,
    recoveries: countSchema,
    quarantines: countSchema,
    warnings: z.object({ lease: countSchema, resource: countSchema }),
    expiries: countSchema,
    renewals: byReason,
    limits: countSchema,
    loginsRequired: countSchema,
    turns: z.object({
      accepted: countSchema,
      completed: countSchema,
      failed: countSchema,
      interrupted: countSchema,
      cancelled: countSchema,
    }),
    peakProcesses: countSchema,
    peakMemoryBytes: z.number(),
  })
  .meta({ id: "SessionMetrics" });

const sampleFields = { at: instantSchema, cpuPercent: z.number().meta({ description: "100 is one core." }) };

const latencySchema = z.object({
  count: countSchema,
  p50Ms: z.number().optional(),
  p99Ms: z.number().optional(),
});

/** How long events take to those they are for, and what got lost or came twice; by the latest 500 measurements of each. */
export const deliveryMetricsSchema = z
  .object({
    firstFrame: latencySchema.meta({ description: "From an event's commit to the first connection." }),
    ack: latencySchema.meta({ description: "From an event's commit to a device's ack." }),
    pushAccepted: latencySchema.meta({
      description: "From an event's commit to the push service's acceptance.",
    }),
    lostTurns: countSchema.meta({
      description: "Accepted, without an end, and nothing works on them. Should be zero.",
    }),
    twice: z
      .object({ ends: countSchema, frames: countSchema, pushes: countSchema })
      .meta({ description: "What came a second time since the start. Should be zero." }),
  })
  .meta({ id: "DeliveryMetrics" });

/** Samples of the last ten minutes, oldest first. */
export const resourceHistorySchema = z
  .object({
    points: z.array(z.object({ ...sampleFields, memoryBytes: z.number(), liveSessions: countSchema })),
    sessions: z
      .array(
        z.object({
          sessionId: z.string(),
          points: z.array(z.object({ ...sampleFields, rssBytes: z.number() })),
        }),
      )
      .meta({ description: "Those that have a process." }),
  })
  .meta({ id: "ResourceHistory" });
