import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

/** All that the page keeps in the browser's database, as text: keys and values. */
const keptText = `new Promise((resolve, reject) => {
  const opening = indexedDB.open("daylong");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const rows = [];
    const walk = opening.result.transaction("values").objectStore("values").openCursor();
    walk.onerror = () => reject(walk.error);
    walk.onsuccess = () => {
      const at = walk.result;
      if (at === null) {
        opening.result.close();
        resolve(rows.join("\\n"));
        return;
      }
      rows.push(at.key.join(" ") + " = " + at.value);
      at.continue();
    };
  };
})`;

describe("a session that is erased", () => {
  const scene = useScene({ every: "file", settings: { SUGGESTIONS: "false" } });
  const used = useChromium();
  const begin = async (): Promise<string> =>
    (await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project })).body.sessionId;
  const erase = async (sessionId: string) => {
    const { status } = await scene.server.ask("DELETE", `/api/sessions/${sessionId}?erase=true`);
    expect(status).toBe(200);
  };
  const kept = (companion: Companion) => companion.page.evaluate<string>(keptText);
  /** Waits until the page's own database holds all of the words, or none of them. */
  const untilKept = (companion: Companion, words: readonly string[], isKept: boolean) =>
    eventually(`kept is ${isKept}: ${words.join()}`, async () => {
      const text = await kept(companion);
      return words.every((word) => text.includes(word) === isKept);
    });

  test("C05: nothing of it stays with the page: no words, no draft, no title, in its database and on the screen", async () => {
    const companion = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      screen: desktop,
    });
    const { page } = companion;
    const other = await begin();
    await companion.openSession(other);
    await companion.say("say: OTHERWORDS");
    await companion.hear(/^(?!.*say:).*OTHERWORDS/s);
    await companion.composer.fill("OTHERDRAFT");
    const gone = await begin();
    await companion.openSession(gone);
    await companion.say("say: GONEWORDS");
    await companion.hear(/^(?!.*say:).*GONEWORDS/s);
    await companion.composer.fill("GONEDRAFT");
    await untilKept(companion, ["GONEWORDS", "GONEDRAFT", "OTHERWORDS", "OTHERDRAFT"], true);
    // The list that is kept has last words and titles.
    await page.reload();
    await companion.hear(/^(?!.*say:).*GONEWORDS/s);
    await companion.connected();
    await eventually("the list has it", async () => /sessions = .*GONEWORDS/.test(await kept(companion)));
    await companion.goto("Help");

    await erase(gone);
    await untilKept(companion, ["GONEWORDS", "GONEDRAFT", gone], false);
    // A write that was due a moment later does not happen either: words that came afterwards have been written.
    await companion.sessions
      .getByRole("link", { name: /OTHERWORDS/ })
      .first()
      .click();
    await companion.say("say: LATERWORDS");
    await companion.hear(/^(?!.*say:).*LATERWORDS/s);
    await companion.composer.fill("OTHERDRAFT");
    await eventually("the later words are written", async () =>
      new RegExp(`chat\\.${other} = .*LATERWORDS`).test(await kept(companion)),
    );
    await untilKept(companion, ["OTHERDRAFT"], true);
    await untilKept(companion, ["GONEWORDS", "GONEDRAFT", gone], false);
    await untilKept(companion, ["OTHERWORDS", "OTHERDRAFT"], true);
    expect(await companion.sessions.getByRole("link", { name: /GONEWORDS/ }).count()).toBe(0);

    // Without a reload: what the page holds in memory is what it shows.
    await page.evaluate(
      `history.pushState(null, "", "/s/${gone}"); dispatchEvent(new PopStateEvent("popstate"))`,
    );
    await page.getByRole("heading", { name: "This session is not there" }).waitFor();
    expect(await page.locator("body").innerText()).not.toMatch(/GONE/);
    await companion.openSession(other);
    await companion.hear(/^(?!.*say:).*OTHERWORDS/s);
    expect(await companion.composer.inputValue()).toBe("OTHERDRAFT");
    await companion.close();
  });

  test("C05: erased while the page is away, its words and what waits to be sent are gone when the page comes back", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server, screen: phone });
    const { page, context } = companion;
    const gone = await begin();
    await companion.openSession(gone);
    await companion.say("say: AWAYWORDS");
    await companion.hear(/^(?!.*say:).*AWAYWORDS/s);
    await untilKept(companion, ["AWAYWORDS"], true);
    companion.watch.allowBrokenConnections();
    companion.watch.allow(/status of (404|410)/);
    await context.setOffline(true);
    await companion.connection("Offline");
    await companion.say("say: AWAYUNSENT");
    await untilKept(companion, ["AWAYUNSENT"], true);
    await erase(gone);
    await context.setOffline(false);
    await page.getByRole("heading", { name: "This session is not there" }).waitFor();
    await untilKept(companion, ["AWAYWORDS", "AWAYUNSENT", gone], false);
    expect(await page.locator("body").innerText()).not.toMatch(/AWAY/);
    await companion.judge();
    await companion.close();
  });
});
