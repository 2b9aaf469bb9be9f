import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tinyHeic, tinyPng } from "../../support/images.ts";
import { childrenOf, eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

const wait = { headers: { prefer: "wait=120" } };
const scene = useScene({ every: "file", settings: { MAX_CONCURRENT_SESSIONS: "2" } });

const chat = (body: Record<string, unknown>) =>
  scene.server.ask("POST", "/api/chat", { projectPath: scene.bench.project, ...body }, wait);
const inbox = () => join(scene.bench.project, ".daylong", "inbox");
const image = { name: "photo.png", mimeType: "image/png", data: tinyPng.toString("base64") };
const file = (name: string, text: string) => ({
  name,
  mimeType: "text/plain",
  data: Buffer.from(text).toString("base64"),
});

describe("S33: attachments", () => {
  test("S33: images are shown to Claude, other files lie in the project's inbox with a word of them", async () => {
    const uploaded = await fetch(`${scene.server.url}/api/attachments`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${scene.server.adminToken}`,
        "content-type": "text/csv",
        "x-filename": "../../sales%202026.csv",
      },
      body: "a,b\n1,2\n",
    });
    const { attachmentId } = (await uploaded.json()) as { attachmentId: string };
    const asked = await chat({ message: "What did I send?", attachments: [image, { attachmentId }] });
    expect(asked.body.reply.text).toBe("Images: 1. Files: .daylong/inbox/sales 2026.csv.");
    expect(readFileSync(join(inbox(), "sales 2026.csv"), "utf8")).toBe("a,b\n1,2\n");
    // On the live process of the session, too.
    const { sessionId } = asked.body;
    const again = await chat({ sessionId, message: "What did I send?", attachments: [file("b.txt", "b")] });
    expect(again.body.reply.text).toBe("Images: 0. Files: .daylong/inbox/b.txt.");
  });

  test.each(["image/heic", "", "application/octet-stream; charset=binary"])(
    "REPORT-12: a HEIC photo of type %p is shown to Claude as a picture",
    async (mimeType) => {
      const photo = { name: "IMG_0042.HEIC", mimeType, data: tinyHeic.toString("base64") };
      const asked = await chat({ message: "What did I send?", attachments: [photo] });
      expect(asked.body.reply.text).toBe("Images: 1. Files: none.");
    },
  );

  test("S33: they come over the socket, once, however often the frame is sent", async () => {
    const phone = await scene.server.pair("phone");
    const socket = await connect({ url: `${scene.server.url.replace("http", "ws")}/ws`, token: phone.token });
    const send = {
      type: "send",
      clientMessageId: "look",
      projectPath: scene.bench.project,
      message: "What did I send?",
      attachments: [file("socket.txt", "from the socket")],
    };
    socket.send({ ...send, ref: "1" });
    const { turnId } = await socket.waitForRef("1");
    socket.send({ ...send, ref: "2" });
    expect(await socket.waitForRef("2")).toMatchObject({ turnId, duplicate: true });
    const done = await socket.waitFor(
      ({ event }) => event?.type === "turn.completed" && event.turnId === turnId,
      120_000,
    );
    expect(JSON.stringify(done.event?.data)).toContain("Files: .daylong/inbox/socket.txt.");
    expect(readdirSync(inbox()).filter((name) => name.startsWith("socket"))).toEqual(["socket.txt"]);
    await socket.close();
  });

  test("S33: a message that waits when the server is killed still has its files afterwards", async () => {
    const running = await scene.server.ask("POST", "/api/chat", {
      projectPath: scene.bench.project,
      message: "think: 3",
    });
    const { sessionId } = running.body;
    const message = {
      sessionId,
      clientMessageId: "kept",
      message: "What did I send?",
      attachments: [image, file("kept.txt", "kept")],
    };
    expect((await scene.server.ask("POST", "/api/chat", message)).body.state).toBe("queued");
    await scene.server.kill("SIGKILL");
    scene.server = await startServer(scene.environment);
    const { body: turn } = await scene.server.ask("POST", "/api/chat", message, wait);
    expect(turn).toMatchObject({ duplicate: true, state: "completed" });
    expect(turn.reply.text).toBe("Images: 1. Files: .daylong/inbox/kept.txt.");
  });

  test("S33 A05: a repository whose .daylong leads out of it gets no file, and the turn says so", async () => {
    const outside = join(scene.bench.dir, "outside");
    const hostile = join(scene.bench.roots, "hostile");
    mkdirSync(outside);
    mkdirSync(hostile);
    symlinkSync(outside, join(hostile, ".daylong"));
    const attachments = [file("authorized_keys", "mine")];
    const asked = await chat({ projectPath: hostile, message: "What did I send?", attachments });
    expect(asked.body).toMatchObject({ state: "failed", error: { code: "attachment_failed" } });
    expect(asked.body.error.detail).not.toContain(outside);
    expect(readdirSync(outside)).toEqual([]);
    renameSync(join(hostile, ".daylong"), join(hostile, "daylong-link"));
    const { sessionId } = asked.body;
    const again = await chat({ sessionId, projectPath: hostile, message: "What did I send?", attachments });
    expect(again.body.reply.text).toContain(".daylong/inbox/authorized_keys");
  });
});

describe("S32: one-shot prompts", () => {
  const ask = (body: Record<string, unknown>) =>
    scene.server.ask("POST", "/api/ask", { projectPath: scene.bench.project, ...body });

  test("S32: are answered without leaving a session or a transcript; what needs a permission is denied and told", async () => {
    const sessionCounts = async () => {
      const { body } = await scene.server.ask("GET", "/api/projects");
      return body.projects.map((project: { sessionCount: number }) => project.sessionCount);
    };
    const before = await sessionCounts();
    const asked = await ask({ prompt: "say: forty-two" });
    expect(asked).toMatchObject({ status: 200, body: { text: "forty-two", denied: [] } });
    expect(asked.body.durationMs).toBeGreaterThan(0);
    const denied = await ask({ prompt: "run: touch oneshot.txt" });
    expect(denied.body.denied).toEqual([{ toolName: "Bash", title: "Bash: touch oneshot.txt" }]);
    expect(denied.body.text).toContain("The tool did not run");
    expect(existsSync(join(scene.bench.project, "oneshot.txt"))).toBe(false);
    expect(await sessionCounts()).toEqual(before);
  });

  test("S32: a batch is answered in its order, within the ceiling of processes, beside a session", async () => {
    const session = scene.server.ask(
      "POST",
      "/api/chat",
      { projectPath: scene.bench.project, message: "slow: 2" },
      wait,
    );
    let most = 0;
    let isOver = false;
    const batch = ask({ prompts: ["say: a", "think: 0.3", "error: 400", "say: d"], concurrency: 4 }).finally(
      () => {
        isOver = true;
      },
    );
    await eventually(
      "the batch's end",
      () => {
        most = Math.max(most, childrenOf(scene.server.pid).length);
        return isOver;
      },
      120_000,
    );
    const { results } = (await batch).body;
    expect(
      results.map((one: { text?: string; error?: { code: string } }) => one.text ?? one.error?.code),
    ).toEqual(["a", "I have thought about it.", "ask_failed", "d"]);
    expect((await session).body.state).toBe("completed");
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  test("S32: time over and a caller who leaves end the process", async () => {
    const sessions = (await scene.server.ask("GET", "/api/sessions/active")).body.sessions.length;
    const late = await ask({ prompt: "think: 60", timeoutMs: 1_500 });
    expect([late.status, late.body.code]).toEqual([504, "ask_timed_out"]);
    const caller = new AbortController();
    const left = fetch(`${scene.server.url}/api/ask`, {
      method: "POST",
      headers: { authorization: `Bearer ${scene.server.adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ projectPath: scene.bench.project, prompt: "think: 60" }),
      signal: caller.signal,
    }).catch(() => "left");
    await eventually("its process", () => childrenOf(scene.server.pid).length > sessions);
    caller.abort();
    expect(await left).toBe("left");
    await eventually("the end of its process", () => childrenOf(scene.server.pid).length <= sessions);
  });
});

describe("S30: output", () => {
  test("S30: is followed while Claude speaks, and whole after the end", async () => {
    const { body } = await chat({ message: "say: one" });
    const { sessionId } = body;
    const read = async (query: string) => {
      const response = await fetch(`${scene.server.url}/api/sessions/${sessionId}/output${query}`, {
        headers: { authorization: `Bearer ${scene.server.adminToken}` },
      });
      return response.text();
    };
    const followed = read("?follow=true");
    await chat({ sessionId, message: "say: two" });
    await scene.server.ask("DELETE", `/api/sessions/${sessionId}`);
    const said = (text: string) =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).content);
    expect(said(await followed)).toEqual(["say: one", "one", "say: two", "two"]);
    expect(said(await read(""))).toEqual(["say: one", "one", "say: two", "two"]);
  });
});
