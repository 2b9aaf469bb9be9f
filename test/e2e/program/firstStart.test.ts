import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  startDefaultServer,
  startServer,
} from "../../support/server/daylongServer.ts";

interface Line {
  level: string;
  event: string;
  check?: string;
  detail?: string;
}

describe("the first start of a newcomer", () => {
  let bench: Bench;
  let model: DemoModel;
  let environment: Record<string, string>;
  let server: DaylongServer | undefined;
  beforeEach(async () => {
    bench = makeBench();
    model = await startDemoModel();
    environment = benchEnvironment(bench, model.url);
  });
  afterEach(async () => {
    await server?.kill("SIGTERM");
    server = undefined;
    await model.stop();
    bench.remove();
  });
  /** What was logged; a line that is no JSON, such as a warning of Node's, fails. */
  const linesOf = ({ lines }: DaylongServer) => lines.map((line) => JSON.parse(line) as Line);

  test("START-5: a start and a Ctrl-C with spares say nothing but what happens, without a warning", async () => {
    server = await startDefaultServer(environment);
    expect(await server.kill("SIGINT")).toBe(0);
    const lines = linesOf(server);
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["server.ready", "spare.ready", "server.stopping", "server.stopped"]),
    );
    expect(lines.filter(({ level, event }) => level !== "info" && event !== "push.disabled")).toEqual([]);
    server = undefined;
  });

  test("START-2: a missing login is said at the start and by the health report, with the command that logs in", async () => {
    const { ANTHROPIC_API_KEY: _key, ...rest } = environment;
    server = await startServer(rest);
    const { checks } = (await server.ask("GET", "/health")).body;
    expect(checks.claude).toMatchObject({
      state: "failing",
      detail: expect.stringMatching(/not logged in.*daylong login/),
    });
    const said = linesOf(server).find(({ check }) => check === "claude");
    expect(said).toMatchObject({ level: "warn", event: "start.fault", detail: checks.claude.detail });
  });

  test("START-7: an APNs key that cannot be read is said at the start, and by a test push in a sentence", async () => {
    server = await startServer({
      ...environment,
      APNS_KEY_PATH: join(bench.dir, "nowhere.p8"),
      APNS_KEY_ID: "ABCDE12345",
      APNS_TEAM_ID: "ABCDE12345",
      APNS_BUNDLE_ID: "com.example.daylong",
    });
    const phone = await server.pair("phone");
    const push = { provider: "apns", token: "ab".repeat(32), environment: "sandbox" };
    const as = { token: phone.token };
    expect((await server.ask("PATCH", "/api/devices/me", { push }, as)).status).toBe(200);
    const sent = await server.ask("POST", "/api/devices/test-push", {}, as);
    const sentence = expect.stringMatching(/APNS_KEY_PATH.* cannot be read/);
    expect(sent.body).toMatchObject({ reason: "apns_key_unreadable", detail: sentence });
    const said = linesOf(server).find(({ check }) => check === "apns");
    expect(said).toMatchObject({ level: "warn", event: "start.fault", detail: sentence });
  });

  test("START-7: a test push of a server without keys says which are missing", async () => {
    server = await startServer(environment);
    const phone = await server.pair("phone");
    const push = { provider: "apns", token: "ab".repeat(32), environment: "sandbox" };
    const as = { token: phone.token };
    await server.ask("PATCH", "/api/devices/me", { push }, as);
    const sent = await server.ask("POST", "/api/devices/test-push", {}, as);
    expect(sent.body).toMatchObject({ detail: expect.stringContaining("APNS_KEY_ID") });
  });

  test("START-3: the demo prints an administrator's pairing at its start, whose page link pairs", async () => {
    server = await startServer(
      { PATH: environment.PATH!, HOME: bench.home, TMPDIR: bench.dir, DATA_DIR: bench.dataDir, PORT: "0" },
      ["--demo"],
    );
    const shown = server.lines.map((line) => JSON.parse(line)).find(({ event }) => event === "demo.pairing");
    expect(shown.pageUrl).toBe(`${server.url}/pair#code=${shown.code}`);
    const device = { name: "phone", platform: "web" };
    const paired = await server.ask("POST", "/api/pair", { code: shown.code, device }, { token: "" });
    const me = await server.ask("GET", "/api/devices/me", undefined, { token: paired.body.token });
    expect(me.body.scope).toBe("admin");
  });

  test("START-8: the README shows the frames of the socket, the first message without a cursor, and how a script gets a token", () => {
    const text = readFileSync("README.md", "utf8");
    for (const shown of ['"type":"hello","token"', '"type":"send"', '"clientMessageId"', '"type":"ack"'])
      expect(text).toContain(shown);
    expect(text).toMatch(/TOKEN=\$\(scripts\/token/);
    expect(text).toMatch(/about 590 MB/);
  });
});
