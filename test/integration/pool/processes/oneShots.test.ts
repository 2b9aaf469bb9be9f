import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import type { AskRequest } from "../../../../server/pool/port.ts";
import type { AskedOnce } from "../../../support/claude/scriptedHost.ts";
import { owner, type PoolRig, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const request = (prompt: string, more: Partial<AskRequest> = {}): AskRequest => ({
  projectPath: "/projects/alpha",
  prompt,
  timeoutMs: 60_000,
  ...more,
});
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "answered",
    (error: unknown) => (error instanceof DaylongError ? error.code : String(error)),
  );

/** Prompts whose answers the test gives; one that is given up settles at once, as the real host's does. */
function held({ host }: PoolRig) {
  const finish = new Map<string, (text: string) => void>();
  host.oneShot = ({ prompt, signal }: AskedOnce) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined));
      finish.set(prompt, (text) => resolve({ text, costUsd: 0, durationMs: 1, denied: [] }));
    });
  return finish;
}

describe("S32: prompts without a session", () => {
  test("S32: is answered, leaves no session, and is in the audit log", async () => {
    await rig.current.open();
    const { pool, host, store } = rig.current;
    const answer = await pool.ask(
      request("Why?", { model: "claude-x" }),
      owner,
      new AbortController().signal,
    );
    expect(answer).toMatchObject({ text: "Answer to Why?", costUsd: 0.01 });
    expect(host.oneShots[0]?.spec).toMatchObject({ projectPath: "/projects/alpha", model: "claude-x" });
    expect(store.sessions.list({ limit: 5 }).sessions).toEqual([]);
    expect(store.audit.list(undefined, 5).entries).toMatchObject([
      { action: "ask", target: "/projects/alpha" },
    ]);
    expect(pool.stats().availableSlots).toBe(3);
  });

  test("S32: takes a place of the pool until nothing is left of it; one place is left to the sessions", async () => {
    await rig.current.open({ maxConcurrentSessions: 3 });
    const { pool, host, clock } = rig.current;
    const finish = held(rig.current);
    const { signal } = new AbortController();
    const asked = ["a", "b", "c"].map((prompt) => pool.ask(request(prompt), owner, signal));
    await clock.settle();
    expect(host.oneShots.map(({ prompt }) => prompt)).toEqual(["a", "b"]);
    expect(pool.stats().availableSlots).toBe(1);
    const { sessionId } = rig.current.submit({ message: "Hello" });
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    finish.get("a")?.("1");
    await clock.settle();
    // The idle session makes room for the one that waits.
    expect(host.oneShots.map(({ prompt }) => prompt)).toEqual(["a", "b", "c"]);
    for (const name of ["b", "c"]) finish.get(name)?.("2");
    expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(["1", "2", "2"]);
    expect(host.mostAtOnce).toBeLessThanOrEqual(3);
  });

  test("S32: a session's message goes before a prompt that waits longer", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, host, clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const asked = pool.ask(request("later"), owner, new AbortController().signal);
    const behind = rig.current.submit({ sessionId, message: "Next" });
    await clock.settle();
    process.reply("Done.");
    await clock.settle();
    expect(host.oneShots).toEqual([]);
    process.reply("Done too.");
    expect((await asked).text).toBe("Answer to later");
    expect(rig.current.ends(behind.turnId)).toEqual(["turn.completed"]);
    expect(host.mostAtOnce).toBe(1);
  });

  test("S32: time over, caller gone, and the stop of the server give it up, and its place is free again", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { pool, clock } = rig.current;
    held(rig.current);
    const caller = new AbortController();
    const gone = codeOf(pool.ask(request("gone"), owner, caller.signal));
    await clock.settle();
    const waiting = codeOf(
      pool.ask(request("waits", { timeoutMs: 5_000 }), owner, new AbortController().signal),
    );
    await clock.settle();
    caller.abort();
    expect(await gone).toBe("interrupted");
    await clock.run(5_000);
    expect(await waiting).toBe("ask_timed_out");
    expect(pool.stats().availableSlots).toBe(2);
    const last = codeOf(pool.ask(request("last"), owner, new AbortController().signal));
    await clock.settle();
    const stopped = pool.stop(0);
    expect(await last).toBe("shutting_down");
    await stopped;
    expect(await codeOf(pool.ask(request("late"), owner, new AbortController().signal))).toBe(
      "shutting_down",
    );
  });

  test("S32: one that waits for a place and is given up never starts", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, host, clock } = rig.current;
    await rig.current.busySession();
    const asked = codeOf(
      pool.ask(request("waits", { timeoutMs: 1_000 }), owner, new AbortController().signal),
    );
    await clock.run(1_000);
    expect(await asked).toBe("ask_timed_out");
    expect(host.oneShots).toEqual([]);
  });

  test("S32: what Claude answers with a failure is told, and the next one is asked", async () => {
    await rig.current.open();
    const { pool, host } = rig.current;
    const answers = host.oneShot;
    host.oneShot = async () => {
      throw new DaylongError("ask_failed", "Claude gave no answer: 400");
    };
    const { signal } = new AbortController();
    expect(await codeOf(pool.ask(request("a"), owner, signal))).toBe("ask_failed");
    host.oneShot = answers;
    expect(await codeOf(pool.ask(request("b"), owner, signal))).toBe("answered");
  });

  test("S32: too many that wait are refused, and a directory that is forbidden by now", async () => {
    await rig.current.open({ maxConcurrentSessions: 1, maxQueuedTurns: 1 });
    const { pool, clock } = rig.current;
    held(rig.current);
    const { signal } = new AbortController();
    const one = new AbortController();
    const first = codeOf(pool.ask(request("runs"), owner, one.signal));
    await clock.settle();
    const second = codeOf(pool.ask(request("waits", { timeoutMs: 1_000 }), owner, signal));
    expect(await codeOf(pool.ask(request("refused"), owner, signal))).toBe("pool_full");
    await clock.run(1_000);
    expect(await second).toBe("ask_timed_out");
    one.abort();
    expect(await first).toBe("interrupted");
    rig.current.refusedProjects.set("/projects/alpha", new DaylongError("project_forbidden", "Moved."));
    expect(await codeOf(pool.ask(request("x"), owner, signal))).toBe("project_forbidden");
    expect(pool.stats().availableSlots).toBe(1);
  });

  test("S32: where nothing may wait, one is asked while a place is free, and only then", async () => {
    await rig.current.open({ maxConcurrentSessions: 2, maxQueuedTurns: 0 });
    const { pool, host, clock } = rig.current;
    expect(pool.health()).toEqual({ state: "ok" });
    const { signal } = new AbortController();
    await rig.current.idleSession();
    await rig.current.idleSession();
    // The longest idle session makes room, as it does for a message.
    expect((await pool.ask(request("first"), owner, signal)).text).toBe("Answer to first");
    const finish = held(rig.current);
    const second = pool.ask(request("second"), owner, signal);
    await clock.settle();
    expect(await codeOf(pool.ask(request("third"), owner, signal))).toBe("pool_full");
    finish.get("second")?.("2");
    expect((await second).text).toBe("2");
    expect(host.oneShots.map(({ prompt }) => prompt)).toEqual(["first", "second"]);
  });

  test("S32 F10: one that uses too much memory is ended, and whoever asked is told so", async () => {
    const mega = 1_024 ** 2;
    await rig.current.open({ resourceSampleMs: 5_000, maxMemoryPerSessionBytes: 500 * mega });
    const { pool, host, clock } = rig.current;
    held(rig.current);
    const asked = pool.ask(request("eat"), owner, new AbortController().signal).catch((error) => error);
    await clock.settle();
    const uses = { rssBytes: 600 * mega, cpuPercent: 1, ownCpuPercent: 1, processCount: 1 };
    const { processId } = host.oneShots[0]!.spec;
    host.usage = async () => new Map([[processId, uses]]);
    await clock.run(5_000);
    const error = await asked;
    expect(error).toMatchObject({ code: "memory_limit" });
    expect(error.message).toContain("600 MB");
    expect(pool.stats().availableSlots).toBe(3);
  });

  test("S32: a directory that does not answer holds its place no longer than the prompt may take", async () => {
    await rig.current.open();
    const { pool, host, clock } = rig.current;
    rig.current.silentProjects.add("/projects/alpha");
    const asked = codeOf(pool.ask(request("x", { timeoutMs: 1_000 }), owner, new AbortController().signal));
    await clock.run(1_000);
    expect(await asked).toBe("ask_timed_out");
    expect(host.oneShots).toEqual([]);
    expect(pool.stats().availableSlots).toBe(3);
  });
});
