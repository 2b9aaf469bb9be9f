/** Messages of a conversation, as far as the demo model reads them. */

export interface TextBlock {
  type: "text";
  text: string;
}
export interface ToolResultBlock {
  type: "tool_result";
  tool_use_id: string;
  content?: string | Array<{ type: string; text?: string }>;
  is_error?: boolean;
}
export interface ToolUseBlock {
  type: "tool_use";
  id: string;
  input?: Record<string, unknown>;
}
export type ContentBlock = TextBlock | ToolResultBlock | ToolUseBlock | { type: string };
export interface ModelMessage {
  role: "user" | "assistant" | "system";
  content: string | ContentBlock[];
}

/** One answer of the demo model. `paceMs` is the pause between words. */
export type DemoReply =
  | { kind: "text"; text: string; paceMs: number; startAfterMs: number }
  | { kind: "tool"; name: string; input: Record<string, unknown>; say: string }
  | { kind: "error"; status: number; retryAfterSeconds?: number }
  /** Streams the text and then cuts the connection before the end. */
  | { kind: "cut"; text: string }
  /** Accepts the request and never answers. */
  | { kind: "silence" };
