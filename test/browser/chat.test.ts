import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

describe("a conversation on the page", () => {
  const scene = useScene({ every: "file", settings: { SUGGESTIONS: "false" } });
  const used = useChromium();
  const paired = (screen = phone) =>
    Companion.paired({ browser: used.browser, server: scene.server, screen });
  const inProject = (name: string) => join(scene.bench.project, name);
  /** A new session, made behind the page's back, and the page on it. */
  const chatWith = async (companion: Companion): Promise<string> => {
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    return body.sessionId;
  };

  test.each([
    ["a phone", phone],
    ["a desktop", desktop],
  ])(
    "C05: on %s a code is typed, a session begun, an answer streamed, and the next message waits its turn",
    async (_name, screen) => {
      const companion = await Companion.open({ browser: used.browser, server: scene.server, screen });
      const { page } = companion;
      await page.goto(companion.url);
      await companion.judge();
      await page.getByRole("textbox", { name: "Pairing code" }).fill((await companion.code()).toLowerCase());
      await companion.finishPairing("Journey");
      await companion.judge();
      await companion.button("New session").click();
      const project = page.getByRole("combobox", { name: "Project" });
      await project.fill("hello");
      await page.getByRole("option", { name: /^hello/ }).click();
      await companion.judge();
      await page.getByRole("button", { name: /^Begin in hello/ }).click();
      await companion.conversation.waitFor();

      await companion.say("Remember the number 42");
      await companion.hear("I will remember 42.");
      await companion.say("slow: 6");
      const article = companion.messages("Claude").filter({ hasText: "word3" }).last();
      await article.waitFor();
      // Its words are there before it has ended: they were streamed.
      expect(await article.innerText()).not.toContain("end.");
      await companion.say("What number did I ask you to remember?");
      await companion
        .messages("You")
        .filter({ hasText: "What number" })
        .filter({ hasText: /queued/ })
        .waitFor();
      await companion.hear(/word20 end\./);
      await companion.hear("You asked me to remember 42.");
      expect(await companion.messages("You").count()).toBe(3);
      await companion.judge();
      await companion.close();
    },
  );

  test("P01 C05: a permission shows what will run; allowed it runs, denied it does not, and for the session it asks no more", async () => {
    const companion = await paired();
    await chatWith(companion);
    await companion.say("run: touch allowed.txt");
    const card = companion.permission("Bash");
    await card.getByText("touch allowed.txt").first().waitFor();
    await companion.judge();
    await card.getByRole("button", { name: "Allow once" }).click();
    await companion.hear("Done.");
    expect(existsSync(inProject("allowed.txt"))).toBe(true);

    await companion.say("run: touch denied.txt");
    await card.getByText("touch denied.txt").first().waitFor();
    await card.getByRole("button", { name: "Deny", exact: true }).click();
    await companion.hear("The tool did not run");
    expect(existsSync(inProject("denied.txt"))).toBe(false);

    await companion.say("run: touch often.txt");
    await card.getByText("touch often.txt").first().waitFor();
    const more = card.getByRole("button", { name: "More choices" });
    if ((await more.count()) > 0) await more.click();
    await companion.judge();
    await card.getByRole("button", { name: "Allow for this session" }).click();
    await eventually("it ran", () => existsSync(inProject("often.txt")));
    await companion.say("run: touch often.txt");
    await companion.say("say: not asked again");
    await companion.hear("not asked again");
    await companion.close();
  });

  test("P01 C05: a permission stands on top of the inbox too, and is answered there with the keyboard or a click", async () => {
    const companion = await paired(desktop);
    const first = await scene.server.ask("POST", "/api/chat", {
      message: "run: touch inbox.txt",
      projectPath: scene.bench.project,
    });
    const card = companion.permission("Bash");
    await card.getByText("touch inbox.txt").first().waitFor();
    await companion.judge();
    await card.getByRole("button", { name: "Allow once" }).click();
    await eventually("it ran", () => existsSync(inProject("inbox.txt")));
    await companion.openSession(first.body.sessionId);
    await companion.say("run: touch key.txt");
    await card.getByText("touch key.txt").first().waitFor();
    await companion.conversation.click({ position: { x: 5, y: 5 } });
    await companion.page.keyboard.press("a");
    await eventually("it ran", () => existsSync(inProject("key.txt")));
    await companion.close();
  });

  test("P02 C05: a question is answered by a tap", async () => {
    const companion = await paired();
    await chatWith(companion);
    await companion.say("ask: Which colour? red | green");
    const card = companion.permission("AskUserQuestion");
    await card.getByText("Which colour?").first().waitFor();
    await companion.judge();
    await card.getByRole("button", { name: /^green/ }).click();
    await companion.hear("green");
    await companion.close();
  });

  test("S33 C05: a picture and a file go with a message", async () => {
    const companion = await paired();
    await chatWith(companion);
    await companion.say("long: 3000");
    await companion.hear("A long answer");
    await companion.button("Stop").waitFor({ state: "detached" });
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    const chosen = companion.page.waitForEvent("filechooser");
    await companion.button("Attach").click();
    await (await chosen).setFiles([
      { name: "dot.png", mimeType: "image/png", buffer: png },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Some notes.") },
    ]);
    await companion.page.getByText("notes.txt").first().waitFor();
    // The files take room from the conversation, whose end stays in view.
    await eventually("the end is in view", () =>
      companion.conversation.evaluate(
        ({ scrollTop, clientHeight, scrollHeight }) => scrollTop + clientHeight + 2 >= scrollHeight,
      ),
    );
    await companion.judge();
    await companion.say("what did i send");
    await companion.hear(/Images: 1\. Files: .*notes\.txt/);
    await companion.close();
  });

  test("S23 C05: Stop ends an answer, which stays as far as it was heard", async () => {
    const companion = await paired();
    const sessionId = await chatWith(companion);
    await companion.say("slow: 60");
    await companion.hear("word2");
    await companion.button("Stop").click();
    await eventually("the turn has ended", async () => {
      const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      return body.turn === undefined && body.state === "idle";
    });
    await companion.messages("Claude").filter({ hasText: "word2" }).last().waitFor();
    await companion.say("say: and on");
    await companion.hear("and on");
    expect(await companion.messages("Claude").filter({ hasText: "word20" }).count()).toBe(0);
    await companion.close();
  });

  test("S20 C05: a message is edited and sent again in a copy, and the first conversation stays as it was", async () => {
    const companion = await paired();
    const first = await chatWith(companion);
    await companion.say("Remember the number 7");
    await companion.hear("I will remember 7.");
    await companion.say("say: the wrong words");
    await companion.hear("the wrong words");
    const said = companion.messages("You").filter({ hasText: "the wrong words" });
    await said.getByRole("button", { name: "More for this message" }).click();
    await said.getByRole("button", { name: "Edit in a copy" }).click();
    await companion.page.waitForURL((url) => url.pathname.startsWith("/s/") && !url.pathname.endsWith(first));
    await eventually(
      "the draft is there",
      async () => (await companion.composer.inputValue()) === "say: the wrong words",
    );
    await companion.say("What number did I ask you to remember?");
    await companion.hear("You asked me to remember 7.");
    const { body } = await scene.server.ask("GET", `/api/sessions/${first}/messages`);
    expect(body.messages[0].text).toBe("the wrong words");
    await companion.close();
  });

  test("T03 C05: a task that outlives its answer is shown with what it does, and stopped", async () => {
    const companion = await paired();
    const sessionId = await chatWith(companion);
    await companion.say("background: sleep 300");
    await companion.hear("It runs in the background.");
    await companion.page.getByRole("button", { name: /1 task running/ }).click();
    const stop = companion.page.getByRole("button", { name: /^Stop the task/ });
    await stop.waitFor();
    await companion.judge();
    await stop.click();
    await eventually("it has ended", async () => {
      const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/tasks`);
      return body.tasks[0]?.state === "stopped";
    });
    await stop.waitFor({ state: "detached" });
    await companion.close();
  });

  test("C05: a session that was begun elsewhere is there, with what was said, and Claude’s words are said once", async () => {
    writeFileSync(inProject("readme.md"), "hello");
    const { body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message: "say: from elsewhere", projectPath: scene.bench.project },
      { headers: { prefer: "wait=60" } },
    );
    const companion = await paired(desktop);
    await companion.sessions
      .getByRole("link", { name: /from elsewhere/ })
      .first()
      .click();
    await companion.hear("from elsewhere");
    expect(companion.page.url()).toContain(`/s/${body.sessionId}`);
    expect(await companion.messages("Claude").count()).toBe(1);
    expect(await companion.messages("You").count()).toBe(1);
    await companion.close();
  });

  test("C05: a conversation that is opened in mid-answer shows what was written so far, from the list and after a reload", async () => {
    const companion = await paired(desktop);
    const sessionId = await chatWith(companion);
    await companion.page.goto(companion.url);
    await companion.connected();
    // Words, a tool, and words again: what the turn said before is not what is being written.
    await scene.server.ask("POST", "/api/chat", { sessionId, message: "Move the forms to the new types" });
    const card = companion.permission("Bash");
    await card.getByRole("button", { name: "Allow once" }).click();
    await eventually("the answer goes on", async () => {
      const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      return body.runningTasks === 1;
    });
    await companion.sessions.getByRole("link").first().click();
    await companion.hear("I go through the forms");
    await companion.page.reload();
    await companion.hear("I go through the forms");
    await companion.button("Stop").click();
    await companion.button("Stop").waitFor({ state: "detached" });
    expect(await companion.messages("Claude").filter({ hasText: "I go through the forms" }).count()).toBe(1);
    await companion.close();
  });
});
