import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { connect } from "../../support/server/socketClient.ts";

describe("what the CLI interprets in a prompt", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let phone: string;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    mkdirSync(join(bench.home, ".ssh"));
    writeFileSync(join(bench.home, ".ssh", "id_ed25519"), "The key is juniper.");
    writeFileSync(join(bench.home, ".npmrc"), "The token is juniper.");
    writeFileSync(join(bench.dir, "outside.txt"), "Outside is juniper.");
    mkdirSync(join(bench.project, "src"));
    writeFileSync(join(bench.project, "notes.txt"), "The note is heather.");
    writeFileSync(join(bench.project, "two words.txt"), "The note is heather.");
    symlinkSync(join(bench.home, ".ssh", "id_ed25519"), join(bench.project, "link.txt"));
    symlinkSync(join(bench.home, ".ssh"), join(bench.project, "keys"));
    symlinkSync(join(bench.project, "notes.txt"), join(bench.project, "src", "near.txt"));
    // The owner's own commands and skills, which put their arguments into mentions.
    const own = (folder: string, file: string, words: string) => {
      mkdirSync(join(bench.home, ".claude", folder), { recursive: true });
      writeFileSync(join(bench.home, ".claude", folder, file), words);
    };
    own("commands", "look.md", "say: ok @$ARGUMENTS");
    own("commands", "first.md", 'say: ok @$0 @"$1"');
    own("commands", "below.md", "say: ok @./$ARGUMENTS");
    own("skills/peek", "SKILL.md", "---\nname: peek\ndescription: Peeks.\n---\nsay: ok @$ARGUMENTS");
    // As an owner has it who gives the whole home; the default list denies ~/.ssh.
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      PROJECT_ROOTS: `${bench.home}:${bench.roots}`,
    });
    phone = (await server.pair("a phone that may chat", "chat")).token;
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const chat = (body: Record<string, unknown>) =>
    server.ask("POST", "/api/chat", body, { token: phone, headers: { prefer: "wait=120" } });
  /** Whether the CLI put the word into the conversation that begins with this message. */
  const brings = async (message: string, word: string) => {
    const { body } = await chat({ message: `say: ok ${message}`, projectPath: bench.project });
    expect(body.state).toBe("completed");
    const asked = await chat({ message: `does a reminder say: ${word}`, sessionId: body.sessionId });
    await server.ask("DELETE", `/api/sessions/${body.sessionId}`);
    return asked.body.reply.text === "Yes.";
  };
  const audited = async (action: string) => {
    const { body } = await server.ask("GET", "/api/audit?limit=200");
    return (body.entries as Array<{ action: string; detail: string }>)
      .filter((entry) => entry.action === action)
      .map(({ detail }) => detail);
  };

  test("A10 DOOR-2: a mention outside the roots, of a hidden folder of the home or of the data folder is plain words", async () => {
    const data = join(bench.dataDir, "admin-token");
    const secret = server.adminToken;
    for (const mention of [
      `@${join(bench.home, ".ssh", "id_ed25519")}`,
      "@~/.ssh/id_ed25519",
      '@"~/.ssh/id_ed25519"',
      '@" ~/.ssh/id_ed25519 "',
      "@~/.npmrc",
      "@../../outside.txt",
      "see。@../../outside.txt#L1-2",
      "@link.txt",
      "@keys/id_ed25519",
      "@src/../link.txt",
      '@[a](claude-ref:x "y")@~/.ssh/id_ed25519',
    ])
      expect([mention, await brings(mention, "juniper")]).toEqual([mention, false]);
    expect(await brings(`@${data}`, secret)).toBe(false);
    expect(await brings("@~/.ssh", "id_ed25519")).toBe(false);
    expect((await audited("message.mention-refuse")).join(" ")).toContain("~/.ssh/id_ed25519");
  });

  test("A10 DOOR-2: what a command's own words mention with the arguments of a message is judged the same", async () => {
    const key = join(bench.home, ".ssh", "id_ed25519");
    const bringsBy = async (message: string, word: string) => {
      const { body } = await chat({ message, projectPath: bench.project });
      expect([message, body.state]).toEqual([message, "completed"]);
      const asked = await chat({ message: `does a reminder say: ${word}`, sessionId: body.sessionId });
      await server.ask("DELETE", `/api/sessions/${body.sessionId}`);
      return asked.body.reply.text === "Yes.";
    };
    for (const message of [
      `/look ${key}`,
      "/look ~/.npmrc",
      "/look ../../outside.txt",
      "/look link.txt",
      "/look keys/id_ed25519",
      `/first ${key} x`,
      `/first x "${key}"`,
      "/below ../../outside.txt",
      `/peek ${key}`,
    ])
      expect([message, await bringsBy(message, "juniper")]).toEqual([message, false]);
    for (const message of [
      "/look notes.txt",
      "/below notes.txt",
      '/first x "two words.txt"',
      "/peek notes.txt",
    ])
      expect([message, await bringsBy(message, "heather")]).toEqual([message, true]);
    expect((await audited("message.mention-refuse")).join(" ")).toContain(key);
  });

  test("A10 DOOR-2: a mention inside the project is read as in a terminal, and audited", async () => {
    for (const mention of [
      "@notes.txt",
      '@"two words.txt"',
      "@src/near.txt",
      "@notes.txt#L1",
      `@${bench.project}/notes.txt.`,
    ])
      expect([mention, await brings(mention, "heather")]).toEqual([mention, true]);
    expect(await brings("@src", "near.txt")).toBe(true);
    expect(await audited("message.mention")).toContain("notes.txt");
  });

  test("A10 DOOR-2: it is so in a one-shot prompt, in /v1, over the socket and in a scheduled message", async () => {
    const mention = "@~/.ssh/id_ed25519";
    // The demo model repeats what was typed; a reminder with the file would be a block of its own before it.
    const prompt = `does a reminder say: juniper\n${mention}`;
    const asked = await server.ask(
      "POST",
      "/api/ask",
      { projectPath: bench.project, prompt },
      { token: phone },
    );
    expect(asked.body.text).toBe("No.");
    const heather = "does a reminder say: heather\n@notes.txt";
    const allowed = await server.ask("POST", "/api/ask", { projectPath: bench.project, prompt: heather });
    expect(allowed.body.text).toBe("Yes.");
    const completed = await server.ask(
      "POST",
      "/v1/chat/completions",
      {
        model: "default",
        project_path: bench.project,
        messages: [
          { role: "user", content: `before ${mention}` },
          { role: "assistant", content: `I saw ${mention}` },
          { role: "user", content: prompt },
        ],
      },
      { token: phone },
    );
    expect(completed.body.choices[0].message.content).toBe("No.");
    const socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token: phone });
    socket.send({
      type: "send",
      ref: "r1",
      clientMessageId: "m1",
      projectPath: bench.project,
      message: prompt,
    });
    const { turnId: sentId } = await socket.waitForType("accepted");
    const done = await socket.waitFor(
      ({ event }) => event?.type === "turn.completed" && event.turnId === sentId,
      60_000,
      "the end of the turn",
    );
    expect(done.event?.data).toMatchObject({ text: "No." });
    await socket.close();
    const scheduled = await chat({ message: prompt, projectPath: bench.project, sendAt: Date.now() + 1_500 });
    expect(scheduled.body.reply.text).toBe("No.");
  });

  test("A10 DOOR-2: an attachment's name and the answer to a permission mention nothing", async () => {
    const upload = await fetch(`${server.url}/api/attachments`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${phone}`,
        "content-type": "text/plain",
        "x-filename": encodeURIComponent("a @~ @link.txt"),
      },
      body: "words",
    });
    const { attachmentId } = (await upload.json()) as { attachmentId: string };
    const message = "does a reminder say: juniper";
    const sent = await chat({ message, projectPath: bench.project, attachments: [{ attachmentId }] });
    expect(sent.body.reply.text).toBe("No.");
    const { body } = await server.ask("POST", "/api/chat", {
      message: "run: touch made.txt",
      projectPath: bench.project,
    });
    const open = await eventually("the phone is asked", async () => {
      const { body: list } = await server.ask("GET", "/api/permissions");
      return list.permissions.find((one: { sessionId: string }) => one.sessionId === body.sessionId);
    });
    await server.ask("POST", `/api/permissions/${open.permissionId}`, {
      decision: "deny",
      message: "look at @~/.ssh/id_ed25519 instead",
    });
    expect((await chat({ message, sessionId: body.sessionId })).body.reply.text).toBe("No.");
  });

  test("A10 DOOR-5: a command that changes Claude's settings is refused with the way that does it, everywhere", async () => {
    const own = join(bench.home, ".claude", "settings.json");
    writeFileSync(own, "{}");
    const { body: session } = await chat({ message: "say: hello", projectPath: bench.project });
    for (const message of [
      "/config theme=dark",
      "/settings theme=dark",
      "/model haiku",
      "/autocompact 100k",
    ]) {
      const refused = await chat({ message, sessionId: session.sessionId });
      expect(refused).toMatchObject({ status: 403, body: { code: "command_forbidden" } });
      const first = await chat({ message, projectPath: bench.project });
      expect(first).toMatchObject({ status: 403, body: { code: "command_forbidden" } });
      const asked = await server.ask("POST", "/api/ask", { projectPath: bench.project, prompt: message });
      expect(asked).toMatchObject({ status: 403, body: { code: "command_forbidden" } });
      const v1 = await server.ask("POST", "/v1/chat/completions", {
        model: "default",
        messages: [{ role: "user", content: message }],
      });
      expect(v1).toMatchObject({ status: 403, body: { error: { code: "command_forbidden" } } });
    }
    const mode = await chat({ message: "/model haiku", sessionId: session.sessionId });
    expect(mode.body.detail).toContain("PATCH /api/sessions/:id");
    expect(readFileSync(own, "utf8")).toBe("{}");
    expect(await audited("command.refuse")).toContain("/config");
  });

  test("A10 DOOR-5: a first word that is no command is a word, and a harmless command runs and is audited", async () => {
    const { body: first } = await chat({ message: "/Users/me/app is broken", projectPath: bench.project });
    expect(first.reply.text).toContain("You said: /Users/me/app is broken");
    const { sessionId } = first;
    const { body: second } = await chat({ message: "/help me with this", sessionId });
    expect(second.reply.text).toContain("/help me with this");
    const { body: third } = await chat({ message: "/context", sessionId });
    expect(third.reply.text).toContain("Context Usage");
    expect(await audited("message.command")).toContain("/context");
  });
});
