import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

const hello = () => ({ message: "Hello", projectPath: rig.project });
const apple = "a".repeat(64);
const newSession = async () => String((await rig.ask("POST", "/api/chat", { body: hello() })).body.sessionId);

describe("EXAMPLE-1: a deviceToken that cannot be Apple's", () => {
  test.each([
    ["test-device-token"],
    [""],
    ["<a1b2c3>"],
    ["your-device-token-here"],
    ["a1b2"],
    ["z".repeat(64)],
    [`${"a".repeat(63)} `],
    ["0x".padEnd(64, "a")],
    ["a".repeat(401)],
    ["ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]"],
    ["emoji 🙂"],
    [`${"a".repeat(32)}-${"b".repeat(31)}`],
  ])(
    "EXAMPLE-1: %j is no fault of the message: it is accepted, nothing is registered, and a warning says so",
    async (deviceToken) => {
      const { deviceId, token } = rig.device();
      const asked = await rig.ask("POST", "/api/chat", { token, body: { ...hello(), deviceToken } });
      expect(asked.status).toBe(202);
      expect(asked.body.pushWarning).toMatch(/not registered/);
      expect(rig.access.get(deviceId).push).toBeNull();
    },
  );

  test("EXAMPLE-1: Apple's own is registered, in either spelling of its digits, without a warning; null is absent", async () => {
    const { deviceId, token } = rig.device();
    const body = { ...hello(), deviceToken: "AB".repeat(32) };
    const asked = await rig.ask("POST", "/api/chat", { token, body });
    expect(asked.body).not.toHaveProperty("pushWarning");
    expect(rig.access.get(deviceId).push).toMatchObject({ provider: "apns", token: "ab".repeat(32) });
  });
});

describe("EXAMPLE-2: a refused message registers nothing", () => {
  test.each([
    [404, () => ({ message: "Hi", sessionId: "00000000-0000-4000-8000-000000000000" })],
    [403, () => ({ message: "Hi", projectPath: "/etc" })],
    [404, () => ({ message: "Hi", projectPath: `${rig.root}/missing` })],
    [400, () => ({ message: "Hi" })],
    [400, () => ({ message: "", projectPath: rig.project })],
    [400, () => ({ message: "Hi", projectPath: "relative" })],
    [413, () => ({ message: "x".repeat(256 * 1024 + 1), projectPath: rig.project })],
    [403, () => ({ ...hello(), permissionMode: "bypassPermissions" })],
    [403, () => ({ ...hello(), message: "/model opus" })],
    [404, () => ({ ...hello(), attachments: [{ attachmentId: "00000000-0000-4000-8000-000000000000" }] })],
    [403, () => ({ ...hello(), contextFiles: ["/etc/passwd"] })],
  ])("EXAMPLE-2: %i, case %#", async (status, body) => {
    const { deviceId, token } = rig.device();
    const asked = await rig.ask("POST", "/api/chat", { token, body: { ...body(), deviceToken: apple } });
    expect(asked.status).toBe(status);
    expect(rig.access.get(deviceId).push).toBeNull();
  });

  test("EXAMPLE-2: a repeat that comes late does not bring an old token back", async () => {
    const { deviceId, token } = rig.device();
    const body = { ...hello(), clientMessageId: "m", deviceToken: apple };
    await rig.ask("POST", "/api/chat", { token, body });
    const push = { provider: "apns", token: "b".repeat(64) };
    await rig.ask("PATCH", "/api/devices/me", { token, body: { push } });
    expect((await rig.ask("POST", "/api/chat", { token, body })).body.duplicate).toBe(true);
    expect(rig.access.get(deviceId).push).toMatchObject({ token: "b".repeat(64) });
  });
});

