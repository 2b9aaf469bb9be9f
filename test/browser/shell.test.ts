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
});
