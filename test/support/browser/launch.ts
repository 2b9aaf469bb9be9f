import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where distributions put it; `CHROMIUM` names another one. */
const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome-stable"];

/** A name that leads to this computer and is no secure context, as a plain address in a home network is none. */
export const lanName = "daylong.test";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Whatever is asked for from elsewhere fails at once instead of leaving this computer.
  `--host-resolver-rules=MAP ${lanName} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`,
];

/** The program of the browser that the tests drive. */
export function chromiumPath(): string {
  const found = [process.env.CHROMIUM ?? "", ...places].find((path) => path !== "" && existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    "The browser tests need Chromium: install the package 'chromium', or name a Chromium in the variable CHROMIUM.",
  );
}

export const launchChromium = (more: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), headless: true, args: [...flags, ...more] });
