import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoServer } from "../support/browser/demoServer.ts";

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
  writeFileSync(join(path, "typecheck.js"), "setInterval(() => {}, 60_000);\n");
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
  const read = async (sessionId: string) => {
    const { lastSeq } = await server.ask<{ lastSeq: number }>("GET", `/api/sessions/${sessionId}`);
    await server.ask("POST", `/api/sessions/${sessionId}/read`, { seq: lastSeq });
  };

  const talk = await server.session(api, "Login fails after an hour");
  await server.ask("PATCH", `/api/sessions/${talk}`, { permissionMode: "acceptEdits" });
  await server.say(talk, "Why does login fail after an hour?", 20);
  await server.say(talk, "Fix the login, please", 30);

  const agents = await server.session(web, "Review of the forms");
  await server.say(agents, "Review the forms", 30);

  const unread = await server.session(docs, "Broken links");
  await server.say(unread, "Do all the links work?", 20);

  const quiet = await server.session(infra, "Backups");
  await server.say(quiet, "Remember the number 42", 20);
  await read(quiet);
  await read(talk);

  const permission = await server.session(api, "Clean build");
  await server.say(permission, "Build it for production");
  await until(hasOpen(permission), "a permission is open");

  const question = await server.session(docs, "Style of the guide");
  await server.say(question, "Write the guide");
  await until(hasOpen(question), "a question is open");

  const working = await server.session(web, "Types of the forms");
  await server.say(working, "Move the forms to the new types");
  await until(hasOpen(working), "the type checker may run");
  await server.allow(working);
  return { talk, permission, working, question, unread, agents };
}
