import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { hourMs, minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const begin = (options = {}, more = {}) =>
  rig.current.pool.createSession({ caller: owner, projectPath: "/projects/alpha", options, ...more });

describe("S20 a session that is begun without a message", () => {
  test("is parked, needs no process, and takes its title from the first message", async () => {
    await rig.current.open();
    const view = await begin({ appendSystemPrompt: "Be brief." });
    expect(view).toMatchObject({ state: "parked", title: "New session", lease: { term: 1 } });
    expect(rig.current.host.specs).toEqual([]);
    rig.current.submit({ sessionId: view.sessionId, message: "Hello there" });
    expect(rig.current.pool.session(view.sessionId).title).toBe("Hello there");
    await rig.current.clock.settle();
    expect(rig.current.host.specs[0]?.options).toMatchObject({ appendSystemPrompt: "Be brief." });
  });

  test("S16: takes the id of a spare, which becomes its process, unless it is not plain or waited too long", async () => {
    rig.current.keepsSpares = true;
    await rig.current.open({ prewarmedProcesses: 1, resourceSampleMs: 10_000 });
    const { clock, host } = rig.current;
    /** Whether the first message, said after so long, ran on a spare. */
    const ranOnSpare = async (waitMs: number, options = {}, more = {}) => {
      const { sessionId } = await begin(options, more);
      await clock.run(waitMs);
      rig.current.submit({ sessionId, message: "Hello" });
      await clock.settle();
      const process = host.process(sessionId);
      process.reply("Hi.");
      // The next spare comes up.
      await clock.run(90_000);
      return process.wasSpare;
    };
    expect(await ranOnSpare(30_000)).toBe(true);
    expect(await ranOnSpare(0, {}, { model: "claude-x", permissionMode: "plan" })).toBe(true);
    expect(await ranOnSpare(0, { appendSystemPrompt: "Be brief." })).toBe(false);
    expect(await ranOnSpare(75_000)).toBe(false);
    expect(host.mostWithSpares).toBeLessThanOrEqual(4);
  });

  test("resumes a conversation from the terminal under its own id", async () => {
    await rig.current.open();
    rig.current.host.transcripts.add("terminal");
    const view = await begin({ origin: { resume: "terminal", fork: false } });
    expect(view.sessionId).toBe("terminal");
    rig.current.submit({ sessionId: "terminal", message: "Go on" });
    await rig.current.clock.settle();
    expect(rig.current.host.process("terminal")).toMatchObject({ resumed: true, spec: { options: {} } });
    expect((await begin({ origin: { resume: "terminal", fork: false } })).sessionId).toBe("terminal");
  });

  test("forks one to an id of our own", async () => {
    await rig.current.open();
    rig.current.host.transcripts.add("terminal");
    const origin = { resume: "terminal", fork: true, resumeAt: "m1" };
    const view = await begin({ origin });
    expect(view.sessionId).not.toBe("terminal");
    rig.current.submit({ sessionId: view.sessionId, message: "Go on" });
    await rig.current.clock.settle();
    expect(rig.current.host.specs[0]).toMatchObject({ sessionId: view.sessionId, options: { origin } });
  });

  test("is refused when Claude has no such conversation, or ours is closed", async () => {
    await rig.current.open();
    expect(await refusal(() => begin({ origin: { resume: "nobody", fork: false } }))).toBe(
      "session_not_found",
    );
    rig.current.host.transcripts.add("terminal");
    rig.current.host.held = new Set(["m"]);
    expect(await refusal(() => begin({ origin: { resume: "terminal", fork: false, resumeAt: "n" } }))).toBe(
      "message_not_found",
    );
    const { sessionId } = await rig.current.idleSession();
    await rig.current.pool.closeSession(sessionId, owner);
    expect(await refusal(() => begin({ origin: { resume: sessionId, fork: false } }))).toBe("session_closed");
  });

  test("S31: one that a terminal holds is refused, its fork is not, and a turn that meets the terminal fails by name", async () => {
    await rig.current.open();
    const { host, clock } = rig.current;
    host.transcripts.add("terminal");
    host.heldByTerminals.set("terminal", 4711);
    const resume = { origin: { resume: "terminal", fork: false } };
    expect(await refusal(() => begin(resume))).toBe("conversation_held");
    expect((await begin({ origin: { resume: "terminal", fork: true } })).sessionId).not.toBe("terminal");
    host.heldByTerminals.clear();
    const { sessionId } = await begin(resume);
    const { turnId } = rig.current.submit({ sessionId, message: "Go on" });
    host.manners.start = "held";
    await clock.settle();
    host.starts[0]?.fail(new DaylongError("conversation_held", "A terminal holds it."));
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed conversation_held"]);
    // It is no fault of the session: the next message is tried at once.
    host.manners.start = "at-once";
    rig.current.submit({ sessionId, message: "Again" });
    await clock.settle();
    expect(host.process(sessionId).sent.map(({ text }) => text)).toEqual(["Again"]);
  });

  test("A05 S31: one that was begun in another directory is none of this project's", async () => {
    await rig.current.open();
    const { host } = rig.current;
    host.transcripts.add("secret");
    host.begunIn.set("secret", "/home/owner/private");
    for (const fork of [false, true])
      expect(await refusal(() => begin({ origin: { resume: "secret", fork } }))).toBe("session_not_found");
  });

  test("S31: one that went on under another id of Claude's is still its session's", async () => {
    await rig.current.open();
    const { store, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    store.sessions.setClaudeSession(sessionId, "after-clear");
    host.transcripts.add("after-clear");
    expect((await begin({ origin: { resume: "after-clear", fork: false } })).sessionId).toBe(sessionId);
    expect((await begin({ origin: { resume: sessionId, fork: false } })).sessionId).toBe(sessionId);
  });

  test("P02: a mode that Claude goes into by itself becomes the session's, and is told once", async () => {
    await rig.current.open();
    const { store } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    for (const mode of ["plan", "plan", "default"] as const) process.enterMode(mode);
    expect(store.sessions.get(sessionId)?.permissionMode).toBe("default");
    const told = rig.current.events(sessionId).filter(({ type }) => type === "session.updated");
    expect(told.map(({ data }) => data)).toEqual([{ permissionMode: "plan" }, { permissionMode: "default" }]);
  });

  test("S20: can go on with the project's newest conversation, ours or Claude's own, but not with a closed one", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const latest = (more = {}, projectPath = "/projects/alpha") =>
      pool.createSession({ caller: owner, projectPath, options: {}, latest: { fork: false }, ...more });
    expect(await refusal(() => latest())).toBe("session_not_found");
    const older = await rig.current.idleSession();
    await clock.run(minuteMs);
    const newer = await rig.current.idleSession();
    await clock.run(minuteMs);
    // Begun, and nothing said in it yet.
    await begin();
    expect((await latest()).sessionId).toBe(newer.sessionId);
    expect(await refusal(() => latest({}, "/projects/beta"))).toBe("session_not_found");
    // Something was said in it since, and is not answered yet.
    rig.current.submit({ sessionId: older.sessionId, message: "More" });
    expect((await latest()).sessionId).toBe(older.sessionId);
    await pool.closeSession(older.sessionId, owner);
    await pool.closeSession(newer.sessionId, owner);
    // Claude keeps closed ones too.
    const kept = (sessionId: string, projectPath = "/projects/alpha") =>
      rig.current.kept.push({ sessionId, projectPath, title: "", lastActivityAt: clock.now() });
    for (const { sessionId } of [older, newer]) kept(sessionId);
    // Nor does it matter what was said in another project whose name Claude writes alike.
    kept("other", "/projects-alpha");
    expect(await refusal(() => latest())).toBe("session_not_found");
    kept("terminal");
    host.transcripts.add("terminal");
    const resumed = await latest();
    expect(resumed.sessionId).toBe("terminal");
    // It is ours from now on, though nothing was said in it here.
    expect((await latest()).sessionId).toBe("terminal");
    const copy = await latest({ latest: { fork: true } });
    expect(["terminal", older.sessionId, newer.sessionId]).not.toContain(copy.sessionId);
    expect(rig.current.store.sessions.get(copy.sessionId)?.options.origin).toEqual({
      resume: "terminal",
      fork: true,
    });
  });

  test("S20: the newest conversation may be one that was expired; it comes back", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    await rig.current.clock.run(25 * hourMs);
    expect(rig.current.state(sessionId)).toBe("expired");
    const options = {};
    const view = await rig.current.pool.createSession({
      caller: owner,
      projectPath: "/projects/alpha",
      options,
      latest: { fork: false },
    });
    expect([view.sessionId, view.lease.term]).toEqual([sessionId, 2]);
  });

  test("P05 may bypass permissions only if the owner allowed that on the computer", async () => {
    await rig.current.open();
    const mode = { permissionMode: "bypassPermissions" };
    expect(await refusal(() => begin({}, mode))).toBe("permission_mode_forbidden");
    await rig.current.restart({ allowBypassPermissions: true });
    expect(await begin({}, mode)).toMatchObject({ permissionMode: "bypassPermissions" });
  });
});

