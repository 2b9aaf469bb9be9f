/**
 * What the demo model says. Pure: the same conversation always gets the same answer, because everything it
 * knows comes from the messages it is sent, as with a real model.
 */

import { afterTodo, factOrders, type OrderAnswer, suggestion, suggestionMark } from "./factOrders.ts";
import { memoryQuestions, rememberOrder } from "./memoryOrders.ts";
import {
  type ContentBlock,
  type DemoReply,
  isText,
  type ModelMessage,
  reminderMark,
  type TextBlock,
  type ToolResultBlock,
  type ToolUseBlock,
  text,
  textsOf,
  typedBlocks,
  typedText,
} from "./messages.ts";
import { nextStep, showOrders } from "./showOrders.ts";
import { endedTask, isSilentAfter, saidOfStarted, taskOrders } from "./taskOrders.ts";

const isToolResult = (block: ContentBlock): block is ToolResultBlock => block.type === "tool_result";
const isToolUse = (block: ContentBlock): block is ToolUseBlock => block.type === "tool_use";
const blocksOf = (message: ModelMessage | undefined): ContentBlock[] =>
  message === undefined || typeof message.content === "string" ? [] : message.content;

/**
 * The API's rule that each tool use has its result in the very next message; `lost` are tool uses whose result is taken
 * for missing. The words it answers 400 with, or `undefined`.
 */
