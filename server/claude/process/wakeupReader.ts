import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import type { ProcessSignal } from "../../domain/processes/process.ts";

const scheduleInput = z.object({ prompt: z.string(), reason: z.string().optional() });
const scheduleOutput = z.object({ scheduledFor: z.number(), stopped: z.boolean().optional() });
const cronInput = z.object({ prompt: z.string(), cron: z.string() });
const cronOutput = z.object({
  id: z.string(),
  humanSchedule: z.string(),
  recurring: z.boolean(),
  nextFireAt: z.number().optional(),
});
const cronDeleteOutput = z.object({ id: z.string() });

const wakeupTools: ReadonlySet<string> = new Set(["ScheduleWakeup", "CronCreate", "CronDelete"]);
const mostDescribed = 200;

/**
 * Reader of the wake-ups that Claude schedules, which the CLI does not report as tasks: they are read from the uses of its
 * tools and the results of these. That one is due, the turn reader hears. Pure but for its own state.
 *
 *   ScheduleWakeup   set, in place of an earlier one; with `stop` it is dropped. CLI 2.1.330 forgets it when it ends.
 *   CronCreate       set; after a resume the CLI goes on with those that are not overdue.
 *   CronDelete       dropped
 */
export class WakeupReader {
  readonly #uses = new Map<string, { toolName: string; input: unknown }>();

  /** The signals of a message. `turnOf`: the turn of the tool use that scheduled a wake-up. */
  read(message: SDKMessage, turnOf: (toolUseId: string) => string | undefined): ProcessSignal[] {
    switch (message.type) {
      case "assistant":
        for (const block of message.message.content) {
          if (block.type === "tool_use" && wakeupTools.has(block.name))
            this.#uses.set(block.id, { toolName: block.name, input: block.input });
        }
        return [];
      case "user": {
        const { content } = message.message;
        if (typeof content === "string") return [];
        return content.flatMap((block) =>
          block.type === "tool_result"
            ? this.#resultOf(block.tool_use_id, block.is_error === true, message.tool_use_result, turnOf)
            : [],
        );
      }
      default:
        return [];
    }
  }

  #resultOf(
    toolUseId: string,
    failed: boolean,
    output: unknown,
    turnOf: (toolUseId: string) => string | undefined,
  ): ProcessSignal[] {
    const use = this.#uses.get(toolUseId);
    this.#uses.delete(toolUseId);
    if (use === undefined || failed) return [];
    const turnId = turnOf(toolUseId);
    switch (use.toolName) {
      case "ScheduleWakeup": {
        const answered = scheduleOutput.safeParse(output).data;
        if (answered?.stopped === true) return [{ kind: "wakeups-dropped" }];
        const asked = scheduleInput.safeParse(use.input).data;
        if (answered === undefined || asked === undefined) return [];
        const { prompt, reason = prompt } = asked;
        const dueAt = answered.scheduledFor;
        const wakeup = { taskId: toolUseId, turnId, prompt, dueAt, survivesResume: false };
        return [
          { kind: "wakeups-dropped" },
          { kind: "wakeup-set", wakeup: { ...wakeup, description: headOf(reason) } },
        ];
      }
      case "CronCreate": {
        const answered = cronOutput.safeParse(output).data;
        const asked = cronInput.safeParse(use.input).data;
        if (answered?.nextFireAt === undefined || asked === undefined) return [];
        const { id: taskId, humanSchedule, recurring, nextFireAt: dueAt } = answered;
        const { prompt, cron } = asked;
        const wakeup = { taskId, turnId, prompt, dueAt, survivesResume: true };
        const description = headOf(`${humanSchedule}: ${prompt}`);
        return [
          { kind: "wakeup-set", wakeup: { ...wakeup, description, schedule: recurring ? cron : undefined } },
        ];
      }
      default: {
        const deleted = cronDeleteOutput.safeParse(output).data;
        return deleted === undefined ? [] : [{ kind: "wakeups-dropped", taskId: deleted.id }];
      }
    }
  }
}

const headOf = (text: string): string => text.toWellFormed().slice(0, mostDescribed).toWellFormed();
