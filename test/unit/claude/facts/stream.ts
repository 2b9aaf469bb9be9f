import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";

/** Messages of the CLI's stream, with the fields that are read; the others are as the SDK types them. */
const message = (fields: Record<string, unknown>): SDKMessage =>
  ({ session_id: "s", uuid: "u", parent_tool_use_id: null, ...fields }) as unknown as SDKMessage;

export const system = (subtype: string, fields: Record<string, unknown> = {}): SDKMessage =>
  message({ type: "system", subtype, ...fields });

export const ofType = (type: string, fields: Record<string, unknown> = {}): SDKMessage =>
  message({ type, ...fields });

export const toolUse = (id: string, name: string, input: unknown, parent: string | null = null): SDKMessage =>
  message({
    type: "assistant",
    parent_tool_use_id: parent,
    message: { content: [{ type: "tool_use", id, name, input }] },
  });

export const toolResult = (id: string, output: unknown, isError = false): SDKMessage =>
  message({
    type: "user",
    message: { content: [{ type: "tool_result", tool_use_id: id, is_error: isError }] },
    tool_use_result: output,
  });

/** A request's beginning and end as they are streamed. */
export const request = (model: string, sent: Record<string, number>, got: number): SDKMessage[] => [
  message({ type: "stream_event", event: { type: "message_start", message: { model, usage: sent } } }),
  message({ type: "stream_event", event: { type: "message_delta", usage: { output_tokens: got } } }),
];

export const result = (modelUsage: Record<string, unknown> = {}): SDKMessage =>
  message({ type: "result", subtype: "success", modelUsage });
