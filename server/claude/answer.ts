import type { Query } from "@anthropic-ai/claude-agent-sdk";
import { DaylongError } from "../domain/errors.ts";

/** What a fork answers to its one question. Throws `recap_failed`. */
export async function answerOf(fork: Query): Promise<string> {
  for await (const message of fork) {
    if (message.type !== "result") continue;
    if (message.subtype === "success" && !message.is_error) return message.result;
    const said = message.subtype === "success" ? message.result : message.errors.join("; ");
    throw new DaylongError("recap_failed", `Claude gave no recap: ${said.slice(0, 500)}`);
  }
  throw new DaylongError("recap_failed", "Claude ended without a recap.");
}
