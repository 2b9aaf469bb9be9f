import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { KeepAwake } from "../../../../server/claude/os/keepAwake.ts";
import type { KeepAwakeMode, Workload } from "../../../../server/domain/processes/workload.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { fakeInhibitors, isRunning } from "../../../support/sleepInhibitors.ts";

let dir: string;
let clock: ManualClock;
let work: Workload;
let tell: () => void;
let lines: string[];
let keepAwake: KeepAwake | undefined;
let listeners: Set<unknown>;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "daylong-awake-")));
  clock = new ManualClock();
  work = { turns: 0, tasks: 0, processes: 0 };
  lines = [];
  listeners = new Set();
});
afterEach(() => {
  keepAwake?.stop();
  expect([clock.armed, listeners.size]).toEqual([0, 0]);
  rmSync(dir, { recursive: true, force: true });
});

function open(path: string, mode: KeepAwakeMode = "work", platform: NodeJS.Platform = "linux"): KeepAwake {
  const log = (event: string) => void lines.push(event);
  keepAwake = new KeepAwake({
    mode,
    platform,
    path,
    clock,
    workload: () => work,
    log: { debug: log, info: log, warn: log, error: log },
    events: {
      subscribe: (listener) => {
        listeners.add(listener);
        tell = () => listener([]);
        return () => listeners.delete(listener);
      },
    },
  });
  return keepAwake;
}
/** Waits for something that a child does. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}
async function change(to: Partial<Workload>): Promise<void> {
  work = { ...work, ...to };
  tell();
  await clock.run(1_000);
}

describe("O14: what keeps an idle computer awake", () => {
  test.each([
    ["linux", "systemd-inhibit", ["--what=idle:sleep"]],
    ["darwin", "caffeinate", ["-i", "-w", String(process.pid)]],
  ] as const)(
    "O14: is on %s a child that runs %s while there is work, and no longer",
    async (platform, name, given) => {
      const { path, calls } = fakeInhibitors(dir);
      const held = open(path, "work", platform);
      const health = () => held.health();
      expect(health()).toEqual({ state: "ok", detail: "nothing to be kept awake for" });
      await change({ turns: 1, processes: 1 });
      await until(() => calls().length === 1);
      const [call] = calls();
      expect(call).toMatchObject({ name, given: expect.arrayContaining([...given]) });
      expect(isRunning(call!.pid)).toBe(true);
      expect(health()).toEqual({ state: "ok", detail: "kept awake: 1 turn running" });
      // From the turn to a task that it began: the same hold.
      await change({ turns: 0, tasks: 1 });
      expect(health()).toEqual({ state: "ok", detail: "kept awake: 1 task running" });
      expect(calls()).toHaveLength(1);
      await change({ tasks: 0 });
      await until(() => !isRunning(call!.pid));
      expect(health().detail).toBe("nothing to be kept awake for");
      expect(lines).toEqual(["keep_awake.held", "keep_awake.released"]);
    },
  );

  test("O14: notices the end of work that no event tells of, and is not begun for a turn of a moment", async () => {
    const { path, calls } = fakeInhibitors(dir);
    open(path);
    tell();
    work.turns = 1;
    await clock.run(900);
    work.turns = 0;
    await clock.run(100);
    expect([calls(), clock.armed]).toEqual([[], 0]);
    await change({ turns: 1 });
    await until(() => calls().length === 1);
    work.turns = 0;
    await clock.run(10_000);
    await until(() => !isRunning(calls()[0]!.pid));
    expect(clock.armed).toBe(0);
  });

  test("O14: is let go at the end of the server, and off is off", async () => {
    const { path, calls } = fakeInhibitors(dir);
    const held = open(path, "lease");
    await change({ processes: 1 });
    await until(() => calls().length === 1);
    expect(held.health().detail).toBe("kept awake: 1 session with a process");
    held.stop();
    held.stop();
    await until(() => !isRunning(calls()[0]!.pid));
    const off = open(path, "off");
    expect(listeners.size).toBe(0);
    expect(off.health()).toEqual({ state: "disabled", detail: "KEEP_AWAKE=off" });
  });

  test("O14: where the program is missing that is said once, in the log and as long as it lasts in its state", async () => {
    const held = open(join(dir, "empty"));
    await change({ turns: 1 });
    await until(() => held.health().state === "unavailable");
    expect(held.health().detail).toBe(
      "The computer may sleep while it is idle: systemd-inhibit is not installed.",
    );
    await clock.run(1_800_000);
    await until(() => held.health().state === "unavailable");
    expect(lines).toEqual(["keep_awake.unavailable"]);
  });

  test("O14: where it refuses its words are told, and it is tried again after ten minutes", async () => {
    const { path, calls } = fakeInhibitors(dir, { refuses: true });
    const held = open(path);
    await change({ turns: 1 });
    await until(() => held.health().state === "unavailable");
    expect(held.health().detail).toMatch(/systemd-inhibit ended with 1: Failed to connect to bus$/);
    await clock.run(590_000);
    expect(calls()).toHaveLength(1);
    await clock.run(20_000);
    await until(() => calls().length === 2);
    await until(() => held.health().state === "unavailable");
    expect(lines).toEqual(["keep_awake.held", "keep_awake.unavailable"]);
  });

  test("O14: one that somebody ended is begun again", async () => {
    const { path, calls } = fakeInhibitors(dir);
    const held = open(path);
    await change({ turns: 1 });
    await until(() => calls().length === 1);
    await clock.run(60_000);
    process.kill(-calls()[0]!.pid, "SIGKILL");
    await until(() => held.health().state === "unavailable");
    await clock.run(10_000);
    await until(() => calls().length === 2);
    expect(held.health().state).toBe("ok");
  });
});
