import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const waitMs = 60_000;

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("T01 T03 a phone in a pocket, %s", (_mode, mode) => {
  const scene = useScene({ every: "file", apple: true, settings: { PUSH_GRACE_MS: "100", ...mode } });

  const chat = async (message: string) => {
    const { status, body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message, projectPath: scene.bench.project },
      { headers: { prefer: "wait=120" } },
    );
    expect([status, body.state]).toEqual([200, "completed"]);
    return body as { sessionId: string; turnId: string; reply: { text: string } };
  };
  const pair = async (deviceToken: string) => {
    const { token } = await scene.server.pair("phone");
    const push = { provider: "apns", token: deviceToken, environment: "production" };
    const { status } = await scene.server.ask("PATCH", "/api/devices/me", { push }, { token });
    expect(status).toBe(200);
  };
  /** What rang for a session, in order: its kind, its turn and its words. */
  const rang = (deviceToken: string, sessionId: string) =>
    scene.apple.requests
      .filter(({ token, status }) => token === deviceToken && status === 200)
      .map(({ payload }) => payload as { aps: { alert: { body: string } }; daylong: Record<string, string> })
      .filter(({ daylong }) => daylong.sessionId === sessionId)
      .map(({ aps, daylong }) => ({ kind: daylong.kind, turnId: daylong.turnId, body: aps.alert.body }));
  const ownTurn = (sessionId: string) =>
    eventually(
      "the end of Claude's own turn",
      async () => {
        const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`);
        return (body.events as Array<{ type: string; turnId: string; data: { origin?: string } }>).find(
          ({ type, data }) => type === "turn.completed" && data.origin === "task",
        )?.turnId;
      },
      waitMs,
    );

  test("hears what Claude says of the build that it began, as a reply of its own, and the build's end not besides", async () => {
    const phone = "a1".repeat(32);
    await pair(phone);
    const { sessionId, turnId } = await chat("background: sleep 1");
    const own = await ownTurn(sessionId);
    await eventually("two pushes", () => rang(phone, sessionId).length >= 2, waitMs);
    // What rings for a task rings some seconds after its end.
    await chat("say: later");
    const pushes = rang(phone, sessionId);
    expect(pushes.map((push) => [push.kind, push.turnId])).toEqual([
      ["reply", turnId],
      ["reply", own],
    ]);
    expect(pushes[1]?.body).toMatch(/^Background command .* completed/);
  });

  test("hears of the end of a task of which Claude says nothing", async () => {
    const phone = "b2".repeat(32);
    await pair(phone);
    const { sessionId, turnId } = await chat("background: sleep 1 => nothing");
    const own = await ownTurn(sessionId);
    await eventually("two pushes", () => rang(phone, sessionId).length >= 2, waitMs);
    expect(rang(phone, sessionId).map((push) => [push.kind, push.turnId])).toEqual([
      ["reply", turnId],
      ["task", own],
    ]);
  });

  test("F25: shows the answer also when a Stop hook ran into its cap, as chat and ask do", async () => {
    const phone = "c3".repeat(32);
    await pair(phone);
    const folder = join(scene.bench.home, ".claude");
    mkdirSync(folder, { recursive: true });
    const block = `printf '{"decision":"block","reason":"Go on."}'`;
    const hooks = { Stop: [{ hooks: [{ type: "command", command: block }] }] };
    writeFileSync(join(folder, "settings.json"), JSON.stringify({ hooks }));
    const { sessionId, reply } = await chat("say: The answer is 4.");
    expect(reply.text).not.toBe("");
    await eventually("a push", () => rang(phone, sessionId).length >= 1, waitMs);
    expect(rang(phone, sessionId)).toMatchObject([{ kind: "reply", body: reply.text }]);
    const asked = await scene.server.ask("POST", "/api/ask", {
      projectPath: scene.bench.project,
      prompt: "say: The answer is 4.",
    });
    expect(asked.body.text).toBe(reply.text);
  });
});
