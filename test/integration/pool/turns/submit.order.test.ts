import { describe, expect, test } from "@jest/globals";
import { hourMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const texts = (sent: Array<{ text: string }>) => sent.map(({ text }) => text);

describe("a message behind one that waits", () => {
  test("NET-15: does not overtake it when advancing has just failed", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    rig.current.submit({ sessionId, message: "second" });
    // The end of the first is written; the begin of the second is not.
    disk.plan(false, true);
    process.reply("First done.");
    await clock.settle();
    expect([rig.current.state(sessionId), process.sent.length]).toEqual(["idle", 1]);
    disk.plan(false, true);
    const third = rig.current.submit({ sessionId, message: "third" });
    expect([third.state, third.queuePosition, texts(process.sent)]).toEqual(["queued", 2, ["Work"]]);
    await clock.run(1_000);
    process.reply("Second done.");
    await clock.settle();
    expect(texts(process.sent)).toEqual(["Work", "second", "third"]);
  });

  test("does not overtake it on an idle process that a gate holds", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    process.refused({ kind: "limit-hit", refusals: 4 });
    for (const message of ["second", "third"]) rig.current.submit({ sessionId, message });
    await clock.run(60_000);
    process.reply("Second done.");
    await clock.settle();
    expect(texts(process.sent)).toEqual(["Hello", "second", "third"]);
  });

  test("goes at once when the one before is for later", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const later = rig.current.submit({
      sessionId,
      message: "Later",
      sendAt: rig.current.clock.now() + hourMs,
    });
    const now = rig.current.submit({ sessionId, message: "Now" });
    expect([later.state, now.state, now.queuePosition]).toEqual(["queued", "running", 0]);
    expect(texts(process.sent)).toEqual(["Hello", "Now"]);
  });
});

describe("what is written of a message", () => {
  test("is in the log before anybody hears of it and before Claude has it", async () => {
    await rig.current.open();
    const { store } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const order: string[] = [];
    const send = process.send.bind(process);
    process.send = (prompt) => {
      order.push(`given, ${store.turns.get(prompt.turnId)?.state}`);
      send(prompt);
    };
    store.events.subscribe((events) => order.push(...events.map(({ type }) => type)));
    rig.current.submit({ sessionId, message: "Next" });
    expect(order).toEqual(["given, running", "turn.accepted", "turn.started"]);
  });

  test("names its device, its files and its time; and a message that waits its place", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { sessionId } = await rig.current.busySession();
    const second = rig.current.submit({ sessionId, message: "second", clientMessageId: "c2" });
    const sendAt = clock.now() + hourMs;
    const later = rig.current.submit({ sessionId, message: "later", sendAt });
    const of = (turnId: string) =>
      rig.current
        .events(sessionId)
        .filter((event) => event.turnId === turnId)
        .map(({ type, data }) => [type, data]);
    expect(of(second.turnId)).toEqual([
      [
        "turn.accepted",
        {
          messageId: second.turnId,
          message: "second",
          clientMessageId: "c2",
          deviceId: "phone",
          attachments: [],
        },
      ],
      ["turn.queued", { queuePosition: 1 }],
    ]);
    expect(of(later.turnId)).toEqual([
      ["turn.accepted", expect.objectContaining({ message: "later", sendAt })],
      ["turn.queued", { queuePosition: 2 }],
    ]);
    expect(store.audit.list(undefined, 1).entries[0]).toMatchObject({
      action: "message.send",
      target: sessionId,
      detail: later.turnId,
      deviceId: "phone",
    });
  });

  test("a session that begins is told with what it is, and has the owner's model when the message names none", async () => {
    await rig.current.open({ claudeModel: "claude-z" });
    const plain = rig.current.submit({ message: "  First line \n second" });
    const named = rig.current.submit({ message: "Hi", model: "claude-x", permissionMode: "plan" });
    expect(rig.current.events(plain.sessionId)[0]).toMatchObject({
      type: "session.created",
      data: {
        projectPath: "/projects/alpha",
        title: "First line",
        model: "claude-z",
        permissionMode: "default",
      },
    });
    expect(rig.current.pool.session(named.sessionId)).toMatchObject({
      model: "claude-x",
      permissionMode: "plan",
      costUsd: 0,
      turnCount: 0,
      muted: false,
      autoKeepAlive: false,
    });
    const actions = rig.current.store.audit.list(undefined, 10).entries.map(({ action }) => action);
    expect(actions).toEqual(["message.send", "session.create", "message.send", "session.create"]);
  });

  test("a title that the owner gave stays, also when it comes after the first message", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    await rig.current.pool.updateSession(sessionId, { title: "New session" }, owner);
    rig.current.submit({ sessionId, message: "Other words" });
    expect(rig.current.pool.session(sessionId).title).toBe("New session");
    const begun = await rig.current.pool.createSession({
      caller: owner,
      projectPath: "/projects/alpha",
      title: "Mine",
      options: {},
    });
    rig.current.submit({ sessionId: begun.sessionId, message: "Other words" });
    expect(rig.current.pool.session(begun.sessionId).title).toBe("Mine");
  });
});

