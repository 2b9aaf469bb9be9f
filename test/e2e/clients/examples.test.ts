import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { startServer } from "../../support/server/daylongServer.ts";
import { runDaylong } from "../../support/server/runDaylong.ts";
import { useScene } from "../../support/server/scene.ts";

describe("the owner's own examples, sent with a token of daylong token", () => {
  const scene = useScene({ every: "file" });
  let token: string | undefined;
  const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    token ??= (await runDaylong(["token", "--data-dir", scene.bench.dataDir])).stdout.trim();
    return scene.server.ask(method, path, body, { token, headers });
  };
  const say = async (message: string, more: object = {}) =>
    ask("POST", "/api/chat", Object.assign({ message }, more), { prefer: "wait=60" });
  const begin = (message: string, more: object = {}) =>
    say(message, Object.assign({ projectPath: scene.bench.project }, more));

  test("EXAMPLE-1: the first message with a made-up device token is accepted, and the pushes are warned of", async () => {
    const { status, body } = await ask("POST", "/api/chat", {
      message: "Hello! Remember the number 42.",
      projectPath: scene.bench.project,
      deviceToken: "test-device-token",
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({ success: true, pushWarning: expect.stringContaining("not registered") });
    const { body: me } = await ask("GET", "/api/devices/me");
    expect(me.push).toBeNull();
  });

  test("EXAMPLE-5: the acceptance words: a word, a number, a sum, the previous question", async () => {
    const first = await begin("Remember the word BANANA");
    const { sessionId } = first.body;
    const heard = [first.body.reply.text];
    for (const message of [
      "What word did I ask you to remember?",
      "What is 2+2?",
      "What was my previous question?",
      "Hello! Remember the number 42.",
      "What number did I ask you to remember?",
    ])
      heard.push((await say(message, { sessionId })).body.reply.text);
    expect(heard).toEqual([
      "I will remember BANANA.",
      "You asked me to remember BANANA.",
      "4",
      "Your previous question was: What is 2+2?",
      "I will remember 42.",
      "You asked me to remember 42.",
    ]);
  });

  test("EXAMPLE-3: a recap of the session renews its lease", async () => {
    const { body } = await begin("Remember the word CHERRY");
    const before = (await ask("GET", `/api/sessions/${body.sessionId}`)).body.lease.expiresAt;
    const kept = await ask("POST", "/api/sessions/keep-alive", {
      sessionId: body.sessionId,
      action: "recap",
    });
    expect(kept.body).toMatchObject({ extended: true, recap: { text: expect.stringContaining("CHERRY") } });
    expect(kept.body.expiresAt).toBeGreaterThan(before);
  });

  test("EXAMPLE-4: another project beside a session is refused, its own passes", async () => {
    const { body } = await begin("Hello");
    const other = await say("On", { sessionId: body.sessionId, projectPath: "/etc" });
    expect([other.status, other.body.code]).toEqual([400, "project_mismatch"]);
    expect((await say("On", { sessionId: body.sessionId, projectPath: scene.bench.project })).status).toBe(
      200,
    );
  });

  test("EXAMPLE-6: systemPrompt replaces Claude's own, appendSystemPrompt adds to it", async () => {
    const session = async (options: object) => {
      const wanted = Object.assign({ projectPath: scene.bench.project }, options);
      return (await scene.server.ask("POST", "/api/sessions", wanted)).body.sessionId;
    };
    const holds = async (sessionId: string, words: string) =>
      (await say(`Does your system prompt say: ${words}`, { sessionId })).body.reply.text;
    const own = "You are an agent working with the user";
    const [plain, replaced, added] = [
      await session({}),
      await session({ systemPrompt: "You are a parrot." }),
      await session({ appendSystemPrompt: "Speak like a parrot." }),
    ];
    expect(await holds(plain, own)).toBe("Yes.");
    expect([await holds(replaced, "You are a parrot."), await holds(replaced, own)]).toEqual(["Yes.", "No."]);
    expect([await holds(added, "Speak like a parrot."), await holds(added, own)]).toEqual(["Yes.", "Yes."]);
  });

  test("EXAMPLE-6: a turn over its timeoutMs fails as timed_out, keeps its words, and is the session's last error until one is completed", async () => {
    const slow = await begin("slow: 30", { timeoutMs: 4_000 });
    expect(slow.body).toMatchObject({ state: "failed", error: { code: "timed_out" } });
    const { sessionId } = slow.body;
    const shown = async () => (await ask("GET", `/api/sessions/${sessionId}`)).body;
    expect((await shown()).lastError).toMatchObject({ code: "timed_out", at: expect.any(Number) });
    const lines = (await ask("GET", `/api/sessions/${sessionId}/output`)).body
      .trim()
      .split("\n")
      .map(JSON.parse);
    expect(lines).toMatchObject([
      { role: "user", content: "slow: 30" },
      { role: "assistant", content: expect.stringMatching(/^Slowly: word1/), partial: true },
    ]);
    expect(new Date(lines[1].timestamp).toISOString()).toBe(lines[1].timestamp);
    expect((await say("What is 2+2?", { sessionId })).body.reply.text).toBe("4");
    expect((await shown()).lastError).toBeUndefined();
  });

  test("EXAMPLE-6: contextFiles put files of the project before Claude, and no others", async () => {
    mkdirSync(join(scene.bench.project, "docs"), { recursive: true });
    writeFileSync(join(scene.bench.project, "docs", "the plan.md"), "The secret fruit is a papaya.\n");
    const given = await begin("Does a reminder say: secret fruit is a papaya", {
      contextFiles: ["docs/the plan.md"],
    });
    expect(given.body.reply.text).toBe("Yes.");
    const none = await begin("Does a reminder say: secret fruit is a papaya");
    expect(none.body.reply.text).toBe("No.");
    const outside = await begin("Hello", { contextFiles: ["/etc/hostname"] });
    expect([outside.status, outside.body.code]).toEqual([403, "file_forbidden"]);
    const { body: log } = await ask("GET", `/api/sessions/${given.body.sessionId}/events`);
    const accepted = log.events.find(({ type }: { type: string }) => type === "turn.accepted");
    expect(accepted.data).toMatchObject({
      message: "Does a reminder say: secret fruit is a papaya",
      contextFiles: ["docs/the plan.md"],
    });
  });

  test("EXAMPLE-9: the rollback's other name is taken and said, and the 42 test passes there and tells the mode", async () => {
    const dataDir = join(scene.bench.dir, "rollback");
    const server = await startServer({
      ...scene.environment,
      DATA_DIR: dataDir,
      CLAUDE_CODE__CLAUDE__USE_INTERACTIVE_SESSIONS: "false",
    });
    const where = ["--data-dir", dataDir, "--project", scene.bench.project];
    const { code, stdout, stderr } = await runDaylong(["test-session", ...where]);
    const { body } = await server.ask("GET", "/api/sessions/active?parked=true");
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(server.lines.filter((line) => line.includes('"config.notice"')).join("\n")).toContain(
      "CLAUDE_CODE__CLAUDE__USE_INTERACTIVE_SESSIONS",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Mode: the rollback, one process for a message");
    expect(stdout.match(/^ok {5}/gm)).toHaveLength(6);
    expect(body.sessions).toEqual([]);
    const usual = await runDaylong([
      "test-session",
      "--data-dir",
      scene.bench.dataDir,
      "--project",
      scene.bench.project,
    ]);
    expect(usual.stdout).toContain("Mode: one process for a session");
    expect(usual.code).toBe(0);
  });
});
