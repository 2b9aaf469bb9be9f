import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { readFlags } from "../../server/platform/flags.ts";
import { DemoServer } from "../support/browser/demoServer.ts";
import { launchChromium } from "../support/browser/launch.ts";
import { categories, PageTrace, type TraceEvent } from "./pageTrace.ts";

/**
 * What the page costs a person, in the real browser against the real server and the real CLI, read from Chromium's own
 * trace: the first load, the first paint, the time from Enter to the own words and to Claude's first word on the screen,
 * what keeps the page from answering while 50 KB stream in, and its memory after a long conversation.
 */
const { values } = readFlags("scripts/bench page", {
  flags: {
    loads: { type: "number", whole: true, min: 1 },
    turns: { type: "number", whole: true, min: 1 },
    messages: { type: "number", whole: true, min: 2 },
    json: { type: "boolean" },
  },
});
const loads = values.loads ?? 5;
const turns = values.turns ?? 20;
const messages = values.messages ?? 2_000;

/** Marks the instant at which an article of the conversation with these words was painted. */
const markPaints = `(() => {
  const painted = (name) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => performance.mark(name);
    port2.postMessage(0);
  });
  globalThis.awaitWords = (label, words, name) => {
    const has = () => [...document.querySelectorAll('article[aria-label="' + label + '"]')].some((one) => one.textContent.includes(words));
    const watch = new MutationObserver(() => {
      if (!has()) return;
      watch.disconnect();
      painted(name);
    });
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  };
  addEventListener("keydown", (event) => { if (event.key === "Enter") performance.mark("enter"); }, true);
})()`;

const quantile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? NaN;
const rounded = (value: number): number => Math.round(value * 10) / 10;

async function traced(browser: Browser, page: Page, act: () => Promise<void>): Promise<PageTrace> {
  await browser.startTracing(page, { categories });
  await act();
  const buffer = await browser.stopTracing();
  return new PageTrace((JSON.parse(buffer.toString()) as { traceEvents: TraceEvent[] }).traceEvents);
}

async function pairedPage(browser: Browser, server: DemoServer): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.addInitScript(markPaints);
  await page.goto(`${server.url}/pair#code=${await server.pairingCode()}`);
  await page.getByRole("button", { name: "Pair", exact: true }).click();
  await page.getByRole("status", { name: "Connection" }).filter({ hasText: "Connected" }).first().waitFor();
  return page;
}

async function openSession(page: Page, server: DemoServer, sessionId: string): Promise<void> {
  await page.goto(`${server.url}/s/${sessionId}`);
  await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
  await page.getByRole("status", { name: "Connection" }).filter({ hasText: "Connected" }).first().waitFor();
}

async function measureLoads(browser: Browser, server: DemoServer) {
  const facts: Array<{ bytes: number; firstPaintMs: number; readyMs: number }> = [];
  for (let done = 0; done < loads; done += 1) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    await page.addInitScript(
      `new MutationObserver((_, watch) => { if (document.querySelector("h1")) { watch.disconnect(); requestAnimationFrame(() => performance.mark("ready")); } }).observe(document, { childList: true, subtree: true })`,
    );
    const trace = await traced(browser, page, async () => {
      await page.goto(server.url, { waitUntil: "networkidle" });
    });
    facts.push({
      bytes: trace.encodedBytes(),
      firstPaintMs: trace.sinceNavigation("firstContentfulPaint"),
      readyMs: trace.sinceNavigation("ready"),
    });
    await context.close();
  }
  const middle = (name: keyof (typeof facts)[number]) =>
    quantile(
      facts.map((one) => one[name]),
      0.5,
    );
  return {
    bytes: middle("bytes"),
    firstPaintMs: rounded(middle("firstPaintMs")),
    readyMs: rounded(middle("readyMs")),
  };
}

