import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SpareProcesses } from "../../../../server/claude/auxiliary/spareProcesses.ts";
import { linuxSystem } from "../../../../server/claude/os/operatingSystem.ts";
import { readProcTable } from "../../../../server/claude/os/processTable.ts";
import { Reaper } from "../../../../server/claude/os/reaper.ts";
import type { StartedIn } from "../../../../server/claude/start/cliStarts.ts";
import type { ProcessSpec } from "../../../../server/domain/processes/process.ts";
import type { ProjectStanding } from "../../../../server/domain/sessions/trust.ts";
import type { ProcessStore } from "../../../../server/domain/stores/operation.ts";
import { startsIn } from "../../../support/claude/cliStarts.ts";
import { ShortRealClock } from "../../../support/shortRealClock.ts";

const startedIn = (standing: ProjectStanding): StartedIn => ({
  projectPath: "/projects/alpha",
  standing,
  hasPlainDiff: false,
  hasSilentHooks: false,
  hasSilentCommands: false,
});

const standIn = resolve("test/support/claude/cliStandIn.mjs");

let home: string;
let clock: ShortRealClock;
let spares: SpareProcesses;
let opened: string[];
let ended: string[];
let said: Array<{ event: string; fields?: Record<string, unknown> }>;
let looks: Set<() => void>;

/** Resolves when the condition holds, which is looked at whenever something was logged or booked. */
const until = (condition: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!condition()) return;
      looks.delete(look);
      resolve();
    };
    looks.add(look);
    look();
  });
const look = () => {
  for (const one of [...looks]) one();
};
const times = (event: string) => said.filter((one) => one.event === event).length;

function useSpares(binary = standIn, parts: Parameters<typeof startsIn>[1] = {}) {
  const note = (event: string, fields?: Record<string, unknown>) => {
    said.push({ event, fields });
    look();
  };
  const log = { debug: note, info: note, warn: note, error: note };
  const processStore: ProcessStore = {
    open: ({ processId }) => opened.push(processId),
    started: () => {},
    ended: (processId) => {
      ended.push(processId);
      look();
    },
    saw: () => {},
    unended: () => [],
  };
  spares = new SpareProcesses({
    dir: join(home, "spares"),
    starts: startsIn(home, Object.assign({ binary }, parts)),
    clock,
    log,
    processStore,
    os: linuxSystem,
    reaper: new Reaper({ os: linuxSystem, clock }),
    ladderMs: 500,
    startDeadlineMs: 20_000,
  });
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "daylong-spares-"));
  mkdirSync(join(home, "project"));
  clock = new ShortRealClock();
  opened = [];
  ended = [];
  said = [];
  looks = new Set();
  useSpares();
});
afterEach(async () => {
  await spares.stop();
  expect(spares.count).toBe(0);
  expect(ended.sort()).toEqual(opened.sort());
  rmSync(home, { recursive: true });
});

const specOf = (claudeSessionId: string, changes: Partial<ProcessSpec> = {}): ProcessSpec => ({
  processId: "p1",
  sessionId: claudeSessionId,
  claudeSessionId,
  projectPath: join(home, "project"),
  model: null,
  permissionMode: "default",
  options: {},
  ...changes,
});
/** A process that has ended stays in the table until its parent has heard of it. */
const isAlive = async (pid: number) => (await readProcTable()).some((row) => row.pid === pid && !row.zombie);
/** So many came up, and what follows the last one is done. */
const ready = async (count: number) => {
  await until(() => times("spare.ready") === count);
  await clock.rest();
};
const reserved = () => {
  const id = spares.reserve(join(home, "project"));
  if (id === undefined) throw new Error("There was no spare to reserve.");
  return id;
};

