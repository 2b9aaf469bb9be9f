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
