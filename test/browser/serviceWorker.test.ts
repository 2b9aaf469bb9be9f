import { describe, expect, test } from "@jest/globals";
import type { CDPSession } from "playwright-core";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion } from "../support/browser/companion.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

interface Shown {
  title: string;
  body: string;
  tag: string;
  silent: boolean;
  path: string;
}

/** The page's notifications as the browser holds them. */
const shownIn = (page: Companion["page"]): Promise<Shown[]> =>
  page.evaluate<Shown[]>(
    `navigator.serviceWorker.ready.then((worker) => worker.getNotifications()).then((all) =>
      all.map(({ title, body, tag, silent, data }) => ({ title, body, tag, silent, path: data.path })))`,
  );

describe("the service worker", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();

  /** A page whose service worker runs, and the means to hand it a push as a push service does. */
  async function withWorker() {
    const companion = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      options: { permissions: ["notifications"] },
    });
    const { page, context } = companion;
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    const cdp: CDPSession = await context.newCDPSession(page);
    const registered = new Promise<string>((resolve) => {
      cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(companion.url));
        if (own) resolve(own.registrationId);
      });
    });
    await cdp.send("ServiceWorker.enable");
    const registrationId = await registered;
    /** DevTools' delivery is told of no end; one that finds the worker stopping is made again. */
    const push = async (data: string, isShown: (shown: readonly Shown[]) => boolean) => {
      for (let left = 5; left >= 0; left -= 1) {
        await cdp.send("ServiceWorker.deliverPushMessage", { origin: companion.url, registrationId, data });
        const looked = eventually("it is shown", async () => isShown(await shownIn(page)), 12_000);
        const isThere = await looked.catch((error: unknown) => {
          if (left === 0) throw error;
          return false;
        });
        if (isThere) return;
      }
    };
    return { companion, page, push };
  }

  test("D17 D21: a push is shown as it says, the next one about the same replaces it, and what is no push of ours shows something", async () => {
    const { companion, page, push } = await withWorker();
    const payload = (body: string) =>
      JSON.stringify({
        web_push: 8030,
        notification: {
          title: "hello",
          body,
          navigate: "https://elsewhere.example/s/11111111-1111-4111-8111-111111111111",
          tag: "turn-1",
          silent: false,
          app_badge: 3,
        },
        daylong: { v: 1, kind: "reply" },
      });
    await push(payload("First."), (shown) => shown.length === 1);
    await push(payload("Second."), (shown) => shown[0]?.body === "Second.");
    expect(await shownIn(page)).toEqual([
      {
        title: "hello",
        body: "Second.",
        tag: "turn-1",
        silent: false,
        // Of this page's own address, whatever the server is called elsewhere.
        path: "/s/11111111-1111-4111-8111-111111111111",
      },
    ]);
    await push("no json", (shown) => shown.length >= 2);
    expect((await shownIn(page)).find(({ title }) => title === "Daylong")?.body).toBe(
      "Open Daylong to see what happened.",
    );
    await companion.close();
  });

  test("D17 C05: notifications of a session go when it is read in this browser and when it is erased, others stay", async () => {
    const { companion, page, push } = await withWorker();
    const { body: read } = await scene.server.ask("POST", "/api/sessions", {
      projectPath: scene.bench.project,
    });
    const { body: erased } = await scene.server.ask("POST", "/api/sessions", {
      projectPath: scene.bench.project,
    });
    const other = "11111111-1111-4111-8111-111111111111";
    for (const sessionId of [read.sessionId, erased.sessionId, other])
      await push(
        JSON.stringify({
          web_push: 8030,
          notification: {
            title: "t",
            body: "b",
            navigate: `${companion.url}/s/${sessionId}`,
            tag: sessionId,
          },
        }),
        (shown) => shown.some(({ tag }) => tag === sessionId),
      );
    const left = async () => (await shownIn(page)).map(({ tag }) => tag).sort();
    await companion.openSession(read.sessionId);
    await companion.say("say: here");
    await eventually("that of the read one is closed", async () => {
      return (await left()).join() === [erased.sessionId, other].sort().join();
    });
    expect((await scene.server.ask("DELETE", `/api/sessions/${erased.sessionId}?erase=true`)).status).toBe(
      200,
    );
    await eventually("that of the erased one is closed", async () => (await left()).join() === other);
    await companion.close();
  });

  test("C05: it keeps the page's files, so that the page opens without a network, and answers for nothing else", async () => {
    const { companion, page } = await withWorker();
    await page.reload();
    await companion.connected();
    const kept = () =>
      page.evaluate<string[]>(
        `caches.open("daylong-page-1").then((cache) => cache.keys()).then((all) => all.map(({ url }) => new URL(url).pathname))`,
      );
    await eventually("the shell and the files are kept", async () => {
      const paths = await kept();
      return (
        paths.includes("/") &&
        paths.some((path) => path.endsWith(".js")) &&
        paths.some((path) => path.endsWith(".css"))
      );
    });
    expect((await kept()).filter((path) => path !== "/" && !path.startsWith("/assets/"))).toEqual([]);
    companion.watch.allowBrokenConnections();
    await companion.context.setOffline(true);
    await page.reload();
    await companion.connection("Offline");
    await companion.context.setOffline(false);
    await companion.connected();
    await companion.close();
  });

  test("C05: with a network no navigation is the service worker's: a new page is never an old one", async () => {
    const { companion, page } = await withWorker();
    await page.reload();
    const navigation = await page.evaluate<{ workerStart: number; transferSize: number }>(
      `(({ workerStart, transferSize }) => ({ workerStart, transferSize }))(performance.getEntriesByType("navigation")[0])`,
    );
    const answer = await page.goto(`${companion.url}/help`);
    expect(answer?.fromServiceWorker()).toBe(false);
    expect(navigation.transferSize).toBeGreaterThan(0);
    await companion.close();
  });
});
