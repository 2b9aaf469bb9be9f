import { z } from "zod";
import { countSchema } from "../instants.ts";

/** An item of Claude's list of todos. */
export const todoSchema = z
  .object({
    id: z.string(),
    text: z.string(),
    state: z.enum(["pending", "in_progress", "completed"]),
    activeText: z.string().optional().meta({ description: "The text while it is being done." }),
  })
  .meta({ id: "Todo" });

export const todosSchema = z.object({ todos: z.array(todoSchema) });

/** The slash commands that a session knows. */
export const commandsSchema = z.object({
  commands: z.array(
    z
      .object({
        name: z.string().meta({ description: "Without the slash." }),
        description: z.string(),
        argumentHint: z.string(),
        aliases: z.array(z.string()),
        builtin: z.boolean().meta({ description: "Claude Code's own." }),
      })
      .meta({ id: "Command" }),
  ),
});

/** How full the context window was at the last request. */
export const contextFillSchema = z
  .object({ usedTokens: countSchema, windowTokens: countSchema, percent: countSchema })
  .meta({ id: "ContextFill" });

/** What Claude proposes to say next. */
export const suggestedPromptsSchema = z.array(z.string());
