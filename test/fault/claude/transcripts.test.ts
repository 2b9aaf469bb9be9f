import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { findReply, findTranscript, holdsEntry } from "../../../server/claude/transcripts/transcriptFile.ts";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

interface LoggedLine {
  type: string;
  turnId?: string;
  data: { detail?: string; text?: string; message?: string };
}
interface TranscriptLine {
  type: string;
  uuid?: string;
  parentUuid?: string;
  message?: { content: unknown };
}

describe("Claude's own record of a conversation, with the real CLI", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  beforeEach(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer(benchEnvironment(bench, model.url));
  });
  afterEach(async () => {
    await server.kill("SIGTERM");
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const ask = async (message: string, rest: Record<string, unknown> = {}) =>
    (await server.ask("POST", "/api/chat", { message, ...rest }, { headers: { prefer: "wait=120" } })).body;
  const begin = (message: string, rest: Record<string, unknown> = {}) =>
    ask(message, { projectPath: bench.project, ...rest });
  const park = (sessionId: string) => server.ask("POST", "/api/sessions/cancel", { sessionId });
  const configDir = () => join(bench.home, ".claude");
  const transcriptOf = (sessionId: string) =>
    eventually("the transcript", () => findTranscript(configDir(), sessionId));
  const logOf = async (sessionId: string): Promise<LoggedLine[]> =>
    (await server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`)).body.events;
  const recoveriesOf = async (sessionId: string) =>
    (await logOf(sessionId)).filter((event) => event.type === "session.recovered");
  const linesOf = (path: string) =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as TranscriptLine);

  test("F12: a deleted transcript: the session goes on in a new conversation that was told of the old one, said once", async () => {
    const { sessionId } = await begin("Remember the number 42");
    await park(sessionId);
    rmSync(await transcriptOf(sessionId));
    const answer = await ask("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 42.");
    expect(await recoveriesOf(sessionId)).toHaveLength(1);
    // From then on the new conversation is resumed like any other, and nothing of the seed is shown.
    await park(sessionId);
    const again = await ask("What number did I ask you to remember?", { sessionId });
    expect(again.reply.text).toBe("You asked me to remember 42.");
    expect(await recoveriesOf(sessionId)).toHaveLength(1);
    expect(JSON.stringify(await logOf(sessionId))).not.toContain("earlier-conversation");
  });

  test("F12: a transcript that is no transcript any more: the message runs once, in a new conversation", async () => {
    const { sessionId } = await begin("Remember the number 43");
    await park(sessionId);
    writeFileSync(await transcriptOf(sessionId), "This is no transcript.\n");
    const answer = await ask("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 43.");
    expect(await recoveriesOf(sessionId)).toHaveLength(1);
    const ends = (await logOf(sessionId)).filter(
      (event) => event.turnId === answer.turnId && /^turn\.(completed|failed|interrupted)$/.test(event.type),
    );
    expect(ends.map((event) => event.type)).toEqual(["turn.completed"]);
  });

  test("F13: a tool use without its result, at the end and in the middle: the next message is answered, without a loop", async () => {
    const { sessionId } = await begin("Remember the number 44");
    await ask("run: ls", { sessionId });
    await ask("say: after the tool", { sessionId });
    await park(sessionId);
    const path = await transcriptOf(sessionId);
    const lines = linesOf(path);
    const isResult = (line: TranscriptLine) =>
      line.type === "user" && JSON.stringify(line.message?.content).includes('"tool_result"');
    const lost = lines.find(isResult);
    expect(lost).toBeDefined();
    const middle = lines
      .filter((line) => line !== lost)
      .map((line) => (line.parentUuid === lost?.uuid ? { ...line, parentUuid: lost?.parentUuid } : line));
    const end = lines.slice(0, lines.findIndex(isResult));
    for (const damaged of [middle, end]) {
      writeFileSync(path, `${damaged.map((line) => JSON.stringify(line)).join("\n")}\n`);
      const before = model.requestCount();
      const answer = await ask("What number did I ask you to remember?", { sessionId });
      expect(answer.reply.text).toBe("You asked me to remember 44.");
      expect(model.requestCount() - before).toBeLessThan(5);
      await park(sessionId);
    }
    // This CLI mends both by itself, so nothing had to be begun anew.
    expect(await recoveriesOf(sessionId)).toHaveLength(0);
  });

  test("F13: a conversation that the API answers 400 to for ever: one new conversation, said once, and no loop", async () => {
    const { sessionId } = await begin("Remember the number 46");
    await ask("run: ls", { sessionId });
    await park(sessionId);
    const path = await transcriptOf(sessionId);
    const toolUseId = /"type":"tool_use","id":"(toolu_\w+)"/.exec(readFileSync(path, "utf8"))?.[1];
    model.loseToolResult(toolUseId ?? "none");
    const before = model.requestCount();
    const answer = await ask("What number did I ask you to remember?", { sessionId });
    expect(answer).toMatchObject({ state: "completed", reply: { text: "You asked me to remember 46." } });
    // The CLI tries the old conversation several times by itself; the new one is answered at once.
    expect(model.requestCount() - before).toBeLessThanOrEqual(10);
    const ends = (await logOf(sessionId)).filter(
      (event) => event.turnId === answer.turnId && /^turn\.(completed|failed|interrupted)$/.test(event.type),
    );
    expect(ends.map((event) => event.type)).toEqual(["turn.completed"]);
    expect(await recoveriesOf(sessionId)).toHaveLength(1);
    // The new conversation is resumed like any other; the old one is left alone.
    await park(sessionId);
    const asked = model.requestCount();
    const again = await ask("What number did I ask you to remember?", { sessionId });
    expect(again.reply.text).toBe("You asked me to remember 46.");
    expect(model.requestCount() - asked).toBeLessThanOrEqual(2);
    expect(await recoveriesOf(sessionId)).toHaveLength(1);
  });

  test("F15: a damaged .claude.json is restored from its backup, and the next message is answered", async () => {
    const { sessionId } = await begin("Remember the number 42");
    await park(sessionId);
    const path = join(configDir(), ".claude.json");
    const whole = readFileSync(path, "utf8");
    mkdirSync(join(configDir(), "backups"), { recursive: true });
    writeFileSync(join(configDir(), "backups", ".claude.json.backup.9999999999999"), whole);
    writeFileSync(path, whole.slice(0, whole.length / 2));
    const answer = await ask("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 42.");
    expect(() => JSON.parse(readFileSync(path, "utf8"))).not.toThrow();
    expect(server.lines.some((line) => line.includes("claude.config_restored"))).toBe(true);
    expect((await server.ask("GET", "/health")).body.checks.claude).toEqual({
      state: "ok",
      detail: expect.stringMatching(/\.claude\.json was damaged and was restored/),
    });
  });

  test("F2: the reply to a message is found in what the real CLI writes, text for text", async () => {
    const { sessionId } = await begin("Remember the number 45");
    const tool = await ask("run: ls", { sessionId });
    const last = await ask("say: whole and true", { sessionId });
    await park(sessionId);
    const path = await transcriptOf(sessionId);
    const found = await findReply(path, tool.turnId);
    expect(found?.texts.at(-1)).toEqual({ messageId: tool.reply.messageId, text: tool.reply.text });
    expect(found?.usage).toEqual(tool.reply.usage);
    expect((await findReply(path, last.turnId))?.texts.map(({ text }) => text)).toEqual(["whole and true"]);
    expect(await holdsEntry(path, last.reply.messageId)).toBe(true);
    expect(await holdsEntry(path, sessionId)).toBe(false);
    expect(readdirSync(join(configDir(), "projects"))).toHaveLength(1);
  });
});
