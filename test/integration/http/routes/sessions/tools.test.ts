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
