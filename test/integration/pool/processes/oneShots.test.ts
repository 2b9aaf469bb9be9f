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

  test("S32 T09: is counted with what it used, as a turn of its project", async () => {
    await rig.current.open();
    const { pool, host, store } = rig.current;
    host.usedBeside = [
      { model: "small", costUsd: 0.01, inputTokens: 3, outputTokens: 2 },
      { model: "large", costUsd: 0.25, inputTokens: 10, outputTokens: 5 },
    ];
    await pool.ask(request("Why?"), owner, new AbortController().signal);
    const projectPath = "/projects/alpha";
    expect(store.usage.since("0")).toMatchObject([
      { projectPath, model: "large", costUsd: 0.25, turns: 1 },
      { projectPath, model: "small", costUsd: 0.01, turns: 0 },
    ]);
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

describe("NET-8: one of several prompts leaves", () => {
  /** Prompts that are asked in this order, where one at a time may run. */
  async function asked(names: string[]) {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { pool, clock } = rig.current;
    const finish = held(rig.current);
    const callers = names.map(() => new AbortController());
    const ends = names.map((name, index) => codeOf(pool.ask(request(name), owner, callers[index]!.signal)));
    await clock.settle();
    return { finish, callers, ends, ran: () => rig.current.host.oneShots.map(({ prompt }) => prompt) };
  }

  test("NET-8: one that runs and is given up throws no other out", async () => {
    const { callers, ends, finish, ran } = await asked(["runs", "second", "third"]);
    callers[0]!.abort();
    expect(await ends[0]).toBe("interrupted");
    await rig.current.clock.settle();
    finish.get("second")!("2");
    expect(await ends[1]).toBe("answered");
    await rig.current.clock.settle();
    finish.get("third")!("3");
    expect(await ends[2]).toBe("answered");
    expect(ran()).toEqual(["runs", "second", "third"]);
  });

  test("one that waits and is given up leaves the others their order", async () => {
    const { callers, ends, finish, ran } = await asked(["runs", "a", "b", "c"]);
    callers[2]!.abort();
    expect(await ends[2]).toBe("interrupted");
    for (const name of ["runs", "a", "c"]) {
      finish.get(name)!("!");
      await rig.current.clock.settle();
    }
    expect([ran(), await ends[1], await ends[3]]).toEqual([["runs", "a", "c"], "answered", "answered"]);
  });

  test("an answer leaves no timer and no listener behind", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    await clock.settle();
    const before = clock.armed;
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    expect(await codeOf(pool.ask(request("a"), owner, signal))).toBe("answered");
    expect([listeners, clock.armed]).toEqual([0, before]);
  });

  test("a caller that is gone already gets no place, and leaves no timer", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const before = clock.armed;
    expect(await codeOf(pool.ask(request("a"), owner, AbortSignal.abort()))).toBe("interrupted");
    expect([host.oneShots, clock.armed, pool.stats().availableSlots]).toEqual([[], before, 3]);
  });

  test("one whose caller goes while its directory is looked at does not start, and the next one does", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, clock, host } = rig.current;
    rig.current.silentProjects.add("/projects/alpha");
    const caller = new AbortController();
    const first = codeOf(pool.ask(request("first"), owner, caller.signal));
    await clock.settle();
    rig.current.silentProjects.clear();
    const second = codeOf(pool.ask(request("second"), owner, new AbortController().signal));
    caller.abort();
    expect([await first, await second]).toEqual(["interrupted", "answered"]);
    expect(host.oneShots.map(({ prompt }) => prompt)).toEqual(["second"]);
  });

  test("its failure comes from the directory when that is refused, and frees its place for the next", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, host } = rig.current;
    rig.current.refusedProjects.set("/projects/gone", new DaylongError("project_not_found", "Gone."));
    const { signal } = new AbortController();
    const ends = [
      codeOf(pool.ask(request("a", { projectPath: "/projects/gone" }), owner, signal)),
      codeOf(pool.ask(request("b"), owner, signal)),
    ];
    expect(await Promise.all(ends)).toEqual(["project_not_found", "answered"]);
    expect(host.oneShots.map(({ prompt }) => prompt)).toEqual(["b"]);
  });
});

