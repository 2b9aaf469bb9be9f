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

/** The use of a tool. */
export interface DemoToolUse {
  name: string;
  input: Record<string, unknown>;
}

/** One answer of the demo model. `paceMs` is the pause between words. */
export type DemoReply =
  | { kind: "text"; text: string; paceMs: number; startAfterMs: number }
  /** `more`: further tools in the same breath. */
  | ({ kind: "tool"; say: string; more?: DemoToolUse[] } & DemoToolUse)
  | { kind: "error"; status: number; retryAfterSeconds?: number }
  /** Streams the text and then cuts the connection before the end. */
  | { kind: "cut"; text: string }
  /** Accepts the request and never answers. */
  | { kind: "silence" };

/** An answer in words. */
export const text = (value: string, paceMs = 0, startAfterMs = 0): DemoReply => ({
  kind: "text",
  text: value,
  paceMs,
  startAfterMs,
});

export const isText = (block: ContentBlock): block is TextBlock => block.type === "text";

export const reminderMark = "<system-reminder>";
/** The beginnings of texts that the CLI adds: reminders, notes of an interrupt, the place of an image, notes of a program. */
const cliMarks = [reminderMark, "[Request interrupted", "[Image: source", "[MESSAGE FROM NON-USER SOURCE"];

export function textsOf({ content }: ModelMessage): string[] {
  const blocks: ContentBlock[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return blocks.filter(isText).map((block: TextBlock) => block.text.trim());
}

/**
 * What a person typed in a message, a text block each: the CLI adds reminders of its own in further blocks, and puts
 * messages that were not answered (an interrupt, a failure) together with the next one.
 */
export const typedBlocks = (message: ModelMessage): string[] =>
  textsOf(message).filter((value) => value !== "" && !cliMarks.some((mark) => value.startsWith(mark)));

/** The newest words of a message: the ones to be answered. */
export const typedText = (message: ModelMessage): string => typedBlocks(message).at(-1) ?? "";
