import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientProcess, type Report } from "./clientProcess.ts";
import { PlayedServer } from "./play/playedServer.ts";
import type { Scenario, Stage } from "./scenario.ts";
import { type Check, Verdicts } from "./verdicts.ts";

const patienceMs = 20_000;

export interface Played {
  scenario: string;
  checks: Check[];
  /** The frames that the client was sent. */
  sent: object[];
}

/** Plays one scenario with a client that is started for it, and says what it found. Nothing of it stays on the machine. */
export async function playScenario(
  scenario: Scenario,
  command: string,
  log: (line: string) => void,
): Promise<Played> {
  const server = new PlayedServer();
  await server.open();
  const stateDir = join(mkdtempSync(join(tmpdir(), "daylong-conformance-")), "state");
  mkdirSync(stateDir);
  const client = new ClientProcess(
    command,
    {
      DAYLONG_URL: server.url,
      DAYLONG_PAIRING_CODE: server.code,
      DAYLONG_SCENARIO: scenario.name,
      DAYLONG_STATE_DIR: stateDir,
    },
    log,
  );
  const verdicts = new Verdicts();
  try {
    await scenario.play(stageOf(server, client, verdicts));
  } catch (error) {
    // What was waited for did not come: the sentences of the scenario that nothing was found about have failed.
    const detail = error instanceof Error ? error.message : String(error);
    const known = new Set(verdicts.all.map(({ id }) => id));
    const left = scenario.sentences.filter((id) => !known.has(id));
    for (const id of left.length > 0 ? left : scenario.sentences.slice(0, 1)) verdicts.fail(id, detail);
  } finally {
    client.tell({ do: "quit" });
    await client.kill();
    await server.shut();
    rmSync(join(stateDir, ".."), { recursive: true, force: true });
  }
  return { scenario: scenario.name, checks: verdicts.all, sent: server.sent };
}

function stageOf(server: PlayedServer, client: ClientProcess, verdicts: Verdicts): Stage {
  const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
  const until: Stage["until"] = (what, check, withinMs = patienceMs) =>
    new Promise((done, fail) => {
      const settle = (error?: Error) => {
        stop();
        clearTimeout(timer);
        clearInterval(looks);
        if (error) fail(error);
        else done();
      };
      const look = () => {
        if (check()) settle();
      };
      const stop = server.onNews(look);
      const looks = setInterval(look, 50);
      const timer = setTimeout(() => settle(new Error(`not within ${withinMs / 1000} s: ${what}`)), withinMs);
      look();
    });
  const reportWhere: Stage["reportWhere"] = async (check, withinMs = patienceMs) => {
    const end = performance.now() + withinMs;
    let report: Report = await client.report();
    while (!check(report) && performance.now() < end) {
      await pause(100);
      report = await client.report();
    }
    return report;
  };
  return {
    server,
    client,
    verdicts,
    until,
    reportWhere,
    pause,
    begin: async () => {
      const hellos = server.framesOf("hello").length;
      client.start();
      await until("the client says hello", () => server.framesOf("hello").length > hellos, 60_000);
      if (server.welcomeDelayMs === 0)
        await until("the client is connected", () => server.openConnections > 0);
    },
  };
}