async function measureTurns(browser: Browser, server: DemoServer) {
  const page = await pairedPage(browser, server);
  await openSession(page, server, await server.session(join(server.projects, "hello")));
  const field = page.getByRole("textbox", { name: "Message", exact: true });
  const send = async (words: string) => {
    await field.fill(`say: answer ${words}`);
    await page.evaluate(
      `awaitWords("You", "${words}", "own"); awaitWords("Claude", "answer ${words}", "word")`,
    );
    await field.press("Enter");
    await page.getByRole("article", { name: "Claude" }).filter({ hasText: words }).waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
  };
  // The first one starts the process.
  await send("warm");
  const ownMs: number[] = [];
  const wordMs: number[] = [];
  for (let done = 0; done < turns; done += 1) {
    const trace = await traced(browser, page, () => send(`number${done}`));
    ownMs.push(trace.between("enter", "own"));
    wordMs.push(trace.between("enter", "word"));
  }
  await page.context().close();
  return {
    ownWordsMs: { median: rounded(quantile(ownMs, 0.5)), p95: rounded(quantile(ownMs, 0.95)) },
    firstWordMs: { median: rounded(quantile(wordMs, 0.5)), p95: rounded(quantile(wordMs, 0.95)) },
  };
}

async function measureStream(browser: Browser, server: DemoServer) {
  const page = await pairedPage(browser, server);
  const sessionId = await server.session(join(server.projects, "hello"));
  await server.say(sessionId, "say: ready", 30);
  await openSession(page, server, sessionId);
  const trace = await traced(browser, page, async () => {
    // Asked of the server: looking for its end on the page would be work of the page.
    await server.say(sessionId, "Write 50 kilobytes", 300);
    await page.getByRole("article", { name: "Claude" }).filter({ hasText: "That is all of it." }).waitFor();
  });
  await page.context().close();
  return Object.assign({ seconds: rounded(trace.durationMs() / 1_000) }, trace.tasks());
}

async function measureLongConversation(browser: Browser, server: DemoServer) {
  const sessionId = await server.session(join(server.projects, "hello"));
  for (let said = 0; said < messages / 2; said += 1)
    await server.say(sessionId, `say: The answer with the number ${said}, and **some** \`code\`.`, 60);
  const page = await pairedPage(browser, server);
  const cdp = await page.context().newCDPSession(page);
  const memory = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    return { heapMb: rounded(usedSize / 1e6), nodes: (await cdp.send("Memory.getDOMCounters")).nodes };
  };
  const before = await memory();
  const trace = await traced(browser, page, async () => {
    await openSession(page, server, sessionId);
    const log = page.getByRole("log", { name: "Conversation" });
    await log.getByRole("article").first().waitFor();
    // To the beginning, as a reader with a wheel: each page of older messages is read on the way.
    await page.mouse.move(700, 400);
    const first = log.getByText("The answer with the number 0,").first();
    while (!(await first.isVisible())) await page.mouse.wheel(0, -2_000);
  });
  const after = await memory();
  await page.context().close();
  const { heapMb, nodes } = after;
  return Object.assign({ messages, heapMb, heapBeforeMb: before.heapMb, nodes }, trace.tasks());
}

const folder = mkdtempSync(join(tmpdir(), "daylong-page-"));
const server = await DemoServer.start(folder, { REQUESTS_PER_MINUTE: "100000", SUGGESTIONS: "false" });
const browser = await launchChromium();
try {
  const report = {
    load: await measureLoads(browser, server),
    turn: await measureTurns(browser, server),
    stream: await measureStream(browser, server),
    conversation: await measureLongConversation(browser, server),
  };
  if (values.json) console.log(JSON.stringify(report));
  else
    console.table([
      { what: "first load, compressed", value: `${rounded(report.load.bytes / 1_000)} kB` },
      { what: "first paint", value: `${report.load.firstPaintMs} ms` },
      { what: "ready to use", value: `${report.load.readyMs} ms` },
      { what: "Enter to own words", value: inMs(report.turn.ownWordsMs) },
      { what: "Enter to Claude's first word", value: inMs(report.turn.firstWordMs) },
      { what: "tasks over 50 ms while 50 KB stream in", value: `${report.stream.longTasks}` },
      { what: "the longest of them", value: `${report.stream.longestMs} ms` },
      { what: "by the clock, other programs included", value: `${report.stream.longByTheClock}` },
      { what: `heap after ${messages} messages`, value: `${report.conversation.heapMb} MB` },
      { what: `nodes after ${messages} messages`, value: `${report.conversation.nodes}` },
      { what: "tasks over 50 ms while reading all of them", value: `${report.conversation.longTasks}` },
      { what: "the longest of them", value: `${report.conversation.longestMs} ms` },
    ]);
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function inMs({ median, p95 }: { median: number; p95: number }): string {
  return `${median} ms (p95 ${p95} ms)`;
}
