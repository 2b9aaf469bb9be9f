import { describe, expect, test } from "@jest/globals";
import { deferred, hourMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const begin = (options = {}) =>
  rig.current.pool.createSession({ caller: owner, projectPath: "/projects/alpha", options });
const goBack = (sessionId: string, resumeAt = "m") =>
  begin({ origin: { resume: sessionId, fork: false, resumeAt } });
const copyOf = (sessionId: string) => rig.current.store.sessions.get(sessionId)?.claudeSessionId;
const audited = () => rig.current.store.audit.list(undefined, 50).entries.map(({ action }) => action);

describe("going back to an earlier message", () => {
  test("NET-11: is refused when a message came while the process went, and that stays in the conversation", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    const back = refusal(() => goBack(sessionId));
    await clock.settle();
    expect(process.stopCount).toBe(1);
    const { turnId } = rig.current.submit({ sessionId, message: "Meanwhile" });
    process.leave();
    expect(await back).toBe("session_busy");
    await clock.settle();
    const fresh = host.process(sessionId);
    expect([fresh.spec.claudeSessionId, copyOf(sessionId)]).toEqual([sessionId, undefined]);
    fresh.reply("Here.");
    await clock.settle();
    expect([rig.current.ends(turnId), audited().includes("session.resume-at")]).toEqual([
      ["turn.completed"],
      false,
    ]);
  });

  test("is refused while a turn runs or waits, and ends no process", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    expect(await refusal(() => goBack(sessionId))).toBe("session_busy");
    process.reply("Done.");
    await rig.current.clock.settle();
    rig.current.submit({ sessionId, message: "Later", sendAt: rig.current.clock.now() + hourMs });
    expect(await refusal(() => goBack(sessionId))).toBe("session_busy");
    expect([process.alive, process.stopCount, copyOf(sessionId)]).toEqual([true, 0, undefined]);
  });

  test("is refused when a message came while Claude's record was read", async () => {
    await rig.current.open();
    const { host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const looked = deferred<boolean>();
    host.holdsMessage = () => looked.promise;
    const back = refusal(() => goBack(sessionId));
    rig.current.submit({ sessionId, message: "Meanwhile" });
    looked.resolve(true);
    expect(await back).toBe("session_busy");
    expect([process.stopCount, copyOf(sessionId)]).toEqual([0, undefined]);
  });

  test("is refused for a message that the record does not hold, and ends no process", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    rig.current.host.held = new Set(["other"]);
    expect(await refusal(() => goBack(sessionId))).toBe("message_not_found");
    expect(process.alive).toBe(true);
  });

  test.each(["the record is read", "the process goes"])(
    "is refused when the session was closed while %s, and the closed one stays as it is",
    async (moment) => {
      await rig.current.open();
      const { clock, host, pool } = rig.current;
      const { sessionId, process } = await rig.current.idleSession();
      const looked = deferred<boolean>();
      host.holdsMessage = () => looked.promise;
      host.manners.stop = "held";
      const back = refusal(() => goBack(sessionId));
      if (moment === "the process goes") looked.resolve(true);
      await clock.settle();
      const closed = pool.closeSession(sessionId, owner);
      looked.resolve(true);
      process.leave();
      await closed;
      expect(await back).toBe("session_closed");
      expect([copyOf(sessionId), rig.current.types(sessionId).at(-1)]).toEqual([undefined, "session.closed"]);
    },
  );

  test("goes on in a copy, once the old process is gone, and its turn count is kept with it", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await goBack(sessionId, "m");
    const copy = copyOf(sessionId);
    expect([process.alive, copy === undefined, audited()[0]]).toEqual([false, false, "session.resume-at"]);
    rig.current.submit({ sessionId, message: "Otherwise" });
    await clock.settle();
    expect(host.specs.at(-1)).toMatchObject({
      claudeSessionId: copy,
      options: { origin: { resume: sessionId, fork: true, resumeAt: "m", afterTurns: 1 } },
    });
  });
});

describe("going on with a conversation", () => {
  test("that two ask for at once is one session", async () => {
    await rig.current.open();
    rig.current.host.transcripts.add("terminal");
    const origin = { origin: { resume: "terminal", fork: false } };
    const views = await Promise.all([begin(origin), begin(origin)]);
    expect(views.map(({ sessionId }) => sessionId)).toEqual(["terminal", "terminal"]);
    expect(rig.current.types("terminal")).toEqual(["session.created"]);
  });

  test("of a session that is there changes nothing of it; of an expired one it opens the next term", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    const before = rig.current.types(sessionId);
    expect((await begin({ origin: { resume: sessionId, fork: false } })).lease.term).toBe(1);
    expect(rig.current.types(sessionId)).toEqual(before);
    await clock.run(24 * hourMs);
    const view = await begin({ origin: { resume: sessionId, fork: false } });
    expect(view).toMatchObject({ state: "parked", lease: { term: 2 } });
    await clock.settle();
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("copies what was begun in a terminal up to the message, under another id of Claude's", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.transcripts.add("terminal");
    const { sessionId } = await goBack("terminal", "m");
    expect(sessionId).toBe("terminal");
    rig.current.submit({ sessionId, message: "Go on" });
    await clock.settle();
    const { claudeSessionId, options } = host.specs[0]!;
    expect([claudeSessionId === "terminal", options.origin]).toEqual([
      false,
      { resume: "terminal", fork: true, resumeAt: "m", afterTurns: 0 },
    ]);
  });

  test("warns of its end by the new session's own lease", async () => {
    await rig.current.open({
      sessionTimeoutMs: 30_000,
      sessionWarningMs: 20_000,
      sessionFinalWarningMs: 0,
    });
    const { sessionId } = await begin();
    await rig.current.clock.run(20_000);
    expect(rig.current.types(sessionId)).toEqual(["session.created", "session.expiring"]);
    await rig.current.clock.run(10_000);
    expect(rig.current.state(sessionId)).toBe("expired");
  });
});

