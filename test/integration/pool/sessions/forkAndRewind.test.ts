import { describe, expect, test } from "@jest/globals";
import { owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("taking files back", () => {
  const answerOf = (sessionId: string) =>
    (
      rig.current.events(sessionId).findLast(({ type }) => type === "turn.completed")!.data as {
        messageId: string;
      }
    ).messageId;

  test("is refused when a message came while the process was woken, and is not in the audit log", async () => {
    await rig.current.open();
    const { clock, host, pool, store } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    const messageId = answerOf(sessionId);
    await pool.stopProcesses(sessionId, owner);
    host.manners.start = "held";
    const rewound = refusal(() => pool.rewind(sessionId, messageId, false, owner));
    await clock.settle();
    rig.current.submit({ sessionId, message: "Meanwhile" });
    host.starts[0]!.comeUp();
    expect(await rewound).toBe("session_busy");
    const actions = store.audit.list(undefined, 50).entries.map(({ action }) => action);
    expect([actions.includes("session.rewind"), host.process(sessionId).rewinds]).toEqual([false, []]);
  });

  test("is in the audit log when it is done, not when it is only looked at, and goes by the question's id", async () => {
    await rig.current.open();
    const { pool, store } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const messageId = answerOf(sessionId);
    const { turnId } = rig.current.events(sessionId).find(({ type }) => type === "turn.accepted")!;
    const rewinds = () =>
      store.audit.list(undefined, 50).entries.filter(({ action }) => action === "session.rewind");
    await pool.rewind(sessionId, messageId, true, owner);
    expect(rewinds()).toEqual([]);
    await pool.rewind(sessionId, messageId, false, owner);
    expect(rewinds()).toMatchObject([{ detail: messageId, target: sessionId, deviceId: "phone" }]);
    expect(process.rewinds).toEqual([
      { messageId: turnId, dryRun: true },
      { messageId: turnId, dryRun: false },
    ]);
  });

  test("to a message of another session, or of none, is refused; so it is while a turn runs", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const other = await rig.current.idleSession();
    expect(await refusal(() => pool.rewind(sessionId, answerOf(other.sessionId), true, owner))).toBe(
      "message_not_found",
    );
    const whileBusy = async () => {
      const refused = await refusal(() => pool.rewind(sessionId, answerOf(sessionId), true, owner));
      expect(refused).toBe("session_busy");
    };
    process.beginOwn();
    await whileBusy();
    process.result();
    await rig.current.clock.settle();
    rig.current.submit({ sessionId, message: "Work" });
    await whileBusy();
    expect(process.rewinds).toEqual([]);
  });
});

describe("a copy of a session", () => {
  const originOf = (sessionId: string) => rig.current.store.sessions.get(sessionId)?.options.origin;

  test("is of its last whole answer, under what Claude calls it now, with what the session is", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const whole = (
      rig.current.events(sessionId).findLast(({ type }) => type === "message")!.data as { messageId: string }
    ).messageId;
    await pool.updateSession(sessionId, { model: "claude-x", permissionMode: "plan", title: "T" }, owner);
    rig.current.submit({ sessionId, message: "Runs" });
    process.message("Not whole.");
    await clock.run(20);
    const copy = await pool.forkSession(sessionId, undefined, owner);
    expect(originOf(copy.sessionId)).toEqual({ resume: sessionId, fork: true, resumeAt: whole });
    expect(copy).toMatchObject({ model: "claude-x", permissionMode: "plan", title: "T", state: "parked" });
  });

  test("of one in which nothing was said has no origin, and an answer that Claude does not hold is no end of it", async () => {
    await rig.current.open();
    const { host, pool } = rig.current;
    const empty = await pool.createSession({ caller: owner, projectPath: "/projects/alpha", options: {} });
    expect(originOf((await pool.forkSession(empty.sessionId, undefined, owner)).sessionId)).toBeUndefined();
    const { sessionId } = await rig.current.idleSession();
    host.held = new Set();
    const copy = await pool.forkSession(sessionId, undefined, owner);
    expect(originOf(copy.sessionId)).toEqual({ resume: sessionId, fork: true });
    const [message] = rig.current.events(sessionId).filter(({ type }) => type === "message");
    const { messageId } = message!.data as { messageId: string };
    expect(await refusal(() => pool.forkSession(sessionId, messageId, owner))).toBe("message_not_found");
    host.held = undefined;
    expect(await refusal(() => pool.forkSession(sessionId, "no", owner))).toBe("message_not_found");
  });
});
