import type { Options, Query } from "@anthropic-ai/claude-agent-sdk";
import type { PreparedStart } from "../start/cliStarts.ts";
import type { KeepOpenInput } from "./keepOpenInput.ts";

/** How a process comes to be: by a start of the CLI, or by the claim of a spare. */
export interface ProcessStart
  extends Pick<PreparedStart, "askedFor" | "toolNotes" | "staleReason" | "release"> {
  /** What the owner is to know about the start. */
  notes: readonly string[];
  open(
    prompt: KeepOpenInput,
    callbacks: Required<Pick<Options, "canUseTool" | "onElicitation" | "spawnClaudeCodeProcess">> & {
      /** Sends the owner a notice. */
      notify(text: string): boolean;
    },
  ): Query;
}
