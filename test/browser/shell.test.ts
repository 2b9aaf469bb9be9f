import { describe, expect, test } from "@jest/globals";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop, phone } from "../support/browser/companion.ts";
import { useScene } from "../support/server/scene.ts";

describe("the page of the server", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();

  test.each([
    ["a phone", phone],
    ["a desktop", desktop],
  ])(
    "C05: on %s it opens without a token, asks no other host and breaks no rule of its own",
    async (_name, screen) => {
      const companion = await Companion.open({ browser: used.browser, server: scene.server, screen });
      const answer = await companion.page.goto(companion.url);
      expect(answer?.status()).toBe(200);
      await companion.page.getByRole("heading", { level: 1 }).first().waitFor();
      await companion.close();
    },
  );

  test("START-9: the first page pairs by a typed code, and an unknown address is a page that says so", async () => {
    const companion = await Companion.open({ browser: used.browser, server: scene.server });
    const { page } = companion;
    await page.goto(companion.url);
    await page.getByRole("textbox", { name: "Pairing code" }).fill((await companion.code()).toLowerCase());
    await companion.finishPairing("Typed");
    const { body } = await scene.server.ask("GET", "/api/devices");
    expect(body.devices.map(({ name }: { name: string }) => name)).toContain("Typed");
    companion.watch.allow(/404/);
    const answer = await page.goto(`${companion.url}/nowhere`);
    expect([answer?.status(), answer?.headers()["content-type"]]).toEqual([404, "text/html; charset=utf-8"]);
    await page.getByRole("heading", { name: /not found|no page|nothing/i }).waitFor();
    await companion.close();
  });
});
