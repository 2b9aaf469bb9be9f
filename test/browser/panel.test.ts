import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

describe("what belongs to a session on the page", () => {
  const settings = { SUGGESTIONS: "false", CLAUDE_CODE_ENABLE_TODO_TOOLS: "1" };
  const scene = useScene({ every: "file", settings });
  const used = useChromium();
  const paired = (screen = phone) =>
    Companion.paired({ browser: used.browser, server: scene.server, screen });
  const begin = async (companion: Companion): Promise<string> => {
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    return body.sessionId;
  };
  const happened = (name: string) => existsSync(join(scene.bench.project, name));

  test("P04 C05: “always” shows the rule that it makes, which then holds in this session and in the project’s next one", async () => {
    const companion = await paired();
    await begin(companion);
    await companion.say("run: touch ruled.txt");
    const card = companion.permission("Bash");
    const always = card.getByRole("button", { name: "Always allow" });
    await always.waitFor();
    // What is allowed is heard with the button, and seen below it.
    const rule = card.getByText("Always: Bash(touch ruled.txt)");
    await rule.waitFor();
    expect(await always.getAttribute("aria-describedby")).toBe(await rule.getAttribute("id"));
    await companion.judge();
    await always.click();
    await companion.hear("Done.");
    expect(happened("ruled.txt")).toBe(true);
    const { body } = await scene.server.ask("GET", "/api/projects");
    expect(body.projects).toMatchObject([{ rules: ["Bash(touch ruled.txt)"] }]);

    const events = async (sessionId: string): Promise<string[]> =>
      (await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`)).body.events.map(
        ({ type }: { type: string }) => type,
      );
    const sessionId = new URL(companion.page.url()).pathname.slice("/s/".length);
    await companion.say("run: touch ruled.txt");
    await eventually("it has run again", async () => {
      const types = await events(sessionId);
      return types.filter((type) => type === "turn.completed").length === 2;
    });
    expect((await events(sessionId)).filter((type) => type === "permission.requested")).toHaveLength(1);
    const next = await begin(companion);
    await companion.say("run: touch ruled.txt");
    await companion.hear("Done.");
    expect((await events(next)).filter((type) => type === "permission.requested")).toHaveLength(0);
    expect(await card.count()).toBe(0);
    // Another command is asked about as before.
    await companion.say("run: touch other.txt");
    await card.getByRole("button", { name: "Deny", exact: true }).click();
    await companion.hear("The tool did not run");
    expect(happened("other.txt")).toBe(false);
    await companion.close();
  });

  test("T06 C05: todos stand in the strip over the composer with the one in work, and open to the list", async () => {
    const companion = await paired();
    await begin(companion);
    await companion.say("todo: read the code, write the tests, mend it");
    const strip = companion.page.getByRole("button", { name: /todos 0\/3/ });
    await strip.waitFor();
    await strip.getByText("Doing read the code").waitFor();
    await companion.button("Stop").waitFor({ state: "detached" });
    await companion.judge();
    await strip.click();
    const todos = companion.page.getByRole("region", { name: "Todos" });
    await todos.getByRole("heading", { name: "Todos 0/3" }).waitFor();
    expect(await todos.getByRole("listitem").allInnerTexts()).toEqual([
      "Now read the code",
      "Later write the tests",
      "Later mend it",
    ]);
    await companion.judge();
    await companion.close();
  });

  test("T08 C05: beside the ring of the context the conversation is compacted, which is said, and Claude still knows of it", async () => {
    const companion = await paired(desktop);
    const sessionId = await begin(companion);
    await companion.say("Remember the number 31");
    await companion.hear("I will remember 31.");
    const context = companion.page.getByRole("region", { name: "Context and cost" });
    await context.getByRole("img", { name: /^Context \d+ % full$/ }).waitFor();
    await context.getByText(/ of .+ tokens$/).waitFor();
    await companion.judge();
    await context.getByRole("button", { name: "Compact" }).click();
    await companion.conversation.getByText(/The conversation was summed up: [\d,.]+ tokens/).waitFor();
    await eventually("it is done", async () => {
      const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      return body.compacting === false && body.turn === undefined;
    });
    await companion.say("What number did I ask you to remember?");
    await companion.hear("31");
    await companion.judge();
    await companion.close();
  });
});