describe("the places of prompts", () => {
  test("the pool of one place has it for a prompt too, and a message waits for it", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, clock, host } = rig.current;
    const finish = held(rig.current);
    const asked = codeOf(pool.ask(request("a"), owner, new AbortController().signal));
    await clock.settle();
    const { sessionId, state } = rig.current.submit({ message: "Hello" });
    expect([state, host.specs]).toEqual(["queued", []]);
    finish.get("a")!("1");
    expect(await asked).toBe("answered");
    await clock.settle();
    expect([host.process(sessionId).sent.length, host.mostAtOnce]).toEqual([1, 1]);
  });

  test("a prompt waits for a place that is being vacated, and no second session goes for it", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { pool, clock, host } = rig.current;
    const older = await rig.current.idleSession();
    await clock.run(1_000);
    const newer = await rig.current.idleSession();
    host.manners.stop = "held";
    const { signal } = new AbortController();
    const ends = [
      codeOf(pool.ask(request("a"), owner, signal)),
      codeOf(pool.ask(request("b"), owner, signal)),
    ];
    await clock.settle();
    expect([older.process.stopCount, newer.process.stopCount, host.oneShots.length]).toEqual([1, 0, 0]);
    older.process.leave();
    await clock.settle();
    expect(await Promise.all(ends)).toEqual(["answered", "answered"]);
    expect([newer.process.alive, host.mostAtOnce]).toEqual([true, 2]);
  });

  test("a prompt takes no place while a login is over, and says so; nor does one that waits", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { pool, clock, host } = rig.current;
    const { signal } = new AbortController();
    const finish = held(rig.current);
    const running = codeOf(pool.ask(request("runs"), owner, signal));
    await clock.settle();
    const waiting = codeOf(pool.ask(request("waits", { timeoutMs: 10_000 }), owner, signal));
    const { process } = await rig.current.busySession();
    process.refused({ kind: "login-refused", detail: "Log in." });
    await clock.settle();
    expect(await codeOf(pool.ask(request("late"), owner, signal))).toBe("login_required");
    finish.get("runs")!("1");
    expect(await running).toBe("answered");
    await clock.run(10_000);
    expect(await waiting).toBe("ask_timed_out");
    expect(host.oneShots.map(({ prompt }) => prompt)).toEqual(["runs"]);
  });

  test("a prompt has the model that the owner set, no options, and the mode that asks", async () => {
    await rig.current.open({ claudeModel: "claude-z" });
    await rig.current.pool.ask(request("Why?"), owner, new AbortController().signal);
    const { spec } = rig.current.host.oneShots[0]!;
    expect(spec).toMatchObject({ model: "claude-z", permissionMode: "default", options: {} });
    expect([spec.sessionId, spec.claudeSessionId]).toEqual([spec.processId, spec.processId]);
  });

  test("what a prompt may use is told by its own figure, and one within the limit is left alone", async () => {
    const mega = 1_024 ** 2;
    await rig.current.open({ resourceSampleMs: 5_000, maxMemoryPerSessionBytes: 500 * mega });
    const { pool, host, clock } = rig.current;
    const finish = held(rig.current);
    const { signal } = new AbortController();
    const ends = ["small", "large"].map((name) => codeOf(pool.ask(request(name), owner, signal)));
    await clock.settle();
    const [small, large] = host.oneShots.map(({ spec }) => spec.processId) as [string, string];
    const uses = (rssBytes: number) => ({ rssBytes, cpuPercent: 1, ownCpuPercent: 1, processCount: 1 });
    host.usage = async () =>
      new Map([
        [small, uses(500 * mega)],
        [large, uses(500 * mega + 1)],
      ]);
    await clock.run(5_000);
    expect(await ends[1]).toBe("memory_limit");
    finish.get("small")!("1");
    expect(await ends[0]).toBe("answered");
  });
});