export function unpairedToolUse(
  messages: readonly ModelMessage[],
  lost: ReadonlySet<string>,
): string | undefined {
  for (const [index, message] of messages.entries()) {
    if (message.role !== "assistant") continue;
    // The CLI puts words of its own between the two, which the API does not count.
    const next = messages.slice(index + 1).find(({ role }) => role !== "system");
    const answered = new Set(
      next?.role === "user"
        ? blocksOf(next)
            .filter(isToolResult)
            .map((block) => block.tool_use_id)
        : [],
    );
    const unpaired = blocksOf(message)
      .filter(isToolUse)
      .map((block) => block.id)
      .filter((id) => lost.has(id) || !answered.has(id));
    if (unpaired.length > 0) {
      return (
        `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
        `${unpaired.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
      );
    }
  }
  return undefined;
}

const resultText = (block: ToolResultBlock): string =>
  typeof block.content === "string"
    ? block.content
    : (block.content ?? []).map((part) => part.text ?? "").join("\n");

function answerToolResult(block: ToolResultBlock, messages: ModelMessage[]): DemoReply {
  if (isSilentAfter(messages, block.tool_use_id)) return text("");
  const output = resultText(block).trim();
  const next = afterTodo(output, block.is_error === true);
  if (next !== undefined) return next;
  const step = block.is_error === true ? undefined : nextStep(messages);
  if (step !== undefined) return step;
  const started = saidOfStarted(output);
  if (started !== undefined) return text(started);
  if (block.is_error) return text(`The tool did not run: ${output.slice(0, 400)}`);
  return text(output === "" ? "Done." : `Done. It printed: ${output.slice(0, 2_000)}`);
}

/** Names the attachments of the newest message: images are blocks of their own, files are paths in a note. */
function describeAttached(messages: ModelMessage[]): string {
  const last = messages.findLast((message) => message.role === "user");
  const blocks = typeof last?.content === "object" ? last.content : [];
  const images = blocks.filter((block) => block.type === "image").length;
  const files = blocks
    .filter(isText)
    .flatMap((block: TextBlock) => block.text.match(/\.daylong\/inbox\/.+(?= \()/g) ?? []);
  return `Images: ${images}. Files: ${files.join(", ") || "none"}.`;
}

/** Orders that a person or a test may give; the first that matches wins. */
const orders: Array<[RegExp, OrderAnswer]> = [
  ...factOrders,
  ...showOrders,
  [
    /^does your system prompt say: (.+)/i,
    (match, _messages, system) => text(system.includes(match[1]!.trim()) ? "Yes." : "No."),
  ],
  [
    // Text that the user did not type: a project's CLAUDE.md comes in the CLI's reminders.
    /^does a reminder say: (.+)/i,
    (match, messages) => {
      const reminders = messages.flatMap(textsOf).filter((value) => value.startsWith(reminderMark));
      return text(reminders.some((value) => value.includes(match[1]!.trim())) ? "Yes." : "No.");
    },
  ],
  [
    /^write: (\S+) (.+)/is,
    (match) => ({
      kind: "tool",
      name: "Write",
      input: { file_path: match[1]!, content: match[2]! },
      say: "I will write that.",
    }),
  ],
  ...memoryQuestions,
  [
    /^run: (.+)/is,
    (match) => ({
      kind: "tool",
      name: "Bash",
      input: { command: match[1]!.trim(), description: "Run what the user asked for" },
      say: "I will run that.",
    }),
  ],
  // "use: Write {"file_path": …}": any tool that the CLI offers, those of MCP servers included.
  [
    /^use: (\S+)(?:\s+(\{.*\}))?\s*$/is,
    (match) => {
      try {
        const input: unknown = JSON.parse(match[2] ?? "{}");
        return {
          kind: "tool",
          name: match[1]!,
          input: input as Record<string, unknown>,
          say: "I will use that.",
        };
      } catch {
        return text("The tool's input is not JSON.");
      }
    },
  ],
  ...taskOrders,
  [/^what did i send/i, (_match, messages) => text(describeAttached(messages))],
  // "ask: Which colour? red | green": a question with answers to choose from.
  [
    /^ask: ([^?\n]+\?)\s*(.*)/is,
    (match) => {
      const named = match[2]!.split("|").map((label) => label.trim());
      const labels = named.filter((label) => label !== "");
      return {
        kind: "tool",
        name: "AskUserQuestion",
        input: {
          questions: [
            {
              question: match[1]!.trim(),
              header: "Demo",
              options: (labels.length > 1 ? labels : ["Yes", "No"]).slice(0, 4).map((label) => ({
                label,
                description: `The answer is ${label}.`,
              })),
              multiSelect: false,
            },
          ],
        },
        say: "I have a question.",
      };
    },
  ],
  // "plan: …": the plan in words, then the request to leave the plan mode with it.
  [
    /^plan: (.+)/is,
    (match) => ({ kind: "tool", name: "ExitPlanMode", input: {}, say: `My plan:\n${match[1]!.trim()}` }),
  ],
  [
    /^slow: ?([\d.]+)/i,
    (match) => {
      const words = 20;
      return text(
        `Slowly: ${Array.from({ length: words }, (_, index) => `word${index + 1}`).join(" ")} end.`,
        (Number(match[1]) * 1_000) / (words + 2),
      );
    },
  ],
  [/^think: ?([\d.]+)/i, (match) => text("I have thought about it.", 0, Number(match[1]) * 1_000)],
  [
    /^long: ?(\d+)/i,
    (match) => {
      const length = Math.min(Number(match[1]), 2_000_000);
      return text("A long answer with ünïcödé 🙂 in it. ".repeat(Math.ceil(length / 37)).slice(0, length));
    },
  ],
  [
    /^error: ?(\d{3})(?: after (\d+))?/i,
    (match) => ({
      kind: "error",
      status: Number(match[1]),
      retryAfterSeconds: match[2] ? Number(match[2]) : undefined,
    }),
  ],
  [/^cut$/i, () => ({ kind: "cut", text: "This answer breaks off in the mid" })],
  [/^silence$/i, () => ({ kind: "silence" })],
  [/^say: ?([\s\S]+)/i, (match) => text(match[1]!)],
  [
    /recap of this conversation/i,
    (_match, messages) => {
      const asked = messages.filter((message) => message.role === "user").flatMap(typedBlocks);
      const earlier = asked.slice(0, -1);
      return text(
        `Recap: you wrote ${earlier.length} message${earlier.length === 1 ? "" : "s"}. ` +
          `The last one was: ${(earlier.at(-1) ?? "none").slice(0, 200)}`,
      );
    },
  ],
  rememberOrder,
];

/** The answer of the demo model to a conversation that ends in a user message; `system` is the prompt's text. */
export function reply(
  messages: ModelMessage[],
  system = "",
  offered: ReadonlySet<string> = new Set(),
): DemoReply {
  const last = messages.findLast((message) => message.role === "user");
  if (!last) return text("There is nothing to answer.");
  const typed = typedText(last);
  if (typed.startsWith(suggestionMark)) return suggestion(messages);
  const blocks = blocksOf(last);
  const resultAt = blocks.findLastIndex(isToolResult);
  // Words after a tool's result are a new message: the turn of that tool ended before the model heard of it.
  const typedAt = blocks.findLastIndex((block) => isText(block) && block.text.trim() === typed);
  const result = blocks.find(isToolResult);
  if (result && (typed === "" || typedAt < resultAt)) return answerToolResult(result, messages);
  const ended = typed === "" ? endedTask(messages, textsOf(last).join("\n")) : undefined;
  const order = ended === undefined ? typed : ended.next;
  for (const [pattern, answer] of orders) {
    const match = pattern.exec(order);
    if (match) return answer(match, messages, system, offered);
  }
  if (ended !== undefined) return text(ended.said);
  return text(
    `You said: ${typed.slice(0, 500)}\n\n` +
      "I am the demo model. Try “Remember the word BANANA”, “What word did I ask you to remember?”, “What is 2+2?”, “Why does login fail?”, " +
      "“run: touch hello.txt”, “slow: 5”, “long: 5000”, “background: sleep 5”, “agent: run: ls”.",
  );
}
