import type { PastMessage } from "../../domain/sessions/history.ts";
import { toolTitle } from "../../domain/sessions/toolLine.ts";

/** A transcript's entry as the SDK gives it; the CLI's own fields come along. */
export interface RawEntry {
  type: string;
  uuid: string;
  message: unknown;
  parent_tool_use_id?: string | null;
  timestamp?: unknown;
  isMeta?: unknown;
  isCompactSummary?: unknown;
}

interface Block {
  type?: unknown;
  text?: unknown;
  id?: unknown;
  name?: unknown;
  input?: unknown;
}

/** The texts that the CLI puts among a person's words: reminders, notes about files, the wrapping of a command. */
const insertion =
  /^\s*<(system-reminder|attached-files|earlier-conversation|local-command-caveat|local-command-stdout|local-command-stderr|command-message|command-args|task-notification|bash-stdout|bash-stderr)\b[\s\S]*$/;
const commandName = /^\s*<command-name>\s*(\/[^<\s]+)/;

/** Words of a page, in UTF-16 units: more come with the next one. One message is given whole, however long. */
export const mostPageUnits = 1_000_000;

/** The message as a person would read it; `undefined` for what only the CLI and the model tell each other. */
export function pastMessageOf(entry: RawEntry): PastMessage | undefined {
  const role = entry.type === "user" || entry.type === "assistant" ? entry.type : undefined;
  if (role === undefined || entry.parent_tool_use_id || entry.isMeta === true) return undefined;
  if (isFiller(entry.message)) return undefined;
  const isSummary = entry.isCompactSummary === true;
  const content = contentOf(entry.message);
  const blocks: Block[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const texts = blocks.flatMap((block) =>
    block.type === "text" && typeof block.text === "string" ? [block.text.toWellFormed()] : [],
  );
  const text = (role === "user" ? texts.flatMap(saidIn) : texts.filter((one) => one !== "")).join("\n\n");
  const tools = blocks.flatMap((block) =>
    block.type === "tool_use" && typeof block.name === "string"
      ? [
          {
            ...(typeof block.id === "string" ? { toolUseId: block.id } : {}),
            toolName: block.name,
            title: toolTitle(block.name, (block.input ?? {}) as Record<string, unknown>),
          },
        ]
      : [],
  );
  const imageCount = blocks.filter(({ type }) => type === "image").length;
  if (text === "" && tools.length === 0 && imageCount === 0) return undefined;
  const at = typeof entry.timestamp === "string" ? Date.parse(entry.timestamp) : Number.NaN;
  return {
    messageId: entry.uuid,
    // The CLI writes it in the person's name, so that the model reads it.
    role: isSummary ? "system" : role,
    ...(isSummary ? { kind: "summary" as const } : {}),
    text,
    tools,
    imageCount,
    ...(Number.isNaN(at) ? {} : { createdAt: at }),
  };
}

/** What the CLI puts in Claude's place where a conversation is resumed after words that nobody has answered. */
function isFiller(message: unknown): boolean {
  const { model } = (message ?? {}) as { model?: unknown };
  const [only, ...others] = contentOf(message);
  if (model !== "<synthetic>" || others.length > 0) return false;
  return typeof only === "object" && only.text === "No response requested.";
}

function saidIn(text: string): string[] {
  const command = commandName.exec(text)?.[1];
  if (command !== undefined) return [command];
  return text.trim() === "" || insertion.test(text) ? [] : [text];
}

function contentOf(message: unknown): string | Block[] {
  if (typeof message !== "object" || message === null || !("content" in message)) return [];
  const { content } = message;
  if (typeof content === "string") return content;
  return Array.isArray(content) ? (content as unknown[]).filter(isBlock) : [];
}

const isBlock = (value: unknown): value is Block => typeof value === "object" && value !== null;
