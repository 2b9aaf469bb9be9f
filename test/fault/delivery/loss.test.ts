import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../server/platform/clock.ts";
import { openStore, renewEpoch } from "../../../server/store/store.ts";
import {
  type Bench,
  type DaylongServer,
  eventually,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import { connect } from "../../support/server/socketClient.ts";

describe("V5 D02 loss is always said, over the socket and the long poll alike", () => {
  let bench: Bench;
  let server: DaylongServer;
  let phone: { token: string; epoch: string };

  beforeEach(async () => {
    bench = makeBench();
    server = await startServer(quickEnvironment(bench));
    phone = await server.pair("phone");
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    bench.remove();
  });

  const database = () => join(bench.dataDir, "daylong.db");
  /** A whole session's first turn. Its commands are written a moment after its process started, also after a quick turn's end. */
  const say = async (message: string) => {
    const { body } = await server.ask(
      "POST",
      "/api/chat",
      { message, projectPath: bench.project },
      { token: phone.token, headers: { prefer: "wait=120" } },
    );
    await eventually("the session's last event", async () => {
      const page = await server.ask("GET", `/api/sessions/${body.sessionId}/events`);
      return page.body.events.some(({ type }: { type: string }) => type === "session.commands");
    });
  };
  /** Stops the server, does something to its files, and starts it again. */
  const meanwhile = async (work: () => void) => {
    expect(await server.kill("SIGTERM")).toBe(0);
    work();
    server = await startServer(quickEnvironment(bench));
  };
  /** What both ways say to a phone that holds everything up to `cursor` of the log `epoch`. */
  const told = async (cursor: number, epoch: string) => {
    const socket = await connect({
      url: `${server.url.replace("http", "ws")}/ws`,
      token: phone.token,
      cursor,
      epoch,
    });
    const welcome = socket.frames[0]!;
    const path = `/api/events?after=${cursor}&epoch=${encodeURIComponent(epoch)}&limit=1000`;
    const { body: poll } = await server.ask("GET", path, undefined, { token: phone.token });
    if (welcome.recovered) await socket.waitForCursor(welcome.cursor!);
    await socket.close();
    expect(poll.recovered).toBe(welcome.recovered);
    expect(poll.epoch).toBe(welcome.epoch);
    expect(poll.events.map((event: { cursor: number }) => event.cursor)).toEqual(socket.cursors);
    return {
      recovered: welcome.recovered,
      tip: welcome.cursor!,
      epoch: welcome.epoch!,
      cursors: socket.cursors,
    };
  };
  const upTo = (last: number, after: number) =>
    Array.from({ length: last - after }, (_, index) => after + index + 1);

  test("V5 a restored backup, a client ahead of the log, a log that was cut, an epoch that is none", async () => {
    await say("one");
    const { tip: atBackup } = await told(0, phone.epoch);
    await meanwhile(() => copyFileSync(database(), join(bench.dir, "backup.db")));
    await say("two");
    const { tip, recovered, cursors } = await told(atBackup, phone.epoch);
    expect({ recovered, cursors }).toEqual({ recovered: true, cursors: upTo(tip, atBackup) });
    // A client that mixes up servers, or whose server lost its disk: it holds more than there is.
    expect(await told(tip + 5, phone.epoch)).toMatchObject({ recovered: false, cursors: [] });
    expect(await told(tip - 1, "00000000-0000-4000-8000-000000000000")).toMatchObject({ recovered: false });

    await meanwhile(() => {
      copyFileSync(join(bench.dir, "backup.db"), database());
      renewEpoch({ path: database() });
    });
    // Without the new epoch the phone would go on after an event that this log gives to another one.
    const restored = await told(atBackup, phone.epoch);
    expect(restored).toMatchObject({ recovered: false, cursors: [] });
    expect(restored.tip).toBeLessThan(tip);
    expect(restored.epoch).not.toBe(phone.epoch);
    expect(await told(tip, restored.epoch)).toMatchObject({ recovered: false });
    await say("three");
    expect(await told(atBackup, restored.epoch)).toMatchObject({ recovered: true });

    await meanwhile(() => {
      const store = openStore({ path: database(), clock: systemClock });
      store.history.cut(Date.now() + 1_000, atBackup - 1);
      store.close();
    });
    expect(await told(atBackup - 2, restored.epoch)).toMatchObject({ recovered: false, cursors: [] });
    const kept = await told(atBackup - 1, restored.epoch);
    expect(kept).toMatchObject({ recovered: true, cursors: upTo(kept.tip, atBackup - 1) });
    // By its last ack a device comes back to the same place as by its cursor.
    expect(
      (await server.ask("POST", "/api/events/ack", { cursor: kept.tip - 1 }, { token: phone.token })).status,
    ).toBe(200);
    const { body: byAck } = await server.ask("GET", "/api/events", undefined, { token: phone.token });
    expect(byAck).toMatchObject({ recovered: true, cursor: kept.tip });
  });

  test("V5 an empty epoch is another log on the socket, and no request at all over HTTP", async () => {
    await say("one");
    const url = `${server.url.replace("http", "ws")}/ws`;
    const socket = await connect({ url, token: phone.token, cursor: 1, epoch: "" });
    expect(socket.frames[0]).toMatchObject({ recovered: false });
    await socket.close();
    const poll = await server.ask("GET", "/api/events?after=1&epoch=", undefined, { token: phone.token });
    expect([poll.status, poll.body.code]).toEqual([400, "invalid_request"]);
  });
});
