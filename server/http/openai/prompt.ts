import { DaylongError } from "../../domain/errors.ts";
import { type CompletionMessage, contentsOf, type InlineImage } from "../../wire/openai/completionRequest.ts";
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

const spoken = (message: CompletionMessage): string => {
  const { text, images } = contentsOf(message);
  return [text, ...images.map(() => "[image]")].filter((part) => part !== "").join("\n");
};

/** Throws `invalid_request` when nothing follows the assistant, `message_too_large` for what no turn may have. */
export function promptOf(messages: readonly CompletionMessage[]): CompletionPrompt {
  const isInstruction = ({ role }: CompletionMessage) => role === "system" || role === "developer";
  const system = messages
    .filter(isInstruction)
    .map((message) => contentsOf(message).text)
    .filter((text) => text !== "")
    .join("\n\n");
  const said = messages.filter((message) => !isInstruction(message));
  const following = said.findLastIndex(({ role }) => role === "assistant") + 1;
  const asked = said.slice(following).map(contentsOf);
  const images = asked.flatMap((one) => one.images);
  const message =
    asked
      .map(({ text }) => text)
      .filter((text) => text.trim() !== "")
      .join("\n\n") || (images.length > 0 ? "See the image." : "");
  if (message === "") {
    throw invalidRequest([{ path: "messages", message: "must end with something that the user says" }]);
  }
  const lines = said
    .slice(0, following)
    .map((one) => `${one.role === "assistant" ? "Assistant" : "User"}: ${spoken(one)}`);
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
