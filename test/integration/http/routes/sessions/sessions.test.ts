import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { projectIdOf } from "../../../../../server/access/projectRoots.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const newSession = async (body: Record<string, unknown> = {}) =>
  rig.ask("POST", "/api/sessions", { body: { projectPath: rig.project, ...body } });
const newSessionId = async (body: Record<string, unknown> = {}): Promise<string> =>
  String((await newSession(body)).body.sessionId);
/** One exchange; returns the texts' order. */
const talk = async (sessionId: string, message: string, text: string): Promise<void> => {
  const { turnId } = (await rig.ask("POST", "/api/chat", { body: { sessionId, message } })).body;
  await rig.pool.complete(String(turnId), { text });
};

describe("S20: sessions", () => {
  test("S20: a session is made with its options and shown", async () => {
    const resume = "00000000-0000-4000-8000-000000000001";
    rig.host.transcripts.add(resume);
    const made = await newSession({
      title: " Alpha ",
      resume,
      fork: true,
      allowedTools: ["Read"],
      maxTurns: 3,
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ title: "Alpha", projectPath: rig.project, state: "parked" });
    expect(rig.pool.calls[0]).toMatchObject({
      name: "createSession",
      request: { options: { allowedTools: ["Read"], maxTurns: 3, origin: { resume, fork: true } } },
    });
    for (const path of [
      `/api/sessions/${made.body.sessionId}`,
      `/api/sessions/interactive/${made.body.sessionId}/status`,
    ]) {
      expect((await rig.ask("GET", path)).body).toEqual(made.body);
    }
  });

  test("DOOR-4: a chat token is refused tools beyond reading and a system prompt, and what an admin chose is shown", async () => {
    const { token } = rig.device("chat");
    const made = (more: object) =>
      rig.ask("POST", "/api/sessions", { token, body: { projectPath: rig.project, ...more } });
    expectProblem(await made({ allowedTools: ["Bash"] }), 403, "tools_forbidden");
    expectProblem(await made({ systemPrompt: "You are a pirate." }), 403, "prompt_forbidden");
    expectProblem(await made({ permissionMode: "bypassPermissions" }), 403, "permission_mode_forbidden");
    const words = { allowedTools: ["Read"], appendSystemPrompt: "Be brief." };
    expect((await made(words)).body).toMatchObject(words);
    const chosen = { allowedTools: ["Bash"], systemPrompt: "You are a pirate." };
    const { body } = await newSession(chosen);
    expect(body).toMatchObject(chosen);
    const fork = await rig.ask("POST", `/api/sessions/${body.sessionId}/fork`, { token, body: {} });
    expectProblem(fork, 403, "tools_forbidden");
    const { body: events } = await rig.ask("GET", `/api/sessions/${body.sessionId}/events`);
    expect(events.events).toMatchObject([{ type: "session.created", data: chosen }]);
    const { body: audit } = await rig.ask("GET", "/api/audit?limit=1");
    expect(audit.entries).toMatchObject([
      { action: "session.create", detail: "allowedTools Bash; systemPrompt of 17 characters" },
    ]);
  });

  test("S20: the newest conversation of the project is asked for as such, or a copy of it", async () => {
    await newSession({ resume: "latest" });
    await newSession({ resume: "latest", fork: true });
    const wanted = rig.pool.calls.map((call) => "request" in call && call.request);
    expect(wanted).toMatchObject([
      { latest: { fork: false }, options: { origin: undefined } },
      { latest: { fork: true }, options: { origin: undefined } },
    ]);
    expectProblem(await newSession({ resume: "newest" }), 400, "invalid_request");
  });

  test("S20: a session that cannot be is refused", async () => {
    expectProblem(await newSession({ fork: true }), 400, "invalid_request");
    expectProblem(await newSession({ maxTurns: 0 }), 400, "invalid_request");
    expectProblem(await newSession({ permissionMode: "root" }), 400, "invalid_request");
    expectProblem(await newSession({ projectPath: "/etc" }), 403, "project_forbidden");
    expectProblem(await newSession({ projectPath: join(rig.root, "gone") }), 404, "project_not_found");
    expect(rig.pool.calls).toEqual([]);
  });

  test("S08: sessions are listed the latest first, page by page and filtered", async () => {
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) {
      ids.unshift(await newSessionId());
      rig.clock.advance(1000);
    }
    const seen: string[] = [];
    let before = "";
    for (let page = 0; page < 3; page += 1) {
      const { body } = await rig.ask("GET", `/api/sessions?limit=2${before}`);
      seen.push(...(body.sessions as Array<{ sessionId: string }>).map((session) => session.sessionId));
      before = `&before=${body.nextBefore}`;
      expect(body.nextBefore === undefined).toBe(page === 2);
    }
    expect(seen).toEqual(ids);
    await rig.ask("DELETE", `/api/sessions/${ids[0]}`);
    const count = async (query: string) =>
      ((await rig.ask("GET", `/api/sessions?${query}`)).body.sessions as unknown[]).length;
    expect(await count("state=closed")).toBe(1);
    expect(await count(`projectPath=${encodeURIComponent(rig.project)}`)).toBe(5);
    expect(await count("projectPath=~/root/alpha")).toBe(5);
    expect(await count("projectPath=/etc")).toBe(0);
    for (const query of ["state=asleep", "before=garbage", "limit=x", "limit=0", "limit=1&limit=2"]) {
      expectProblem(await rig.ask("GET", `/api/sessions?${query}`), 400, "invalid_request");
    }
  });

  test("S08: sessions of a directory that is gone are still found by its path", async () => {
    const sessionId = await newSessionId();
    rmSync(rig.project, { recursive: true });
    const asked = await rig.ask("GET", `/api/sessions?projectPath=${encodeURIComponent(rig.project)}`);
    expect(asked.body.sessions).toMatchObject([{ sessionId }]);
  });

  test("S08: the active ones come with the room that is left", async () => {
    const sessionId = await newSessionId();
    await newSessionId();
    await talk(sessionId, "Ask", "Say");
    const { body } = await rig.ask("GET", "/api/sessions/active");
    expect(body).toMatchObject({
      sessions: [{ sessionId }],
      stats: { totalSessions: 1, maxSessions: 10, availableSlots: 9, queuedTurns: 0 },
    });
  });

  test("EXAMPLE-9: with parked=true the active ones are followed by those that live without a process, closed ones never", async () => {
    const [parked, active, closed] = [await newSessionId(), await newSessionId(), await newSessionId()];
    await talk(active, "Ask", "Say");
    await rig.ask("DELETE", `/api/sessions/${closed}`);
    const ids = async (query: string) => {
      const { body } = await rig.ask("GET", `/api/sessions/active${query}`);
      return (body.sessions as Array<{ sessionId: string }>).map(({ sessionId }) => sessionId);
    };
    expect(await ids("?parked=true")).toEqual([active, parked]);
    expect(await ids("?parked=false")).toEqual([active]);
    expect((await rig.ask("GET", "/api/sessions/active?parked=yes")).status).toBe(400);
  });

  test("S22: a patch changes what it names", async () => {
    const sessionId = await newSessionId();
    const patch = (body: unknown) => rig.ask("PATCH", `/api/sessions/${sessionId}`, { body });
    const body = { title: "New", model: "opus", muted: true, autoKeepAlive: true };
    expect((await patch(body)).body).toMatchObject(body);
    expect((await patch({ model: null })).body).toMatchObject({ title: "New", model: null });
    expectProblem(await patch({ title: "" }), 400, "invalid_request");
    expectProblem(await rig.ask("PATCH", "/api/sessions/unknown", { body: {} }), 404, "session_not_found");
  });

  test("S25: a session is closed by either address; an unknown one is said to be", async () => {
    for (const path of ["/api/sessions", "/api/sessions/interactive"]) {
      const sessionId = await newSessionId();
      expect((await rig.ask("DELETE", `${path}/${sessionId}`)).body).toEqual({ success: true, sessionId });
      expect(rig.pool.session(sessionId).state).toBe("closed");
      expectProblem(await rig.ask("DELETE", `${path}/unknown`), 404, "session_not_found");
    }
  });

  test("S05 EXAMPLE-3: keep-alive opens the next term, and so does a recap, which is told; a refused one leaves the lease", async () => {
    const sessionId = await newSessionId();
    rig.clock.advance(3_600_000);
    const keep = (body: unknown) => rig.ask("POST", "/api/sessions/keep-alive", { body });
    const expiresAt = rig.clock.now() + 24 * 3_600_000;
    expect((await keep({ sessionId })).body).toEqual({ success: true, sessionId, extended: true, expiresAt });
    rig.clock.advance(60_000);
    expectProblem(await keep({ sessionId, action: "recap" }), 409, "nothing_to_recap");
    expect((await rig.ask("GET", `/api/sessions/${sessionId}`)).body).toMatchObject({ lease: { expiresAt } });
    await talk(sessionId, "Ask", "Say");
    rig.clock.advance(3_600_000);
    expect((await keep({ sessionId, action: "recap" })).body).toEqual({
      success: true,
      sessionId,
      extended: true,
      expiresAt: expiresAt + 3_660_000,
      recap: { text: "A recap.", createdAt: rig.clock.now(), turnCount: 1, cached: false },
    });
    expectProblem(await keep({ sessionId, action: "sleep" }), 400, "invalid_request");
    expectProblem(await keep({}), 400, "invalid_request");
  });

  test("S29: processes are stopped, one or all", async () => {
    const sessionId = await newSessionId();
    await talk(sessionId, "Ask", "Say");
    const cancel = async (body?: unknown) => (await rig.ask("POST", "/api/sessions/cancel", { body })).body;
    expect(await cancel({ sessionId })).toEqual({ cancelled: [sessionId] });
    expect(await cancel()).toEqual({ cancelled: [] });
    expect(rig.pool.calls.at(-1)).toMatchObject({ name: "stopProcesses", request: { sessionId: undefined } });
  });
});

