import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("erasing, %s", (_mode, settings) => {
  const scene = useScene({ every: "file", settings });

  test("a session that is erased is shown to no device again, one that comes back later included, and Claude forgets it", async () => {
    const { server, bench } = scene;
    const url = `${server.url.replace("http", "ws")}/ws`;
    const chat = (message: string) =>
      server.ask(
        "POST",
        "/api/chat",
        { projectPath: bench.project, message },
        { headers: { prefer: "wait=120" } },
      );
    const phone = await server.pair("phone");
    const early = await connect({ url, token: phone.token });
    const cursor = early.frames.find(({ type }) => type === "welcome")?.cursor ?? 0;
    const secret = (await chat("say: the secret word")).body;
    const kept = (await chat("say: another word")).body;
    const transcripts = () =>
      readdirSync(join(bench.home, ".claude", "projects"), { recursive: true }).map(String);
    expect(transcripts().some((path) => path.includes(secret.sessionId))).toBe(true);

    expect((await server.ask("DELETE", `/api/sessions/${secret.sessionId}?erase=true`)).body).toEqual({
      success: true,
      sessionId: secret.sessionId,
    });
    await early.waitFor(
      ({ event }) => event?.type === "session.closed" && event.data.erased === true,
      60_000,
    );
    await early.close();
    expect((await server.ask("GET", `/api/sessions/${secret.sessionId}`)).status).toBe(404);
    expect((await server.ask("GET", `/api/messages/${secret.reply.messageId}`)).status).toBe(404);
    expect(transcripts().some((path) => path.includes(secret.sessionId))).toBe(false);

    const late = await connect({ url, token: phone.token, cursor, epoch: phone.epoch });
    await late.waitFor(({ event }) => event?.type === "session.closed", 60_000);
    expect(late.frames.find(({ type }) => type === "welcome")).toMatchObject({ recovered: true });
    const events = late.frames.flatMap(({ event }) => (event ? [event] : []));
    expect(events.filter((event) => event.sessionId === secret.sessionId)).toMatchObject([
      { type: "session.closed", data: { erased: true } },
    ]);
    expect(JSON.stringify(events)).not.toContain("secret word");
    expect(
      events.some((event) => event.sessionId === kept.sessionId && event.type === "turn.completed"),
    ).toBe(true);
    await late.close();
  });
});
