import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Finding } from "../../../server/commands/doctor/finding.ts";
import {
  type Bench,
  type DaylongServer,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";
import { runDaylong } from "../../support/server/runDaylong.ts";

let bench: Bench;
let server: DaylongServer | undefined;
beforeEach(() => {
  bench = makeBench();
});
afterEach(async () => {
  await server?.kill("SIGTERM");
  server = undefined;
  bench.remove();
});

test("O03: names of folders, words of programs and settings cannot control the terminal that doctor prints to", async () => {
  const hostile = "\u001b]0;title\u0007\u001b[2J\u009b1m\u202e";
  const folder = join(bench.dir, `bin${hostile}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "claude"), "#!/bin/sh\nprintf '9.9.9\\033[31m'\n", { mode: 0o755 });
  const env = {
    HOME: bench.home,
    DATA_DIR: bench.dataDir,
    PATH: `${folder}:${process.env.PATH}`,
    PROJECT_ROOTS: join(bench.dir, `gone${hostile}`),
    LOG_LEVEL: hostile,
    ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
  };
  for (const args of [["doctor"], ["doctor", "--json"]]) {
    const { stdout } = await runDaylong(args, { env });
    expect(stdout).toContain("9.9.9");
    expect(stdout).toMatch(/\\u\{?0?0?1b/);
    // Not a control but the ends of lines.
    expect(stdout.replaceAll("\n", "").match(/[\p{Cc}\p{Cf}]/gu)).toBeNull();
  }
});

test("O03: five things that are wrong at once are all named, each with how to mend it", async () => {
  const taken = createServer((_request, response) => {
    response.writeHead(200, { date: new Date(Date.now() - 7_200_000).toUTCString() }).end();
  });
  await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
  const { port } = taken.address() as AddressInfo;
  const key = join(bench.dir, "AuthKey.p8");
  writeFileSync(key, "not a key", { mode: 0o600 });
  mkdirSync(bench.dataDir, { mode: 0o700 });
  writeFileSync(
    join(bench.dataDir, "daylong.db"),
    "This is no database, but a letter of some length. ".repeat(100),
  );
  const env = {
    HOME: bench.home,
    DATA_DIR: bench.dataDir,
    PORT: String(port),
    PROJECT_ROOTS: join(bench.dir, "gone"),
    RETENTION_DAYS: "for ever",
    APNS_KEY_PATH: key,
    APNS_KEY_ID: "ABCDE12345",
    APNS_TEAM_ID: "ABCDE12345",
    APNS_BUNDLE_ID: "com.example.daylong",
    // Answers with a time that is two hours back.
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
  };
  try {
    const { code, stdout, stderr } = await runDaylong(["doctor", "--json"], { env });
    expect([code, stderr]).toEqual([1, ""]);
    const said = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
    const bad = said.findings.filter(({ state }) => state === "wrong");
    expect(said.healthy).toBe(false);
    for (const { detail, mend } of bad)
      expect([detail, mend]).toEqual([detail, expect.stringMatching(/\S{3}/)]);
    expect(bad.map(({ check }) => check)).toEqual([
      ...["settings", "login", "database", "roots", "port", "apns", "clock"],
    ]);
    expect(bad.find(({ check }) => check === "port")?.detail).toContain(`(pid ${process.pid})`);
    const people = await runDaylong(["doctor"], { env });
    expect(people.code).toBe(1);
    for (const { detail, mend } of bad) {
      expect(people.stdout).toContain(detail);
      expect(people.stdout).toContain(`-> ${mend}`);
    }
    expect(people.stdout).toMatch(/\n7 things are wrong\.\n$/);
    const own = {
      HOME: bench.home,
      TMPDIR: bench.dir,
      PORT: String(port),
      DATA_DIR: join(bench.dir, "other"),
    };
    const started = await runDaylong(["start"], { env: own });
    expect([started.code, started.stderr]).toEqual([
      1,
      expect.stringContaining(`(pid ${process.pid}). Stop what listens`),
    ]);
  } finally {
    await new Promise((closed) => taken.close(closed));
  }
});

test("O03: beside a demo that runs it says that all is well, and finds the demo by itself", async () => {
  const env = { PATH: process.env.PATH ?? "", HOME: bench.home, TMPDIR: bench.dir, PORT: "0" };
  server = await startServer({ ...env, DATA_DIR: join(bench.home, ".daylong-demo") }, ["--demo"]);
  chmodSync(bench.home, 0o700);
  const { code, stdout } = await runDaylong(["doctor"], { env: { HOME: bench.home } });
  expect([code, stdout]).toEqual([0, expect.stringContaining(`The server runs at ${server.url}`)]);
  expect(stdout).toMatch(/\nAll is well\.\n$/);
  expect(stdout).toMatch(/^ok +login +The demo needs none\.$/m);
});
