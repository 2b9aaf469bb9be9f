import type { LoggedEvent } from "../../../domain/delivery/event.ts";

/** A message of either side, as an event of the log tells it. */
export interface TranscriptLine {
  messageId: string;
  role: "user" | "assistant";
  text: string;
  /** The turn ended in the middle of it. */
  partial?: boolean;
  /** Another program, in which it was said. */
  origin?: "terminal";
}

export function transcriptLineOf(event: LoggedEvent): TranscriptLine | undefined {
  switch (event.type) {
    case "turn.accepted":
      return line("user", event.data.message, event.data);
    case "message":
      return line("assistant", event.data.text, event.data);
    default:
      return undefined;
  }
}

const line = (
  role: TranscriptLine["role"],
  text: string,
  { messageId, origin, partial }: Pick<TranscriptLine, "messageId" | "origin" | "partial">,
): TranscriptLine => ({ messageId, role, text, origin, partial });
