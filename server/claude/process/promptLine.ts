import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";
import type { Prompt } from "../../domain/processes/process.ts";

/** The line of stream-json that gives the CLI a prompt: what the SDK itself would write. */
export function promptLine(prompt: Prompt): string {
  const message: SDKUserMessage = {
    type: "user",
    message: {
      role: "user",
      content:
        prompt.images.length === 0 && prompt.preamble === undefined
          ? prompt.text
          : [
              ...(prompt.preamble === undefined ? [] : [{ type: "text" as const, text: prompt.preamble }]),
              ...prompt.images.map((image) => ({
                type: "image" as const,
                source: {
                  type: "base64" as const,
                  media_type: image.mimeType as "image/png",
                  data: image.base64,
                },
              })),
              { type: "text" as const, text: prompt.text },
            ],
    },
    parent_tool_use_id: null,
    uuid: prompt.turnId as SDKUserMessage["uuid"],
  };
  return `${JSON.stringify(message)}\n`;
}

/**
 * The line that gives the CLI a note of this server's: the note begins no turn, Claude reads it before its next prompt, and
 * the transcript marks it as no person's words.
 */
export function noteLine(messageId: string, text: string): string {
  const message: SDKUserMessage = {
    type: "user",
    message: { role: "user", content: text },
    parent_tool_use_id: null,
    uuid: messageId as SDKUserMessage["uuid"],
    isSynthetic: true,
    shouldQuery: false,
  };
  return `${JSON.stringify(message)}\n`;
}