describe("a message that is refused", () => {
  test("leaves nothing of itself: no session, no turn, no line of the audit log", async () => {
    await rig.current.open({ maxConcurrentSessions: 1, maxQueuedTurns: 0 });
    const { store } = rig.current;
    await rig.current.busySession();
    const tip = store.events.tip();
    const lines = store.audit.list(undefined, 50).entries.length;
    expect(await refusal(() => rig.current.submit({ message: "More", clientMessageId: "c" }))).toBe(
      "pool_full",
    );
    expect([store.events.tip(), store.audit.list(undefined, 50).entries.length]).toEqual([tip, lines]);
    expect(store.turns.byClientMessage("phone", "c")).toBeUndefined();
  });

  test("has neither place nor a session that is closed or unknown", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    expect(await refusal(() => pool.submit({ caller: owner, message: "x" }))).toBe("invalid_request");
    expect(await refusal(() => pool.submit({ caller: owner, message: "x", sessionId: "no" }))).toBe(
      "session_not_found",
    );
    const { sessionId } = await rig.current.idleSession();
    await pool.closeSession(sessionId, owner);
    expect(await refusal(() => rig.current.submit({ sessionId, message: "x" }))).toBe("session_closed");
  });

  test("may wait up to the limit, a scheduled one beyond it", async () => {
    await rig.current.open({ maxConcurrentSessions: 1, maxQueuedTurns: 2 });
    const { clock } = rig.current;
    const { sessionId } = await rig.current.busySession();
    for (const message of ["1", "2"]) rig.current.submit({ sessionId, message });
    expect(await refusal(() => rig.current.submit({ sessionId, message: "3" }))).toBe("pool_full");
    expect(rig.current.pool.health().state).toBe("degraded");
    rig.current.submit({ sessionId, message: "later", sendAt: clock.now() + hourMs });
  });
});

describe("the same message again", () => {
  test("without its session is known by the session that it began, and by no other place", async () => {
    await rig.current.open();
    const first = rig.current.submit({ message: "Hello", clientMessageId: "c" });
    const again = rig.current.submit({ message: "Hello", clientMessageId: "c" });
    expect([again.turnId, again.duplicate, first.duplicate]).toEqual([first.turnId, true, false]);
    const other = { message: "Hello", clientMessageId: "c", projectPath: "/projects/beta" };
    expect(await refusal(() => rig.current.submit(other))).toBe("idempotency_conflict");
    const { sessionId } = first;
    const second = rig.current.submit({ sessionId, message: "More", clientMessageId: "d" });
    expect(second.duplicate).toBe(false);
    // It did not begin the session, so without it this is another message.
    expect(await refusal(() => rig.current.submit({ message: "More", clientMessageId: "d" }))).toBe(
      "idempotency_conflict",
    );
    await rig.current.clock.settle();
    expect(rig.current.host.specs).toHaveLength(1);
  });

  test("changes nothing, and says how it stands now and until when its session lives", async () => {
    await rig.current.open();
    const { store, clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const first = rig.current.submit({ sessionId, message: "second", clientMessageId: "c" });
    const tip = store.events.tip();
    const again = () => rig.current.submit({ sessionId, message: "second", clientMessageId: "c" });
    expect(again()).toEqual({ ...first, duplicate: true });
    expect(store.events.tip()).toBe(tip);
    process.reply("Done.");
    await clock.settle();
    expect(again()).toMatchObject({ state: "running", queuePosition: 0 });
    expect(again().expiresAt).toBe(store.sessions.get(sessionId)?.lease.expiresAt);
  });
});

describe("a message to an expired session", () => {
  test("is parked again until its process is there, in the next term", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(24 * hourMs);
    const { process } = await rig.current.busySession();
    const { state } = rig.current.submit({ sessionId, message: "Back" });
    expect([state, rig.current.state(sessionId)]).toEqual(["queued", "parked"]);
    expect(rig.current.events(sessionId).findLast(({ type }) => type === "session.renewed")?.data).toEqual(
      expect.objectContaining({ term: 2, reason: "revived" }),
    );
    process.reply("Done.");
    await clock.settle();
    expect(rig.current.state(sessionId)).toBe("busy");
  });

  test("that has its process still is written as its commit says", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const { expiresAt, state } = rig.current.submit({ sessionId, message: "Again" });
    expect([state, rig.current.state(sessionId), process.sent.length]).toEqual(["running", "busy", 2]);
    expect(expiresAt).toBe(rig.current.clock.now() + 24 * hourMs);
  });
});
