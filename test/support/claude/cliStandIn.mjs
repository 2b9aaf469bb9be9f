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
 *   spin              replies, then uses all the cores it gets with nothing to do
 *   spin-until PATH   uses a core until that file is there, then replies
 *   close-input       replies, then takes no input any more and lives on
 *   big N             replies with N MB in one line, written in pieces that cut characters in two
 *   half-line         ends in the middle of a line
 *   no-shape          writes messages that lack what they must have, before its reply
 *   task-first        gives the result of a background task before its reply
 *   die               ends with exit code 7
 *   write-die …       writes its whole reply into the transcript and is killed, without a word
 *   say-write-die …   the same, but said it before
 *   write-hush …      writes its whole reply into the transcript and falls silent: obeys an interrupt
 *   hang-on-resume    replies; whoever resumes the conversation gets no answer to his handshake
 *   later N …         replies, and says the rest in a turn of its own N ms later
 *   task N …          replies; N ms later it begins a turn of its own, with a subagent's text and its own, that ends after
 *                     another N ms; a prompt that comes in between is folded into it, as the CLI does
 *   agent N …         replies; the subagent that it started speaks N ms later, whatever goes on then, and ends, which begins
 *                     a turn as above
 *   wait N …          replies after N ms
 *   held-orders PATH  replies; from then on takes a new model or mode only when that file is there, and takes it away
 *   settings?         replies with the model and the mode it has
 *   anything else     replies "You said: …"
 *
 * A transcript of more than 20 MB takes it for ever to resume. A conversation that had tasks is resumed as the CLI does it:
 * with an empty result of no prompt, for what may have been cut off.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, closeSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

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
const sizeBytes = () => (existsSync(transcriptPath) ? statSync(transcriptPath).size : 0);
const held = [];
const isHanging = () =>
  sizeBytes() > 20 * 1_048_576 ||
  (sizeBytes() > 0 && readFileSync(transcriptPath, "utf8").includes("hang-on-resume"));
let isDeaf = argument("--resume") !== undefined && isHanging();
/** The file without which no order is taken, and the orders that wait for it. */
let orderPass;
const orders = [];
let model = argument("--model") ?? "default";
let mode = argument("--permission-mode") ?? "default";
let takesInterrupts = true;
/** Whether the next prompt is the first one after a resume of a conversation that had tasks. */
let tellsOfCut =
  argument("--resume") !== undefined &&
  existsSync(transcriptPath) &&
  /"(?:task|agent) \d/.test(readFileSync(transcriptPath, "utf8"));
/** The prompt without a result. */
let current;

