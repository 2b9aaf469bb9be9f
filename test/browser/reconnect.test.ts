import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { databaseName } from "../../server/store/database.ts";
import { renewEpoch } from "../../server/store/store.ts";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, desktop } from "../support/browser/companion.ts";
import { eventually, startServer } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

describe("a page whose server or network goes away", () => {
  const scene = useScene({ every: "file", keepsPort: true });
  const used = useChromium();
  const begin = async (): Promise<string> =>
    (await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project })).body.sessionId;
  const textsOf = async (companion: Companion, from: "You" | "Claude", words: string) =>
    (await companion.messages(from).allInnerTexts()).filter((text) => text.includes(words));

  test("C05 D02: the server is killed in mid-answer: the page says so, comes back by itself, and nothing is lost or doubled", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const sessionId = await begin();
    await companion.openSession(sessionId);
    await companion.say("say: before the crash");
    await companion.hear("before the crash");
    await companion.say("slow: 30");
    await companion.hear("word2");
    companion.watch.allowBrokenConnections();
    await scene.server.kill("SIGKILL");
    await companion.connection("Reconnecting");
    await companion.say("say: written without a server");
    await companion
      .messages("You")
      .filter({ hasText: "written without" })
      .filter({ hasText: "waits to be sent" })
      .waitFor();

    scene.server = await startServer(scene.environment);
    await companion.connected();
    await companion.hear(/^(?!.*say:).*written without a server/s);
    // What was read before the crash is not taken away from the reader, who hears that it is not all.
    const cut = await companion.hear("word2");
    await cut.getByText("It was cut off here.").waitFor();
    expect(await textsOf(companion, "Claude", "word2")).toHaveLength(1);
    for (const words of ["before the crash", "slow: 30", "written without a server"])
      expect(await textsOf(companion, "You", words)).toHaveLength(1);
    expect(await textsOf(companion, "Claude", "before the crash")).toHaveLength(1);
    expect(await textsOf(companion, "Claude", "written without a server")).toHaveLength(1);
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`);
    const accepted = body.events.filter(({ type }: { type: string }) => type === "turn.accepted");
    expect(accepted).toHaveLength(3);
    // What the server has told after its restart is on the screen: the cut answer is said to be cut.
    await companion.conversation
      .getByText(/interrupted|restarted|cut/i)
      .first()
      .waitFor();
    await companion.judge();
    await companion.close();
  });

  test("C05 D04: what is written without a network outlives a reload, is shown as waiting, and is sent once and in order", async () => {
    const companion = await Companion.paired({
      browser: used.browser,
      server: scene.server,
      screen: desktop,
    });
    const { page, context } = companion;
    const sessionId = await begin();
    await companion.openSession(sessionId);
    companion.watch.allowBrokenConnections();
    companion.watch.allow(/ERR_FAILED|ERR_BLOCKED/);
    // The page's own files still come: only the interface is out of reach, as behind a captive portal.
    await context.route("**/api/**", (route) => route.abort());
    await context.routeWebSocket(/\/ws$/, (socket) => socket.close());
    await page.reload();
    await companion.composer.waitFor();
    await companion.say("say: first of two");
    await companion.say("say: second of two");
    await page.reload();
    for (const words of ["first of two", "second of two"])
      await companion
        .messages("You")
        .filter({ hasText: words })
        .filter({ hasText: "waits to be sent" })
        .waitFor();
    await companion.judge();
    await context.unroute("**/api/**");
    await context.routeWebSocket(/\/ws$/, (socket) => void socket.connectToServer());
    await page.reload();
    await companion.connected();
    await companion.hear("second of two");
    await eventually("both have run", async () => {
      const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      return body.turnCount === 2 && body.queuedTurns === 0;
    });
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`);
    const accepted = body.events.filter(({ type }: { type: string }) => type === "turn.accepted");
    expect(accepted.map(({ data }: { data: { message: string } }) => data.message)).toEqual([
      "say: first of two",
      "say: second of two",
    ]);
    for (const words of ["first of two", "second of two"]) {
      expect(await textsOf(companion, "You", words)).toHaveLength(1);
      expect(await textsOf(companion, "Claude", words)).toHaveLength(1);
    }
    await companion.close();
  });

  test("C05: an answer that goes on while the page is away is there when it comes back, whole and once", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const sessionId = await begin();
    await companion.openSession(sessionId);
    await companion.say("slow: 3");
    await companion.hear("word2");
    companion.watch.allowBrokenConnections();
    await companion.context.setOffline(true);
    await companion.connection("Offline");
    await eventually("the answer has ended", async () => {
      const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}`);
      return body.turn === undefined;
    });
    await companion.context.setOffline(false);
    await companion.connected();
    await companion.hear(/word20 end\./);
    expect(await textsOf(companion, "Claude", "word20")).toHaveLength(1);
    await companion.close();
  });

  test("C05 D02: a restored backup is said, the sessions are read anew, and the conversation goes on", async () => {
    const companion = await Companion.paired({ browser: used.browser, server: scene.server });
    const sessionId = await begin();
    await companion.openSession(sessionId);
    await companion.say("say: from before");
    await companion.hear("from before");
    companion.watch.allowBrokenConnections();
    await scene.server.kill("SIGTERM");
    renewEpoch({ path: join(scene.bench.dataDir, databaseName) });
    scene.server = await startServer(scene.environment);
    await companion.page.getByText(/history is another one than before/).waitFor();
    await companion.connected();
    await companion.judge();
    await companion.button("Understood").click();
    await companion.say("say: from after");
    await companion.hear("from after");
    expect(await textsOf(companion, "Claude", "from before")).toHaveLength(1);
    expect(await textsOf(companion, "You", "from after")).toHaveLength(1);
    await companion.close();
  });
});
