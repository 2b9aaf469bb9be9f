import { describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const unknownId = "00000000-0000-4000-8000-000000000009";

/** A session with a process that was given a message. */
async function busySession() {
  const body = { projectPath: rig.project, message: "Hello." };
  const { sessionId, turnId } = (await rig.ask("POST", "/api/chat", { body })).body as Record<string, string>;
  return { sessionId: sessionId!, process: await rig.host.prompted(turnId!) };
}

describe("what Claude last said beside its turns", () => {
  test("T06 T07: todos and commands are shown to a reader, and are empty before anything was said", async () => {
    const { sessionId, process } = await busySession();
    const { token } = rig.device("read");
    const shown = async (what: string) =>
      (await rig.ask("GET", `/api/sessions/${sessionId}/${what}`, { token })).body;
    expect([await shown("todos"), await shown("commands")]).toEqual([{ todos: [] }, { commands: [] }]);
    const todo = { id: "1", text: "wash", state: "pending" as const };
    const command = { name: "compact", description: "", argumentHint: "", aliases: [], builtin: true };
    process.fact({ kind: "todos", change: { kind: "added", todo } });
    process.fact({ kind: "commands", commands: [command] });
    process.reply("Hi.");
    expect(await shown("todos")).toEqual({ todos: [todo] });
    expect(await shown("commands")).toEqual({ commands: [command] });
  });

  test.each(["todos", "commands"])("T06 T07: %s of an unknown session are refused", async (what) => {
    expectProblem(await rig.ask("GET", `/api/sessions/${unknownId}/${what}`), 404, "session_not_found");
  });

  test("T08 T12: the session carries its window's use and the proposals", async () => {
    const { sessionId, process } = await busySession();
    const shown = async () => (await rig.ask("GET", `/api/sessions/${sessionId}`)).body;
    expect(await shown()).toMatchObject({ suggestedPrompts: [], compacting: false });
    process.fact({ kind: "context", usedTokens: 30, windowTokens: 100 });
    process.reply("Hi.");
    expect((await shown()).context).toEqual({ usedTokens: 30, windowTokens: 100, percent: 30 });
  });
});

describe("GET /api/usage", () => {
  test("T09: sums up so many days as are asked for", async () => {
    const { process } = await busySession();
    const use = { model: "claude-x", costUsd: 0.5, inputTokens: 10, outputTokens: 5 };
    process.fact({ kind: "used", models: [use] });
    process.reply("Hi.");
    const { status, body } = await rig.ask("GET", "/api/usage?days=90", { token: rig.device("read").token });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      plan: { available: false, windows: [] },
      days: [{ costUsd: 0.5, turns: 1 }],
      byProject: [{ projectPath: rig.project, tokens: { input: 10, output: 5 } }],
      byModel: [{ model: "claude-x" }],
    });
  });

  test.each(["0", "91", "1.5", "many"])("T09: refuses %s days", async (days) => {
    expectProblem(await rig.ask("GET", `/api/usage?days=${days}`), 400, "invalid_request");
  });
});
