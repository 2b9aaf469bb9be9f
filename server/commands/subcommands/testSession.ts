import { resolve } from "node:path";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { ask, callerDir, findRunningServer, type RunningServer } from "../runningServer.ts";

export const testSession = defineCommand({
  name: "test-session",
  summary: "Runs the 42 test against the running server.",
  details:
    "Asks the server to remember a number, asks for it in the same session (same process) and in another one: over /api/chat, and over /v1/chat/completions. Ends with 0 when the first knows it and the other does not. In the rollback mode (USE_INTERACTIVE_SESSIONS=false) each message has to be answered by a process of its own.",
  flags: {
    project: {
      type: "text",
      value: "DIR",
      says: "the project to work in; the first of the server's by default",
    },
    "data-dir": commonFlags["data-dir"],
  },
  async run({ values }) {
    const server = findRunningServer(values["data-dir"]);
    const projectPath =
      values.project === undefined ? await firstProject(server) : resolve(callerDir(), values.project);
    const livesOn = server.interactive !== false;
    console.log(
      livesOn
        ? "Mode: one process for a session (USE_INTERACTIVE_SESSIONS=true)"
        : "Mode: the rollback, one process for a message (USE_INTERACTIVE_SESSIONS=false)",
    );
    const held = [
      await remembers(chatFace(server, projectPath), livesOn),
      await remembers(openAiFace(server, projectPath), livesOn),
    ];
    if (held.includes(false)) process.exitCode = 1;
  },
});

/** An answer, where it was given and by which process. */
interface Said {
  conversation: string;
  text: string;
  pid: number | undefined;
}

/** One way to talk to the server. Without a conversation a message begins one. */
interface Face {
  name: string;
  say(message: string, conversation?: string): Promise<Said>;
  close(conversation: string): Promise<void>;
}

interface ChatAnswer {
  sessionId: string;
  state: string;
  reply?: { text: string };
  error?: { code: string; detail: string };
}
interface SessionAnswer {
  process?: { pid: number };
}

const chatFace = (server: RunningServer, projectPath: string): Face => ({
  name: "/api/chat",
  async say(message, conversation) {
    const place = conversation === undefined ? { projectPath } : { sessionId: conversation };
    const headers = { prefer: "wait=120" };
    const answer = await ask<ChatAnswer>(server, "POST", "/api/chat", { message, ...place }, headers);
    if (answer.reply === undefined) {
      throw new Error(
        `"${message}" was not answered: ${answer.state} ${answer.error?.detail ?? "in two minutes"}`,
      );
    }
    const { sessionId } = answer;
    const session = await ask<SessionAnswer>(server, "GET", `/api/sessions/${sessionId}`);
    return { conversation: sessionId, text: answer.reply.text, pid: session.process?.pid };
  },
  close: (conversation) => ask(server, "DELETE", `/api/sessions/${conversation}`),
});

interface Completion {
  conversation_id: string;
  choices: Array<{ message: { content: string } }>;
}

const openAiFace = (server: RunningServer, projectPath: string): Face => ({
  name: "/v1/chat/completions",
  async say(message, conversation) {
    const answer = await ask<Completion>(server, "POST", "/v1/chat/completions", {
      model: "default",
      messages: [{ role: "user", content: message }],
      conversation_id: conversation,
      project_path: projectPath,
    });
    const { conversation_id: id, choices } = answer;
    const session = await ask<SessionAnswer>(server, "GET", `/v1/sessions/${id}`);
    return { conversation: id, text: choices[0]?.message.content ?? "", pid: session.process?.pid };
  },
  close: (conversation) => ask(server, "DELETE", `/v1/sessions/${conversation}`),
});

const number = 42;
const question = "What number did I ask you to remember?";

/** Whether one conversation keeps its process and its context, and another one knows nothing of it. */
async function remembers(face: Face, livesOn: boolean): Promise<boolean> {
  const said = async (message: string, conversation?: string) => {
    const startedAt = performance.now();
    const answer = await face.say(message, conversation);
    const tookMs = Math.round(performance.now() - startedAt);
    console.log(
      `> ${message}\n< ${answer.text}   [${answer.pid === undefined ? "no process left" : `pid ${answer.pid}`}, ${tookMs} ms]`,
    );
    return answer;
  };
  console.log(face.name);
  const first = await said(`Remember the number ${number}`);
  const second = await said(question, first.conversation);
  const other = await said(question);
  const checks: Array<[string, boolean]> = [
    livesOn
      ? [
          "the second message was answered by the same process",
          first.pid !== undefined && first.pid === second.pid,
        ]
      : [
          "the second message was answered by another process",
          first.pid === undefined || first.pid !== second.pid,
        ],
    ["the session knows the number", second.text.includes(String(number))],
    ["another session does not know it", !other.text.includes(String(number))],
  ];
  for (const [what, held] of checks) console.log(`${held ? "ok    " : "FAILED"} ${what}`);
  for (const { conversation } of [first, other]) await face.close(conversation);
  return checks.every(([, held]) => held);
}

async function firstProject(server: RunningServer): Promise<string> {
  const { projects } = await ask<{ projects: Array<{ path: string }> }>(server, "GET", "/api/projects");
  const [first] = projects;
  if (first === undefined) throw new Error("The server has no project; name one with --project DIR.");
  return first.path;
}