const usage = {
  input_tokens: 1,
  output_tokens: 1,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

function say(text, uuid = randomUUID()) {
  write({
    type: "assistant",
    uuid,
    session_id: sessionId,
    parent_tool_use_id: null,
    message: { role: "assistant", content: [{ type: "text", text }], usage },
  });
}

/** A line of the transcript, as the CLI 2.1 writes it. */
function keep(type, uuid, message) {
  mkdirSync(folder, { recursive: true });
  const frame = {
    isSidechain: false,
    userType: "external",
    cwd: process.cwd(),
    sessionId,
    version: "2.1.330",
  };
  const timestamp = new Date().toISOString();
  const line = { parentUuid: current ?? null, type, message, uuid, timestamp, ...frame };
  appendFileSync(transcriptPath, `${JSON.stringify(line)}\n`);
}

/** The whole answer, written down before anybody is told of it. */
function writeReply(text, uuid = randomUUID()) {
  keep("assistant", uuid, {
    id: `msg_${uuid}`,
    type: "message",
    role: "assistant",
    model: "claude-stand-in",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    usage,
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

/** Its own turn, while it is at one. */
let own;

const tasks = new Map();

/** Begins a task, whose end makes it begin a turn after `lastsMs`. */
function beginTask(kind, text, lastsMs, tellEnd) {
  const task = { task_id: randomUUID(), task_type: kind, description: "A task" };
  tasks.set(task.task_id, task);
  write({ type: "system", subtype: "task_started", ...task });
  tellTasks();
  setTimeout(() => {
    tellEnd();
    beginOwn(task.task_id, text, lastsMs);
  }, lastsMs);
}

const tellTasks = () =>
  write({ type: "system", subtype: "background_tasks_changed", tasks: [...tasks.values()] });

function beginOwn(taskId, text, lastsMs) {
  // Two tasks may end together: the CLI tells them one after the other.
  if (own !== undefined || current !== undefined)
    return void setTimeout(() => beginOwn(taskId, text, lastsMs), 1);
  const end = { task_id: taskId, status: "completed", summary: "The task has ended." };
  write({ type: "system", subtype: "task_notification", ...end });
  tasks.delete(taskId);
  tellTasks();
  write({ type: "system", subtype: "status", status: "requesting" });
  say(`Own: ${text}`);
  sayAsAgent(useAgent(), `Agent: ${text}`);
  const timer = setTimeout(() => {
    own = undefined;
    finish({ result: `Own: ${text}`, user_message_uuids: undefined, ...taskOrigin });
  }, lastsMs);
  own = { end: timer };
}

const taskOrigin = { origin: { kind: "task-notification" } };

/** The use of a tool by the CLI itself, which starts a subagent; the use's id. */
function useAgent() {
  const use = { type: "tool_use", id: `use-${randomUUID()}`, name: "Agent", input: {} };
  const message = { role: "assistant", content: [use], usage };
  const frame = { type: "assistant", uuid: randomUUID(), session_id: sessionId };
  write({ ...frame, parent_tool_use_id: null, message });
  return use.id;
}

/** A text of the subagent that a tool use started. */
function sayAsAgent(useId, text) {
  const message = { role: "assistant", content: [{ type: "text", text }], usage };
  const frame = { type: "assistant", uuid: randomUUID(), session_id: sessionId };
  write({ ...frame, parent_tool_use_id: useId, agent_id: "a1", message });
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

const textOf = ({ content }) =>
  typeof content === "string" ? content : content.map((block) => block.text ?? "").join("");
const firstPrompt = () =>
  existsSync(transcriptPath)
    ? textOf(JSON.parse(readFileSync(transcriptPath, "utf8").split("\n")[0]).message)
    : "";

function act(text) {
  const [order, figure] = text.split(" ");
  const rest = text.split(" ").slice(2).join(" ");
  const written = `Written: ${text.slice(order.length + 1)}`;
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
      // Of cores that others use too, one thread may not get enough to be seen.
      for (let thread = 0; thread < 3; thread += 1) new Worker("for (;;);", { eval: true });
      return spin(() => true);
    case "spin-until":
      return spin(() => {
        if (!existsSync(figure)) return true;
        reply("Spun.");
        return false;
      });
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
    case "no-shape":
      write({ type: "system", subtype: "task_started", task_id: "b1" });
      write({ type: "system", subtype: "background_tasks_changed" });
      write({ type: "assistant", parent_tool_use_id: null, uuid: randomUUID() });
      return reply("Still here.");
    case "task-first":
      write({ ...resultOf({ result: "The task is done." }), user_message_uuids: [randomUUID()] });
      return reply("The real reply.");
    case "die":
      return process.exit(7);
    case "write-die":
      writeReply(written);
      return process.kill(process.pid, "SIGKILL");
    case "say-write-die": {
      const uuid = randomUUID();
      writeReply(written, uuid);
      say(written, uuid);
      // What is on its way into the pipe gets there first.
      return void process.stdout.write("", () => process.kill(process.pid, "SIGKILL"));
    }
    case "write-hush":
      return writeReply(written);
    case "later":
      reply("Soon.");
      return void setTimeout(() => {
        say(rest);
        finish({ result: rest, user_message_uuids: undefined, origin: { kind: "task-notification" } });
      }, Number(figure));
    case "task":
      beginTask("local_bash", rest, Number(figure), () => {});
      return reply(`You said: ${text}`);
    case "agent": {
      const useId = useAgent();
      beginTask("local_agent", rest, Number(figure), () => sayAsAgent(useId, `Agent: ${text}`));
      return reply(`You said: ${text}`);
    }
    case "wait": {
      const prompt = current;
      return void setTimeout(() => prompt === current && reply(`You said: ${text}`), Number(figure));
    }
    case "held-orders":
      orderPass = figure;
      setInterval(() => {
        if (orders.length === 0 || !existsSync(orderPass)) return;
        rmSync(orderPass);
        orders.shift()();
      }, 10);
      return reply("I take my time.");
    case "settings?":
      return reply(`${model} ${mode}`);
    default:
      return reply(`You said: ${text}`);
  }
}

const answer = (message, response) =>
  write({
    type: "control_response",
    response: { subtype: "success", request_id: message.request_id, response },
  });

function hear(message) {
  if (isDeaf) return;
  if (message.type === "control_request") {
    const { subtype } = message.request;
    if (subtype === "interrupt" && !takesInterrupts) return;
    if (subtype === "set_model" || subtype === "set_permission_mode") {
      const take = () => {
        if (subtype === "set_model") model = message.request.model ?? "default";
        else mode = message.request.mode;
        answer(message, {});
      };
      return void (orderPass === undefined ? take() : orders.push(take));
    }
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
    answer(message, response);
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
  current = undefined;
  keep("user", message.uuid, message.message);
  current = message.uuid;
  if (tellsOfCut) {
    tellsOfCut = false;
    write({ ...resultOf({ result: "", num_turns: 0, ...taskOrigin }), user_message_uuids: undefined });
  }
  write({ type: "command_lifecycle", command_uuid: current, state: "started", session_id: sessionId });
  clearTimeout(own?.end);
  own = undefined;
  // A seed comes in a block before the prompt.
  const { content } = message.message;
  act(typeof content === "string" ? content : (content.at(-1)?.text ?? ""));
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
