import { DaylongError } from "../../domain/errors.ts";
import type { InlineImage } from "../../wire/openai/inlineImage.ts";
import type { SaidMessage } from "../../wire/openai/saidMessage.ts";
import { maxMessageBytes } from "../../wire/sessions/chat.ts";
import { invalidRequest } from "../framework/problem.ts";

/** Longest addition to the system prompt, in UTF-16 units: as in `POST /api/sessions`. */
const maxSystemUnits = 65_536;

/** What a list of messages comes to, for a session that is one long conversation. */
export interface CompletionPrompt {
  /** Of the system and developer messages, wherever they stand. */
  system: string;
  /** What stands before the last thing the assistant said, and that: for a conversation that Claude does not know yet. */
  earlier: string;
  /** What follows: the turn's message. */
  message: string;
  images: InlineImage[];
}

const spoken = ({ text, images }: SaidMessage): string =>
  [text, ...images.map(() => "[image]")].filter((part) => part !== "").join("\n");

const joined = (messages: readonly SaidMessage[]): string =>
  messages
    .map(({ text }) => text)
    .filter((text) => text.trim() !== "")
    .join("\n\n");

/** `field` is where the messages stand in the request. Throws `invalid_request` when nothing follows the assistant, `message_too_large` for what no turn may have. */
export function promptOf(messages: readonly SaidMessage[], field = "messages"): CompletionPrompt {
  const isInstruction = ({ role }: SaidMessage) => role === "system";
  const instructions = joined(messages.filter(isInstruction));
  const said = messages.filter((message) => !isInstruction(message));
  // Instructions without anything else are what is asked for.
  const isAsked = said.length === 0 && instructions !== "";
  const system = isAsked ? "" : instructions;
  const following = said.findLastIndex(({ role }) => role === "assistant") + 1;
  const asked = said.slice(following);
  const images = asked.flatMap((one) => one.images);
  const message = (isAsked ? instructions : joined(asked)) || (images.length > 0 ? "See the image." : "");
  if (message === "") {
    throw invalidRequest([{ path: field, message: "must end with something that the user says" }]);
  }
  const lines = said.slice(0, following).map((one) => `${speakers[one.role]}: ${spoken(one)}`);
  const prompt = { system, earlier: transcriptOf(lines), message, images };
  refuseTooLarge("What follows the last assistant message", prompt.message);
  refuseTooLarge("What stands before it", prompt.earlier);
  if (system.length > maxSystemUnits) {
    throw new DaylongError(
      "message_too_large",
      `The system messages have ${system.length} characters; ${maxSystemUnits} is the most.`,
    );
  }
  return prompt;
}

const speakers = { system: "System", user: "User", assistant: "Assistant", tool: "Tool" } as const;

const transcriptOf = (lines: readonly string[]): string =>
  lines.length === 0
    ? ""
    : [
        "<earlier-conversation>",
        "What follows was said before, outside this session. Go on from there.",
        ...lines,
        "</earlier-conversation>",
      ].join("\n\n");

function refuseTooLarge(what: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxMessageBytes) return;
  throw new DaylongError(
    "message_too_large",
    `${what} has ${bytes} bytes of UTF-8; ${maxMessageBytes} is the most. ` +
      "With a conversation_id only what is new has to be sent.",
  );
}
