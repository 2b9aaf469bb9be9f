import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import { askInTerminal, openTerminal } from "../../support/claude/terminal.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

const wait = { headers: { prefer: "wait=120" } };

describe("S31: Claude's own conversations", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let projectId: string;
  let terminalId: string;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    await askInTerminal(bench, model.url, bench.project, "Remember the number 77");
    server = await startServer(benchEnvironment(bench, model.url));
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });
  const sessions = async (query = "") =>
    (await server.ask("GET", `/api/projects/${projectId}/sessions${query}`)).body;

  test("S31: one that was begun in a terminal shows up in its project, with its first message and its history", async () => {
    const { body } = await server.ask("GET", "/api/projects");
    const project = body.projects.find((one: { path: string }) => one.path === bench.project);
    expect(project).toMatchObject({ name: "hello", sessionCount: 1, lastActivityAt: expect.any(Number) });
    projectId = project.projectId;
    const listed = await sessions();
    expect(listed.sessions).toEqual([
      expect.objectContaining({ firstMessage: "Remember the number 77", state: null, held: false }),
    ]);
    terminalId = listed.sessions[0].sessionId;
    const history = await server.ask("GET", `/api/projects/${projectId}/sessions/${terminalId}/messages`);
    expect(history.body.messages.map((one: { role: string; text: string }) => [one.role, one.text])).toEqual([
      ["assistant", "I will remember 77."],
      ["user", "Remember the number 77"],
    ]);
    expect(history.body.messages[0].createdAt).toBeGreaterThan(Date.now() - 3_600_000);
  });

  test("S31 S20: it goes on from the phone with its context, under its own id", async () => {
    const resumed = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      resume: terminalId,
    });
    expect(resumed).toMatchObject({
      status: 201,
      body: { sessionId: terminalId, projectPath: bench.project },
    });
    const asked = { sessionId: terminalId, message: "What number did I ask you to remember?" };
    const answer = await server.ask("POST", "/api/chat", asked, wait);
    expect(answer.body.reply.text).toContain("77");
    const [listed] = (await sessions()).sessions;
    expect(listed).toMatchObject({ sessionId: terminalId, state: "idle", held: false });
    const path = `/api/projects/${projectId}/sessions/${terminalId}/messages`;
    const first = (await server.ask("GET", `${path}?limit=3`)).body;
    const second = (await server.ask("GET", `${path}?limit=3&before=${first.nextBefore}`)).body;
    expect(
      [...first.messages, ...second.messages].map((one: { text: string }) => one.text).reverse(),
    ).toEqual([
      "Remember the number 77",
      "I will remember 77.",
      "What number did I ask you to remember?",
      "You asked me to remember 77.",
    ]);
    expect(second.nextBefore).toBeUndefined();
    for (const before of ["nonsense", Buffer.from('["x"]').toString("base64url")]) {
      const wrong = await server.ask("GET", `${path}?before=${before}`);
      expect([wrong.status, wrong.body.code]).toEqual([400, "invalid_request"]);
    }
  });

  test("S31: what a terminal still holds is refused by name, a fork of it goes on, and later so does it itself", async () => {
    const terminal = await openTerminal(bench, model.url, bench.project, "Remember the number 88");
    const resume = { projectPath: bench.project, resume: terminal.sessionId };
    const held = (await sessions()).sessions.find((one: { held: boolean }) => one.held);
    expect(held).toMatchObject({ sessionId: terminal.sessionId, firstMessage: "Remember the number 88" });
    const refused = await server.ask("POST", "/api/sessions", resume);
    expect([refused.status, refused.body.code]).toEqual([409, "conversation_held"]);
    expect(refused.body.detail).toContain(String(terminal.child.pid));
    const fork = await server.ask("POST", "/api/sessions", { ...resume, fork: true });
    expect(fork.status).toBe(201);
    expect(fork.body.sessionId).not.toBe(terminal.sessionId);
    const message = "What number did I ask you to remember?";
    const inFork = { sessionId: fork.body.sessionId, message };
    expect((await server.ask("POST", "/api/chat", inFork, wait)).body.reply.text).toContain("88");
    await terminal.leave();
    expect((await server.ask("POST", "/api/sessions", resume)).status).toBe(201);
    const itself = { sessionId: terminal.sessionId, message };
    expect((await server.ask("POST", "/api/chat", itself, wait)).body.reply.text).toContain("88");
  });

  test("S31 REPORT-22: a session that a terminal took up in the meantime waits for it and loses nothing", async () => {
    const chat = { projectPath: bench.project, message: "Remember the number 99" };
    const { body: begun } = await server.ask("POST", "/api/chat", chat, wait);
    await server.ask("POST", "/api/sessions/cancel", { sessionId: begun.sessionId });
    const terminal = await openTerminal(bench, model.url, bench.project, "say: mine now", begun.sessionId);
    const message = "What number did I ask you to remember?";
    const ask = { sessionId: begun.sessionId, message };
    const answered = server.ask("POST", "/api/chat", ask, wait);
    await eventually("it is held", async () => {
      const { body } = await server.ask("GET", `/api/sessions/${begun.sessionId}/events?limit=1000`);
      return body.events.some(({ type }: { type: string }) => type === "session.held");
    });
    await terminal.leave();
    expect((await answered).body.reply.text).toContain("99");
  });

  test("S31 S20: one that begins with a long message is listed, read, gone on with and forked as any other", async () => {
    const long = (number: number, kilobytes: number) =>
      `Remember the number ${number} and never mind this: ${"word ".repeat(kilobytes * 200)}`;
    const question = "What number did I ask you to remember?";
    await askInTerminal(bench, model.url, bench.project, long(55, 100));
    const chat = { projectPath: bench.project, message: long(66, 250) };
    const ours = (await server.ask("POST", "/api/chat", chat, wait)).body.sessionId;
    const { sessions: listed } = await sessions();
    const beginsWith = (text: string) =>
      listed.find((one: { firstMessage?: string }) => one.firstMessage?.startsWith(text));
    const typed = beginsWith("Remember the number 55");
    expect(beginsWith("Remember the number 66")?.sessionId).toBe(ours);
    for (const [sessionId, number] of [
      [typed?.sessionId, "55"],
      [ours, "66"],
    ]) {
      const history = await server.ask("GET", `/api/projects/${projectId}/sessions/${sessionId}/messages`);
      expect([history.status, history.body.messages?.at(-1).text.slice(0, 22)]).toEqual([
        200,
        `Remember the number ${number}`,
      ]);
      const fork = await server.ask("POST", "/api/sessions", {
        projectPath: bench.project,
        resume: sessionId,
        fork: true,
      });
      expect(fork.status).toBe(201);
      const asked = { sessionId: fork.body.sessionId, message: question };
      expect((await server.ask("POST", "/api/chat", asked, wait)).body.reply.text).toContain(number);
    }
    const fork = await server.ask("POST", `/api/sessions/${ours}/fork`, {});
    expect(fork.status).toBe(201);
    const resumed = { projectPath: bench.project, resume: typed.sessionId };
    expect((await server.ask("POST", "/api/sessions", resumed)).status).toBe(201);
    const asked = { sessionId: typed.sessionId, message: question };
    expect((await server.ask("POST", "/api/chat", asked, wait)).body.reply.text).toContain("55");
  });

  test("A05 S31: what was begun outside the roots is neither listed nor read nor gone on with", async () => {
    const outside = join(bench.dir, "private");
    await askInTerminal(bench, model.url, outside, "Remember the number 13, it is a secret");
    const { body } = await server.ask("GET", "/api/projects");
    expect(JSON.stringify(body)).not.toContain(outside);
    const folder = join(bench.home, ".claude", "projects");
    const name = readdirSync(folder).find((one) => one.endsWith("private"))!;
    const secretId = readdirSync(join(folder, name))
      .find((file) => file.endsWith(".jsonl"))!
      .replace(".jsonl", "");
    for (const fork of [false, true]) {
      const asked = { projectPath: bench.project, resume: secretId, fork };
      const refused = await server.ask("POST", "/api/sessions", asked);
      expect([refused.status, refused.body.code]).toEqual([404, "session_not_found"]);
    }
    const read = await server.ask("GET", `/api/projects/${projectId}/sessions/${secretId}/messages`);
    expect([read.status, read.body.code]).toEqual([404, "session_not_found"]);
    expect((await server.ask("GET", "/api/projects/nonsense/sessions")).body.code).toBe("project_not_found");
  });

  test("S31: a giant transcript is paged without holding up anybody else", async () => {
    const giantId = randomUUID();
    const folder = join(bench.home, ".claude", "projects", bench.project.replace(/[^A-Za-z0-9]/g, "-"));
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${giantId}.jsonl`);
    writeGiant(path, giantId, bench.project, 40);
    const url = `/api/projects/${projectId}/sessions/${giantId}/messages`;
    let isRead = false;
    const page = server.ask("GET", `${url}?limit=2`).finally(() => {
      isRead = true;
    });
    let answered = 0;
    while (!isRead && answered < 20) {
      expect((await server.ask("GET", "/health")).status).toBe(200);
      answered += 1;
    }
    // The server went on answering while its thread read: several times, not once at the end.
    expect(answered).toBeGreaterThan(3);
    const { body } = await page;
    expect(body.messages.map((one: { text: string }) => one.text.slice(0, 12))).toEqual([
      "message 3999",
      "message 3998",
    ]);
    expect(
      (await server.ask("GET", `${url}?before=${body.nextBefore}&limit=1`)).body.messages[0].text,
    ).toMatch(/^message 3997/);
  });
});

/** A transcript of so many megabytes, as the CLI would have written it. */
function writeGiant(path: string, sessionId: string, cwd: string, megabytes: number): void {
  writeFileSync(path, "");
  let parentUuid: string | null = null;
  const count = megabytes * 100;
  for (let start = 0; start < count; start += 100) {
    const lines: string[] = [];
    for (let index = start; index < start + 100; index += 1) {
      const uuid = randomUUID();
      const text = `message ${index} ${"x".repeat(10_000)}`;
      const role = index % 2 === 0 ? "user" : "assistant";
      const content = role === "user" ? text : [{ type: "text", text }];
      const timestamp = new Date(1_790_000_000_000 + index * 1_000).toISOString();
      const common = { isSidechain: false, userType: "external", cwd, sessionId, version: "2.1.329" };
      lines.push(
        JSON.stringify({ ...common, parentUuid, type: role, message: { role, content }, uuid, timestamp }),
      );
      parentUuid = uuid;
    }
    appendFileSync(path, `${lines.join("\n")}\n`);
  }
}
