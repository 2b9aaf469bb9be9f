import { readdirSync } from "node:fs";
import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  childrenOf,
  eventually,
  processesOf,
  sides,
  startServer,
} from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

interface LoggedLine {
  type: string;
  turnId?: string;
  data: { code?: string; reason?: string; text?: string };
}

const terminal = /^turn\.(completed|failed|interrupted|cancelled)$/;
const waits = { prefer: "wait=120" };

describe.each(sides)("REPORT-23: SIGKILL at the worst moment, %s", (_name, side) => {
  let phone: { deviceId: string; token: string };

  const scene = useScene({ every: "test", side });
  beforeEach(async () => {
    phone = await scene.server.pair("phone");
  });

  const chat = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    scene.server.ask("POST", "/api/chat", body, { token: phone.token, headers });
  const restart = async () => {
    await scene.server.kill("SIGKILL");
    scene.server = await startServer(scene.environment);
  };
  const logOf = async (sessionId: string): Promise<LoggedLine[]> =>
    (await scene.server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`)).body.events;
  const endsOf = async (sessionId: string, turnId: string) =>
    (await logOf(sessionId)).filter((event) => event.turnId === turnId && terminal.test(event.type));
  const isRunning = (sessionId: string) =>
    eventually(
      "the turn is under way",
      async () =>
        (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.state === "busy" &&
        childrenOf(scene.server.pid).length > 0 &&
        (await logOf(sessionId)).some((event) => event.type === "session.woken"),
    );

  /** A tool that hands a sleeper to init; macOS has no `setsid`. */
  const leavesSleeper = `run: (${side === "linux" ? "setsid " : ""}sleep 300 >/dev/null 2>&1 &) ; sleep 300`;
  const bothSleepsRun = async (sessionId: string) => {
    await eventually("both sleeps run", () => processesOf(scene.bench).length >= 3);
    if (side === "linux") return;
    // Where no marks are shown, only what was seen below the CLI can be told from a stranger.
    await eventually("the server has seen them", async () => {
      const { process: own } = (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body;
      return own?.processCount >= 3;
    });
  };

  test("S12: of the CLI in a turn: one turn.failed, then the next message has the context", async () => {
    const { body: first } = await chat(
      { message: "Remember the number 42", projectPath: scene.bench.project },
      waits,
    );
    const { sessionId } = first;
    const { body: slow } = await chat({ message: "slow: 20", sessionId });
    const { body: session } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
    process.kill(session.process.pid, "SIGKILL");
    const ended = await eventually("the failure", async () => {
      const ends = await endsOf(sessionId, slow.turnId);
      return ends.length > 0 && ends;
    });
    expect(ended.map((event) => [event.type, event.data.code])).toEqual([["turn.failed", "process_crashed"]]);
    expect((await logOf(sessionId)).filter((event) => event.type === "session.crashed")).toHaveLength(1);
    const { body: next } = await chat(
      { message: "What number did I ask you to remember?", sessionId },
      waits,
    );
    expect(next.reply.text).toBe("You asked me to remember 42.");
    expect(await endsOf(sessionId, slow.turnId)).toHaveLength(1);
  });

  test("S12: of the CLI with messages waiting: the running one fails, the waiting ones are answered", async () => {
    const { body: first } = await chat({ message: "slow: 20", projectPath: scene.bench.project });
    const { sessionId } = first;
    const { body: second } = await chat({ message: "Remember the number 6", sessionId });
    await isRunning(sessionId);
    process.kill((await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.process.pid, "SIGKILL");
    const { body: third } = await chat(
      { message: "What number did I ask you to remember?", sessionId },
      waits,
    );
    expect(third.reply.text).toBe("You asked me to remember 6.");
    const types = (await logOf(sessionId))
      .filter((event) => terminal.test(event.type))
      .map((event) => [event.turnId, event.type]);
    expect(types).toEqual([
      [first.turnId, "turn.failed"],
      [second.turnId, "turn.completed"],
      [third.turnId, "turn.completed"],
    ]);
  });

  test("F11: of the CLI at any moment of its first turn: its id is never in use already for the next one", async () => {
    for (const moment of ["spawned", "woken", "speaking"]) {
      const { body: first } = await chat({ message: "slow: 2", projectPath: scene.bench.project });
      const { sessionId, turnId } = first;
      const cli = await eventually("the CLI", () => childrenOf(scene.server.pid)[0]);
      if (moment !== "spawned") await isRunning(sessionId);
      if (moment === "speaking") {
        await eventually("its transcript", () =>
          readdirSync(scene.bench.home, { recursive: true }).some((name) =>
            String(name).endsWith(`${sessionId}.jsonl`),
          ),
        );
      }
      process.kill(cli, "SIGKILL");
      await eventually("the end", async () => (await endsOf(sessionId, turnId)).length === 1);
      const { body: next } = await chat({ message: `say: after ${moment}`, sessionId }, waits);
      expect(next.reply.text).toBe(`after ${moment}`);
      expect(JSON.stringify(await logOf(sessionId))).not.toContain("already in use");
      await scene.server.ask("DELETE", `/api/sessions/${sessionId}`);
    }
  });

  test("S13: of the server in a turn: one turn.interrupted, no CLI left behind, the next message has the context", async () => {
    const { body: first } = await chat(
      { message: "Remember the number 42", projectPath: scene.bench.project },
      waits,
    );
    const { sessionId } = first;
    const { body: slow } = await chat({ message: "slow: 20", sessionId });
    const { body: waiting } = await chat({ message: "say: I waited", sessionId });
    const before = childrenOf(scene.server.pid);
    expect(before).toHaveLength(1);
    await restart();
    expect(before.filter((pid) => processesOf(scene.bench).includes(pid))).toEqual([]);
    expect((await endsOf(sessionId, slow.turnId)).map((event) => [event.type, event.data.code])).toEqual([
      ["turn.interrupted", "server_restarted"],
    ]);
    // What was only waiting was not lost: it runs now.
    await eventually(
      "the waiting message is answered",
      async () => (await endsOf(sessionId, waiting.turnId)).length > 0,
    );
    expect((await endsOf(sessionId, waiting.turnId)).map((event) => event.type)).toEqual(["turn.completed"]);
    const { body: next } = await chat(
      { message: "What number did I ask you to remember?", sessionId },
      waits,
    );
    expect(next.reply.text).toBe("You asked me to remember 42.");
    expect(await endsOf(sessionId, slow.turnId)).toHaveLength(1);
  });

  test("S13 P03: of the server while a permission is open: permission.expired, and a late answer is 410", async () => {
    const { body } = await chat({ message: "run: touch never.txt", projectPath: scene.bench.project });
    const asked = await eventually(
      "the request",
      async () => (await scene.server.ask("GET", "/api/permissions")).body.permissions[0],
    );
    await restart();
    const log = await logOf(body.sessionId);
    expect(
      log.filter((event) => event.type === "permission.expired").map((event) => event.data.reason),
    ).toEqual(["server_restarted"]);
    const late = await scene.server.ask("POST", `/api/permissions/${asked.permissionId}`, {
      decision: "allow",
    });
    expect([late.status, late.body.code]).toEqual([410, "permission_expired"]);
  });

  test("D04 V7: the same clientMessageId five times, two of them after a restart, is one turn in one session", async () => {
    const message = {
      message: "Remember the number 42",
      projectPath: scene.bench.project,
      clientMessageId: "only-once",
    };
    const answers = [await chat(message), await chat(message), await chat(message, waits)];
    await restart();
    answers.push(await chat(message), await chat(message, waits));
    expect(new Set(answers.map((answer) => answer.body.turnId)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.body.sessionId)).size).toBe(1);
    expect(answers.map((answer) => answer.body.duplicate)).toEqual([false, true, true, true, true]);
    const log = await logOf(answers[0]!.body.sessionId);
    expect(log.filter((event) => event.type === "turn.accepted")).toHaveLength(1);
    expect(log.filter((event) => event.type === "turn.completed")).toHaveLength(1);
    const other = await chat({ ...message, message: "Remember the number 43" });
    expect([other.status, other.body.code]).toEqual([409, "idempotency_conflict"]);
  });

  test("F10 S11: of the server while a tool and its background child run: nothing is left after the next boot", async () => {
    const { body } = await chat({
      message: leavesSleeper,
      projectPath: scene.bench.project,
      permissionMode: "default",
    });
    const asked = await eventually(
      "the request",
      async () => (await scene.server.ask("GET", "/api/permissions")).body.permissions[0],
    );
    await scene.server.ask("POST", `/api/permissions/${asked.permissionId}`, { decision: "allow" });
    await bothSleepsRun(body.sessionId);
    await restart();
    expect(processesOf(scene.bench)).toEqual([]);
    expect((await scene.server.ask("GET", `/api/sessions/${body.sessionId}`)).body.state).toBe("parked");
  });

  test("F10: of the CLI while a tool and its background child run: nothing is left", async () => {
    const { body } = await chat({
      message: leavesSleeper,
      projectPath: scene.bench.project,
    });
    const asked = await eventually(
      "the request",
      async () => (await scene.server.ask("GET", "/api/permissions")).body.permissions[0],
    );
    await scene.server.ask("POST", `/api/permissions/${asked.permissionId}`, { decision: "allow" });
    await bothSleepsRun(body.sessionId);
    process.kill(
      (await scene.server.ask("GET", `/api/sessions/${body.sessionId}`)).body.process.pid,
      "SIGKILL",
    );
    await eventually("nothing is left", () => processesOf(scene.bench).length === 0);
    await eventually(
      "the failure is told",
      async () => (await endsOf(body.sessionId, body.turnId)).length === 1,
    );
  });
});
