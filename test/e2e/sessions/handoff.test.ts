import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import { askInTerminal, openDesk } from "../../support/claude/terminal.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

/** What the CLI has written of a conversation, whichever folder it is in. */
function writtenIn(bench: Bench, sessionId: string): string {
  const projects = join(bench.home, ".claude", "projects");
  const paths = readdirSync(projects).map((folder) => join(projects, folder, `${sessionId}.jsonl`));
  return paths
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("");
}

const wait = { headers: { prefer: "wait=120" } };
const question = "What number did I ask you to remember?";

describe("REPORT-22: a conversation goes to the terminal and comes back", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  const start = () => startServer({ ...benchEnvironment(bench, model.url), HEALTH_INTERVAL_SECONDS: "1" });
  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await start();
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const begin = async (message: string, projectPath = bench.project): Promise<string> => {
    const chat = { projectPath, message };
    const { body } = await server.ask("POST", "/api/chat", chat, wait);
    expect(body.state).toBe("completed");
    return body.sessionId;
  };
  const ask = async (sessionId: string, message = question): Promise<string> => {
    const { body } = await server.ask("POST", "/api/chat", { sessionId, message }, wait);
    expect(body).toMatchObject({ state: "completed" });
    return body.reply.text;
  };
  const eventsOf = async (sessionId: string) => {
    const { body } = await server.ask("GET", `/api/sessions/${sessionId}/events?limit=1000`);
    return body.events as Array<{ type: string; turnId?: string; data: Record<string, unknown> }>;
  };
  const ofType = async (sessionId: string, type: string) =>
    (await eventsOf(sessionId)).filter((event) => event.type === type).map(({ data }) => data);
  const messagesOf = async (sessionId: string) => {
    const { body } = await server.ask("GET", `/api/sessions/${sessionId}/messages?limit=200`);
    const messages = body.messages as Array<{ role: string; text: string; origin?: string }>;
    return messages.reverse().map(({ role, text, origin }) => [origin ?? "phone", role, text]);
  };
  const resume = (sessionId: string, message: string) =>
    askInTerminal(bench, model.url, bench.project, message, ["--resume", sessionId]);

  test("REPORT-22: 42 on the phone, 77 at the desk with -p --resume, and the phone is told 77", async () => {
    const sessionId = await begin("Remember the number 42");
    expect(await resume(sessionId, "Remember the number 77")).toContain("77");
    expect(await ask(sessionId)).toBe("You asked me to remember 77.");
    expect(await ofType(sessionId, "session.continued")).toEqual([
      { by: "terminal", turns: 1, lastText: "I will remember 77." },
    ]);
    expect(await messagesOf(sessionId)).toEqual([
      ["phone", "user", "Remember the number 42"],
      ["phone", "assistant", "I will remember 42."],
      ["terminal", "user", "Remember the number 77"],
      ["terminal", "assistant", "I will remember 77."],
      ["phone", "user", question],
      ["phone", "assistant", "You asked me to remember 77."],
    ]);
    // And back at the desk all of it is there.
    expect(await resume(sessionId, question)).toContain("77");
  });

  test("REPORT-22: claude -c goes on with the phone's session, and a health pass tells the phone before it asks", async () => {
    // A project of its own: `-c` goes on with what was written last, and an earlier session's process may still be writing.
    const project = join(bench.roots, "latest");
    mkdirSync(project, { recursive: true });
    const sessionId = await begin("Remember the number 43", project);
    expect(await askInTerminal(bench, model.url, project, "Remember the number 78", ["-c"])).toContain("78");
    await eventually("the health pass tells it", async () => {
      const [told] = await ofType(sessionId, "session.continued");
      return told?.turns === 1;
    });
    expect(await ask(sessionId)).toBe("You asked me to remember 78.");
    expect(await ofType(sessionId, "session.continued")).toHaveLength(1);
  });

  test("REPORT-22: while the interactive CLI has it open a message waits and says why; a fork does not", async () => {
    const sessionId = await begin("Remember the number 44");
    const desk = await openDesk(bench, model.url, bench.project, ["--resume", sessionId]);
    await desk.type("Remember the number 79");
    const { body: queued } = await server.ask("POST", "/api/chat", { sessionId, message: question });
    expect(queued).toMatchObject({ state: "queued" });
    expect(await ofType(sessionId, "session.held")).toEqual([{ by: "terminal", pid: desk.pid }]);
    expect(await ofType(sessionId, "turn.queued")).toEqual([{ queuePosition: 1, reason: "held" }]);
    await eventually("the desk's turn is told while it is still open", async () => {
      return (await ofType(sessionId, "session.continued")).length === 1;
    });
    const { body: fork } = await server.ask("POST", `/api/sessions/${sessionId}/fork`, {});
    expect(await ask(fork.sessionId)).toBe("You asked me to remember 79.");
    expect((await server.ask("GET", `/api/sessions/${sessionId}/turns/${queued.turnId}`)).body.state).toBe(
      "queued",
    );
    await desk.leave();
    const reply = await eventually("the message is answered", async () => {
      const { body } = await server.ask("GET", `/api/sessions/${sessionId}/turns/${queued.turnId}`);
      return body.state === "completed" && body.reply;
    });
    expect(reply.text).toBe("You asked me to remember 79.");
    expect(await ofType(sessionId, "session.released")).toEqual([{}]);
  });

  test("REPORT-22: the holder is killed, and what it had said so far is kept", async () => {
    const sessionId = await begin("Remember the number 45");
    const desk = await openDesk(bench, model.url, bench.project, ["--resume", sessionId]);
    await desk.type("Remember the number 80");
    await eventually("it is told", async () => (await ofType(sessionId, "session.continued")).length === 1);
    await desk.type("slow: 30");
    await desk.works();
    // The CLI writes a moment later than it works; what it had not written nobody can know of.
    await eventually("it is written down", () => writtenIn(bench, sessionId).includes("slow: 30"));
    const { body: queued } = await server.ask("POST", "/api/chat", { sessionId, message: question });
    await desk.kill("SIGKILL");
    const reply = await eventually("the message is answered", async () => {
      const { body } = await server.ask("GET", `/api/sessions/${sessionId}/turns/${queued.turnId}`);
      return body.state === "completed" && body.reply;
    });
    expect(reply.text).toBe("You asked me to remember 80.");
    expect((await messagesOf(sessionId)).map(([, , text]) => text)).toContain("slow: 30");
    expect(await ofType(sessionId, "session.released")).toHaveLength(1);
  });

  test("REPORT-22: a park, a restart of the server and two terminals one after the other lose nothing", async () => {
    const sessionId = await begin("Remember the number 46");
    await server.ask("POST", "/api/sessions/cancel", { sessionId });
    await resume(sessionId, "Remember the number 81");
    expect(await server.kill("SIGTERM")).toBe(0);
    await resume(sessionId, "Remember the number 82");
    server = await start();
    expect(await ask(sessionId)).toBe("You asked me to remember 82.");
    const told = await ofType(sessionId, "session.continued");
    expect(told.reduce((sum, { turns }) => sum + (turns as number), 0)).toBe(2);
    expect((await messagesOf(sessionId)).map(([origin, , text]) => [origin, text])).toEqual([
      ["phone", "Remember the number 46"],
      ["phone", "I will remember 46."],
      ["terminal", "Remember the number 81"],
      ["terminal", "I will remember 81."],
      ["terminal", "Remember the number 82"],
      ["terminal", "I will remember 82."],
      ["phone", question],
      ["phone", "You asked me to remember 82."],
    ]);
  });

  test("REPORT-22: two terminals at once hold it until the last is left, over a park and a restart, and both are known", async () => {
    const sessionId = await begin("Remember the number 50");
    await server.ask("POST", "/api/sessions/cancel", { sessionId });
    const first = await openDesk(bench, model.url, bench.project, ["--resume", sessionId]);
    const second = await openDesk(bench, model.url, bench.project, ["--resume", sessionId]);
    await first.type("Remember the number 84");
    const { body: queued } = await server.ask("POST", "/api/chat", { sessionId, message: question });
    expect(queued.state).toBe("queued");
    await eventually("the first one's turn is told", async () => {
      return (await ofType(sessionId, "session.continued")).length === 1;
    });
    await server.kill("SIGKILL");
    server = await start();
    await first.leave();
    await second.type("Remember the number 85");
    await eventually("the second one's turn is told", async () => {
      return (await ofType(sessionId, "session.continued")).length === 2;
    });
    expect(await ofType(sessionId, "session.released")).toEqual([]);
    const turn = async () =>
      (await server.ask("GET", `/api/sessions/${sessionId}/turns/${queued.turnId}`)).body;
    expect((await turn()).state).toBe("queued");
    await second.leave();
    await eventually("the message is answered", async () => (await turn()).state === "completed");
    expect((await turn()).reply.text).toBe("You asked me to remember 85.");
    const said = (await messagesOf(sessionId)).filter(([origin]) => origin === "terminal");
    expect(said.map(([, , text]) => text)).toEqual([
      "Remember the number 84",
      "I will remember 84.",
      "Remember the number 85",
      "I will remember 85.",
    ]);
    expect(await ofType(sessionId, "session.released")).toEqual([{}]);
    // At the desk, too, both are known.
    expect(await resume(sessionId, question)).toContain("85");
  });

  test("REPORT-22: what both sides say at the same time is two branches, and the next answer knows both", async () => {
    const sessionId = await begin("Remember the number 47");
    const slow = server.ask("POST", "/api/chat", { sessionId, message: "slow: 4" }, wait);
    await eventually("the phone's turn runs", async () => {
      const { body } = await server.ask("GET", `/api/sessions/${sessionId}`);
      return body.state === "busy";
    });
    await resume(sessionId, "Remember the number 83");
    expect((await slow).body.state).toBe("completed");
    expect(await ask(sessionId)).toBe("You asked me to remember 83.");
    const said = (await messagesOf(sessionId)).map(([, , text]) => text);
    expect(said).toEqual(
      expect.arrayContaining(["slow: 4", "Remember the number 83", "I will remember 83."]),
    );
    expect(await ofType(sessionId, "session.continued")).toHaveLength(1);
  });

  test("REPORT-22: begun in the interactive CLI, gone on with on the phone, and back with claude -c", async () => {
    const project = `${bench.roots}/desk`;
    const first = await openDesk(bench, model.url, project);
    await first.type("Remember the number 48");
    await eventually("Claude answers", () => first.shown().replace(/\s/g, "").includes("Iwillremember48"));
    await first.leave();
    const { body } = await server.ask("POST", "/api/sessions", { projectPath: project, resume: "latest" });
    const { sessionId } = body;
    expect(await ask(sessionId, "Remember the number 49")).toBe("I will remember 49.");
    const second = await openDesk(bench, model.url, project, ["-c"]);
    await second.type(question);
    await eventually("it knows the phone's words", () =>
      second.shown().replace(/\s/g, "").includes("Youaskedmetoremember49"),
    );
    // A second terminal on the same conversation: the message waits for both.
    const third = await openDesk(bench, model.url, project, ["--resume", sessionId]);
    const { body: queued } = await server.ask("POST", "/api/chat", { sessionId, message: question });
    expect(queued.state).toBe("queued");
    await second.kill("SIGHUP");
    await third.type("Remember the number 50");
    await eventually("it is told", async () => (await ofType(sessionId, "session.continued")).length >= 2);
    await third.leave();
    const reply = await eventually("the message is answered", async () => {
      const { body: turn } = await server.ask("GET", `/api/sessions/${sessionId}/turns/${queued.turnId}`);
      return turn.state === "completed" && turn.reply;
    });
    expect(reply.text).toBe("You asked me to remember 50.");
    expect((await messagesOf(sessionId)).map(([origin, , text]) => `${origin}: ${text}`)).toEqual([
      "phone: Remember the number 49",
      "phone: I will remember 49.",
      `terminal: ${question}`,
      "terminal: You asked me to remember 49.",
      // It was sent before the terminal's next words.
      `phone: ${question}`,
      "terminal: Remember the number 50",
      "terminal: I will remember 50.",
      "phone: You asked me to remember 50.",
    ]);
  });
});
