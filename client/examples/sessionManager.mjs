// A manager of Claude sessions: begins them, lists what runs, listens, cancels, reads what was said.
import { ClaudeSessions, DaylongClient } from "daylong-client";
import { WebSocket } from "ws";

class SessionManager {
  constructor(claude) {
    this.claude = claude;
    this.outputs = new Map();
    this.statuses = new Map();
    this.unlisteners = [];
  }

  async initialize() {
    this.unlisteners.push(
      await this.claude.listen("claude-output", (event) => {
        const { sessionId, content } = event.payload;
        const lines = content
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line));
        this.outputs.set(sessionId, [...(this.outputs.get(sessionId) ?? []), ...lines]);
      }),
      await this.claude.listen("claude-status", (event) => {
        const { sessionId, status } = event.payload;
        this.statuses.set(sessionId, [...(this.statuses.get(sessionId) ?? []), status]);
      }),
      await this.claude.listen("claude-error", (event) => {
        console.error(`error in ${event.payload.sessionId}: ${event.payload.error}`);
      }),
    );
  }

  async startSession(projectPath, prompt, model = "sonnet") {
    const before = new Set((await this.claude.listRunningClaudeSessions()).map((one) => one.session_id));
    await this.claude.executeClaudeCode(projectPath, prompt, model);
    const sessions = await this.claude.listRunningClaudeSessions();
    const session = sessions.find((one) => one.project_path === projectPath && !before.has(one.session_id));
    if (!session) throw new Error("The new session is not in the list.");
    return session;
  }

  async waitForCompletion(sessionId) {
    for (;;) {
      const running = await this.claude.listRunningClaudeSessions();
      if (!running.some((one) => one.session_id === sessionId)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async transcript(sessionId) {
    const output = await this.claude.getClaudeSessionOutput(sessionId);
    return output
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  async cancel(sessionId) {
    await this.claude.cancelClaudeExecution(sessionId);
  }

  dispose() {
    for (const unlisten of this.unlisteners) unlisten();
  }
}

const { DAYLONG_URL: url, DAYLONG_TOKEN: token, PROJECT: projectPath } = process.env;
const client = new DaylongClient({ url, token, WebSocket }).start();
const manager = new SessionManager(new ClaudeSessions(client));
await manager.initialize();

const first = await manager.startSession(projectPath, "Remember the word BANANA");
console.log(
  first.status,
  first.model,
  typeof first.started_at,
  first.memory_mb >= 0,
  first.runtime_seconds >= 0,
);
await manager.waitForCompletion(first.session_id);
for (const { role, content, timestamp } of await manager.transcript(first.session_id))
  console.log(role, content, new Date(timestamp).getFullYear() > 2024);

const second = await manager.startSession(projectPath, "slow: 20");
while (!(await manager.claude.listRunningClaudeSessions()).some((one) => one.status === "running" && one.pid))
  await new Promise((resolve) => setTimeout(resolve, 100));
await new Promise((resolve) => {
  const stop = client.onDelta(({ sessionId, text }) => {
    if (sessionId !== second.session_id || !text.includes("word")) return;
    stop();
    resolve();
  });
});
await manager.cancel(second.session_id);
await manager.waitForCompletion(second.session_id);
const said = (await manager.transcript(second.session_id)).map(({ role, content }) => [
  role,
  content.split(" ")[0],
]);
console.log(JSON.stringify(said));
console.log(manager.statuses.get(second.session_id).includes("cancelled"));
console.log(manager.outputs.get(first.session_id).length, manager.claude.cleanupFinishedProcesses().length);
manager.dispose();
client.stop();
