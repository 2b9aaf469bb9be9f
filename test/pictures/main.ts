import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { DemoServer } from "../support/browser/demoServer.ts";
import { type Scenes, setScenes } from "./scenes.ts";

const { values: flags } = parseArgs({
  options: {
    out: { type: "string", default: "docs/pictures" },
    only: { type: "string" },
    png: { type: "boolean", default: false },
  },
});

const sizes = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const;
const schemes = ["light", "dark"] as const;

/** A third of what a lossless picture takes; letters stay sharp. */
const webpQuality = 70;

interface Picture {
  path: (scenes: Scenes) => string;
  act?: (page: Page) => Promise<void>;
}

/** What is pictured, each by its address and what has to be done there; the answer that is being written comes first. */
const pictures: Record<string, Picture> = {
  working: {
    path: ({ working }) => `/s/${working}`,
    act: (page) => page.getByText("PlainDate").first().waitFor({ timeout: 60_000 }),
  },
  inbox: { path: () => "/" },
  chat: {
    path: ({ talk }) => `/s/${talk}`,
    act: async (page) => {
      await page.locator(".hljs-keyword").first().waitFor();
      const jump = page.locator(".jump");
      if (await jump.isVisible()) await jump.click();
    },
  },
  permission: { path: ({ permission }) => `/s/${permission}` },
  question: { path: ({ question }) => `/s/${question}` },
  agents: {
    path: ({ agents }) => `/s/${agents}`,
    act: (page) => page.locator(".tool-line").first().click(),
  },
  changes: {
    path: ({ talk }) => `/s/${talk}`,
    act: async (page) => {
      const panel = page.getByRole("button", { name: /What belongs to the session/ });
      if (await panel.isVisible()) await panel.click();
      await page.getByRole("button", { name: /^Changes/ }).click();
      await page.locator(".change-name").first().click();
      await page.locator(".changes .diff").waitFor();
    },
  },
  new: { path: () => "/", act: (page) => page.getByRole("button", { name: "New session" }).click() },
  monitor: { path: () => "/monitor" },
  limits: {
    path: () => "/monitor",
    act: (page) =>
      page.getByRole("heading", { name: "Limits" }).evaluate((heading) => heading.scrollIntoView()),
  },
  settings: { path: () => "/settings" },
};

interface Device {
  name: string;
  page: Page;
}

async function shoot({ page, name: device }: Device, name: string): Promise<void> {
  const file = join(flags.out, `${name}-${device}`);
  if (flags.png) {
    await page.screenshot({ path: `${file}.png` });
    return;
  }
  const cdp = await page.context().newCDPSession(page);
  const { data } = await cdp.send("Page.captureScreenshot", { format: "webp", quality: webpQuality });
  writeFileSync(`${file}.webp`, Buffer.from(data, "base64"));
  await cdp.detach();
}

async function pairedDevice(
  browser: Browser,
  server: DemoServer,
  size: keyof typeof sizes,
  colorScheme: (typeof schemes)[number],
): Promise<Device> {
  const isPhone = size === "phone";
  const context = await browser.newContext({
    viewport: sizes[size],
    colorScheme,
    deviceScaleFactor: isPhone ? 1.5 : 1,
    hasTouch: isPhone,
    isMobile: isPhone,
    locale: "en-GB",
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`The page threw: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`The page says: ${message.text()}`);
  });
  const device = { name: `${size}-${colorScheme}`, page };
  await page.goto(`${server.url}/pair#code=${await server.pairingCode()}`);
  await page.getByRole("textbox", { name: "Name of this device" }).fill(isPhone ? "iPhone" : "MacBook");
  if (flags.only === undefined || "pair".includes(flags.only)) await shoot(device, "pair");
  await page.getByRole("button", { name: "Pair" }).click();
  await page.getByRole("list", { name: "Sessions" }).waitFor({ state: "attached" });
  return device;
}

async function takePictures(devices: Device[], server: DemoServer, scenes: Scenes): Promise<void> {
  for (const [name, { path, act }] of Object.entries(pictures)) {
    if (flags.only !== undefined && !name.includes(flags.only)) continue;
    for (const device of devices) {
      const { page } = device;
      await page.goto(server.url + path(scenes));
      await page.locator(".connection", { hasText: "Connected" }).waitFor({ state: "attached" });
      // A picture is of a page at rest: what it asks for at its opening has come.
      await page.waitForTimeout(700);
      await act?.(page).catch((error: Error) => console.error(`${name}: ${error.message}`));
      await page.waitForTimeout(400);
      await shoot(device, name);
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), "day-"));
mkdirSync(flags.out, { recursive: true });
// The system's font is that of this computer; where Inter is installed it stands for those of phones.
const fonts = join(folder, "fonts.conf");
writeFileSync(
  fonts,
  `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
${["system-ui", "sans-serif"].map((family) => `<match target="pattern"><test qual="any" name="family"><string>${family}</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>`).join("\n")}
</fontconfig>`,
);
const server = await DemoServer.start(folder, { REQUESTS_PER_MINUTE: "5000" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  env: { ...process.env, FONTCONFIG_FILE: fonts },
  args: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ],
});
try {
  const devices: Device[] = [];
  for (const size of ["phone", "desktop"] as const)
    for (const scheme of schemes) devices.push(await pairedDevice(browser, server, size, scheme));
  await takePictures(devices, server, await setScenes(server));
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