describe("S30: what was said", () => {
  test("S30: the transcript comes in pages, the newest message first", async () => {
    const sessionId = await newSessionId();
    for (const round of ["one", "two", "three"]) await talk(sessionId, `Ask ${round}`, `Say ${round}`);
    const texts: string[] = [];
    let before = "";
    for (let page = 0; page < 3; page += 1) {
      const { body } = await rig.ask("GET", `/api/sessions/${sessionId}/messages?limit=2${before}`);
      const messages = body.messages as Array<{ role: string; text: string }>;
      texts.push(...messages.map((message) => `${message.role}: ${message.text}`));
      before = `&before=${body.nextBefore}`;
      expect(body.nextBefore === undefined).toBe(page === 2);
    }
    expect(texts).toEqual([
      "assistant: Say three",
      "user: Ask three",
      "assistant: Say two",
      "user: Ask two",
      "assistant: Say one",
      "user: Ask one",
    ]);
    const garbled = await rig.ask("GET", `/api/sessions/${sessionId}/messages?before=zzz`);
    expectProblem(garbled, 400, "invalid_request");
    expectProblem(await rig.ask("GET", "/api/sessions/unknown/messages"), 404, "session_not_found");
  });

  test("S30: a page of long replies ends early, and leads on to the rest", async () => {
    const sessionId = await newSessionId();
    for (let round = 0; round < 6; round += 1)
      await rig.store.transaction(() => say(sessionId, `${round}${"x".repeat(1_000_000)}`));
    const sizes: number[] = [];
    let seen = "";
    for (let before: unknown = ""; before !== undefined; ) {
      const { body } = await rig.ask("GET", `/api/sessions/${sessionId}/messages?limit=200${before}`);
      const messages = body.messages as Array<{ text: string }>;
      sizes.push(messages.length);
      seen += messages.map(({ text }) => text[0]).join("");
      before = body.nextBefore === undefined ? undefined : `&before=${body.nextBefore}`;
    }
    expect(seen).toBe("543210");
    expect(sizes).toEqual([4, 2]);
  });

  test("S30: the output is JSON lines, the oldest first, of long sessions too", async () => {
    const sessionId = await newSessionId();
    for (let round = 0; round < 260; round += 1)
      await rig.store.transaction(() => say(sessionId, `Line\n${round}`));
    await talk(sessionId, "Ask", "Say");
    const asked = await rig.ask("GET", `/api/sessions/${sessionId}/output`);
    expect(asked.headers.get("content-type")).toMatch(/^application\/x-ndjson/);
    expect(asked.text.endsWith("\n")).toBe(true);
    const lines = asked.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(262);
    expect(lines[0]).toEqual({
      role: "assistant",
      content: "Line\n0",
      timestamp: new Date(rig.clock.now()).toISOString(),
    });
    expect(lines.slice(-2)).toMatchObject([
      { role: "user", content: "Ask" },
      { role: "assistant", content: "Say" },
    ]);
    const empty = await rig.ask("GET", `/api/sessions/${await newSessionId()}/output`);
    expect([empty.status, empty.text]).toEqual([200, ""]);
    expectProblem(await rig.ask("GET", "/api/sessions/unknown/output"), 404, "session_not_found");
  });

  test("D02: a session's events come after a sequence number", async () => {
    const sessionId = await newSessionId();
    await talk(sessionId, "Ask", "Say");
    const asked = await rig.ask("GET", `/api/sessions/${sessionId}/events?after=1&limit=1`);
    expect(asked.body).toMatchObject({
      events: [{ sessionId, seq: 2, type: "turn.accepted" }],
      lastSeq: 6,
    });
    const all = await rig.ask("GET", `/api/sessions/${sessionId}/events`);
    expect((all.body.events as Array<{ seq: number }>).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expectProblem(await rig.ask("GET", `/api/sessions/${sessionId}/events?after=-1`), 400, "invalid_request");
    expectProblem(await rig.ask("GET", "/api/sessions/unknown/events"), 404, "session_not_found");
  });
});

describe("S31: projects", () => {
  test("S31: roots and their directories are listed with their sessions, deeper ones that have some too", async () => {
    mkdirSync(join(rig.root, "beta", "deep", "er"), { recursive: true });
    await newSessionId();
    rig.clock.advance(1000);
    await newSessionId();
    await newSessionId({ projectPath: join(rig.root, "beta", "deep") });
    const gone = join(rig.root, "beta", "deep", "er");
    await newSessionId({ projectPath: gone });
    rmSync(gone, { recursive: true });
    const at = rig.clock.now();
    const project = (path: string, name: string, sessionCount: number, lastActivityAt: number | null) => ({
      projectId: projectIdOf(path),
      path,
      name,
      sessionCount,
      lastActivityAt,
      trust: "plain",
      rules: [],
    });
    expect((await rig.ask("GET", "/api/projects")).body).toEqual({
      roots: [rig.root],
      projects: [
        project(rig.project, "alpha", 2, at),
        project(join(rig.root, "beta"), "beta", 0, null),
        project(join(rig.root, "beta", "deep"), "deep", 1, at),
      ],
    });
  });

  test("S31: a directory is made under a root, once, and the audit says by whom", async () => {
    const make = (root: string, name: string) => rig.ask("POST", "/api/projects", { body: { root, name } });
    const made = await make(rig.root, "gamma");
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ path: join(rig.root, "gamma"), sessionCount: 0, lastActivityAt: null });
    expect((await make(rig.root, "gamma")).status).toBe(200);
    expectProblem(await make(rig.root, "../gamma"), 400, "invalid_request");
    expectProblem(await make("/etc", "gamma"), 403, "project_forbidden");
    const entries = rig.store.audit
      .list(undefined, 10)
      .entries.filter((entry) => entry.action === "project.create");
    expect(entries).toMatchObject([{ deviceId: "local", target: join(rig.root, "gamma") }]);
  });
});

function say(sessionId: string, text: string): void {
  const messageId = randomUUID();
  rig.store.events.append({ sessionId, type: "message", data: { messageId, text } });
}
