import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type RunningDaylong, startDaylong } from "../../../server/app/compose.ts";
import { readConfig } from "../../../server/app/config.ts";
import type { Log } from "../../../server/domain/ports.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { ScriptedHost } from "../../support/claude/scriptedHost.ts";
import { MemoryPush } from "../../support/push/memoryPush.ts";
import { connect } from "../../support/server/socketClient.ts";

let folder: string;
let project: string;
let host: ScriptedHost;
let push: MemoryPush;
let running: RunningDaylong | undefined;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-compose-")));
  project = join(folder, "root", "alpha");
  mkdirSync(project, { recursive: true });
  host = new ScriptedHost({ clock: systemClock });
  push = new MemoryPush();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const dataDir = () => join(folder, "data");
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A server with its real files and sockets, over processes that do what the test says. */
async function start(port = 0): Promise<RunningDaylong> {
  const environment = { DATA_DIR: dataDir(), PROJECT_ROOTS: join(folder, "root"), PORT: String(port) };
  running = await startDaylong({
    clock: systemClock,
    log,
    version: "9.9.9",
    environment,
    config: readConfig(environment),
    cliEnvironment: { HOME: folder },
    crash: (error) => {
      throw error;
    },
    ports: {
      host,
      history: {
        conversations: async () => [],
        messages: async () => undefined,
        tool: async () => undefined,
      },
      pushSenders: { push, webPush: { publicKey: undefined, refusal: () => undefined } },
    },
  });
  return running;
}

describe("startDaylong", () => {
  test("O12: at a stop a turn that runs may end, and its reply is heard before the sockets close", async () => {
    const { url, stop } = await start();
    const token = readFileSync(join(dataDir(), "admin-token"), "utf8").trim();
    const phone = await connect({ url: `${url.replace("http:", "ws:")}/ws`, token });
    phone.send({ type: "send", ref: "1", clientMessageId: "m", projectPath: project, message: "Hello" });
    const { turnId } = await phone.waitForRef("1");
    const claude = await host.prompted(turnId!);
    const stopped = stop();
    // Nothing new is taken, but everybody who listens is still there.
    phone.send({ type: "send", ref: "2", clientMessageId: "n", projectPath: project, message: "More" });
    expect(await phone.waitForRef("2")).toMatchObject({ type: "error", code: "shutting_down" });
    claude.reply("Goodbye.");
    expect(await phone.waitForClose()).toMatchObject({ code: 1012 });
    await stopped;
    expect(phone.events.map(({ type }) => type)).toContain("turn.completed");
    expect(host.live()).toEqual([]);
    expect(push.stopped).toBe(true);
    expect(existsSync(join(dataDir(), "server.json"))).toBe(false);
  });

  test("a start that fails closes what it had begun, so that the next one finds the folder free", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(start(port)).rejects.toThrow(`${port}`);
    expect(push.stopped).toBe(true);
    other.close();
    await once(other, "close");
    const { url } = await start(port);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