describe("S22 S25 changing a session", () => {
  test("tells the live process first, and then the log", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const change = { title: "Mine", model: "claude-x", permissionMode: "plan" as const, muted: true };
    expect(await rig.current.pool.updateSession(sessionId, change, owner)).toMatchObject(change);
    expect([process.models, process.modes]).toEqual([["claude-x"], ["plan"]]);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({ type: "session.updated", data: change });
  });

  test("is not written down when Claude does not take it", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    rig.current.host.refusal = new Error("no such model");
    const update = () => rig.current.pool.updateSession(sessionId, { model: "nope" }, owner);
    expect(await refusal(update)).toBe("invalid_request");
    expect(rig.current.pool.session(sessionId).model).toBeNull();
  });

  test("S22: is all or nothing: a model is taken back when the mode is not taken", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    process.refuseModes = new DaylongError("session_busy", "It does not answer.");
    const change = { model: "claude-x", permissionMode: "plan" as const };
    expect(await refusal(() => rig.current.pool.updateSession(sessionId, change, owner))).toBe(
      "session_busy",
    );
    expect(process.models).toEqual(["claude-x", null]);
    expect(rig.current.pool.session(sessionId)).toMatchObject({ model: null, permissionMode: "default" });
  });

  test("S22: one after the other leaves Claude and the store with the same, whatever came first", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await Promise.all([
      pool.updateSession(sessionId, { model: "claude-x", permissionMode: "plan" }, owner),
      pool.updateSession(sessionId, { model: "claude-y" }, owner),
    ]);
    expect([process.models.at(-1), pool.session(sessionId).model]).toEqual(["claude-y", "claude-y"]);
  });

  test("S22: while the process goes, or goes before it answers, is for the next one", async () => {
    await rig.current.open();
    const { pool, host, clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    process.refuseModes = new DaylongError("process_crashed", "It went.");
    await pool.updateSession(sessionId, { model: "claude-x", permissionMode: "plan" }, owner);
    expect(pool.session(sessionId)).toMatchObject({ model: "claude-x", permissionMode: "plan" });
    host.manners.stop = "held";
    const stopped = pool.stopProcesses(sessionId, owner);
    await pool.updateSession(sessionId, { model: "claude-y", permissionMode: "acceptEdits" }, owner);
    rig.current.submit({ sessionId, message: "Go on" });
    process.leave();
    await stopped;
    await clock.settle();
    expect(host.specs.at(-1)).toMatchObject({ model: "claude-y", permissionMode: "acceptEdits" });
    expect(process.models).toEqual(["claude-x"]);
  });

  test("without a process is for its next start", async () => {
    await rig.current.open();
    const { sessionId } = await begin();
    await rig.current.pool.updateSession(sessionId, { permissionMode: "plan" }, owner);
    rig.current.submit({ sessionId, message: "Hello" });
    await rig.current.clock.settle();
    expect(rig.current.host.specs[0]?.permissionMode).toBe("plan");
  });
});

