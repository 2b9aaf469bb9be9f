import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion } from "../support/browser/companion.ts";
import { useScene } from "../support/server/scene.ts";

describe("a session that is about to expire", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();
  const set = (limits: Record<string, number>) => scene.server.ask("PATCH", "/api/settings", limits);

  test("S04 S05 S06 C05: the page warns, gives a recap, keeps it alive, and brings it back after its end", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const { page } = companion;
    await set({ sessionWarningHours: 0.0002, sessionFinalWarningMinutes: 0 });
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    await companion.openSession(body.sessionId);
    await companion.say("Remember the number 5");
    await companion.hear("I will remember 5.");
    const banner = page
      .getByRole("alert", { name: /^Session expires/ })
      .or(page.getByRole("status", { name: /^Session expires/ }));
    await banner.waitFor();
    await companion.judge();
    // From here on a new term is not warned of at once.
    await set({ sessionWarningHours: 20 });
    await banner.getByRole("button", { name: "Recap" }).click();
    await page
      .getByText(/Recap: you wrote 1 message/)
      .first()
      .waitFor();
    await companion.judge();
    const before = (await scene.server.ask("GET", `/api/sessions/${body.sessionId}`)).body.lease;
    const keep = page.getByRole("button", { name: "Keep alive" }).first();
    if (await keep.isVisible()) await keep.click();
    await page.getByRole("button", { name: "Understood" }).click();
    await banner.waitFor({ state: "detached" });
    const kept = (await scene.server.ask("GET", `/api/sessions/${body.sessionId}`)).body.lease;
    expect(kept.expiresAt).toBeGreaterThanOrEqual(before.expiresAt);
    expect(kept.warnedAt).toBeUndefined();

    await set({ sessionTimeoutHours: 0.0004, sessionWarningHours: 0.0003 });
    await companion.say("say: the last words");
    await companion.hear("the last words");
    const back = companion.button("Bring it back");
    await back.waitFor();
    await companion.judge();
    await set({ sessionTimeoutHours: 24, sessionWarningHours: 20 });
    await back.click();
    await back.waitFor({ state: "detached" });
    await companion.say("What number did I ask you to remember?");
    await companion.hear("You asked me to remember 5.");
    await companion.close();
  });
});