describe("S16: spares are kept", () => {
  test("S16: as many as are wanted come up one after another, and no more", async () => {
    spares.keep(2);
    expect(spares.count).toBe(1);
    await ready(2);
    await clock.rest();
    expect([spares.count, opened.length, ended.length]).toEqual([2, 2, 0]);
    expect(spares.live()).toHaveLength(2);
    for (const { processId, pid } of spares.live()) {
      expect(opened).toContain(processId);
      expect(process.kill(pid, 0)).toBe(true);
    }
  });

  test("S16: when fewer are wanted the free ones go, and one that was promised stays", async () => {
    spares.keep(2);
    await ready(2);
    const id = reserved();
    spares.keep(0);
    await until(() => ended.length === 1);
    await clock.rest();
    expect(spares.count).toBe(1);
    const spare = await spares.take(specOf(id), startedIn("plain"));
    expect([spare?.sessionId, spares.count]).toEqual([id, 0]);
    await spare?.end();
  });

  test("S16: when one fewer is wanted one goes, and when as many are wanted none", async () => {
    spares.keep(2);
    await ready(2);
    spares.keep(2);
    await clock.rest();
    expect([spares.count, ended.length]).toEqual([2, 0]);
    spares.keep(1);
    await until(() => ended.length === 1);
    await clock.rest();
    await clock.run(1_000);
    await clock.rest();
    expect([spares.count, opened.length, ended.length]).toEqual([1, 2, 1]);
  });

  test("S16: one that was claimed is replaced a second later, and not before", async () => {
    spares.keep(1);
    await ready(1);
    const spare = await spares.take(specOf(reserved()), startedIn("plain"));
    expect(spares.count).toBe(0);
    // What the pool wants anew meanwhile does not make it come earlier.
    spares.keep(1);
    await clock.run(999);
    expect(opened).toHaveLength(1);
    await clock.run(1);
    await ready(2);
    expect([spares.count, opened.length]).toEqual([1, 2]);
    await spare?.end();
  });

  test("S16: one that dies is said and replaced", async () => {
    spares.keep(1);
    await ready(1);
    process.kill(spares.live()[0]!.pid, "SIGKILL");
    await until(() => times("spare.lost") === 1);
    await until(() => ended.length === 1);
    await clock.rest();
    expect(spares.count).toBe(0);
    await clock.run(1_000);
    await ready(2);
    expect(spares.count).toBe(1);
    expect(times("spare.start_failed")).toBe(0);
  });

  test("S16: none is started once they were stopped, and those that were there are over", async () => {
    spares.keep(1);
    await ready(1);
    const { pid } = spares.live()[0]!;
    await spares.stop();
    expect(await isAlive(pid)).toBe(false);
    spares.keep(2);
    await clock.run(120_000);
    expect([spares.count, opened.length, clock.armed]).toEqual([0, 1, 0]);
    expect(times("spare.lost")).toBe(0);
  });

  test("S16: a stop in the middle of a start ends it, and is no failure", async () => {
    spares.keep(1);
    await spares.stop();
    await until(() => ended.length === opened.length);
    expect([spares.count, times("spare.start_failed")]).toEqual([0, 0]);
  });
});

describe("S16: a CLI that does not start", () => {
  const broken = () => {
    const path = join(home, "broken.mjs");
    writeFileSync(path, "process.exit(3);\n");
    useSpares(path);
  };
  const failures = (count: number) => until(() => times("spare.start_failed") === count);

  test("NET-12 S16: is tried again after one second, then two, then four, up to a minute", async () => {
    broken();
    spares.keep(1);
    await failures(1);
    for (const [index, pauseMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].entries()) {
      await until(() => ended.length === index + 1);
      await clock.rest();
      expect([spares.count, clock.armed]).toEqual([0, 1]);
      await clock.run(pauseMs - 1);
      expect(opened).toHaveLength(index + 1);
      await clock.run(1);
      await failures(index + 2);
    }
  });

  test("S16: is not started anew by each wish of the pool", async () => {
    broken();
    spares.keep(1);
    await failures(1);
    await until(() => ended.length === 1);
    await clock.rest();
    for (let wish = 0; wish < 5; wish += 1) spares.keep(1);
    await clock.rest();
    expect(opened).toHaveLength(1);
  });

  test("S16: is forgiven once one came up", async () => {
    const path = join(home, "recovering.mjs");
    writeFileSync(path, "process.exit(3);\n");
    useSpares(path);
    spares.keep(1);
    await failures(1);
    await until(() => ended.length === 1);
    await clock.rest();
    await clock.run(1_000);
    await failures(2);
    await until(() => ended.length === 2);
    await clock.rest();
    writeFileSync(path, `await import(${JSON.stringify(standIn)});\n`);
    await clock.run(2_000);
    await ready(1);
    await clock.rest();
    // The next failure is the first one again.
    writeFileSync(path, "process.exit(3);\n");
    process.kill(spares.live()[0]!.pid, "SIGKILL");
    await until(() => ended.length === 3);
    await clock.rest();
    await clock.run(1_000);
    await failures(3);
    await until(() => ended.length === 4);
    await clock.rest();
    await clock.run(1_000);
    await failures(4);
  });
});

