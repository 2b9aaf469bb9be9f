import { parseArgs } from "node:util";
import { ask, failCommand, findRunningServer, type RunningServer } from "./runningServer.ts";

const { values } = parseArgs({ options: { "data-dir": { type: "string" }, project: { type: "string" } } });

interface ChatAnswer {
  sessionId: string;
  state: string;
  reply?: { text: string; durationMs: number };
  error?: { code: string; detail: string };
}

async function say(
  server: RunningServer,
  message: string,
  place: { sessionId: string } | { projectPath: string },
) {
  const answer = await ask<ChatAnswer>(
    server,
    "POST",
    "/api/chat",
    { message, ...place },
    { prefer: "wait=120" },
  );
  if (answer.reply === undefined) {
    throw new Error(
      `"${message}" was not answered: ${answer.state} ${answer.error?.detail ?? "in two minutes"}`,
    );
  }
  const session = await ask<{ process?: { pid: number } }>(
    server,
    "GET",
    `/api/sessions/${answer.sessionId}`,
  );
  console.log(
    `> ${message}\n< ${answer.reply.text}   [pid ${session.process?.pid}, ${answer.reply.durationMs} ms]`,
  );
  return { sessionId: answer.sessionId, text: answer.reply.text, pid: session.process?.pid };
}

async function main(): Promise<void> {
  const server = findRunningServer(values["data-dir"]);
  const { projects } = await ask<{ projects: Array<{ path: string }> }>(server, "GET", "/api/projects");
  const projectPath = values.project ?? projects[0]?.path;
  if (projectPath === undefined) throw new Error("The server has no project; name one with --project DIR.");

  const number = 42;
  const question = "What number did I ask you to remember?";
  const first = await say(server, `Remember the number ${number}`, { projectPath });
  const second = await say(server, question, { sessionId: first.sessionId });
  const other = await say(server, question, { projectPath });

  const checks: Array<[string, boolean]> = [
    [
      "the second message was answered by the same process",
      first.pid !== undefined && first.pid === second.pid,
    ],
    ["the session knows the number", second.text.includes(String(number))],
    ["another session does not know it", !other.text.includes(String(number))],
  ];
  for (const [what, held] of checks) console.log(`${held ? "ok    " : "FAILED"} ${what}`);
  for (const sessionId of [first.sessionId, other.sessionId])
    await ask(server, "DELETE", `/api/sessions/${sessionId}`);
  if (checks.some(([, held]) => !held)) process.exit(1);
}

main().catch(failCommand);
