// Works through a list of tasks, each in its own project, one after the other; and some at once.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ClaudeSessions, DaylongClient } from "daylong-client";
import { WebSocket } from "ws";

class BatchProcessor {
  constructor(claude) {
    this.claude = claude;
    this.results = [];
    this.order = [];
  }

  /** One after the other: the next begins when the project of the last is not in the list any more. */
  async processSequentially(tasks) {
    for (const task of tasks) {
      this.order.push(`begin ${task.name}`);
      await this.claude.executeClaudeCode(task.projectPath, task.prompt, task.model ?? "sonnet");
      let isRunning = true;
      while (isRunning) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const sessions = await this.claude.listRunningClaudeSessions();
        isRunning = sessions.some((session) => session.project_path === task.projectPath);
      }
      this.order.push(`end ${task.name}`);
    }
  }

  /** At most `limit` at once. */
  async processInParallel(tasks, limit) {
    const waiting = [...tasks];
    const work = async () => {
      for (let task = waiting.shift(); task; task = waiting.shift()) {
        const { turn } = await this.claude.executeClaudeCode(task.projectPath, task.prompt, "sonnet");
        const { text } = await turn.reply();
        this.results.push(`${task.name}: ${text}`);
      }
    };
    await Promise.all(Array.from({ length: limit }, work));
  }
}

const { DAYLONG_URL: url, DAYLONG_TOKEN: token, PROJECT: project } = process.env;
const client = new DaylongClient({ url, token, WebSocket }).start();
const claude = new ClaudeSessions(client);
const processor = new BatchProcessor(claude);
const completed = [];
const unlisten = await claude.listen("claude-complete", ({ payload }) => completed.push(payload.success));

const tasks = ["alpha", "beta", "gamma"].map((name, index) => {
  const projectPath = join(project, "..", `batch-${name}`);
  mkdirSync(projectPath, { recursive: true });
  return { name, projectPath, prompt: `Remember the number ${index + 1}` };
});
await processor.processSequentially(tasks);
console.log(processor.order.join(", "));

const sums = ["2+2", "3*5", "9-4", "8/2"].map((sum, index) => ({
  name: sum,
  projectPath: tasks[index % tasks.length].projectPath,
  prompt: `What is ${sum}?`,
}));
await processor.processInParallel(sums, 2);
console.log(processor.results.sort().join(", "));
console.log((await claude.listRunningClaudeSessions()).length, completed.every(Boolean));
console.log(claude.cleanupFinishedProcesses().length);
unlisten();
client.stop();
