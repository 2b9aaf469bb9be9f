import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const waitMs = 60_000;

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("F25 a Stop hook that runs into its cap, %s", (_mode, mode) => {
  const scene = useScene({ every: "file", apple: true, settings: { PUSH_GRACE_MS: "100", ...mode } });

  const chat = async (message: string) => {
    const { status, body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message, projectPath: scene.bench.project },
      { headers: { prefer: "wait=120" } },
    );
    expect([status, body.state]).toEqual([200, "completed"]);
    return body as { sessionId: string; reply: { text: string } };
  };
  const pair = async (deviceToken: string) => {
    const { token } = await scene.server.pair("phone");
    const push = { provider: "apns", token: deviceToken, environment: "production" };
    const { status } = await scene.server.ask("PATCH", "/api/devices/me", { push }, { token });
    expect(status).toBe(200);
  };
  /** What rang for a session: its kind and its words. */
  const rang = (deviceToken: string, sessionId: string) =>
    scene.apple.requests
      .filter(({ token, status }) => token === deviceToken && status === 200)
      .map(({ payload }) => payload as { aps: { alert: { body: string } }; daylong: Record<string, string> })
      .filter(({ daylong }) => daylong.sessionId === sessionId)
      .map(({ aps, daylong }) => ({ kind: daylong.kind, body: aps.alert.body }));
  test("F25: takes no answer away: chat, ask and the push have it", async () => {
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
