import { z } from "zod";
import type { AgentRef } from "../../domain/sessions/agent.ts";

/** A subagent of Claude's. */
export const agentSchema = z
  .object({
    agentId: z.string(),
    type: z.string().optional(),
    description: z.string().optional(),
  })
  .meta({ id: "Agent" }) satisfies z.ZodType<AgentRef>;
