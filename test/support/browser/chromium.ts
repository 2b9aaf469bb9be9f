import { afterAll, beforeAll } from "@jest/globals";
import type { Browser } from "playwright-core";
import { launchChromium } from "./launch.ts";

/** One browser for the tests of a file; each test opens contexts of its own. */
export function useChromium(): { browser: Browser } {
  const used = {} as { browser: Browser };
  beforeAll(async () => {
    used.browser = await launchChromium();
  });
  afterAll(async () => {
    await used.browser?.close();
  });
  return used;
}
