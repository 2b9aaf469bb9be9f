import { z } from "zod";
import { countSchema } from "../instants.ts";
import { sessionMetricsSchema } from "../metrics.ts";
import { poolStatsFields } from "../sessions/sessions.ts";

const { totalSessions: _now, maxSessions: _most, ...roomFields } = poolStatsFields;

/** The answer of `GET /stats`. */
export const statsSchema = z.object({
  activeSessions: countSchema,
  maxConcurrentSessions: countSchema,
  ...roomFields,
  totals: sessionMetricsSchema.pick({
    sinceAt: true,
    turns: true,
    starts: true,
    wakes: true,
    crashes: true,
    recoveries: true,
    recycles: true,
    expiries: true,
  }),
});
