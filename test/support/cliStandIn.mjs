#!/usr/bin/env node
/**
 * A stand-in for the Claude CLI where the real one cannot be brought to misbehave: speaks stream-json, keeps a transcript
 * (so that Daylong resumes it), and does what the prompt says. For `CLAUDE_BIN`.
 *
 *   first?            replies with the first prompt of the conversation
 *   no-result         says its text, then nothing: obeys an interrupt
 *   deaf              says nothing; takes no interrupt, no end of input, no SIGTERM
 *   deaf-after        replies, and is deaf from then on
 *   deaf-interrupt    says nothing and takes no interrupt; goes at the end of input
 *   eat N             holds N MB and replies
 *   eat-and-work N    holds N MB and gives no result
 *   spin              replies, then uses a core with nothing to do
 *   spin-and-work N   uses a core for N seconds, then replies
 *   close-input       replies, then takes no input any more and lives on
 *   big N             replies with N MB in one line, written in pieces that cut characters in two
 *   half-line         ends in the middle of a line
 *   task-first        gives the result of a background task before its reply
 *   die               ends with exit code 7
 *   anything else     replies "You said: …"
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, closeSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const argument = (name) => {
  const index = process.argv.findIndex((one) => one === name || one.startsWith(`${name}=`));
  if (index < 0) return undefined;
  return process.argv[index].includes("=") ? process.argv[index].split("=")[1] : process.argv[index + 1];
};

const sessionId = argument("--session-id") ?? argument("--resume") ?? randomUUID();
const folder = join(
  process.env.CLAUDE_CONFIG_DIR ?? join(process.env.HOME, ".claude"),
  "projects",
  "stand-in",
);
const transcriptPath = join(folder, `${sessionId}.jsonl`);

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const held = [];
let isDeaf = false;
let isSpinning = false;
let takesInterrupts = true;
/** The prompt without a result. */
let current;

const usage = {
  input_tokens: 1,
  output_tokens: 1,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

function say(text) {
  write({
    type: "assistant",
    uuid: randomUUID(),
    session_id: sessionId,
    parent_tool_use_id: null,
    message: { role: "assistant", content: [{ type: "text", text }], usage },
  });
}

const resultOf = (result) => ({
  type: "result",
  subtype: "success",
  is_error: false,
  uuid: randomUUID(),
  session_id: sessionId,
  duration_ms: 1,
  duration_api_ms: 1,
  num_turns: 1,
  total_cost_usd: 0,
  usage,
  user_message_uuids: current ? [current] : [],
  ...result,
});

function finish(result) {
  write(resultOf(result));
  current = undefined;
}

function reply(text) {
  say(text);
  finish({ result: text });
}

/** One line of one text; no piece ends where a character does. */
function replyInPieces(text) {
  say(text);
  const line = Buffer.from(`${JSON.stringify(resultOf({ result: text }))}\n`);
  for (let at = 0; at < line.length; at += 65_537) process.stdout.write(line.subarray(at, at + 65_537));
  current = undefined;
}

function eat(megabytes) {
  // Random enough that no page is shared or compressed away.
  for (let index = 0; index < megabytes; index += 1) held.push(Buffer.alloc(1_048_576, index + 1));
}

/** Uses about a whole core, and still reads its input. */
function spin(whileTrue) {
  const endAt = Date.now() + 20;
  while (Date.now() < endAt);
  if (whileTrue()) setImmediate(spin, whileTrue);
}

const firstPrompt = () =>
  existsSync(transcriptPath) ? JSON.parse(readFileSync(transcriptPath, "utf8").split("\n")[0]).text : "";

function act(text) {
  const [order, figure] = text.split(" ");
  switch (order) {
    case "first?":
      return reply(firstPrompt());
    case "no-result":
      return say("This has no end");
    case "deaf":
      isDeaf = true;
      return;
    case "deaf-after":
      reply("The last words.");
      isDeaf = true;
      return;
    case "deaf-interrupt":
      takesInterrupts = false;
      return;
    case "eat":
      eat(Number(figure));
      return reply(`Ate ${figure} MB.`);
    case "eat-and-work":
      return eat(Number(figure));
    case "spin":
      reply("Spinning.");
      isSpinning = true;
      return spin(() => isSpinning);
    case "spin-and-work": {
      const endAt = Date.now() + Number(figure) * 1_000;
      return spin(() => {
        if (Date.now() < endAt) return true;
        reply("Spun.");
        return false;
      });
    }
    case "close-input":
      reply("I am all ears.");
      closeSync(0);
      return void setInterval(() => {}, 60_000);
    case "big":
      return replyInPieces("ü€😀-".repeat((Number(figure) * 1_048_576) / 10));
    case "half-line":
      return void process.stdout.write('{"type":"assistant","message":{"content":[{"te', () =>
        process.exit(0),
      );
    case "task-first":
      write({ ...resultOf({ result: "The task is done." }), user_message_uuids: [randomUUID()] });
      return reply("The real reply.");
    case "die":
      return process.exit(7);
    default:
      return reply(`You said: ${text}`);
  }
}

function hear(message) {
  if (isDeaf) return;
  if (message.type === "control_request") {
    const { subtype } = message.request;
    if (subtype === "interrupt" && !takesInterrupts) return;
    const response =
      subtype === "initialize"
        ? {
            commands: [],
            agents: [],
            output_style: "default",
            available_output_styles: [],
            models: [],
            account: {},
          }
        : {};
    write({
      type: "control_response",
      response: { subtype: "success", request_id: message.request_id, response },
    });
    if (subtype === "interrupt" && current !== undefined) {
      finish({
        subtype: "error_during_execution",
        is_error: true,
        errors: ["interrupted"],
        terminal_reason: "aborted_streaming",
      });
    }
    return;
  }
  if (message.type !== "user") return;
  const { content } = message.message;
  const text = typeof content === "string" ? content : content.map((block) => block.text ?? "").join("");
  mkdirSync(folder, { recursive: true });
  appendFileSync(transcriptPath, `${JSON.stringify({ type: "user", uuid: message.uuid, text })}\n`);
  current = message.uuid;
  act(text);
}

let rest = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) if (line !== "") hear(JSON.parse(line));
});
process.stdin.on("end", () => {
  if (!isDeaf) process.exit(0);
  // Nothing else would keep it alive.
  setInterval(() => {}, 60_000);
});
process.on("SIGTERM", () => {
  if (!isDeaf) process.exit(143);
});
