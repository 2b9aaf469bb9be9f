import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

/** Drops a file on the composer, as a person does with the pointer. */
const dropFile = `(() => {
  const files = new DataTransfer();
  files.items.add(new File(["Dropped."], "dropped.txt", { type: "text/plain" }));
  const field = document.querySelector("textarea");
  for (const type of ["dragenter", "dragover", "drop"])
    field.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: files }));
})()`;

/** Pastes an image into the composer. */
const pasteImage = `(() => {
  const bytes = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), (c) => c.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "image.png", { type: "image/png" }));
  document.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: files }));
})()`;

describe("work with a session on the page", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();
  const paired = (screen = phone) =>
    Companion.paired({ browser: used.browser, server: scene.server, screen });
  const inProject = (name: string) => join(scene.bench.project, name);
  const begin = async (companion: Companion, settings: Record<string, unknown> = {}): Promise<string> => {
    const { body } = await scene.server.ask(
      "POST",
      "/api/sessions",
      Object.assign({ projectPath: scene.bench.project }, settings),
    );
    await companion.openSession(body.sessionId);
    return body.sessionId;
  };
  const wide = async (card: ReturnType<Companion["permission"]>) => {
    const more = card.getByRole("button", { name: "More choices" });
    if ((await more.count()) > 0) await more.click();
  };

  test("C05: a draft is kept for its session over a reload, and the other session has its own", async () => {
    const companion = await paired();
    const first = await begin(companion);
    await companion.composer.fill("half a thought");
    await begin(companion);
    expect(await companion.composer.inputValue()).toBe("");
    await companion.openSession(first);
    await eventually(
      "the draft is there",
      async () => (await companion.composer.inputValue()) === "half a thought",
    );
    await companion.page.reload();
    await eventually(
      "the draft is there",
      async () => (await companion.composer.inputValue()) === "half a thought",
    );
    await companion.close();
  });

  test("T07 T12 C05: “/” lists the commands, the keys choose one, and Claude’s proposal is taken by a tap", async () => {
    const companion = await paired(desktop);
    await begin(companion);
    await companion.say("Hello");
    await companion.hear("You said: Hello");
    await companion.say("suggest: remember the number 8");
    const chip = companion.page.getByRole("button", { name: "remember the number 8" });
    await chip.waitFor();
    await companion.composer.fill("/co");
    const menu = companion.page.getByRole("list", { name: "Commands" });
    await menu.getByText("/compact").waitFor();
    await companion.judge();
    await companion.composer.press("ArrowDown");
    await companion.composer.press("Escape");
    await menu.waitFor({ state: "detached" });
    await companion.composer.fill("/compac");
    await menu.waitFor();
    await companion.composer.press("Tab");
    expect(await companion.composer.inputValue()).toMatch(/^\/compact ?$/);
    await companion.composer.fill("");
    await chip.click();
    await companion.button("Send").click();
    await companion.hear("I will remember 8.");
    await companion.close();
  });

  test("P01 C05: a denial says a word, and an edited command runs as it was edited", async () => {
    const companion = await paired();
    await begin(companion);
    const card = companion.permission("Bash");
    await companion.say("run: touch never.txt");
    await wide(card);
    await card.getByRole("button", { name: "Deny with a word" }).click();
    await card.getByRole("textbox", { name: /instead/ }).fill("use the other folder");
    await companion.judge();
    await card.getByRole("button", { name: "Deny and say so" }).click();
    await companion.hear("use the other folder");
    expect(existsSync(inProject("never.txt"))).toBe(false);

    await companion.say("run: touch wrong.txt");
    await wide(card);
    await card.getByRole("button", { name: "Edit the command" }).click();
    await card.getByRole("textbox").first().fill("touch right.txt");
    await companion.judge();
    await card.getByRole("button", { name: /^Allow/ }).click();
    await companion.hear("Done.");
    expect([existsSync(inProject("wrong.txt")), existsSync(inProject("right.txt"))]).toEqual([false, true]);
    await companion.close();
  });

  test("P02 C05: a plan is read, refused with a word and accepted", async () => {
    const companion = await paired();
    await begin(companion, { permissionMode: "plan" });
    await companion.say("plan: First the tests, then the code.");
    const card = companion.permission("ExitPlanMode");
    await card.waitFor();
    await companion.judge();
    await card.getByRole("button", { name: /with a word$/ }).click();
    await card.getByRole("textbox").fill("The code first");
    await card.getByRole("button", { name: /and say so$/ }).click();
    await card.waitFor({ state: "detached" });
    await companion.hear("The code first");
    await companion.say("plan: First the code, then the tests.");
    await card.getByRole("button", { name: "Carry it out" }).click();
    await card.waitFor({ state: "detached" });
    await companion.close();
  });

  test("S33 C05: a file is dropped, an image is pasted, and one of them is taken away again", async () => {
    const companion = await paired(desktop);
    await begin(companion);
    await companion.page.evaluate(dropFile);
    await companion.page.getByText("dropped.txt").first().waitFor();
    await companion.page.evaluate(pasteImage);
    await companion.page.getByText("image.png").first().waitFor();
    await companion.judge();
    await companion.page.getByRole("button", { name: "Remove dropped.txt" }).click();
    await companion.say("what did i send");
    await companion.hear("Images: 1. Files: none.");
    await companion.close();
  });

  test("S24 C05: a message that waits is shown in its place in the queue and taken out of it", async () => {
    const companion = await paired();
    await begin(companion);
    await companion.say("slow: 30");
    await companion.hear("word1");
    await companion.say("say: not any more");
    const waiting = companion.messages("You").filter({ hasText: "not any more" });
    await waiting.filter({ hasText: "queued at 1" }).waitFor();
    await waiting.getByRole("button", { name: "Cancel" }).click();
    await waiting.filter({ hasText: "cancelled" }).waitFor();
    await companion.button("Stop").click();
    await companion.button("Stop").waitFor({ state: "detached" });
    expect(await companion.messages("Claude").filter({ hasText: "not any more" }).count()).toBe(0);
    await companion.close();
  });

  test("S21 C05: files are taken back to before a message, after what would change was shown", async () => {
    const companion = await paired();
    await begin(companion, { permissionMode: "acceptEdits" });
    writeFileSync(inProject("notes.txt"), "before\n");
    await companion.say(`use: Read {"file_path":"${inProject("notes.txt")}"}`);
    await companion.hear("Done.");
    await companion.say(`use: Write {"file_path":"${inProject("notes.txt")}","content":"after\\n"}`);
    await eventually("it is written", () => readFileSync(inProject("notes.txt"), "utf8") === "after\n");
    await companion.button("Stop").waitFor({ state: "detached" });
    const said = companion.messages("You").filter({ hasText: "use: Write" });
    await said.getByRole("button", { name: "More for this message" }).click();
    await said.getByRole("button", { name: "Take files back" }).click();
    await said.getByText("This would change 1 file").waitFor();
    await companion.judge();
    expect(readFileSync(inProject("notes.txt"), "utf8")).toBe("after\n");
    await said.getByRole("button", { name: "Take them back" }).click();
    await said.getByText("The files are as they were before this message").waitFor();
    expect(readFileSync(inProject("notes.txt"), "utf8")).toBe("before\n");
    await companion.close();
  });

  test("T13 C05: what has changed is shown line by line, and a line is asked about", async () => {
    const folder = join(scene.bench.roots, "changed");
    mkdirSync(folder);
    const git = (...words: string[]) =>
      execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...words], { cwd: folder });
    git("init", "-q");
    writeFileSync(join(folder, "a.txt"), "one\ntwo\n");
    git("add", "-A");
    git("commit", "-qm", "First");
    writeFileSync(join(folder, "a.txt"), "one\nthree\n");
    const companion = await paired();
    await begin(companion, { projectPath: folder });
    await companion.page.getByRole("button", { name: /What belongs to the session/ }).click();
    const changes = companion.page.getByRole("region", { name: "Changes" });
    await changes.getByRole("button", { name: /^Changes/ }).click();
    await changes.getByRole("button", { name: /a\.txt/ }).click();
    await changes.getByText("three").waitFor();
    await companion.judge();
    await changes.getByRole("button", { name: "Ask about line 2" }).last().click();
    await eventually("the draft asks", async () =>
      /About a\.txt:2\n> three/.test(await companion.composer.inputValue()),
    );
    await companion.close();
  });

  test("T05 C05: a tool is one line, opens to its input and result, and a subagent’s work is a tree below it", async () => {
    const companion = await paired();
    await begin(companion);
    await companion.say("agent and wait: say: from the subagent");
    await companion.hear("Done.");
    const line = companion.conversation.getByRole("button", { name: /^Agent/ });
    await line.click();
    await companion.conversation.getByText("What the subagent did").waitFor();
    await companion.judge();
    await companion.say("run: ls");
    const bash = companion.conversation.getByRole("button", { name: /^Bash: ls/ });
    await bash.click();
    await companion.conversation.getByText("Result").last().waitFor();
    // What was opened is open when the reader comes back to it: far from the view, rows are not drawn.
    for (const round of [1, 2, 3, 4, 5]) {
      const words = `round ${round}\n\n${"A paragraph of its own.\n\n".repeat(20)}the end of ${round}`;
      await companion.composer.fill(`say: ${words}`);
      await companion.button("Send").click();
      await companion.hear(`the end of ${round}`);
    }
    await bash.waitFor({ state: "detached" });
    await companion.page.evaluate("document.querySelector('[role=log]').scrollTop = 0");
    await bash.waitFor();
    expect(await bash.getAttribute("aria-expanded")).toBe("true");
    await companion.conversation.getByText("Result").last().waitFor();
    await companion.close();
  });

  test("C05: a reader’s place stays where it is while Claude writes, and a button says what is new", async () => {
    const companion = await paired();
    await begin(companion);
    await companion.say("long: 6000");
    await companion.hear("A long answer");
    await companion.say("slow: 8");
    await companion.hear("word1");
    await companion.page.evaluate("document.querySelector('[role=log]').scrollTop = 0");
    const jump = companion.page.getByRole("button", { name: /To the end|\d+ new/ });
    await jump.waitFor();
    await companion.button("Stop").waitFor({ state: "detached" });
    expect(await companion.page.evaluate("document.querySelector('[role=log]').scrollTop")).toBe(0);
    await jump.click();
    await jump.waitFor({ state: "detached" });
    await companion.hear("word20 end.");
    await companion.close();
  });

  test("S31 C05: a new folder is made, a session is found by its words, and the terminal’s conversation goes on", async () => {
    const companion = await paired();
    const sessionId = await begin(companion);
    await companion.say("Remember the word HAZELNUT");
    await companion.hear("HAZELNUT");
    // Erased by a device that may chat, it is gone here, and stays among Claude's own conversations.
    const { token } = await scene.server.pair("Another", "chat");
    await scene.server.ask("DELETE", `/api/sessions/${sessionId}?erase=true`, undefined, { token });
    await companion.page.goto(companion.url);
    await companion.connected();
    await companion.button("New session").click();
    const project = companion.page.getByRole("combobox", { name: "Project" });
    await project.fill("fresh folder");
    await companion.page.getByRole("button", { name: /^New folder “fresh folder”/ }).click();
    await companion.page.getByRole("button", { name: "Begin in fresh folder" }).click();
    await companion.conversation.waitFor();
    expect(existsSync(join(scene.bench.roots, "fresh folder"))).toBe(true);

    await companion.page.goto(companion.url);
    await companion.connected();
    await companion.button("New session").click();
    await project.fill("hello");
    await companion.page.getByRole("option", { name: /^hello/ }).click();
    const earlier = companion.page.getByRole("region", { name: "Earlier conversations" });
    await earlier
      .getByRole("button", { name: /HAZELNUT/ })
      .first()
      .click();
    await companion.conversation.waitFor();
    await companion.say("What word did I ask you to remember?");
    await companion.hear("HAZELNUT");
    await companion.close();
  });

  test("T11 C05: a form of an MCP server is filled in and sent", async () => {
    const forms = {
      type: "stdio",
      command: process.execPath,
      args: [resolve("test/support/claude/formServer.mjs")],
    };
    mkdirSync(join(scene.bench.home, ".claude"), { recursive: true });
    writeFileSync(
      join(scene.bench.home, ".claude", ".claude.json"),
      JSON.stringify({ mcpServers: { forms } }),
    );
    const companion = await paired();
    await begin(companion);
    await companion.say("use: mcp__forms__ask {}");
    const asked = companion.page.getByRole("region", { name: /^Permission/ });
    await asked.getByRole("button", { name: "Allow once" }).click();
    await asked.getByText(/asks for/).waitFor();
    await companion.judge();
    await asked.getByRole("textbox", { name: /^Your name/ }).fill("Ann");
    await asked.getByRole("spinbutton", { name: /^age/ }).fill("7");
    await asked.getByRole("combobox", { name: /^colour/ }).selectOption("green");
    await asked.getByRole("button", { name: "Answer", exact: true }).click();
    await companion.hear(/"name":"Ann","age":7,"colour":"green"/);
    await companion.close();
  });
});
