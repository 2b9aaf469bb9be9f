import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CliHost } from "../../../server/claude/host.ts";
import { readProcTable, startOfPid } from "../../../server/claude/os/processTable.ts";
import type {
  ProcessListener,
  ProcessRecord,
  ProcessSpec,
} from "../../../server/domain/processes/process.ts";
import type { ProcessStore } from "../../../server/domain/stores/operation.ts";
import { startsIn } from "../../support/claude/cliStarts.ts";
import { ShortRealClock } from "../../support/shortRealClock.ts";

const standIn = resolve("test/support/claude/cliStandIn.mjs");
const listener: ProcessListener = {
  signal: () => {},
  askPermission: async () => ({ decision: "deny" }),
  notify: () => false,
  exited: () => {},
};

let home: string;
let project: string;
let clock: ShortRealClock;
let host: CliHost;
/** Records without an end, as the database keeps them. */
let records: Map<string, ProcessRecord>;
let events: Array<{ event: string; fields?: Record<string, unknown> }>;
let onEvent: (event: string) => void;

function useHost(binary: string): void {
  const note = (event: string, fields?: Record<string, unknown>) => {
    events.push({ event, fields });
    onEvent(event);
  };
  const processStore: ProcessStore = {
    open: (record) => records.set(record.processId, record),
    started: (processId, pid, startTicks) => {
      records.set(processId, { ...records.get(processId)!, pid, startTicks });
    },
    ended: (processId) => records.delete(processId),
    saw: () => {},
    unended: () => [...records.values()],
  };
  host = new CliHost({
    newId: randomUUID,
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    processStore,
    environment: { HOME: home, PATH: process.env.PATH },
    starts: startsIn(home, { binary }),
    ladderMs: 500,
    sparesDir: join(home, "spares"),
  });
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "daylong-host-"));
  project = join(home, "project");
  mkdirSync(project);
  clock = new ShortRealClock();
  [records, events, onEvent] = [new Map(), [], () => {}];
  useHost(standIn);
});
afterEach(async () => {
  await host.stop();
  expect([...records.keys()]).toEqual([]);
  rmSync(home, { recursive: true });
});

const specOf = (claudeSessionId: string = crypto.randomUUID()): ProcessSpec => ({
  processId: "p1",
  sessionId: claudeSessionId,
  claudeSessionId,
  projectPath: project,
  model: null,
  permissionMode: "default",
  options: {},
});
const isAlive = async (pid: number) => (await readProcTable()).some((row) => row.pid === pid && !row.zombie);
/** One spare that can be claimed, and the id that its session will have. */
async function spare(): Promise<{ sessionId: string; pid: number; processId: string }> {
  const ready = new Promise<void>((done) => {
    onEvent = (event) => event === "spare.ready" && done();
  });
  host.spares?.keep(1);
  await ready;
  await clock.rest();
  const sessionId = host.spares?.reserve(project);
  if (sessionId === undefined) throw new Error("There was no spare to reserve.");
  return { sessionId, ...host.spares!.live()[0]! };
}

describe("S16: the host's spares", () => {
  test("S16: count among its processes, and are over when it has stopped", async () => {
    const { pid, processId } = await spare();
    expect([...(await host.usage()).keys()]).toEqual([processId]);
    await host.stop();
    expect([await isAlive(pid), host.spares?.count, (await host.usage()).size]).toEqual([false, 0, 0]);
  });

  test("S16: become the process of the session that was promised one, under its id", async () => {
    const { sessionId, pid } = await spare();
    const cli = await host.start(specOf(sessionId), listener);
    expect(cli.pid).toBe(pid);
    expect(events.findLast(({ event }) => event === "process.started")?.fields).toMatchObject({
      processId: "p1",
      pid,
      spare: true,
      resumed: false,
    });
    await cli.stop();
    expect(await isAlive(pid)).toBe(false);
  });

  test("S31: that note their conversation as the CLI does are no terminals that hold it", async () => {
    const { pid } = await spare();
    const other = process.ppid;
    mkdirSync(join(home, ".claude", "sessions"), { recursive: true });
    for (const [sessionId, holder] of Object.entries({ ours: pid, theirs: other }))
      writeFileSync(
        join(home, ".claude", "sessions", `${holder}.json`),
        JSON.stringify({ pid: holder, sessionId, procStart: startOfPid(holder) ?? undefined }),
      );
    expect(await host.heldElsewhere()).toEqual(new Map([["theirs", other]]));
  });
});

describe("F15: a start", () => {
  test("F15: that succeeds ends the fault of the one before it", async () => {
    const binary = join(home, "cli.mjs");
    writeFileSync(binary, 'console.error("no such thing"); process.exitCode = 3;');
    chmodSync(binary, 0o700);
    useHost(binary);
    await expect(host.start(specOf(), listener)).rejects.toMatchObject({ code: "process_start_failed" });
    expect(host.health()).toEqual({ state: "failing", detail: "Claude could not be started: no such thing" });
    writeFileSync(binary, `await import(${JSON.stringify(standIn)});`);
    const cli = await host.start(specOf(), listener);
    expect(host.health()).toEqual({ state: "ok" });
    await cli.stop();
  });
});

describe("S32 S07: questions beside the sessions", () => {
  test("S32: are answered, or fail with what the CLI said", async () => {
    const never = new AbortController().signal;
    expect(
      await host.askOnce(
        specOf(),
        async () => "Hello",
        never,
        () => {},
      ),
    ).toMatchObject({
      text: "You said: Hello",
    });
    await expect(
      host.askOnce(
        specOf(),
        async () => "die",
        never,
        () => {},
      ),
    ).rejects.toMatchObject({
      code: "ask_failed",
      message: expect.stringMatching(/^Claude gave no answer: .*7/),
      cause: expect.anything(),
    });
  });

  test("S07: a recap is the answer's text, and one that does not come in time is given up", async () => {
    expect(await host.askFork(specOf(), "Sum it up", 10_000, () => {})).toBe("You said: Sum it up");
    expect(clock.armed).toBe(0);
    await expect(host.askFork(specOf(), "die", 10_000, () => {})).rejects.toMatchObject({
      code: "recap_failed",
      message: expect.stringMatching(/^Claude gave no recap: /),
    });
    const started = new Promise<void>((done) => {
      const { set } = records;
      records.set = (key, record) => {
        if (record.pid !== null) done();
        return set.call(records, key, record);
      };
    });
    const late = host.askFork(specOf(), "deaf-interrupt", 10_000, () => {}).catch((error: unknown) => error);
    await started;
    await clock.run(10_000);
    expect(await late).toMatchObject({
      code: "recap_failed",
      message: "Claude gave no recap within 10000 ms.",
    });
  });
});

test("F10: what is recorded is reaped, and its record ends", async () => {
  const cli = await host.start(specOf(), listener);
  expect(await host.reap([...records.values()])).toBe(1);
  expect([await isAlive(cli.pid), records.size]).toEqual([false, 0]);
  expect(await host.reap([])).toBe(0);
  await cli.stop();
});