describe("a change of a session", () => {
  test("is refused when the session was closed while Claude was told, and nothing is said after the close", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const answer = deferred();
    process.setModel = () => answer.promise;
    const changed = refusal(() => pool.updateSession(sessionId, { model: "claude-x" }, owner));
    await clock.settle();
    await pool.closeSession(sessionId, owner);
    answer.resolve();
    expect(await changed).toBe("session_closed");
    expect([rig.current.types(sessionId).at(-1), pool.session(sessionId).model]).toEqual([
      "session.closed",
      null,
    ]);
  });

  test("waits for the one before, and a failed one holds up none behind it, nor one of another session", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const one = await rig.current.idleSession();
    const other = await rig.current.idleSession();
    const answer = deferred();
    const told: Array<string | null> = [];
    one.process.setModel = (model) => {
      told.push(model);
      return model === "a" ? answer.promise : Promise.resolve();
    };
    const first = refusal(() => pool.updateSession(one.sessionId, { model: "a" }, owner));
    const second = pool.updateSession(one.sessionId, { model: "b" }, owner);
    await pool.updateSession(other.sessionId, { model: "c" }, owner);
    await clock.settle();
    expect(told).toEqual(["a"]);
    answer.reject(new Error("No such model."));
    expect(await first).toBe("invalid_request");
    expect((await second).model).toBe("b");
    expect([told, pool.session(other.sessionId).model]).toEqual([["a", "b"], "c"]);
  });

  test("is told to the process that came up meanwhile, when the old one went before it answered", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const answer = deferred();
    process.setPermissionMode = () => answer.promise;
    const changed = pool.updateSession(sessionId, { permissionMode: "plan" }, owner);
    await clock.settle();
    process.crash();
    rig.current.submit({ sessionId, message: "Next" });
    await clock.settle();
    answer.reject(new Error("Query closed before response received"));
    expect((await changed).permissionMode).toBe("plan");
    expect(host.process(sessionId).modes).toEqual(["plan"]);
  });

  test("whose model is not taken back replaces the process after its turn", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    process.refuseModes = new Error("No.");
    const setModel = process.setModel.bind(process);
    process.setModel = async (model) => {
      if (model === null) throw new Error("No answer.");
      return setModel(model);
    };
    const change = { model: "claude-x", permissionMode: "plan" as const };
    expect(await refusal(() => pool.updateSession(sessionId, change, owner))).toBe("invalid_request");
    expect([process.alive, pool.session(sessionId).model]).toEqual([true, null]);
    process.reply("Done.");
    await clock.settle();
    expect([process.alive, rig.current.types(sessionId).at(-1)]).toEqual([false, "session.recycled"]);
  });

  test("is one line of the audit log that names what was changed, and one event", async () => {
    await rig.current.open();
    const { pool, store } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await pool.updateSession(sessionId, { title: "A", muted: true }, owner);
    expect(store.audit.list(undefined, 1).entries[0]).toMatchObject({
      action: "session.update",
      detail: "title, muted",
      target: sessionId,
    });
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "session.updated",
      data: { title: "A", muted: true },
    });
  });

  test("by a message of a mode that is forbidden is refused before Claude is told", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const asked = { caller: owner, sessionId, message: "Go", permissionMode: "bypassPermissions" as const };
    expect(await refusal(() => pool.submit(asked))).toBe("permission_mode_forbidden");
    expect([process.modes, process.sent.length]).toEqual([[], 1]);
  });

  test("by a message to a session that is closed meanwhile keeps nothing of the message", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const answer = deferred();
    process.setModel = () => answer.promise;
    const sent = refusal(() =>
      pool.submit({
        caller: owner,
        sessionId,
        message: "Go",
        model: "claude-x",
        clientMessageId: "c1",
      }),
    );
    await clock.settle();
    await pool.closeSession(sessionId, owner);
    answer.resolve();
    expect(await sent).toBe("session_closed");
    expect(store.turns.byClientMessage("phone", "c1")).toBeUndefined();
  });

  test("by a message that is repeated is made once", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const message = {
      caller: owner,
      sessionId,
      message: "Go",
      model: "claude-x",
      clientMessageId: "c1",
    };
    const [first, same] = await Promise.all([pool.submit(message), pool.submit(message)]);
    expect([same.turnId, same.duplicate, process.models]).toEqual([first.turnId, true, ["claude-x"]]);
  });
});

describe("keeping a session alive", () => {
  test("moves the warning, whose timer is armed for the new instant", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(hourMs);
    const at = clock.now();
    expect(pool.keepAlive(sessionId, owner).lease).toMatchObject({ term: 2, expiresAt: at + 24 * hourMs });
    expect(store.audit.list(undefined, 1).entries[0]).toMatchObject({ action: "session.keep-alive" });
    await clock.run(20 * hourMs - 1);
    expect(rig.current.types(sessionId)).not.toContain("session.expiring");
    await clock.run(1);
    expect(rig.current.types(sessionId)).toContain("session.expiring");
  });

  test("of a closed one is refused, and in the rollback an expired one gets no process", async () => {
    await rig.current.open({ interactive: false });
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(24 * hourMs);
    expect(pool.keepAlive(sessionId, owner).state).toBe("parked");
    await clock.settle();
    expect(host.live()).toEqual([]);
    await pool.closeSession(sessionId, owner);
    expect(await refusal(() => pool.keepAlive(sessionId, owner))).toBe("session_closed");
    expect(await refusal(() => pool.updateSession(sessionId, { title: "B" }, owner))).toBe("session_closed");
  });
});