describe("S16: a spare becomes a session's process", () => {
  test("S16: each is promised once, when it is ready, and is taken by the id it has", async () => {
    spares.keep(2);
    expect(spares.reserve(home)).toBeUndefined();
    await ready(2);
    const ids = [reserved(), reserved()];
    expect(new Set(ids).size).toBe(2);
    expect(spares.reserve(home)).toBeUndefined();
    expect(await spares.take(specOf(crypto.randomUUID()), startedIn("plain"))).toBeUndefined();
    const spare = await spares.take(specOf(ids[1]!), startedIn("untrusted"));
    expect([spare?.sessionId, spares.count]).toEqual([ids[1], 1]);
    await spare?.end();
  });

  test("S16: one whose session does not come within a minute is let go", async () => {
    spares.keep(1);
    await ready(1);
    reserved();
    await clock.run(59_999);
    expect([spares.count, ended.length]).toEqual([1, 0]);
    await clock.run(1);
    await until(() => ended.length === 1);
    await clock.rest();
    expect(spares.count).toBe(0);
  });

  test("S16: one that cannot become the process is over before another starts under its id", async () => {
    spares.keep(1);
    for (const [round, changes] of [
      { permissionMode: "bypassPermissions" as const },
      { options: { maxTurns: 3 } },
    ].entries()) {
      await ready(round + 1);
      const id = reserved();
      const { pid } = spares.live()[0]!;
      expect(await spares.take(specOf(id, changes), startedIn("plain"))).toBeUndefined();
      expect(await isAlive(pid)).toBe(false);
      expect(spares.count).toBe(0);
      await clock.run(1_000);
    }
    await ready(3);
    expect(spares.reserve(join(home, "project"))).toBeDefined();
  });

  test.each([
    ["that is suspect", startedIn("suspect")],
    ["whose diff is replaced", Object.assign(startedIn("untrusted"), { hasPlainDiff: true })],
    ["whose commands are silent", Object.assign(startedIn("untrusted"), { hasSilentCommands: true })],
  ])(
    "S16: a project %s needs a start, and is promised none until it stands otherwise",
    async (_, started) => {
      spares.keep(1);
      await ready(1);
      const id = reserved();
      expect(await spares.take(specOf(id), started)).toBeUndefined();
      expect(ended).toHaveLength(1);
      await clock.run(1_000);
      await ready(2);
      expect(spares.reserve(join(home, "project"))).toBeUndefined();
      expect(await spares.take(specOf(crypto.randomUUID()), startedIn("plain"))).toBeUndefined();
      expect(spares.reserve(join(home, "project"))).toBeDefined();
    },
  );

  test("S16: a claim that the CLI refuses ends the spare", async () => {
    spares.keep(1);
    await ready(1);
    const spare = await spares.take(specOf(reserved()), startedIn("plain"));
    spares.refused(spare!, join(home, "project"), new Error("broken pipe"));
    await until(() => ended.length === 1);
    expect(said.findLast(({ event }) => event === "spare.refused")?.fields).toMatchObject({
      processId: spare?.processId,
      error: "Error: broken pipe",
    });
    await clock.run(1_000);
    await ready(2);
    expect(spares.reserve(join(home, "project"))).toBeDefined();
  });

  test("S16: a project whose settings the CLI cannot take over is promised none for an hour", async () => {
    spares.keep(1);
    await ready(1);
    const spare = await spares.take(specOf(reserved()), startedIn("plain"));
    const cause = new Error("project_settings_not_claimable: settings.json sets env");
    spares.refused(spare!, join(home, "project"), new Error("late", { cause }));
    await until(() => ended.length === 1);
    expect(said.findLast(({ event }) => event === "spare.refused")?.fields).toMatchObject({
      error: String(cause),
    });
    await clock.run(1_000);
    await ready(2);
    await clock.run(3_600_000 - 1_001);
    expect(spares.reserve(join(home, "project"))).toBeUndefined();
    await clock.run(1);
    expect(spares.reserve(join(home, "project"))).toBeDefined();
  });
});