describe("S21 S27 what a CLI that hangs is asked about itself", () => {
  test("S21 S27: is given up after 5 s, or 30 s where files are put back, as busy", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const said = rig.current.events(sessionId).find((event) => event.type === "turn.completed");
    const { messageId } = said!.data as { messageId: string };
    process.isDumb = true;
    await clock.run(1_000);
    const before = clock.armed;
    const asked = [
      refusal(() => pool.contextUse(sessionId)),
      refusal(() => pool.rewind(sessionId, messageId, false, owner)),
    ];
    await clock.run(30_000);
    expect(await Promise.all(asked)).toEqual(["session_busy", "session_busy"]);
    expect(clock.armed).toBe(before);
    process.isDumb = false;
    expect((await pool.contextUse(sessionId)).totalTokens).toBe(10);
  });
});

describe("S06 a recap", () => {
  test("is asked on a fork, kept until the next turn, and never asked twice at once", async () => {
    await rig.current.open();
    const { pool, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const [one, same] = await Promise.all([pool.recap(sessionId), pool.recap(sessionId)]);
    expect([one, same.text]).toEqual([
      expect.objectContaining({ text: "A recap.", cached: false }),
      "A recap.",
    ]);
    expect(await pool.recap(sessionId)).toMatchObject({ cached: true, turnCount: 1 });
    expect([host.forks.length, process.sent.length]).toEqual([1, 1]);
    rig.current.submit({ sessionId, message: "More" });
    process.reply("Done.");
    expect(await pool.recap(sessionId)).toMatchObject({ cached: false, turnCount: 2 });
  });

  test("that failed is asked again, and others go on behind it", async () => {
    await rig.current.open();
    const { pool, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    host.forkAnswer = () => Promise.reject(new Error("It broke."));
    await expect(pool.recap(sessionId)).rejects.toThrow("It broke.");
    host.forkAnswer = async () => "Here.";
    expect((await pool.recap(sessionId)).text).toBe("Here.");
  });

  test("of a session without a turn is refused", async () => {
    await rig.current.open();
    const { sessionId } = await begin();
    expect(await refusal(() => rig.current.pool.recap(sessionId))).toBe("nothing_to_recap");
  });
});

describe("S08 S28 what is told of the pool", () => {
  test("are its processes with the newest samples, and its free places", async () => {
    await rig.current.open({ maxConcurrentSessions: 3, maxTotalMemoryBytes: 9_000_000 });
    const { sessionId, process } = await rig.current.idleSession();
    await rig.current.clock.run(10 * minuteMs);
    expect(rig.current.pool.active()).toEqual([
      expect.objectContaining({
        sessionId,
        process: expect.objectContaining({ pid: process.pid, rssBytes: 1_000_000, processCount: 2 }),
      }),
    ]);
    expect(rig.current.pool.stats()).toEqual({
      totalSessions: 1,
      maxSessions: 3,
      availableSlots: 2,
      queuedTurns: 0,
      memoryUsageBytes: 1_000_000,
      memoryLimitBytes: 9_000_000,
      cpuPercent: 1.5,
    });
  });

  test("a turn is waited for until it ends, until the deadline, or until nobody waits", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    await clock.run(minuteMs);
    const armed = clock.armed;
    const controller = new AbortController();
    const given = pool.waitForTurn(turnId, hourMs, controller.signal);
    const short = pool.waitForTurn(turnId, minuteMs);
    const long = pool.waitForTurn(turnId, hourMs);
    controller.abort();
    expect((await given).state).toBe("running");
    await clock.run(minuteMs);
    expect((await short).state).toBe("running");
    process.reply("Done.");
    expect((await long).state).toBe("completed");
    expect(clock.armed - armed).toBeLessThanOrEqual(1);
    expect(await refusal(() => pool.waitForTurn("nobody", 0))).toBe("turn_not_found");
  });

  test("D01 words go to whoever watches, tools by their names, and nothing of it is stored", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    const { feed, clock } = rig.current;
    process.think();
    process.delta("Hel");
    process.delta("lo");
    process.message("Hello");
    process.startTool("t1");
    process.finishTool("t1");
    process.finishTool("unknown");
    process.delta("Next");
    await clock.run(1_000);
    const words = feed.filter((line) => line.includes(turnId) || line.startsWith("flush"));
    expect(words.slice(0, 3)).toEqual([
      `thinking ${turnId}`,
      `delta ${sessionId} ${turnId} Hel`,
      `delta ${sessionId} ${turnId} lo`,
    ]);
    // The finished text is out before the first words of the next one.
    expect(words.indexOf(`flush ${sessionId}`)).toBeLessThan(
      words.indexOf(`delta ${sessionId} ${turnId} Next`),
    );
    expect(rig.current.types(sessionId).slice(-3)).toEqual(["message", "tool.started", "tool.finished"]);
  });
});
