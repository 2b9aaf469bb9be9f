import { expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

test("what a tool did is read by its id, from the conversation that the session goes on with or began with", async () => {
  const caller = { deviceId: "local", scope: "admin" as const };
  const { sessionId } = await rig.pool.createSession({ caller, projectPath: rig.project, options: {} });
  const record = (toolUseId: string) => ({
    toolUseId,
    toolName: "Bash",
    title: "Bash: ls",
    input: { command: "ls" },
    output: "a",
    failed: false,
    truncated: false,
  });
  rig.history.tools.set(`${sessionId} toolu_1`, record("toolu_1"));
  rig.history.tools.set("cleared toolu_2", record("toolu_2"));
  const read = (toolUseId: string) => rig.ask("GET", `/api/sessions/${sessionId}/tools/${toolUseId}`);
  expect((await read("toolu_1")).body).toEqual(record("toolu_1"));
  rig.store.transaction(() => rig.store.sessions.setClaudeSession(sessionId, "cleared"));
  expect((await read("toolu_2")).body).toEqual(record("toolu_2"));
  expect((await read("toolu_1")).status).toBe(200);
  expectProblem(await read("toolu_3"), 404, "tool_not_found");
  expectProblem(await read("..%2F..%2Fetc"), 400, "invalid_request");
});

test("T05: a result of which the end was just told is waited for, and one that never comes for 3 seconds", async () => {
  const caller = { deviceId: "local", scope: "admin" as const };
  const { sessionId } = await rig.pool.createSession({ caller, projectPath: rig.project, options: {} });
  const use = (toolUseId: string, output?: string) => {
    const record = { toolUseId, toolName: "Bash", title: "Bash: ls", input: {}, truncated: false };
    rig.history.tools.set(`${sessionId} ${toolUseId}`, output === undefined ? record : { ...record, output });
  };
  const read = (toolUseId: string) => rig.ask("GET", `/api/sessions/${sessionId}/tools/${toolUseId}`);
  const tellEnd = (toolUseId: string) => {
    const data = { toolUseId, toolName: "Bash", failed: false };
    rig.store.transaction(() => rig.store.events.append({ sessionId, type: "tool.finished", data }));
  };
  const timers = rig.clock.armed;
  const untilWaiting = async () => {
    while (rig.clock.armed === timers) await new Promise((resolve) => setImmediate(resolve));
  };

  // While it runs there is nothing to wait for.
  use("toolu_late");
  expect((await read("toolu_late")).body).not.toHaveProperty("output");

  tellEnd("toolu_late");
  const late = read("toolu_late");
  await untilWaiting();
  use("toolu_late", "a");
  await rig.clock.run(100);
  expect((await late).body).toMatchObject({ output: "a" });

  tellEnd("toolu_unwritten");
  const unwritten = read("toolu_unwritten");
  await untilWaiting();
  use("toolu_unwritten", "b");
  await rig.clock.run(100);
  expect((await unwritten).body).toMatchObject({ output: "b" });

  use("toolu_cut");
  tellEnd("toolu_cut");
  const cut = read("toolu_cut");
  await untilWaiting();
  await rig.clock.run(3_000);
  expect((await cut).body).not.toHaveProperty("output");

  await rig.clock.run(10_000);
  expect((await read("toolu_cut")).status).toBe(200);
});
