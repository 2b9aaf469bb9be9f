import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";

let bench: Bench;
let server: DaylongServer;

beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

test("DOOR-1: an uncaught exception is logged, ends the server cleanly, and is told by the next one's health", async () => {
  const bug = join(bench.dir, "bug.mjs");
  writeFileSync(bug, 'process.on("SIGUSR2", () => { throw new Error("A bug of ours"); });');
  const environment = benchEnvironment(bench, "http://127.0.0.1:9");
  server = await startServer({ ...environment, NODE_OPTIONS: `--import ${pathToFileURL(bug)}` });
  expect((await server.ask("GET", "/health")).body.checks.lastRun).toEqual({ state: "ok" });
  expect(await server.kill("SIGUSR2")).toBe(1);
  expect(server.lines.some((line) => line.includes('"server.uncaught_exception"'))).toBe(true);

  server = await startServer(environment);
  const { body } = await server.ask("GET", "/health");
  expect(body.status).toBe("degraded");
  expect(body.checks.lastRun).toMatchObject({
    state: "degraded",
    detail: expect.stringContaining("Error: A bug of ours"),
  });
  expect(await server.kill("SIGTERM")).toBe(0);

  server = await startServer(environment);
  expect((await server.ask("GET", "/health")).body.checks.lastRun).toEqual({ state: "ok" });
  expect(await server.kill("SIGTERM")).toBe(0);
});
