import { basename } from "node:path";
import type { DaylongClient, Session } from "../../../client/src/index.ts";
import { cellText, spanText } from "../framework/table.ts";
import { ChoiceList } from "./terminal/choiceList.ts";
import type { TerminalInput } from "./terminal/input.ts";
import type { Span } from "./terminal/layout.ts";
import type { Screen } from "./terminal/screen.ts";

/** Sessions that a list shows. */
const mostListed = 100;

/** The session of an id, or of the beginning of one. */
export async function findSession(client: DaylongClient, wanted: string): Promise<Session> {
  if (/^[0-9a-f-]{36}$/i.test(wanted)) return client.session(wanted).info();
  const { sessions } = await client.sessions({ limit: 200 });
  const fitting = sessions.filter(({ sessionId }) => sessionId.startsWith(wanted.toLowerCase()));
  if (fitting.length === 1 && fitting[0] !== undefined) return fitting[0];
  throw new Error(
    fitting.length === 0
      ? `No session has an id that begins with ${wanted}. daylong sessions lists them.`
      : `${fitting.length} sessions have ids that begin with ${wanted}: say more of it.`,
  );
}

/** Lets the owner choose a session of a list, or a project to begin one in; `undefined`: neither. */
export async function chooseSession(
  client: DaylongClient,
  screen: Screen,
  input: TerminalInput,
): Promise<Session | undefined> {
  const listed = (await client.sessions({ limit: mostListed })).sessions.filter(
    ({ state }) => state !== "closed",
  );
  const fresh: Span[] = [{ text: "+ a new session", looks: ["green"] }];
  const chosen = await new ChoiceList(
    "Sessions",
    [fresh, ...listed.map(rowOf)],
    listed.length > 0 ? 1 : 0,
  ).ask(screen, input);
  if (chosen === undefined) return undefined;
  const session = listed[chosen - 1];
  return session ?? beginIn(client, screen, input);
}

async function beginIn(
  client: DaylongClient,
  screen: Screen,
  input: TerminalInput,
): Promise<Session | undefined> {
  const { projects } = await client.projects();
  const rows = projects.map(({ path }): Span[] => [
    { text: basename(path) },
    { text: `  ${path}`, looks: ["dim"] },
  ]);
  const chosen = await new ChoiceList("Projects", rows, 0).ask(screen, input);
  const project = chosen === undefined ? undefined : projects[chosen];
  return project === undefined ? undefined : client.newSession({ projectPath: project.path });
}

function rowOf({
  title,
  state,
  projectPath,
  lastActivityAt,
  openPermissions,
  unread,
  runningTasks,
}: Session): Span[] {
  const age = spanText(Date.now() - lastActivityAt);
  const calls = openPermissions > 0 ? " waits for you" : unread > 0 ? ` ${unread} unread` : "";
  const tasks = runningTasks > 0 ? `, ${runningTasks} ${runningTasks === 1 ? "task" : "tasks"}` : "";
  return [
    { text: cellText(title, 50), looks: ["bold"] },
    { text: `  ${state}${tasks}, ${age} ago, ${basename(projectPath)}`, looks: ["dim"] },
    { text: calls, looks: ["yellow"] },
  ];
}
