import { randomUUID } from "node:crypto";
import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { CliHost } from "../../../server/claude/host.ts";
import type { ProcessExit, ProcessListener, ProcessSpec } from "../../../server/domain/processes/process.ts";
import type { ProcessStore } from "../../../server/domain/stores/operation.ts";
import { startsIn } from "../../support/claude/cliStarts.ts";
import { ShortRealClock } from "../../support/shortRealClock.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let home: string;
let clock: ShortRealClock;
let host: CliHost;
let exits: ProcessExit[];
let over: Promise<void>;
let listener: ProcessListener;
let opened: string[];
let ended: string[];

const useHost = (binary: string) => {
  const processStore: ProcessStore = {
    open: ({ processId }) => opened.push(processId),
    started: () => {},
    ended: (processId) => ended.push(processId),
    saw: () => {},
    unended: () => [],
  };
  host = new CliHost({
    newId: randomUUID,
    clock,
    log: silent,
    processStore,
    environment: { HOME: home, PATH: process.env.PATH },
    starts: startsIn(home, { binary }),
    ladderMs: 500,
  });
};
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "daylong-host-"));
  clock = new ShortRealClock();
  exits = [];
  opened = [];
  ended = [];
  over = new Promise((done) => {
    listener = {
      signal: () => {},
      askPermission: async () => ({ decision: "deny" }),
      notify: () => false,
      exited: (exit) => {
        exits.push(exit);
        done();
      },
    };
  });
  useHost(resolve("test/support/claude/cliStandIn.mjs"));
});
afterEach(async () => {
  await host.stop();
  expect(ended).toEqual(opened);
  rmSync(home, { recursive: true });
});
const spec = (): ProcessSpec => ({
  processId: "p1",
  sessionId: "s1",
  claudeSessionId: crypto.randomUUID(),
  projectPath: home,
  model: null,
  permissionMode: "default",
  options: {},
});

test("F10: a process that is stopped is told as gone once, as expected, and counts no longer", async () => {
  const cli = await host.start(spec(), listener);
  expect([...(await host.usage()).keys()]).toEqual(["p1"]);
  await Promise.all([cli.stop(), cli.stop()]);
  await cli.stop();
  expect(exits).toMatchObject([{ expected: true, code: 0 }]);
  expect((await host.usage()).size).toBe(0);
  expect(clock.armed).toBe(0);
});

test("F10: a process that is killed is told as gone once, and not as expected", async () => {
  const cli = await host.start(spec(), listener);
  process.kill(cli.pid, "SIGKILL");
  await over;
  await cli.stop();
  expect(exits).toMatchObject([{ expected: false, signal: "SIGKILL" }]);
});

test("F15: a start that succeeded leaves no listener on the signal that could have given it up", async () => {
  const caller = new AbortController();
  const cli = await host.start(spec(), listener, caller.signal);
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  await cli.stop();
});

test("F15: a start that fails is told by its rejection alone, and by the host's health until one succeeds", async () => {
  useHost(join(home, "no-such-cli"));
  await expect(host.start(spec(), listener)).rejects.toMatchObject({ code: "process_start_failed" });
  expect([exits, host.health().state]).toEqual([[], "failing"]);
});

test("F15: a start that was given up before it began starts nothing, and is no fault of the CLI", async () => {
  const caller = new AbortController();
  caller.abort();
  await expect(host.start(spec(), listener, caller.signal)).rejects.toMatchObject({
    code: "process_start_failed",
  });
  expect([opened, exits, host.health()]).toEqual([[], [], { state: "ok" }]);
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});
