import type { DemoReply, ModelMessage, ToolUseBlock } from "./messages.ts";

/**
 * Orders whose work outlives the turn, and what the demo model says when it has ended. `=>` puts an order behind the work:
 * "background: sleep 5 => run: touch built.txt". Everything is read from the conversation, as with a real model.
 */

const thenMark = " => ";
const silentNote = "The answer was said before";

/** The order, and what is to be done when its work has ended. */
function partsOf(order: string): { work: string; next: string } {
  const at = order.lastIndexOf(thenMark);
  return at < 0
    ? { work: order.trim(), next: "" }
    : { work: order.slice(0, at).trim(), next: order.slice(at) };
}

const bash = (order: string): DemoReply => {
  const { work, next } = partsOf(order);
  return {
    kind: "tool",
    name: "Bash",
    input: { command: work, description: `Run in the background${next}`, run_in_background: true },
    say: "I will start that.",
  };
};

const agent = (order: string, waits: boolean): DemoReply => {
  const { work, next } = partsOf(order);
  return {
    kind: "tool",
    name: "Agent",
    input: {
      description: `Demo helper${next}`,
      prompt: work,
      subagent_type: "general-purpose",
      run_in_background: !waits,
    },
    say: "I will let a helper do that.",
  };
};

export const taskOrders: Array<[RegExp, (match: RegExpExecArray) => DemoReply]> = [
  [/^background: (.+)/is, (match) => bash(match[1]!)],
  [/^agent and wait: (.+)/is, (match) => agent(match[1]!, true)],
  [/^agent: (.+)/is, (match) => agent(match[1]!, false)],
  [
    /^wake me in (\d+): (.+)/is,
    (match) => ({
      kind: "tool",
      name: "ScheduleWakeup",
      input: { delaySeconds: Number(match[1]), reason: "You asked for it", prompt: match[2]!, noop: false },
      say: "I will set that up.",
    }),
  ],
  [
    // The whole answer, then a tool, then nothing.
    /^answer first: (.+)/is,
    (match) => ({
      kind: "tool",
      name: "Bash",
      input: { command: "true", description: silentNote },
      say: match[1]!.trim(),
    }),
  ],
  // The CLI asks once more for words when there were none.
  [
    /^(nothing$|\[Your previous response had no visible output)/i,
    () => ({ kind: "text", text: "", paceMs: 0, startAfterMs: 0 }),
  ],
];

/** The description that the use of a tool was given. */
function descriptionOf(messages: readonly ModelMessage[], toolUseId: string | undefined): string {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const use = blocks.find(
    (block): block is ToolUseBlock => block.type === "tool_use" && "id" in block && block.id === toolUseId,
  );
  const description = use?.input?.description;
  return typeof description === "string" ? description : "";
}

/** Whether the model says nothing after this tool. */
export const isSilentAfter = (messages: readonly ModelMessage[], toolUseId: string): boolean =>
  descriptionOf(messages, toolUseId) === silentNote;

const startedWords: Array<[RegExp, string]> = [
  [/^Command running in background/, "It runs in the background. I will tell you when it is done."],
  [/^Async agent launched/, "A helper is at work. I will tell you when it is done."],
  [/^Next wakeup scheduled for (\S+)/, "I will look at it again then."],
];

/** What the model says of work that goes on; `undefined`: the tool's result is an ordinary one. */
export const saidOfStarted = (output: string): string | undefined =>
  startedWords.find(([pattern]) => pattern.test(output))?.[1];

const tagged = (text: string, tag: string): string | undefined =>
  new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)?.[1]?.trim();

/** What the CLI reports of work that has ended, and the order that was put behind it. */
export function endedTask(
  messages: readonly ModelMessage[],
  text: string,
): { said: string; next: string } | undefined {
  const notice = tagged(text, "task-notification");
  if (notice === undefined) return undefined;
  const summary = tagged(notice, "summary") ?? "A task has ended";
  const result = tagged(notice, "result")?.slice(0, 500);
  const description = descriptionOf(messages, tagged(notice, "tool-use-id"));
  const at = description.indexOf(thenMark);
  return {
    said: [`${summary}.`, result].filter(Boolean).join(" "),
    next: at < 0 ? "" : description.slice(at + thenMark.length).trim(),
  };
}
