import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  startDefaultServer,
  startServer,
} from "../../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";

const turnMs = 120_000;

interface Asked {
  permissionId: string;
  kind: string;
  title: string;
  input: Record<string, unknown>;
  lookFirst: boolean;
  truncated: boolean;
  server?: string;
  toolUseId?: string;
  form?: { message: string; url?: string; fields: Array<{ name: string }> };
}

describe.each([
  ["with a process a session", startDefaultServer, {}],
  // It keeps no spares that could be waited for.
  ["S18 in the rollback, with a process per message", startServer, { USE_INTERACTIVE_SESSIONS: "false" }],
])("what the owner is shown before anything runs, %s", (_mode, start, settings) => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let socket: SocketClient;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    // The user's own MCP server, as `claude mcp add` writes it down.
    const forms = {
      type: "stdio",
      command: process.execPath,
      args: [resolve("test/support/claude/formServer.mjs")],
    };
    mkdirSync(join(bench.home, ".claude"), { recursive: true });
    writeFileSync(join(bench.home, ".claude", ".claude.json"), JSON.stringify({ mcpServers: { forms } }));
    server = await start({ ...benchEnvironment(bench, model.url), ...settings });
    const phone = await server.pair("phone");
    socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token: phone.token });
  });
  afterAll(async () => {
    await socket.close();
    expect(await server.kill("SIGTERM")).toBe(0);
    await model.stop();
    bench.remove();
  });

  let count = 0;
  const seen = new Set<string>();
  async function send(message: string, sessionId?: string) {
    count += 1;
    const ref = `f-${count}`;
    const place = sessionId === undefined ? { projectPath: bench.project } : { sessionId };
    socket.send({ type: "send", ref, clientMessageId: ref, message, ...place });
    const accepted = await socket.waitForRef(ref, turnMs);
    return { sessionId: accepted.sessionId!, turnId: accepted.turnId! };
  }
  /** The next thing that the owner is asked in the turn. */
  async function asked(turnId: string): Promise<Asked> {
    const { event } = await socket.waitFor((frame) => {
      const { event } = frame;
      return (
        event?.type === "permission.requested" &&
        event.turnId === turnId &&
        !seen.has(event.data.permissionId)
      );
    }, turnMs);
    const data = event?.data as unknown as Asked;
    seen.add(data.permissionId);
    return data;
  }
  const answer = (permissionId: string, body: Record<string, unknown>) =>
    server.ask("POST", `/api/permissions/${permissionId}`, body);
  async function replyOf(turnId: string): Promise<string> {
    const { event } = await socket.waitFor(
      (frame) => frame.event?.turnId === turnId && frame.event.type === "turn.completed",
      turnMs,
    );
    return event?.type === "turn.completed" ? event.data.text : "";
  }
  /** Begins a turn that ends in a form, with the tool that asks for it allowed. */
  async function untilForm(input = "{}") {
    const turn = await send(`use: mcp__forms__ask ${input}`);
    const tool = await asked(turn.turnId);
    expect(tool).toMatchObject({ kind: "tool", server: "forms" });
    await answer(tool.permissionId, { decision: "allow" });
    return { ...turn, form: await asked(turn.turnId) };
  }

  test("REPORT-7 T11: a form of an MCP server is filled in on the phone, and answers that do not fit are refused", async () => {
    const { turnId, form } = await untilForm();
    expect(form).toMatchObject({
      kind: "form",
      title: "forms: Who are you?",
      server: "forms",
      form: { message: "Who are you?", fields: [{ name: "name" }, { name: "age" }, { name: "colour" }] },
    });
    const wrong = await answer(form.permissionId, { decision: "allow", answers: { name: "A", age: "7" } });
    expect([wrong.status, wrong.body.code]).toEqual([400, "invalid_answers"]);
    const answers = { name: "Ann", age: 7, colour: "green" };
    expect((await answer(form.permissionId, { decision: "allow", answers })).status).toBe(200);
    expect(await replyOf(turnId)).toContain(
      'The person said {"action":"accept","content":{"name":"Ann","age":7,"colour":"green"}}',
    );
  });

  test("REPORT-7 T11: a form is declined by the person only; an interrupt cancels it", async () => {
    const declined = await untilForm();
    await answer(declined.form.permissionId, { decision: "deny" });
    expect(await replyOf(declined.turnId)).toContain('The person said {"action":"decline"}');
    const cut = await untilForm();
    await server.ask("POST", "/api/chat/interrupt", { sessionId: cut.sessionId });
    await socket.waitFor(
      (frame) =>
        frame.event?.type === "permission.expired" && frame.event.data.permissionId === cut.form.permissionId,
      turnMs,
    );
    expect(
      (await answer(cut.form.permissionId, { decision: "allow", answers: { name: "Ann" } })).body.code,
    ).toBe("permission_expired");
  });

  test("REPORT-7 T11: an address is shown whole, one that is not https is not shown at all", async () => {
    const url = "https://example.com/login?code=1";
    const { turnId, form } = await untilForm(JSON.stringify({ url }));
    expect(form.form).toMatchObject({ message: "Please sign in", url, fields: [] });
    await answer(form.permissionId, { decision: "allow" });
    expect(await replyOf(turnId)).toContain('The person said {"action":"accept"}');
    const plain = await send(`use: mcp__forms__ask ${JSON.stringify({ url: "http://example.com/" })}`);
    await answer((await asked(plain.turnId)).permissionId, { decision: "allow" });
    expect(await replyOf(plain.turnId)).toContain('The person said {"action":"cancel"}');
  });

  test("DOOR-8 A13: a command that a lock screen cannot show whole is told whole, and must be looked at", async () => {
    const command = `touch a.txt\n${"true\n".repeat(60)}touch EVIL`;
    const { turnId } = await send(`use: Bash ${JSON.stringify({ command })}`);
    const permission = await asked(turnId);
    expect(permission).toMatchObject({
      title: "Bash: touch a.txt … and 61 more lines",
      input: { command },
      lookFirst: true,
      truncated: true,
    });
    const { body } = await server.ask("GET", `/api/permissions/${permission.permissionId}`);
    expect(body.input.command).toBe(command);
    await answer(permission.permissionId, { decision: "deny" });
    await replyOf(turnId);
    expect(existsSync(join(bench.project, "EVIL"))).toBe(false);
  });

  test("DOOR-9 A13: when another command is allowed than the one that was asked, everybody is told which", async () => {
    const { sessionId, turnId } = await send("run: touch first.txt");
    const permission = await asked(turnId);
    const updatedInput = { command: "touch second.txt", description: "Other" };
    await answer(permission.permissionId, { decision: "allow", updatedInput });
    await replyOf(turnId);
    expect([
      existsSync(join(bench.project, "first.txt")),
      existsSync(join(bench.project, "second.txt")),
    ]).toEqual([false, true]);
    const { body } = await server.ask("GET", `/api/sessions/${sessionId}/events?limit=1000`);
    const data = (type: string) =>
      body.events
        .filter((event: { type: string }) => event.type === type)
        .map((event: { data: object }) => event.data);
    expect(data("permission.resolved")).toMatchObject([{ updatedInput }]);
    expect(data("tool.started")).toMatchObject([
      { title: "Bash: touch first.txt" },
      { title: "Bash: touch second.txt", toolUseId: permission.toolUseId, edited: true },
    ]);
    expect(JSON.stringify((await server.ask("GET", "/api/audit?limit=50")).body)).toContain(
      "touch second.txt",
    );
  });
});
