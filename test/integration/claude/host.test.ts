import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { CliHost } from "../../../server/claude/host.ts";
import type { ProcessListener, ProcessSpec } from "../../../server/domain/processes/process.ts";
import type { ProjectStanding } from "../../../server/domain/sessions/trust.ts";
import type { ProcessStore } from "../../../server/domain/stores/operation.ts";
import { startsIn } from "../../support/claude/cliStarts.ts";
import { ManualClock } from "../../support/manualClock.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const listener: ProcessListener = {
  signal: () => {},
  askPermission: async () => ({ decision: "deny" }),
  notify: () => false,
  exited: () => {},
};

let home: string;
let clock: ManualClock;
/** What was booked, so that a process that was started is seen. */
let opened: string[];
/** The look at the project's directory, which lies on a disk that does not answer until it is told to. */
let asked: Promise<void>;
let answer: (standing: ProjectStanding) => void;
let host: CliHost;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "daylong-host-"));
  clock = new ManualClock();
  opened = [];
  let isAsked = () => {};
  asked = new Promise((resolve) => {
    isAsked = resolve;
  });
  const standing = new Promise<ProjectStanding>((resolve) => {
    answer = resolve;
  });
  const processStore: ProcessStore = {
    open: ({ processId }) => opened.push(processId),
    started: () => {},
    ended: () => {},
    saw: () => {},
    unended: () => [],
  };
  const standingOf = () => {
    isAsked();
    return standing;
  };
  host = new CliHost({
    newId: randomUUID,
    clock,
    log: silent,
    processStore,
    environment: { HOME: home, PATH: process.env.PATH },
    starts: startsIn(home, {
      trust: { standingOf, rulesOf: () => [] },
      binary: resolve("test/support/claude/cliStandIn.mjs"),
    }),
    startDeadlineMs: 5_000,
  });
});
afterEach(async () => {
  await host.stop();
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

test("S32: a caller who goes while the project is looked at is heard, and no process is started for him", async () => {
  const caller = new AbortController();
  const answered = host.askOnce(
    spec(),
    async () => "deaf-interrupt",
    caller.signal,
    () => {},
  );
  await asked;
  caller.abort();
  // Both in one turn of the loop, as when the disk answers just then.
  answer("plain");
  expect(await answered).toBeUndefined();
  expect(opened).toEqual([]);
});

test("F18: a start whose disk does not answer fails by its deadline", async () => {
  const started = host.start(spec(), listener).catch((error: unknown) => error);
  await asked;
  clock.advance(4_999);
  clock.advance(1);
  expect(await started).toMatchObject({
    code: "process_start_failed",
    message: "The disk did not answer within 5000 ms.",
  });
  expect(opened).toEqual([]);
  expect(clock.armed).toBe(0);
});

test("F18: a start that is given up meanwhile ends at once, and nothing is started when the disk answers after all", async () => {
  const giveUp = new AbortController();
  const started = host.start(spec(), listener, giveUp.signal).catch((error: unknown) => error);
  await asked;
  giveUp.abort();
  expect(await started).toMatchObject({
    code: "process_start_failed",
    message: "The start of Claude was given up.",
  });
  answer("plain");
  await clock.settle();
  expect(opened).toEqual([]);
});
