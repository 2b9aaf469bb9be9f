import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoServer } from "./demoServer.ts";

/** What the pictures show: sessions in every state that an owner meets. */
export interface Scenes {
  talk: string;
  permission: string;
  working: string;
  question: string;
  unread: string;
  agents: string;
}

function makeProject(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const git = (...parts: string[]) =>
    execFileSync("git", ["-c", "user.name=Demo", "-c", "user.email=demo@example.org", ...parts], {
      cwd: path,
      stdio: "ignore",
    });
  writeFileSync(join(path, "README.md"), `# ${name}\n\nA project.\n`);
  writeFileSync(
    join(path, "auth.ts"),
    "let token = read();\n\nexport const currentToken = () => token.value;\n",
  );
  git("init", "-b", "main");
  git("add", "-A");
  git("commit", "-m", "First");
  return path;
}

/** Waits until the server says what is looked for. */
async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`It did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function setScenes(server: DemoServer): Promise<Scenes> {
  const api = makeProject(server.projects, "api-server");
  const web = makeProject(server.projects, "web");
  const docs = makeProject(server.projects, "docs");
  const infra = makeProject(server.projects, "infra");
  const hasOpen = (sessionId: string) => async () =>
    (await server.ask<{ openPermissions: number }>("GET", `/api/sessions/${sessionId}`)).openPermissions > 0;

  const talk = await server.session(api, "Login fails after an hour");
  await server.say(talk, 'use: Read {"file_path":"auth.ts"}', 20);
  await server.ask("PATCH", `/api/sessions/${talk}`, { permissionMode: "acceptEdits" });
  await server.say(
    talk,
    `use: Write {"file_path":"${join(api, "auth.ts")}","content":"let token = read();\\n\\nexport async function currentToken() {\\n  if (isStale(token)) token = await refresh(token);\\n  return token.value;\\n}\\n"}`,
    20,
  );
  await server.say(talk, "run: ls", 20);
  await server.say(talk, "Why does login fail after an hour?", 20);

  const agents = await server.session(web, "Review of the forms");
  await server.say(agents, "agent and wait: run: ls", 30);

  const unread = await server.session(docs, "Broken links");
  await server.say(unread, "Do all the links work?", 20);

  const quiet = await server.session(infra, "Backups");
  await server.say(quiet, "Remember the number 42", 20);
  const { lastSeq } = await server.ask<{ lastSeq: number }>("GET", `/api/sessions/${quiet}`);
  await server.ask("POST", `/api/sessions/${quiet}/read`, { seq: lastSeq });

  const permission = await server.session(api, "Clean build");
  await server.say(
    permission,
    "run: rm -r dist && npm run build -- --mode production && cp -r public dist/public",
  );
  await until(hasOpen(permission), "a permission is open");

  const question = await server.session(docs, "Style of the guide");
  await server.say(question, "ask: Which voice should the guide have? You | We | Neutral");
  await until(hasOpen(question), "a question is open");

  const working = await server.session(web, "Types of the forms");
  await server.say(working, "background: sleep 600", 20);
  await server.say(working, "slow: 90");
  return { talk, permission, working, question, unread, agents };
}
