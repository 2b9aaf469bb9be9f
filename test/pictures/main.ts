import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { DemoServer } from "./demoServer.ts";
import { type Scenes, setScenes } from "./scenes.ts";

const { values: flags } = parseArgs({
  options: { out: { type: "string", default: "docs/pictures" }, only: { type: "string" } },
});

const sizes = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const;
const schemes = ["light", "dark"] as const;

/** What is pictured, each by its address and what has to be done there. */
const pictures: Record<string, { path: (scenes: Scenes) => string; act?: (page: Page) => Promise<void> }> = {
  inbox: { path: () => "/" },
  chat: {
    path: ({ talk }) => `/s/${talk}`,
    act: (page) => page.locator(".hljs-keyword").first().waitFor({ timeout: 5_000 }),
  },
  permission: { path: ({ permission }) => `/s/${permission}` },
  question: { path: ({ question }) => `/s/${question}` },
  working: { path: ({ working }) => `/s/${working}` },
  agents: {
    path: ({ agents }) => `/s/${agents}`,
    act: async (page) => {
      await page.locator(".tool-line").first().click();
    },
  },
  new: { path: () => "/", act: (page) => page.getByRole("button", { name: "New session" }).click() },
  monitor: { path: () => "/monitor" },
  settings: { path: () => "/settings" },
  help: { path: () => "/help" },
};

async function takePictures(browser: Browser, server: DemoServer, scenes: Scenes): Promise<void> {
  for (const [sizeName, viewport] of Object.entries(sizes))
    for (const colorScheme of schemes) {
      const isPhone = sizeName === "phone";
      const context = await browser.newContext({
        viewport,
        colorScheme,
        hasTouch: isPhone,
        isMobile: isPhone,
      });
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(`The page threw: ${error.stack ?? error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") console.error(`The page says: ${message.text()}`);
      });
      const shoot = (name: string) =>
        page.screenshot({ path: join(flags.out, `${name}-${sizeName}-${colorScheme}.png`) });
      await page.goto(`${server.url}/pair#code=${await server.pairingCode()}`);
      await page.getByRole("button", { name: "Pair" }).waitFor();
      if (flags.only === undefined || "pair".includes(flags.only)) await shoot("pair");
      await page.getByRole("button", { name: "Pair" }).click();
      await page.getByRole("list", { name: "Sessions" }).waitFor({ state: "attached" });
      for (const [name, { path, act }] of Object.entries(pictures)) {
        if (flags.only !== undefined && !name.includes(flags.only)) continue;
        await page.goto(server.url + path(scenes));
        await page.locator(".connection", { hasText: "Connected" }).waitFor({ state: "attached" });
        await page.waitForTimeout(700);
        await act?.(page).catch((error: Error) => console.error(`${name}: ${error.message}`));
        await page.waitForTimeout(400);
        await shoot(name);
      }
      await context.close();
    }
}

const folder = mkdtempSync(join(tmpdir(), "daylong-pictures-"));
mkdirSync(flags.out, { recursive: true });
const server = await DemoServer.start(folder, { REQUESTS_PER_MINUTE: "5000" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ],
});
try {
  await takePictures(browser, server, await setScenes(server));
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
