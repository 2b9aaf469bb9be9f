import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { connect as connectSocket } from "../../support/server/socketClient.ts";

const limitFiles = (pid: number, soft: number, hard: number) =>
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${soft}:${hard}`]);

let bench: Bench;
let model: DemoModel;
let server: DaylongServer;

beforeEach(async () => {
  bench = makeBench();
  model = await startDemoModel();
});
afterEach(async () => {
  expect(await server.kill("SIGTERM")).toBe(0);
  expect(processesOf(bench)).toEqual([]);
  await model.stop();
  bench.remove();
});

/** A server whose table of open files is as small as with `ulimit -n` before its start, and which keeps a spare. */
const startWith = async (files: number) =>
  startServer({ ...benchEnvironment(bench, model.url), PREWARMED_PROCESSES: "1" }, [], (pid) =>
    limitFiles(pid, files, files),
  );

describe("DOOR-1 F23: the table of open files, with the real CLI", () => {
  test.each([256, 512])(
    "DOOR-1: idle connections of strangers with %d files neither end the server nor keep a message from its process",
    async (files) => {
      server = await startWith(files);
      const port = Number(new URL(server.url).port);
      const strangers: Socket[] = [];
      for (let count = 0; count < 2 * files; count += 1) {
        const stranger = connect(port, "127.0.0.1").on("error", () => {});
        strangers.push(stranger);
        await Promise.race([once(stranger, "connect"), once(stranger, "close")]);
      }
      const { status, body } = await server.ask(
        "POST",
        "/api/chat",
        { message: "say: here I am", projectPath: bench.project },
        { headers: { prefer: "wait=60" } },
      );
      expect({ status, text: body.reply?.text }).toEqual({ status: 200, text: "here I am" });
      expect((await server.ask("GET", "/health")).status).toBe(200);
      expect(server.lines.filter((line) => line.includes("EMFILE"))).toEqual([]);
      for (const stranger of strangers) stranger.destroy();
    },
  );

  test("F23: a start that finds the table full fails with what to do, the server lives, and the next message has its reply", async () => {
    server = await startServer(benchEnvironment(bench, model.url));
    const { token } = await server.pair("phone");
    const client = await connectSocket({ url: `${server.url.replace("http", "ws")}/ws`, token });
    limitFiles(server.pid, 16, 4_096);
    const send = (ref: string) =>
      client.send({
        type: "send",
        ref,
        clientMessageId: ref,
        projectPath: bench.project,
        message: "say: at last",
      });
    const endOf = async (ref: string) => {
      const { turnId } = await client.waitForRef(ref);
      const isEnd = (type = "") => type === "turn.completed" || type === "turn.failed";
      return (await client.waitFor(({ event }) => isEnd(event?.type) && event?.turnId === turnId)).event;
    };
    send("first");
    expect(await endOf("first")).toMatchObject({
      type: "turn.failed",
      data: { code: "process_start_failed", detail: expect.stringContaining("EMFILE"), retryable: true },
    });
    limitFiles(server.pid, 4_096, 4_096);
    send("second");
    expect(await endOf("second")).toMatchObject({ type: "turn.completed", data: { text: "at last" } });
    await client.close();
  });
});
