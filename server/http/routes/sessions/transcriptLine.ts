import type { LoggedEvent } from "../../../domain/delivery/event.ts";

/** A message of either side, as an event of the log tells it. */
export interface TranscriptLine {
  messageId: string;
  role: "user" | "assistant";
  text: string;
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
  { messageId, origin }: Pick<TranscriptLine, "messageId" | "origin">,
): TranscriptLine => ({ messageId, role, text, origin });
