import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  sideSettings,
  sides,
  startServer,
} from "../../support/server/daylongServer.ts";
import { fakeInhibitors, isRunning } from "../../support/sleepInhibitors.ts";

const wait = { headers: { prefer: "wait=60" } };

describe.each(sides)("O14: the computer is kept awake, %s", (_name, side) => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let inhibitors: ReturnType<typeof fakeInhibitors>;

  beforeEach(async () => {
    bench = makeBench();
    model = await startDemoModel();
    inhibitors = fakeInhibitors(bench.dir);
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      ...sideSettings(bench, side),
      KEEP_AWAKE: "work",
      PATH: inhibitors.path,
    });
  });
  afterEach(async () => {
    await server.kill("SIGKILL");
    await model.stop();
    bench.remove();
  });

  const state = async () => (await server.ask("GET", "/health")).body.checks.keepAwake;
  const chat = (body: Record<string, unknown>, options = {}) =>
    server.ask("POST", "/api/chat", { projectPath: bench.project, ...body }, options);
  const held = async () => {
    await eventually("it is held", async () => (await state()).detail.startsWith("kept awake"));
    await eventually("the program runs", () => inhibitors.calls().length > 0);
    return inhibitors.calls().at(-1)!;
  };

  test("O14: while a turn runs, by the system's program, and not after it", async () => {
    expect(await state()).toEqual({ state: "ok", detail: "nothing to be kept awake for" });
    const slow = chat({ message: "slow: 4" }, wait);
    const { pid, name } = await held();
    expect(name).toBe(side === "linux" ? "systemd-inhibit" : "caffeinate");
    expect(await state()).toEqual({ state: "ok", detail: "kept awake: 1 turn running" });
    expect((await slow).body.state).toBe("completed");
    await eventually("it is let go", () => !isRunning(pid));
    expect((await state()).detail).toBe("nothing to be kept awake for");
    expect(inhibitors.calls()).toHaveLength(1);
  });

  test("O14: while a task runs after its turn, and not after it was stopped", async () => {
    const { body } = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      allowedTools: ["Bash"],
    });
    await chat({ sessionId: body.sessionId, message: "background: sleep 300" }, wait);
    const { pid } = await held();
    await eventually(
      "only the task is left",
      async () => (await state()).detail === "kept awake: 1 task running",
    );
    const { tasks } = (await server.ask("GET", `/api/sessions/${body.sessionId}/tasks`)).body;
    await server.ask("DELETE", `/api/sessions/${body.sessionId}/tasks/${tasks[0].taskId}`);
    await eventually("it is let go", () => !isRunning(pid));
  });

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "O14: it is let go when the server ends by %s in a turn",
    async (signal) => {
      await chat({ message: "slow: 60" });
      const { pid } = await held();
      await server.kill(signal);
      await eventually("it is let go", () => !isRunning(pid));
    },
  );
});
