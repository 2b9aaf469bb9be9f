import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import {
  ClaudeSessions,
  DaylongClient,
  type DaylongEvent,
  type SocketConstructor,
  TurnFailed,
} from "../../../client/src/index.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { installClient } from "../../support/server/installClient.ts";
import { useScene } from "../../support/server/scene.ts";

const run = promisify(execFile);

/** The README's programs, each with what it prints. */
const examples = [
  ...readFileSync(resolve("client/README.md"), "utf8").matchAll(
    /^## ([^\n]+)\n(?:(?!^## )[\s\S])*?```js( browser)?\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/gm,
  ),
].map(([, title = "", browser, code = "", output = ""]) => ({ title, isBrowser: !!browser, code, output }));

/** What a page has and Node 20 has not. */
const pageGlobals = `
import { WebSocket } from "ws";
const { DAYLONG_URL, DAYLONG_TOKEN, PROJECT } = process.env;
const kept = new Map([["token", DAYLONG_TOKEN], ["project", PROJECT]]);
Object.assign(globalThis, {
  WebSocket,
  location: { origin: DAYLONG_URL },
  localStorage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) },
  addEventListener() {},
  document: { hidden: false, addEventListener() {}, body: { append: (text) => process.stdout.write(text) } },
});
`;

describe("C04: the TypeScript client talks to real Claude processes", () => {
  const scene = useScene({ every: "file", keepsPort: true });
  let examplesDir: string;

  beforeAll(async () => {
    examplesDir = join(scene.bench.dir, "examples");
    await installClient(examplesDir);
    writeFileSync(join(examplesDir, "page.mjs"), pageGlobals);
  });
  const clients: DaylongClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.stop();
  });
  const clientOf = (token: string) => {
    const client = new DaylongClient({
      url: scene.server.url,
      token,
      WebSocket: WebSocket as unknown as SocketConstructor,
      onFault: () => {},
    });
    clients.push(client);
    return client;
  };

  test("C04: the README has a program for each of its chapters", () => {
    expect(examples.map(({ title }) => title)).toEqual([
      "Pair",
      "Send a message, hear the words",
      "Offline, and after a crash",
      "Events",
      "In a browser",
      "Under the names of desktop front ends",
    ]);
  });

  test("REPORT-6 D22: a reply that is cut in its frame reaches the caller whole", async () => {
    const { token } = await scene.server.pair("long");
    const client = clientOf(token);
    client.start();
    const turn = client.send({ projectPath: scene.bench.project, message: "long: 1300000" });
    expect((await turn.reply()).text).toHaveLength(1_300_000);
  });

  test.each(examples)(
    "C04: $title: the README's program prints what it says",
    async ({ title, isBrowser, code, output }) => {
      const { token } = await scene.server.pair(title);
      const { body: pairing } = await scene.server.ask("POST", "/api/pairing-codes", {});
      const file = join(examplesDir, "example.mjs");
      writeFileSync(file, code);
      const { stdout } = await run(
        process.execPath,
        [...(isBrowser ? ["--import", "./page.mjs"] : []), file],
        {
          cwd: examplesDir,
          timeout: 150_000,
          env: {
            PATH: process.env.PATH,
            TMPDIR: join(scene.bench.dir, token.slice(0, 8)),
            DAYLONG_URL: scene.server.url,
            DAYLONG_TOKEN: token,
            DAYLONG_CODE: pairing.code,
            PROJECT: scene.bench.project,
          },
        },
      );
      expect(stdout.trim()).toBe(output.trim());
    },
  );

  test("C04 V1 V3 V6 V7: ten turns with the server killed in the middle of one: nothing is lost, nothing comes or runs twice", async () => {
    const { token } = await scene.server.pair("a program");
    const client = clientOf(token);
    const events: DaylongEvent[] = [];
    const states: string[] = [];
    let failures = 0;
    client.onState((state) => states.push(state));
    client.onEvent(async (event) => {
      // Once in the day the program itself fails at an event: it comes again.
      if (event.type === "turn.started" && failures === 0) {
        failures += 1;
        throw new Error("not yet");
      }
      events.push(event);
    });
    client.start();
    await eventually("the connection", () => client.state === "online");
    const session = await client.createSession({ projectPath: scene.bench.project });
    const { sessionId } = session;
    const replies: string[] = [];
    const say = async (text: string) => replies.push((await session.send(text).reply()).text);
    for (let number = 1; number <= 4; number += 1) await say(`Remember the number ${number}`);

    const dying = session.send("slow: 40");
    let heard = "";
    for await (const piece of dying.text()) {
      heard += piece;
      if (heard.includes("word1")) break;
    }
    const dead = scene.server.kill("SIGKILL");
    // Said to a server that is not there: it is kept, and runs once when there is one.
    await dead;
    await eventually("the loss", () => client.state === "offline");
    const waiting = session.send("Remember the number 6");
    await eventually("the message in the outbox", () => client.unsent.length === 1);
    scene.server = await startServer(scene.environment);
    client.hurry();
    const failure = await dying.reply().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(TurnFailed);
    expect(failure).toMatchObject({ code: "server_restarted", sessionId });
    replies.push((await waiting.reply()).text);
    for (let number = 7; number <= 9; number += 1) await say(`Remember the number ${number}`);
    await say("What number did I ask you to remember?");
    expect(replies).toEqual([
      ...[1, 2, 3, 4, 6, 7, 8, 9].map((number) => `I will remember ${number}.`),
      "You asked me to remember 9.",
    ]);

    // The log has each message once, each with one end; the program got every event of it, in order, once.
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=1000`);
    const log: DaylongEvent[] = body.events;
    const count = (type: string) => log.filter((event) => event.type === type).length;
    expect([count("turn.accepted"), count("turn.completed"), count("turn.interrupted")]).toEqual([10, 9, 1]);
    await eventually("the last event", () => events.some(({ cursor }) => cursor === log.at(-1)?.cursor));
    const mine = events.filter((event) => event.sessionId === sessionId);
    expect(mine.map(({ seq }) => seq)).toEqual(log.map(({ seq }) => seq));
    expect(failures).toBe(1);
    expect(states.filter((state) => state === "online").length).toBeGreaterThanOrEqual(2);
    // What was dealt with is acknowledged.
    await eventually("the ack", async () => {
      const { body: me } = await scene.server.ask("GET", "/api/devices/me", undefined, { token });
      return me.ackedCursor >= (log.at(-1)?.cursor ?? 0);
    });
  });

  test("C04: a revoked token is told and not tried again; neither a refused client nor a stopped one lets anybody wait", async () => {
    const { token, deviceId } = await scene.server.pair("revoked");
    const client = clientOf(token);
    const states: string[] = [];
    client.onState((state) => states.push(state));
    client.start();
    await eventually("the connection", () => client.state === "online");
    await scene.server.ask("DELETE", `/api/devices/${deviceId}`);
    await eventually("the refusal", () => client.state === "refused");
    expect(states).toEqual(["connecting", "online", "refused"]);
    const late = client.send({ projectPath: scene.bench.project, message: "Hello" });
    await expect(late.reply()).rejects.toThrow("The device was revoked.");
    client.stop();
    const later = client.send({ projectPath: scene.bench.project, message: "Hello" });
    await expect(later.reply()).rejects.toThrow("The client was stopped.");
    // They are kept for a client that has a token.
    expect(client.unsent).toHaveLength(2);
  });

  test("C04: refusals of a message are told to whoever waits, and a failed turn by its code", async () => {
    const { token } = await scene.server.pair("refused");
    const client = clientOf(token).start();
    const outside = client.send({ projectPath: "/etc", message: "Hello" });
    await expect(outside.accepted).rejects.toMatchObject({ code: "project_forbidden" });
    await expect(outside.reply()).rejects.toMatchObject({ code: "project_forbidden" });
    const failed = client.send({ projectPath: scene.bench.project, message: "error: 400" });
    await expect(failed.reply()).rejects.toMatchObject({ name: "TurnFailed", code: "claude_error" });
    const { sessionId } = await failed.accepted;
    // The same id again is the same message: its end is known, and nothing runs.
    const again = client.send(
      { projectPath: scene.bench.project, message: "error: 400" },
      failed.clientMessageId,
    );
    await expect(again.reply()).rejects.toMatchObject({ code: "claude_error" });
    expect((await again.accepted).sessionId).toBe(sessionId);
    const long = client.session(sessionId).send("slow: 8");
    for await (const _piece of long.text()) break;
    await client.interrupt(sessionId);
    await expect(long.reply()).rejects.toMatchObject({ code: "interrupted" });
    expect(client.unsent).toEqual([]);
  });

  test("C04 T06 T07 T09: todos and commands of a session, and use and cost, can be asked for", async () => {
    const client = clientOf((await scene.server.pair("a program")).token).start();
    const turn = client.send({ message: "Hello", projectPath: scene.bench.project });
    await turn.reply();
    const session = client.session((await turn.accepted).sessionId);
    expect(await session.todos()).toEqual([]);
    expect((await session.commands()).map(({ name }) => name)).toContain("compact");
    const usage = await client.usage(1);
    expect(usage.byProject.map(({ projectPath }) => projectPath)).toEqual([scene.bench.project]);
    expect(usage.days[0]?.costUsd).toBeGreaterThan(0);
  });

  test("C04 S20 S31: the latest session of a project goes on, projects and their sessions are listed, events name their session", async () => {
    const { token } = await scene.server.pair("a front end");
    const client = clientOf(token).start();
    const claude = new ClaudeSessions(client);
    const heard: string[] = [];
    const { sessionId, turn } = await claude.executeClaudeCode(scene.bench.project, "Remember the number 12");
    await turn.reply();
    claude.on(`claude-output:${sessionId}`, ({ kind, text }) => kind === "message" && heard.push(text));
    claude.on(`claude-status:${sessionId}`, ({ status }) => heard.push(status));
    claude.on(`claude-error:${sessionId}`, ({ code }) => heard.push(code));
    claude.on("claude-complete:another", () => heard.push("never"));
    const next = await claude.continueClaudeCode(
      scene.bench.project,
      "What number did I ask you to remember?",
    );
    expect(next.sessionId).toBe(sessionId);
    expect((await next.turn.reply()).text).toBe("You asked me to remember 12.");
    await eventually("the words", () => heard.length >= 2);
    expect(heard).toEqual(["running", "You asked me to remember 12."]);
    const failing = await claude.resumeClaudeCode(scene.bench.project, sessionId, "error: 400");
    await expect(failing.turn.reply()).rejects.toThrow();
    await eventually("the error", () => heard.includes("claude_error"));

    const project = (await claude.listProjects()).find(({ path }) => path === scene.bench.project);
    const sessions = await claude.getProjectSessions(project?.projectId ?? "");
    expect(sessions[0]).toMatchObject({ sessionId, firstMessage: "Remember the number 12", held: false });
    const history = await claude.loadSessionHistory(sessionId, project?.projectId);
    expect(history.slice(0, 3).map(({ role, text }) => [role, text])).toEqual([
      ["user", "Remember the number 12"],
      ["assistant", "I will remember 12."],
      ["user", "What number did I ask you to remember?"],
    ]);
    client.stop();
  });
});
