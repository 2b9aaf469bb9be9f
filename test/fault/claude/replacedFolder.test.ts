import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { processesOf, sides, startServer } from "../../support/server/daylongServer.ts";
import { runDaylong } from "../../support/server/runDaylong.ts";
import { useScene } from "../../support/server/scene.ts";

describe("F10: what a killed server left is ended by the next one, whatever became of its database", () => {
  const scene = useScene({ every: "test" });

  /** Begins a session, and kills the server while the session's CLI stands still: it cannot end by itself. */
  const leaveProcess = async (): Promise<number> => {
    const { bench, server } = scene;
    const message = { message: "say: Here.", projectPath: bench.project };
    const { body } = await server.ask("POST", "/api/chat", message, { headers: { prefer: "wait=60" } });
    const { body: session } = await server.ask("GET", `/api/sessions/${body.sessionId}`);
    process.kill(session.process.pid, "SIGSTOP");
    await server.kill("SIGKILL");
    expect(processesOf(bench)).toContain(session.process.pid);
    return session.process.pid;
  };
  const startAgain = async () => {
    scene.server = await startServer(scene.environment);
    return scene.server.lines.map((line) => JSON.parse(line)).find(({ event }) => event === "process.reaped");
  };

  test("F10: the data folder was deleted: the process is known by the mark of its server", async () => {
    const pid = await leaveProcess();
    rmSync(scene.bench.dataDir, { recursive: true });
    const reaped = await startAgain();
    expect(reaped).toMatchObject({ records: 0 });
    expect(reaped.processes).toBeGreaterThan(0);
    expect(processesOf(scene.bench)).not.toContain(pid);
  });

  test("F10: a server in another folder leaves it alone", async () => {
    const pid = await leaveProcess();
    const elsewhere = { ...scene.environment, DATA_DIR: join(scene.bench.dir, "elsewhere") };
    const other = await startServer(elsewhere);
    expect(processesOf(scene.bench)).toContain(pid);
    expect(await other.kill("SIGTERM")).toBe(0);
    await startAgain();
    expect(processesOf(scene.bench)).not.toContain(pid);
  });
});

describe.each(sides)("O05: a backup is restored over the folder of a killed server, %s", (_name, side) => {
  const scene = useScene({ every: "test", side });

  test("O05 F10: its processes are told of, and ended by the next start", async () => {
    const { bench, server } = scene;
    const file = join(bench.dir, "before.tar");
    const here = ["--data-dir", bench.dataDir];
    expect(await runDaylong(["backup", file, ...here])).toMatchObject({ code: 0 });
    const message = { message: "say: Here.", projectPath: bench.project };
    const { body } = await server.ask("POST", "/api/chat", message, { headers: { prefer: "wait=60" } });
    const { body: session } = await server.ask("GET", `/api/sessions/${body.sessionId}`);
    const { pid } = session.process;
    process.kill(pid, "SIGSTOP");
    await server.kill("SIGKILL");
    const { NODE_OPTIONS: onSide = "" } = scene.environment;
    const restored = await runDaylong(["restore", file, ...here], { env: { NODE_OPTIONS: onSide } });
    expect([restored.code, restored.stdout]).toEqual([
      0,
      expect.stringContaining("processes of Claude's still run (1): the next start ends them."),
    ]);
    expect(processesOf(bench)).toContain(pid);
    scene.server = await startServer(scene.environment);
    expect(processesOf(bench)).not.toContain(pid);
  });
});
