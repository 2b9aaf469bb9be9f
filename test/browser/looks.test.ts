import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { useScene } from "../support/server/scene.ts";

/** What lies within the window of elements that can be used but cannot be reached with the pointer or are cut off at the side. */
const cutOff = `(() => {
  const found = [];
  for (const element of document.querySelectorAll("button, a[href], input, select, textarea")) {
    const { left, right, width, height } = element.getBoundingClientRect();
    if (width === 0 || height === 0 || getComputedStyle(element).visibility === "hidden") continue;
    if (element.closest(".heard-only, [hidden], table, pre")) continue;
    if (right > innerWidth + 1 || left < -1) found.push(element.outerHTML.slice(0, 120));
  }
  return found;
})()`;

/** The words with a hyphen in an element that stand in more than one line. */
const tornOptions = `(() => {
  const torn = [];
  const walk = document.createTreeWalker(document.querySelector(".permission pre"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    for (const match of walk.currentNode.data.matchAll(/\\S*-\\S*/g)) {
      const range = document.createRange();
      range.setStart(walk.currentNode, match.index);
      range.setEnd(walk.currentNode, match.index + match[0].length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) torn.push(match[0]);
    }
  }
  return torn;
})()`;

describe("how the page looks to everybody", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();
  const sessionWithWork = async (): Promise<string> => {
    const { body } = await scene.server.ask(
      "POST",
      "/api/chat",
      {
        message: "say: # A heading\\n\\nSome words with `code`.\\n\\n- one\\n- two".replaceAll(
          "\\\\n",
          "\\n",
        ),
        projectPath: scene.bench.project,
      },
      { headers: { prefer: "wait=60" } },
    );
    return body.sessionId;
  };
  const places = async (sessionId: string) => [
    "/",
    `/s/${sessionId}`,
    "/monitor",
    "/settings",
    "/help",
    "/nowhere/at/all",
  ];

  test.each([
    ["light on a phone", phone, "light"],
    ["dark on a phone", phone, "dark"],
    ["dark on a desktop", desktop, "dark"],
  ] as const)(
    "C05 C06: every screen, %s, has no violation that axe finds, and fits",
    async (_name, screen, colorScheme) => {
      const sessionId = await sessionWithWork();
      const companion = await Companion.paired({
        browser: used.browser,
        server: scene.server,
        screen,
        scope: "admin",
        options: { colorScheme },
      });
      companion.watch.allow(/status of 404/);
      for (const place of await places(sessionId)) {
        await companion.page.goto(companion.url + place);
        await companion.page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
        await companion.judge();
      }
      await companion.close();
    },
  );

  test("C05: with text at 200 % nothing is cut off and no screen scrolls sideways", async () => {
    const sessionId = await sessionWithWork();
    const companion = await Companion.paired({ browser: used.browser, server: scene.server, scope: "admin" });
    companion.watch.allow(/status of 404/);
    for (const place of await places(sessionId)) {
      await companion.page.goto(companion.url + place);
      await companion.page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
      await companion.page.evaluate("document.documentElement.style.fontSize = '200%'");
      expect([place, await companion.page.evaluate<string[]>(cutOff)]).toEqual([place, []]);
      await companion.judge();
    }
    await companion.close();
  });

  test("C05: where less motion is asked for nothing moves", async () => {
    const sessionId = await sessionWithWork();
    const companion = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      options: { reducedMotion: "reduce" },
    });
    await companion.openSession(sessionId);
    await companion.say("slow: 3");
    await companion.hear("word2");
    const running = await companion.page.evaluate<number>(
      "document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getComputedTiming().duration > 50).length",
    );
    expect(running).toBe(0);
    await companion.close();
  });

  test("A13 C05: an option of a command that asks for a permission is never torn at its hyphens", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server, screen: phone });
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    const command = `touch ${Array.from({ length: 40 }, (_, at) => `${"x".repeat(at % 7)} --long-option-${at} -r`).join(" ")}`;
    await companion.say(`run: ${command}`);
    const shown = companion.permission("Bash").locator("pre");
    await shown.waitFor();
    expect(await shown.innerText()).toBe(command);
    const torn = await companion.page.evaluate<string[]>(tornOptions);
    expect(torn).toEqual([]);
    await companion.judge();
    await companion.permission("Bash").getByRole("button", { name: "Deny", exact: true }).click();
    await companion.hear("The tool did not run");
    await companion.close();
  });

  test("C05: without JavaScript the page says what it needs", async () => {
    const companion = await Companion.open({
      browser: used.browser,
      server: scene.server,
      options: { javaScriptEnabled: false },
    });
    await companion.page.goto(companion.url);
    await companion.page.getByText(/drawn by JavaScript/).waitFor();
    await companion.close();
  });

  test("C05: the keyboard alone finds the field, writes and sends", async () => {
    const sessionId = await sessionWithWork();
    const companion = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      screen: desktop,
    });
    const { page } = companion;
    await companion.openSession(sessionId);
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Message");
    await page.keyboard.type("say: by keyboard");
    await page.keyboard.press("Enter");
    await companion.hear("by keyboard");
    expect(await companion.composer.inputValue()).toBe("");
    await companion.close();
  });
});
