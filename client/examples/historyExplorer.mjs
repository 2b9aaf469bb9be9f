// Looks through what was said in every project: those of the terminal too.
import { ClaudeSessions, DaylongClient } from "daylong-client";
import { WebSocket } from "ws";

class HistoryExplorer {
  constructor(claude) {
    this.claude = claude;
  }

  async projects() {
    const projects = await this.claude.listProjects();
    return Promise.all(
      projects.map(async (project) => ({
        ...project,
        sessions: await this.claude.getProjectSessions(project.id),
      })),
    );
  }

  async search(words) {
    const found = [];
    for (const project of await this.projects()) {
      for (const session of project.sessions) {
        const history = await this.claude.loadSessionHistory(session.id, project.id);
        const matches = history.filter((message) =>
          message.content.toLowerCase().includes(words.toLowerCase()),
        );
        if (matches.length > 0)
          found.push({
            project: project.path,
            firstMessage: session.first_message,
            createdAt: new Date(session.created_at * 1000),
            matches: matches.map((message) => ({ role: message.role, at: new Date(message.timestamp) })),
          });
      }
    }
    return found;
  }

  async exportMarkdown(sessionId, projectId) {
    const history = await this.claude.loadSessionHistory(sessionId, projectId);
    return history.map(({ role, content }) => `**${role}**: ${content}`).join("\n");
  }
}

const { DAYLONG_URL: url, DAYLONG_TOKEN: token, PROJECT: projectPath } = process.env;
const client = new DaylongClient({ url, token, WebSocket }).start();
const claude = new ClaudeSessions(client);
const { sessionId, turn } = await claude.executeClaudeCode(projectPath, "Remember the word MANGO");
await turn.reply();
const { turn: next } = await claude.resumeClaudeCode(
  projectPath,
  sessionId,
  "What was my previous question?",
);
await next.reply();

const explorer = new HistoryExplorer(claude);
const [found] = await explorer.search("mango");
console.log(found.project === projectPath, found.firstMessage);
console.log(Math.abs(Date.now() - found.createdAt) < 3_600_000);
console.log(found.matches.map(({ role }) => role).join(" "));
console.log(found.matches.every(({ at }) => Math.abs(Date.now() - at) < 3_600_000));
const project = (await explorer.projects()).find(({ path }) => path === projectPath);
console.log(await explorer.exportMarkdown(sessionId, project.id));
client.stop();
