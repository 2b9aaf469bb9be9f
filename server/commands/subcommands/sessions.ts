import { resolve } from "node:path";
import { sessionStates } from "../../domain/sessions/session.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";
import { cellText, spanText, tableText, timeText } from "../framework/table.ts";
import { ask, callerDir, findRunningServer } from "../runningServer.ts";

interface SessionRow {
  sessionId: string;
  state: string;
  title: string;
  projectPath: string;
  lastActivityAt: number;
  timeRemainingMs: number;
  turnCount: number;
  runningTasks: number;
}

export const sessions = defineCommand({
  name: "sessions",
  summary: "Lists the sessions, the newest first.",
  flags: {
    state: { type: "text", choices: sessionStates, says: "only those in this state" },
    project: { type: "text", value: "DIR", says: "only those of this project" },
    limit: { type: "number", whole: true, min: 1, max: 200, value: "N", says: "at most so many (50)" },
    "data-dir": commonFlags["data-dir"],
    json: commonFlags.json,
  },
  async run({ values }) {
    const server = findRunningServer(values["data-dir"]);
    const query = new URLSearchParams({ limit: String(values.limit ?? 50) });
    if (values.state !== undefined) query.set("state", values.state);
    if (values.project !== undefined) query.set("projectPath", resolve(callerDir(), values.project));
    const { sessions: rows } = await ask<{ sessions: SessionRow[] }>(server, "GET", `/api/sessions?${query}`);
    if (values.json) printJson({ sessions: rows });
    else if (rows.length === 0) console.log("There are no sessions.");
    else print(tableText(headings, rows.map(cellsOf)));
  },
});

const headings = ["SESSION", "STATE", "TURNS", "LAST ACTIVITY", "ENDS IN", "PROJECT", "TITLE"];

const cellsOf = (session: SessionRow): string[] => [
  session.sessionId,
  session.runningTasks > 0 ? `${session.state} (${session.runningTasks} tasks)` : session.state,
  String(session.turnCount),
  timeText(session.lastActivityAt),
  session.timeRemainingMs > 0 ? spanText(session.timeRemainingMs) : "-",
  cellText(session.projectPath, 60),
  cellText(session.title, 50),
];
