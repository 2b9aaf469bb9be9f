import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { childrenOf, eventually, processesOf, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

describe("prewarmed spares", () => {
  const scene = useScene({
    every: "test",
    settings: { PREWARMED_PROCESSES: "1", RESOURCE_SAMPLE_SECONDS: "0.2" },
  });

  const chat = (body: Record<string, unknown>) =>
    scene.server.ask("POST", "/api/chat", body, { headers: { prefer: "wait=120" } });
  const linesOf = (event: string) =>
    scene.server.lines.filter((line) => line.includes(`"${event}"`)).map((line) => JSON.parse(line));
  /** The pid of the spare that came up as the `nth`. */
  const sparePid = (nth = 1) =>
    eventually(`spare ${nth} is ready`, () => linesOf("spare.ready")[nth - 1]?.pid as number | undefined);
  const wokenOf = async (sessionId: string) => {
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`);
    return body.events.filter((event: { type: string }) => event.type === "session.woken") as Array<{
      data: { pid: number; resumed: boolean; spare?: boolean };
    }>;
  };
  /** How often Claude was given this message, over all conversations that it keeps. */
  const timesGiven = (text: string) => {
    const projects = join(scene.bench.home, ".claude/projects");
    return readdirSync(projects, { recursive: true })
      .map(String)
      .filter((path) => path.endsWith(".jsonl"))
      .flatMap((path) => readFileSync(join(projects, path), "utf8").split("\n"))
      .filter((line) => line.includes('"type":"user"') && line.includes(text)).length;
  };

  test("S16: the first message of a new session runs on the spare, in its own project, model, mode and id; another spare takes its place", async () => {
    const pid = await sparePid();
    expect(childrenOf(scene.server.pid)).toEqual([pid]);
    const first = await chat({
      message: "Remember the number 42",
      projectPath: scene.bench.project,
      permissionMode: "acceptEdits",
    });
    expect([first.status, first.body.reply?.text]).toEqual([200, "I will remember 42."]);
    const { sessionId } = first.body;
    expect(await wokenOf(sessionId)).toMatchObject([{ data: { pid, resumed: false, spare: true } }]);
    const second = await chat({ message: "What number did I ask you to remember?", sessionId });
    expect(second.body.reply.text).toBe("You asked me to remember 42.");
    expect(await wokenOf(sessionId)).toHaveLength(1);
    // S02: Claude's transcript lies under our id, in the folder of the project.
    const transcripts = readdirSync(join(scene.bench.home, ".claude/projects"), { recursive: true }).map(
      String,
    );
    expect(transcripts.filter((path) => path.endsWith(".jsonl"))).toEqual([
      `${scene.bench.project.replace(/[^a-zA-Z0-9]/g, "-")}/${sessionId}.jsonl`,
    ]);
    const next = await sparePid(2);
    expect(childrenOf(scene.server.pid).sort()).toEqual([pid, next].sort());
    const { body: metrics } = await scene.server.ask("GET", "/api/metrics/sessions");
    expect(metrics).toMatchObject({ spares: 1, starts: { spare: 1, cold: 0, resumed: 0 }, totalSessions: 1 });
    // A claimed spare is a process like any other: parked, and woken with its context by a start.
    await scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
    const third = await chat({ message: "What number did I ask you to remember?", sessionId });
    expect(third.body.reply.text).toBe("You asked me to remember 42.");
  });

  test("S16: so does the first message of a session that was begun without one", async () => {
    const pid = await sparePid();
    const { body } = await scene.server.ask("POST", "/api/sessions", {
      projectPath: scene.bench.project,
      permissionMode: "acceptEdits",
    });
    const { sessionId } = body;
    expect([body.state, body.process]).toEqual(["parked", undefined]);
    const first = await chat({ message: "write: note.txt some words", sessionId });
    expect([first.status, existsSync(join(scene.bench.project, "note.txt"))]).toEqual([200, true]);
    expect(await wokenOf(sessionId)).toMatchObject([{ data: { pid, resumed: false, spare: true } }]);
    // What has to be fixed at a start is started, and costs nobody a spare.
    const next = await sparePid(2);
    const other = await scene.server.ask("POST", "/api/sessions", {
      projectPath: scene.bench.project,
      appendSystemPrompt: "Be brief.",
    });
    await chat({ message: "say: hello", sessionId: other.body.sessionId });
    const [woken] = await wokenOf(other.body.sessionId);
    expect(woken?.data.pid).not.toBe(next);
    expect(childrenOf(scene.server.pid)).toContain(next);
  });

  test("S21: what a session on a spare wrote can be taken back", async () => {
    await sparePid();
    const wrote = await chat({
      message: "write: note.txt some words",
      projectPath: scene.bench.project,
      permissionMode: "acceptEdits",
    });
    const { sessionId, turnId } = wrote.body;
    expect(await wokenOf(sessionId)).toMatchObject([{ data: { spare: true } }]);
    const path = join(scene.bench.project, "note.txt");
    expect(existsSync(path)).toBe(true);
    const rewind = async (dryRun: boolean) =>
      (await scene.server.ask("POST", `/api/sessions/${sessionId}/rewind`, { messageId: turnId, dryRun }))
        .body;
    expect(await rewind(true)).toMatchObject({ canRewind: true, filesChanged: ["note.txt"] });
    expect(existsSync(path)).toBe(true);
    expect(await rewind(false)).toMatchObject({ canRewind: true, filesChanged: ["note.txt"] });
    expect(existsSync(path)).toBe(false);
  });

  test("S17: a spare that was killed is replaced, and a message that comes at that moment runs once on a process of its own", async () => {
    const pid = await sparePid();
    process.kill(pid, "SIGKILL");
    const first = await chat({ message: "Remember the number 7", projectPath: scene.bench.project });
    expect([first.status, first.body.reply?.text]).toEqual([200, "I will remember 7."]);
    const woken = await wokenOf(first.body.sessionId);
    expect(woken).toHaveLength(1);
    expect(woken[0]?.data.pid).not.toBe(pid);
    expect(timesGiven("Remember the number 7")).toBe(1);
    await sparePid(2);
  });

  test("S17: a spare that hangs is given up at the claim, and the message runs once on a normal start", async () => {
    const pid = await sparePid();
    process.kill(pid, "SIGSTOP");
    const first = await chat({ message: "Remember the number 9", projectPath: scene.bench.project });
    expect([first.status, first.body.reply?.text]).toEqual([200, "I will remember 9."]);
    const woken = await wokenOf(first.body.sessionId);
    expect(woken).toMatchObject([{ data: { resumed: false } }]);
    expect(woken[0]?.data.pid).not.toBe(pid);
    expect(timesGiven("Remember the number 9")).toBe(1);
    expect(processesOf(scene.bench)).not.toContain(pid);
  });

  const projectTrust = async (method: "PUT" | "DELETE") => {
    const { body } = await scene.server.ask("GET", "/api/projects");
    const { projectId } = body.projects.find(({ path }: { path: string }) => path === scene.bench.project);
    const { status } = await scene.server.ask(method, `/api/projects/${projectId}/trust`);
    expect(status).toBeLessThan(300);
  };
  const writeInProject = (path: string, content: string) =>
    writeFileSync(join(scene.bench.project, path), content);

  test("S16: a session in a trusted project begins on a spare, which reads and starts all that the project brings only then", async () => {
    const ran = join(scene.bench.dir, "ran.txt");
    const ranSoFar = () => (existsSync(ran) ? readFileSync(ran, "utf8").trim().split("\n") : []);
    const hooksSaying = (word: string) =>
      JSON.stringify({
        hooks: { SessionStart: [{ hooks: [{ type: "command", command: `echo ${word} >> ${ran}` }] }] },
      });
    mkdirSync(join(scene.bench.project, ".claude"));
    writeInProject("CLAUDE.md", "The word is heather.");
    writeInProject(".claude/settings.json", hooksSaying("first-hook"));
    const mcpServer = {
      command: "sh",
      args: [
        "-c",
        `echo mcp >> ${ran}; exec ${process.execPath} ${resolve("test/support/claude/formServer.mjs")}`,
      ],
    };
    writeInProject(".mcp.json", JSON.stringify({ mcpServers: { notes: mcpServer } }));
    await projectTrust("PUT");
    const plainPid = await sparePid();
    const ask = async (word: string) => {
      const message = `does a reminder say: The word is ${word}.`;
      const { status, body } = await chat({ message, projectPath: scene.bench.project });
      return { status, text: body.reply?.text, woken: (await wokenOf(body.sessionId))[0]?.data };
    };
    // The spare of a server that knows no trusted project follows the owner's settings alone.
    const first = await ask("heather");
    expect(first).toMatchObject({ status: 200, text: "Yes." });
    expect([first.woken?.pid === plainPid, first.woken?.spare]).toEqual([false, undefined]);
    expect(ranSoFar().sort()).toEqual(["first-hook", "mcp"]);
    const trustedPid = await sparePid(2);
    expect(linesOf("spare.ready")[1]).toMatchObject({ standing: "trusted" });
    expect(ranSoFar()).toHaveLength(2);
    // What is changed while the spare waits holds for the session.
    writeInProject("CLAUDE.md", "The word is bramble.");
    writeInProject(".claude/settings.json", hooksSaying("second-hook"));
    const second = await ask("bramble");
    expect(second).toMatchObject({ status: 200, text: "Yes.", woken: { pid: trustedPid, spare: true } });
    expect(ranSoFar().slice(2).sort()).toEqual(["mcp", "second-hook"]);
    // After a restart the first spare is for such projects already.
    await scene.server.kill("SIGTERM");
    scene.server = await startServer(scene.environment);
    const restartedPid = await sparePid();
    const third = await ask("bramble");
    expect(third).toMatchObject({ status: 200, text: "Yes.", woken: { pid: restartedPid, spare: true } });
    // It follows the project's settings, so it is not for a project that is not trusted any more.
    const lastPid = await sparePid(2);
    expect(linesOf("spare.ready")[1]).toMatchObject({ standing: "trusted" });
    await projectTrust("DELETE");
    const before = ranSoFar();
    const untrusted = await ask("bramble");
    expect([untrusted.status, untrusted.woken?.pid === lastPid]).toEqual([200, false]);
    expect([ranSoFar(), processesOf(scene.bench).includes(lastPid)]).toEqual([before, false]);
  });

  test("S17: a trusted project that sets what is fixed at a start gets a process of its own; each message runs once", async () => {
    mkdirSync(join(scene.bench.project, ".claude"));
    writeInProject(".claude/settings.json", JSON.stringify({ env: { COLOUR: "blue" } }));
    await projectTrust("PUT");
    for (const [index, number] of [11, 12, 13].entries()) {
      const pid = await sparePid(index + 1);
      const message = `Remember the number ${number}`;
      const { status, body } = await chat({ message, projectPath: scene.bench.project });
      expect([status, body.reply?.text]).toEqual([200, `I will remember ${number}.`]);
      expect((await wokenOf(body.sessionId))[0]?.data.pid).not.toBe(pid);
      expect(timesGiven(message)).toBe(1);
    }
    // The CLI refused the second one, so the third message was promised none.
    expect(linesOf("spare.refused")).toHaveLength(1);
    expect(linesOf("spare.ready").map(({ standing }) => standing)).toEqual(["plain", "trusted", "plain"]);
    expect(childrenOf(scene.server.pid)).toContain(await sparePid(3));
  });

  test("S17 F10: a spare that the server's SIGKILL orphaned is reaped by the next run", async () => {
    const pid = await sparePid();
    // One that cannot see its input end; the others go by themselves.
    process.kill(pid, "SIGSTOP");
    await scene.server.kill("SIGKILL");
    expect(processesOf(scene.bench)).toContain(pid);
    scene.server = await startServer(scene.environment);
    expect(processesOf(scene.bench)).not.toContain(pid);
    await sparePid();
  });

  test("S17: with little memory allowed there is no spare, and messages run", async () => {
    await scene.server.kill("SIGTERM");
    scene.server = await startServer({ ...scene.environment, MAX_TOTAL_MEMORY_GB: "0.19" });
    const first = await chat({ message: "Remember the number 3", projectPath: scene.bench.project });
    expect(first.body.reply.text).toBe("I will remember 3.");
    expect(linesOf("spare.ready")).toEqual([]);
  });
});
