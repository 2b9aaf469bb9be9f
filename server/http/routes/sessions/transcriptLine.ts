import type { LoggedEvent } from "../../../domain/delivery/event.ts";

/** A message of either side, as an event of the log tells it. */
export interface TranscriptLine {
  messageId: string;
  role: "user" | "assistant";
  text: string;
  /** The turn ended in the middle of it. */
  partial?: boolean;
}

export function transcriptLineOf(event: LoggedEvent): TranscriptLine | undefined {
  switch (event.type) {
    case "turn.accepted":
      return { messageId: event.data.messageId, role: "user", text: event.data.message };
    case "message":
      return { role: "assistant", ...event.data };
    default:
      return undefined;
  }
}
