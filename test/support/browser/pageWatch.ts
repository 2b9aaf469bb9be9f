import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContext, Page } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Reports each violation of the Content-Security-Policy on the console, the report-only ones included. */
const tellViolations = `addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP violation: " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile + ":" + event.lineNumber))`;

/** A connection that breaks is told by Chromium itself, whatever the page does about it. */
const brokenConnection = /ERR_(CONNECTION|INTERNET|EMPTY|NETWORK|SOCKET)|WebSocket connection to .* failed/;

/** A conversation that Claude has not written down yet has no past to be read; the page asks, and takes this for none. */
const noPastYet = /status of 404 .*\/api\/projects\/[^/]+\/sessions\/[^/]+\/messages/;

/**
 * Watches a browser context for what no page of ours may do: errors on the console, uncaught exceptions, violations of the
 * Content-Security-Policy, and requests to another host than the server.
 */
export class PageWatch {
  readonly #faults: string[] = [];
  readonly #hosts = new Set<string>();
  readonly #allowed: RegExp[] = [noPastYet];

  private constructor(ownHosts: readonly string[]) {
    for (const host of ownHosts) this.#hosts.add(host);
  }

  static async begin(context: BrowserContext, ownHosts: readonly string[]): Promise<PageWatch> {
    const watch = new PageWatch(ownHosts);
    await context.addInitScript(tellViolations);
    context.on("console", (message) => {
      if (message.type() === "error") watch.#note(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => {
      watch.#note(`uncaught: ${error.error().stack ?? error.error().message}`);
    });
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (/^(data|blob|about):$/.test(url.protocol)) return;
      if (!watch.#hosts.has(url.host)) watch.#note(`request to another host: ${request.url()}`);
    });
    return watch;
  }

  /** From now on no fault: a test that kills the server, or is refused, says so before. */
  allow(pattern: RegExp): void {
    this.#allowed.push(pattern);
  }

  allowBrokenConnections(): void {
    this.allow(brokenConnection);
  }

  get faults(): string[] {
    return this.#faults.filter((fault) => !this.#allowed.some((pattern) => pattern.test(fault)));
  }

  #note(fault: string): void {
    this.#faults.push(fault);
  }
}

interface AxeResult {
  id: string;
  help: string;
  nodes: Array<{ html: string; failureSummary: string }>;
}

/** What axe-core finds wrong with the page as it is now, a sentence each. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(`if (!globalThis.axe) { ${axeSource} }`);
  const options = { resultTypes: ["violations"], preload: false };
  const { violations } = await page.evaluate<{ violations: AxeResult[] }>(
    `axe.run(document, ${JSON.stringify(options)})`,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 300)} ${node.failureSummary}`),
  );
}

/** What lies outside the window to the right: the page must never be scrolled sideways. */
export const overflowingPixels = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