describe("EXAMPLE-4: a projectPath beside a sessionId", () => {
  test("EXAMPLE-4: the session's own passes, however it is spelled", async () => {
    const sessionId = await newSession();
    symlinkSync(rig.project, join(rig.root, "link"));
    for (const projectPath of [
      rig.project,
      `${rig.project}/`,
      `${rig.project}/../alpha`,
      `${rig.root}//alpha`,
      join(rig.root, "link"),
    ]) {
      const asked = await rig.ask("POST", "/api/chat", { body: { message: "On", sessionId, projectPath } });
      expect([projectPath, asked.status]).toEqual([projectPath, 202]);
    }
  });

  test("EXAMPLE-4: another one, forbidden or missing ones too, is project_mismatch, and nothing is kept", async () => {
    const sessionId = await newSession();
    mkdirSync(join(rig.root, "beta"));
    const turns = () => rig.store.events.after(0, 100).filter(({ type }) => type === "turn.accepted").length;
    const before = turns();
    for (const projectPath of [
      join(rig.root, "beta"),
      rig.root,
      "/",
      "/etc",
      "/etc/passwd",
      `${rig.root}/missing`,
      `${rig.root}/.git`,
      `${rig.project}/inside`,
      "alpha",
      "../alpha",
      "~",
    ]) {
      const asked = await rig.ask("POST", "/api/chat", { body: { message: "On", sessionId, projectPath } });
      expectProblem(asked, 400, "project_mismatch");
    }
    expect(turns()).toBe(before);
    const unknown = { message: "On", sessionId: "00000000-0000-4000-8000-000000000000", projectPath: "/etc" };
    expectProblem(await rig.ask("POST", "/api/chat", { body: unknown }), 404, "session_not_found");
  });
});

describe("EXAMPLE-6: a time limit and files of the project with a message", () => {
  test("EXAMPLE-6: a turn that takes longer than its timeoutMs ends as failed, timed_out, with what was heard, and the session says so", async () => {
    const asking = rig.ask("POST", "/api/chat", {
      body: { ...hello(), timeoutMs: 5_000 },
      headers: { prefer: "wait=60" },
    });
    await rig.pool.whenWaiting(1);
    const turnId = rig.store.events.after(0, 100).find(({ type }) => type === "turn.accepted")!.turnId!;
    const process = await rig.host.prompted(turnId);
    process.delta("As I was say");
    rig.clock.advance(4_999);
    expect(rig.pool.waiting).toBe(1);
    rig.clock.advance(1);
    const asked = await asking;
    expect(asked.body).toMatchObject({ state: "failed", error: { code: "timed_out" } });
    const session = await rig.ask("GET", `/api/sessions/${asked.body.sessionId}`);
    expect(session.body).toMatchObject({ lastError: { code: "timed_out" }, lastText: "As I was say" });
    const turn = await rig.ask("GET", `/api/sessions/${asked.body.sessionId}/turns/${turnId}`);
    expect(turn.body).toMatchObject({ timeoutMs: 5_000, state: "failed" });
  });

  test("EXAMPLE-6: files are looked for in the project alone", async () => {
    mkdirSync(join(rig.root, "beta"));
    writeFileSync(join(rig.root, "beta", "secret.txt"), "x");
    writeFileSync(join(rig.project, "a b.txt"), "x");
    symlinkSync(join(rig.root, "beta", "secret.txt"), join(rig.project, "out.txt"));
    const given = (...contextFiles: string[]) =>
      rig.ask("POST", "/api/chat", { body: { ...hello(), contextFiles } });
    expect((await given("a b.txt", join(rig.project, "a b.txt"), "./a b.txt")).status).toBe(202);
    for (const path of [
      "../beta/secret.txt",
      join(rig.root, "beta", "secret.txt"),
      "out.txt",
      "/etc/passwd",
      "..",
      "/",
    ])
      expectProblem(await given("a b.txt", path), 403, "file_forbidden");
    for (const path of ["missing.txt", 'a".txt', "a#b", "a\nb", ""])
      expectProblem(await given("a b.txt", path), 400, "invalid_request");
    expectProblem(await given(...Array.from({ length: 21 }, () => "a b.txt")), 400, "invalid_request");
  });

  test("EXAMPLE-6: the same id with other files or another limit is another message", async () => {
    writeFileSync(join(rig.project, "a.txt"), "x");
    const body = { ...hello(), clientMessageId: "m", contextFiles: ["a.txt"] };
    const first = await rig.ask("POST", "/api/chat", { body });
    expect((await rig.ask("POST", "/api/chat", { body })).body).toMatchObject({
      duplicate: true,
      turnId: first.body.turnId,
    });
    for (const other of [{ contextFiles: undefined }, { timeoutMs: 1_000 }])
      expectProblem(
        await rig.ask("POST", "/api/chat", { body: Object.assign({}, body, other) }),
        409,
        "idempotency_conflict",
      );
  });
});