describe("S16: spares for trusted projects", () => {
  const standings = () =>
    said.filter(({ event }) => event === "spare.ready").map(({ fields }) => fields?.standing);
  /** A session begins in the project, on a start of its own. */
  const begin = (standing: ProjectStanding, changes: Partial<ProcessSpec> = {}) =>
    spares.take(specOf(crypto.randomUUID(), changes), startedIn(standing));

  test("S16: the spare is replaced by one for such projects when a session begins in a trusted one", async () => {
    spares.keep(1);
    await ready(1);
    await begin("trusted");
    await clock.run(999);
    expect(ended).toEqual([]);
    await clock.run(1);
    await until(() => ended.length === 1);
    await clock.rest();
    // Never more than were asked for: the old one has gone before the new one comes.
    expect([spares.count, opened.length]).toEqual([0, 1]);
    await clock.run(1_000);
    await ready(2);
    expect([standings(), spares.count]).toEqual([["plain", "trusted"], 1]);
    const spare = await spares.take(specOf(reserved()), startedIn("trusted"));
    expect(spare?.standing).toBe("trusted");
    await spare?.end();
    // The next one is of the same kind.
    await clock.run(1_000);
    await ready(3);
    expect(standings().at(-1)).toBe("trusted");
  });

  test("S16: of two spares one stays for the other projects, and when one is to go it is that one", async () => {
    spares.keep(2);
    await ready(2);
    await begin("plain");
    await clock.run(1);
    await begin("trusted");
    await clock.run(1_000);
    await until(() => ended.length === 1);
    await clock.rest();
    await clock.run(1_000);
    await ready(3);
    const other = { projectPath: join(home, "other") };
    await begin("plain", other);
    await clock.run(1);
    await begin("trusted");
    await clock.run(1_000);
    await clock.rest();
    expect([standings(), spares.count, ended.length]).toEqual([["plain", "plain", "trusted"], 2, 1]);
    spares.keep(1);
    await until(() => ended.length === 2);
    await clock.rest();
    expect(spares.reserve(other.projectPath)).toBeUndefined();
    expect(spares.reserve(join(home, "project"))).toBeDefined();
  });

  test("S16: a project that is not trusted any more never gets one, and a project that is trusted since gets no plain one", async () => {
    for (const [before, now] of [
      ["trusted", "untrusted"],
      ["plain", "trusted"],
    ] as const) {
      useSpares(standIn, { standing: before });
      [said, opened, ended] = [[], [], []];
      spares.expect(join(home, "project"));
      spares.keep(1);
      await ready(1);
      expect(standings()).toEqual([before]);
      const id = reserved();
      const { pid } = spares.live()[0]!;
      expect(await spares.take(specOf(id), startedIn(now))).toBeUndefined();
      expect([await isAlive(pid), ended.length]).toEqual([false, 1]);
      await spares.stop();
    }
  });

  test("S16: the first ones of a run are for such projects as the one that is expected, if its disk answers", async () => {
    useSpares(standIn, { standing: "trusted" });
    spares.expect(join(home, "project"));
    spares.keep(1);
    await ready(1);
    expect(standings()).toEqual(["trusted"]);
    await spares.stop();
    const dead = { standingOf: () => new Promise<ProjectStanding>(() => {}), rulesOf: () => [] };
    useSpares(standIn, { trust: dead });
    said = [];
    spares.expect(join(home, "project"));
    spares.keep(1);
    expect(spares.count).toBe(0);
    await clock.run(2_000);
    await ready(1);
    expect(standings()).toEqual(["plain"]);
  });

  test("S16: one that was started before the owner said whom to hear is not taken", async () => {
    useSpares(standIn, { standing: "trusted" });
    spares.expect(join(home, "project"));
    spares.keep(1);
    await ready(1);
    mkdirSync(join(home, ".claude"));
    writeFileSync(join(home, ".claude", "settings.json"), JSON.stringify({ crossSessionInbound: "accept" }));
    expect(await spares.take(specOf(reserved()), startedIn("trusted"))).toBeUndefined();
    expect(ended).toHaveLength(1);
    await clock.run(1_000);
    await ready(2);
    const spare = await spares.take(specOf(reserved()), startedIn("trusted"));
    expect(spare).toBeDefined();
    await spare?.end();
  });

  test("S16: sessions that no spare could have begun do not decide for which projects there are some", async () => {
    spares.keep(1);
    await ready(1);
    await begin("trusted", { options: { maxTurns: 3 } });
    await begin("suspect");
    await clock.run(10_000);
    await clock.rest();
    expect([standings(), ended.length]).toEqual([["plain"], 0]);
    expect(spares.reserve(join(home, "other"))).toBeDefined();
  });

  test("S16: none is kept for a trusted project whose settings the CLI cannot take over", async () => {
    useSpares(standIn, { standing: "trusted" });
    spares.expect(join(home, "project"));
    spares.keep(1);
    await ready(1);
    const spare = await spares.take(specOf(reserved()), startedIn("trusted"));
    spares.refused(spare!, join(home, "project"), new Error("project_settings_not_claimable: model"));
    await until(() => ended.length === 1);
    await begin("trusted");
    await clock.run(1_000);
    await ready(2);
    expect(standings()).toEqual(["trusted", "plain"]);
  });
});
