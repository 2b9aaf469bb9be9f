import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

/** Notes the numbers that the page gives to the icon of its app; 0: it took the number away. */
const noteBadges = `
  globalThis.badges = [];
  const note = (count) => { badges.push(count); return Promise.resolve(); };
  Object.defineProperty(Navigator.prototype, "setAppBadge", { value: note });
  Object.defineProperty(Navigator.prototype, "clearAppBadge", { value: () => note(0) });
`;

describe("the inbox", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();
  const begin = async (title: string): Promise<string> =>
    (await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project, title })).body
      .sessionId;
  const say = (sessionId: string, message: string, headers: Record<string, string> = { prefer: "wait=60" }) =>
    scene.server.ask("POST", "/api/chat", { sessionId, message }, { headers });

  test("C05: the number on the app’s icon is that of what is unread, also of what needs its owner, and goes when it was read", async () => {
    const companion = await Companion.open({ browser: used.browser, server: scene.server });
    await companion.context.addInitScript(noteBadges);
    await companion.pairByLink();
    const { page } = companion;
    const badge = () => page.evaluate<number | undefined>("badges.at(-1)");
    const untilBadge = (count: number) =>
      eventually(`the number is ${count}`, async () => (await badge()) === count);
    await untilBadge(0);
    const answered = await begin("Answered");
    await say(answered, "say: an answer");
    await untilBadge(1);
    const asking = await begin("Asking");
    await say(asking, "run: touch badge.txt", {});
    await untilBadge(2);
    // What the server counts is what the next push would carry.
    const { body } = await scene.server.ask("GET", "/api/sessions");
    const unread = body.sessions.map((session: { unread: number }) => session.unread);
    expect(unread.reduce((sum: number, one: number) => sum + one, 0)).toBe(2);
    expect(await page.title()).toBe("(2) Daylong");
    await companion.openSession(answered);
    await companion.hear("an answer");
    await untilBadge(1);
    await companion.openSession(asking);
    await companion.permission("Bash").getByRole("button", { name: "Deny", exact: true }).click();
    await companion.hear("The tool did not run");
    await untilBadge(0);
    expect(await page.title()).toBe("Daylong");
    await companion.close();
  });

  test("C05: a search finds sessions by title, project and last words, in whatever order, and says when there is none", async () => {
    for (const title of ["Apples", "Pears", "Plums", "Quinces", "Medlars"]) await begin(title);
    const said = await begin("Cherries");
    await say(said, "say: the harvest was early");
    const companion = await Companion.paired({ browser: used.browser, server: scene.server, screen: phone });
    const { page } = companion;
    const search = page.getByRole("searchbox", { name: "Search the sessions" });
    const links = companion.sessions.getByRole("link");
    const found = async (words: string, names: string[]) => {
      await search.fill(words);
      await eventually(`“${words}” finds ${names.join()}`, async () => {
        const texts = await links.allInnerTexts();
        return texts.length === names.length && names.every((name, at) => texts[at]?.includes(name));
      });
    };
    await found("quinc", ["Quinces"]);
    await companion.judge();
    await found("EARLY harvest", ["Cherries"]);
    await search.fill("nothing is called this");
    await page.getByText("No session has these words.").waitFor();
    await companion.judge();
    await search.fill("");
    await links.filter({ hasText: "Pears" }).first().waitFor();
    await companion.close();
  });

  test("C05: the keys step through the sessions, stop an answer, deny what is asked, and break a line", async () => {
    const companion = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      screen: desktop,
    });
    const { page } = companion;
    const links = companion.sessions.getByRole("link");
    await links.first().waitFor();
    const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(paths.length).toBeGreaterThan(2);
    const at = () => new URL(page.url()).pathname;
    const press = async (key: string, path: string | null | undefined) => {
      await page.keyboard.press(key);
      await eventually(`${key} leads to ${path}`, async () => at() === path);
      await links
        .and(page.locator("[aria-current=page]"))
        .and(page.locator(`[href="${path}"]`))
        .waitFor();
    };
    await press("j", paths[0]);
    await press("j", paths[1]);
    await press("k", paths[0]);
    // There is none before the first.
    await page.keyboard.press("k");
    await press("j", paths[1]);

    await companion.composer.click();
    await page.keyboard.type("say: j and k");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("are letters here");
    expect([await companion.composer.inputValue(), at()]).toEqual([
      "say: j and k\nare letters here",
      paths[1],
    ]);
    await page.keyboard.press("Enter");
    await companion.hear("are letters here");

    await companion.say("run: touch by-key.txt");
    await companion.permission("Bash").getByText("touch by-key.txt").first().waitFor();
    await companion.conversation.click({ position: { x: 5, y: 5 } });
    await page.keyboard.press("d");
    await companion.hear("The tool did not run");
    expect(existsSync(join(scene.bench.project, "by-key.txt"))).toBe(false);

    await companion.say("slow: 60");
    await companion.hear("word2");
    await companion.conversation.click({ position: { x: 5, y: 5 } });
    await page.keyboard.press("Escape");
    await companion.button("Stop").waitFor({ state: "detached" });
    await companion.conversation.getByText("Stopped.").waitFor();
    await companion.close();
  });

  test("C05: sessions beyond the first hundred are reached by a button, and found by a search at once", async () => {
    for (let number = 1; number <= 101; number += 1) await begin(`Number ${number}`);
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const { page } = companion;
    const link = (name: RegExp) => companion.sessions.getByRole("link", { name });
    await link(/Number 101/).waitFor();
    const older = companion.button("Older sessions");
    await older.waitFor();
    expect(await link(/Number 1\b/).count()).toBe(0);
    await companion.judge();
    await older.click();
    await link(/Number 1\b/).waitFor();
    await older.waitFor({ state: "detached" });

    await page.reload();
    await older.waitFor();
    await page.getByRole("searchbox", { name: "Search the sessions" }).fill("number 1 hello");
    await link(/Number 1\b/).waitFor();
    await companion.close();
  });
});
