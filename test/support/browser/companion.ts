import { expect } from "@jest/globals";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import type { DaylongServer } from "../server/daylongServer.ts";
import { axeViolations, overflowingPixels, PageWatch } from "./pageWatch.ts";

/** A net for what hangs, for a computer that has much else to do. */
const deadlineMs = 60_000;

export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
export const desktop: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

export interface CompanionParts {
  browser: Browser;
  server: DaylongServer;
  screen?: BrowserContextOptions;
  /** Where the page is opened; by default the server's own address. */
  url?: string;
  options?: BrowserContextOptions;
}

/**
 * The companion page in a browser of its own, driven by what a screen reader hears: roles and accessible names, as the
 * contract of the page lists them.
 */
export class Companion {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly watch: PageWatch;
  readonly url: string;
  readonly server: DaylongServer;

  private constructor(parts: {
    context: BrowserContext;
    page: Page;
    watch: PageWatch;
    url: string;
    server: DaylongServer;
  }) {
    this.context = parts.context;
    this.page = parts.page;
    this.watch = parts.watch;
    this.url = parts.url;
    this.server = parts.server;
  }

  static async open({ browser, server, screen = phone, url = server.url, options = {} }: CompanionParts) {
    const context = await browser.newContext(Object.assign({ locale: "en-GB" }, screen, options));
    context.setDefaultTimeout(deadlineMs);
    const watch = await PageWatch.begin(context, [new URL(url).host]);
    const page = await context.newPage();
    return new Companion({ context, page, watch, url, server });
  }

  /** A browser that is paired already, on the list of sessions. */
  static async paired(parts: CompanionParts & { scope?: "admin" | "chat" | "read"; name?: string }) {
    const companion = await Companion.open(parts);
    await companion.pairByLink(parts.scope, parts.name);
    return companion;
  }

  async code(scope: "admin" | "chat" | "read" = "chat"): Promise<string> {
    return (await this.server.ask("POST", "/api/pairing-codes", { scope })).body.code;
  }

  /** Opens the link behind the QR code. */
  async pairByLink(scope: "admin" | "chat" | "read" = "chat", name?: string): Promise<void> {
    await this.page.goto(`${this.url}/pair#code=${await this.code(scope)}`);
    await this.finishPairing(name);
  }

  async finishPairing(name?: string): Promise<void> {
    if (name !== undefined) await this.page.getByRole("textbox", { name: "Name of this device" }).fill(name);
    await this.button("Pair").click();
    await this.connected();
  }

  /** The page says that it is connected. */
  async connected(): Promise<void> {
    await this.connection("Connected");
  }

  async connection(word: "Connected" | "Reconnecting" | "Offline"): Promise<void> {
    await this.page.getByRole("status", { name: "Connection" }).filter({ hasText: word }).first().waitFor();
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  get conversation(): Locator {
    return this.page.getByRole("log", { name: "Conversation" });
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }

  get sessions(): Locator {
    return this.page.getByRole("list", { name: "Sessions" });
  }

  messages(from: "You" | "Claude"): Locator {
    return this.conversation.getByRole("article", { name: from, exact: true });
  }

  permission(tool: string): Locator {
    return this.page.getByRole("region", { name: new RegExp(`^Permission\\b.*${tool}`) });
  }

  async goto(place: "Sessions" | "Monitor" | "Settings" | "Help"): Promise<void> {
    await this.page
      .getByRole("navigation")
      .getByRole("link", { name: new RegExp(`^${place}`) })
      .first()
      .click();
  }

  async openSession(sessionId: string): Promise<void> {
    await this.page.goto(`${this.url}/s/${sessionId}`);
    await this.conversation.waitFor();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.button("Send").click();
    await this.messages("You").filter({ hasText: text }).last().waitFor();
  }

  /** Waits for words of Claude's. */
  async hear(words: string | RegExp): Promise<Locator> {
    const article = this.messages("Claude").filter({ hasText: words }).last();
    await article.waitFor();
    return article;
  }

  /** The page as it is now is one that anybody can use, at its size. */
  async judge(): Promise<void> {
    expect(await axeViolations(this.page)).toEqual([]);
    expect(await overflowingPixels(this.page)).toBeLessThanOrEqual(0);
  }

  /** Closes it; nothing may have gone wrong until then. */
  async close(): Promise<void> {
    await this.context.close();
    expect(this.watch.faults).toEqual([]);
  }
}
