import type { LoggedEvent } from "../../../domain/delivery/event.ts";

/** A message of either side, as an event of the log tells it. */
export interface TranscriptLine {
  messageId: string;
  role: "user" | "assistant";
  text: string;
}

export function transcriptLineOf(event: LoggedEvent): TranscriptLine | undefined {
  switch (event.type) {
    case "turn.accepted":
      return { messageId: event.data.messageId, role: "user", text: event.data.message };
    case "message":
      return { messageId: event.data.messageId, role: "assistant", text: event.data.text };
    default:
      return undefined;
  }
}
