import { describe, expect, test } from "@jest/globals";
import { newDevice } from "../../../../server/access/devices.ts";
import { maxAheadMs, maxScheduledTurns } from "../../../../server/pool/turns/submitRules.ts";
import { hourMs, minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("S01 a message", () => {
  test("begins a session, gets a process, and ends in one reply", async () => {
    const { clock, host, pool } = await opened();
    const accepted = rig.current.submit({ message: "Fix the tests\nplease" });
    expect(accepted).toMatchObject({ state: "running", queuePosition: 0, duplicate: false });
    await clock.settle();
    const process = host.process(accepted.sessionId);
    expect(process.sent).toEqual([{ turnId: accepted.turnId, text: "Fix the tests\nplease", images: [] }]);
    const messageId = process.reply("Fixed.");
    await clock.settle();
    const turn = await pool.waitForTurn(accepted.turnId, 0);
    expect(turn).toMatchObject({ state: "completed", reply: { messageId, text: "Fixed.", costUsd: 0.5 } });
    expect(rig.current.types(accepted.sessionId)).toEqual([
      "session.created",
      "turn.accepted",
      "turn.started",
      "session.woken",
      "message",
      "turn.completed",
    ]);
    expect(pool.session(accepted.sessionId)).toMatchObject({
      title: "Fix the tests",
      state: "idle",
      turnCount: 1,
      costUsd: 0.5,
      tokens: { input: 13, output: 5 },
    });
  });

  test("uses the process that its session has, without another start", async () => {
    const { clock, host } = await opened();
    const { sessionId, process } = await rig.current.idleSession();
    const { turnId, state } = rig.current.submit({ sessionId, message: "And now?" });
    expect(state).toBe("running");
    // The prompt is written before `submit` returns: nothing is waited for on the way.
    expect(process.sent.map((prompt) => prompt.text)).toEqual(["Hello", "And now?"]);
    process.reply("Now this.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(host.specs).toHaveLength(1);
  });

  test("S26 costs what the CLI's total grew by", async () => {
    const { pool } = await opened();
    const { sessionId, process } = await rig.current.idleSession();
    const { turnId } = rig.current.submit({ sessionId, message: "More" });
    process.result({ totalCostUsd: 0.75 });
    expect((await pool.waitForTurn(turnId, 0)).reply?.costUsd).toBe(0.25);
  });

  test.each([
    ["session_not_found", { sessionId: "nobody" }],
    ["invalid_request", { projectPath: undefined }],
    ["permission_mode_forbidden", { permissionMode: "bypassPermissions" as const }],
  ])("is refused with %s and leaves nothing", async (code, request) => {
    await opened();
    expect(await refusal(() => rig.current.submit({ message: "Hello", ...request }))).toBe(code);
    expect(rig.current.store.events.tip()).toBe(0);
  });

  test("is refused by a pool that has stopped, or was never started", async () => {
    const { pool } = await opened();
    await pool.stop(0);
    expect(await refusal(() => rig.current.submit({ message: "Hello" }))).toBe("shutting_down");
    expect(pool.health().state).toBe("failing");
  });
});

describe("D04 V7 the same message again", () => {
  test("is the same turn, in whatever state it is by now", async () => {
    const { clock, host } = await opened();
    const first = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    const again = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    expect(again).toMatchObject({ turnId: first.turnId, sessionId: first.sessionId, duplicate: true });
    await clock.settle();
    host.process(first.sessionId).reply("Done.");
    const later = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    expect(later).toMatchObject({
      turnId: first.turnId,
      duplicate: true,
      state: "completed",
      queuePosition: 0,
    });
    expect(host.process(first.sessionId).sent).toHaveLength(1);
    expect(rig.current.types(first.sessionId).filter((type) => type === "turn.accepted")).toHaveLength(1);
  });

  test("is the same turn after a restart", async () => {
    await opened();
    const first = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    await rig.current.clock.settle();
    await rig.current.restart();
    const again = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    expect(again).toMatchObject({ turnId: first.turnId, duplicate: true, state: "interrupted" });
    await rig.current.clock.settle();
    expect(rig.current.host.specs).toEqual([]);
  });

  test("is known even if its session was closed since", async () => {
    const { pool, clock } = await opened();
    const first = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    await clock.settle();
    await pool.closeSession(first.sessionId, owner);
    expect(rig.current.submit({ message: "Once", clientMessageId: "c1" })).toMatchObject({ duplicate: true });
  });

  test("with another text, session, mode or time is a conflict", async () => {
    const { sessionId } = (await opened()) && (await rig.current.idleSession());
    const request = { message: "Once", clientMessageId: "c1", sessionId };
    rig.current.submit(request);
    const others = [
      { ...request, message: "Twice" },
      { ...request, sessionId: undefined },
      { ...request, model: "claude-x" },
      { ...request, sendAt: rig.current.clock.now() + hourMs },
      { ...request, attachments: [{ attachmentId: "a", identity: "a" }] },
    ];
    for (const other of others) {
      expect(await refusal(() => rig.current.submit(other))).toBe("idempotency_conflict");
    }
  });

  test("of another device is another turn", async () => {
    await opened();
    const first = rig.current.submit({ message: "Once", clientMessageId: "c1" });
    const caller = { deviceId: "tablet", scope: "chat" as const };
    const other = rig.current.submit({ message: "Once", clientMessageId: "c1", caller });
    expect(other.duplicate).toBe(false);
    expect(other.turnId).not.toBe(first.turnId);
  });
});

describe("S35 a message with a time", () => {
  test("waits for it, though its session has nothing else to do", async () => {
    const { clock, host } = await opened();
    const { sessionId, process } = await rig.current.idleSession();
    const sendAt = clock.now() + 90 * minuteMs;
    const { turnId, state } = rig.current.submit({ sessionId, message: "Later", sendAt });
    expect(state).toBe("queued");
    await clock.run(90 * minuteMs - 1);
    expect(process.sent).toHaveLength(1);
    await clock.run(1);
    expect(host.process(sessionId).sent.at(-1)).toMatchObject({ turnId, text: "Later" });
  });

  test("starts a process when it comes, and not before", async () => {
    const { clock, host } = await opened();
    const { sessionId } = rig.current.submit({ message: "Later", sendAt: clock.now() + hourMs });
    await clock.run(hourMs - 1);
    expect(host.specs).toEqual([]);
    await clock.run(1);
    expect(host.process(sessionId).sent).toHaveLength(1);
  });

  test("does not hold up one that was sent after it", async () => {
    const { clock } = await opened();
    const { sessionId, process } = await rig.current.idleSession();
    rig.current.submit({ sessionId, message: "Later", sendAt: clock.now() + hourMs });
    rig.current.submit({ sessionId, message: "Now" });
    expect(process.sent.at(-1)?.text).toBe("Now");
  });

  test("runs within a minute after a sleep of the computer over its time", async () => {
    const { clock, host } = await opened();
    const { sessionId } = rig.current.submit({ message: "Later", sendAt: clock.now() + 8 * hourMs });
    await clock.settle();
    clock.jump(9 * hourMs);
    await clock.run(minuteMs);
    expect(host.process(sessionId).sent).toHaveLength(1);
  });

  test("is kept over a restart, and one whose time passed meanwhile runs at once", async () => {
    const { clock } = await opened();
    const early = rig.current.submit({ message: "Early", sendAt: clock.now() + minuteMs });
    const late = rig.current.submit({ message: "Late", sendAt: clock.now() + hourMs });
    clock.jump(10 * minuteMs);
    await rig.current.restart();
    await rig.current.clock.settle();
    expect(rig.current.host.process(early.sessionId).sent).toHaveLength(1);
    await rig.current.clock.run(50 * minuteMs);
    expect(rig.current.host.process(late.sessionId).sent).toHaveLength(1);
  });

  test("takes no place of those that wait now, and a device may schedule so many", async () => {
    await rig.current.open({ maxQueuedTurns: 1 });
    const { clock, pool } = rig.current;
    const { sessionId } = await rig.current.busySession();
    const schedule = (deviceId = owner.deviceId) =>
      rig.current.submit({
        caller: { ...owner, deviceId },
        sessionId,
        message: "Later",
        sendAt: clock.now() + hourMs,
      });
    for (let count = 0; count < maxScheduledTurns; count += 1) schedule();
    expect(pool.stats().queuedTurns).toBe(0);
    expect(pool.health().state).toBe("ok");
    expect(await refusal(() => schedule())).toBe("pool_full");
    expect(schedule("tablet").state).toBe("queued");
    expect(rig.current.submit({ sessionId, message: "Now" }).state).toBe("queued");
    expect(await refusal(() => rig.current.submit({ sessionId, message: "Too many" }))).toBe("pool_full");
    // One that is full holds up nobody's plans.
    expect(schedule("tablet").state).toBe("queued");
  });

  test("DOOR-18 A11: a device may hold as many waiting places as are still free, so that each other one finds a place", async () => {
    await rig.current.open({ maxConcurrentSessions: 1, maxQueuedTurns: 10 });
    const { store, clock, pool } = rig.current;
    const { sessionId } = await rig.current.busySession();
    const send = (deviceId: string) =>
      refusal(() => rig.current.submit({ caller: { ...owner, deviceId }, sessionId, message: "slow" }));
    for (const deviceId of ["phone", "tablet", "watch", "desk"]) {
      const device = newDevice({
        deviceId,
        name: deviceId,
        platform: "ios",
        scope: "chat",
        now: clock.now(),
      });
      store.devices.insert(device, deviceId);
    }
    /** What comes of twelve messages of each. */
    const taken = async (deviceId: string) => {
      const answers = [];
      for (let count = 0; count < 12; count += 1) answers.push(await send(deviceId));
      return answers.filter((answer) => answer === "none").length;
    };
    expect([await taken("phone"), await send("phone")]).toEqual([5, "device_queue_full"]);
    expect(await taken("tablet")).toBe(3);
    expect(await taken("watch")).toBe(1);
    expect([await taken("desk"), await send("desk")]).toEqual([1, "pool_full"]);
    expect(pool.stats().queuedTurns).toBe(10);
  });

  test("DOOR-18: a device that is the only one to send messages may hold every waiting place", async () => {
    await rig.current.open({ maxConcurrentSessions: 1, maxQueuedTurns: 4 });
    const { store, clock } = rig.current;
    const { sessionId } = await rig.current.busySession();
    const viewer = { deviceId: "viewer", name: "viewer", platform: "web", scope: "read" } as const;
    store.devices.insert(newDevice({ ...viewer, now: clock.now() }), "viewer");
    for (let count = 0; count < 4; count += 1) rig.current.submit({ sessionId, message: "slow" });
    expect(await refusal(() => rig.current.submit({ sessionId, message: "slow" }))).toBe("pool_full");
  });

  test("that is further off than a year is refused, and nothing of it is kept", async () => {
    const { clock, store } = await opened();
    const at = (sendAt: number) => refusal(() => rig.current.submit({ message: "Later", sendAt }));
    expect(await at(clock.now() + maxAheadMs + 1)).toBe("invalid_request");
    expect(await at(Number.MAX_SAFE_INTEGER)).toBe("invalid_request");
    expect(store.sessions.list({ limit: 10 }).sessions).toEqual([]);
    expect(await at(clock.now() + maxAheadMs)).toBe("none");
  });

  test("can be cancelled before it", async () => {
    const { clock, pool, host } = await opened();
    const { sessionId, turnId } = rig.current.submit({ message: "Later", sendAt: clock.now() + hourMs });
    pool.cancelTurn(sessionId, turnId, owner);
    await clock.run(2 * hourMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.cancelled"]);
    expect(host.specs).toEqual([]);
  });

  test("that has passed already is sent at once", async () => {
    const { clock } = await opened();
    const { sessionId, process } = await rig.current.idleSession();
    expect(rig.current.submit({ sessionId, message: "Now", sendAt: clock.now() - 1 }).state).toBe("running");
    expect(process.sent.at(-1)?.text).toBe("Now");
  });
});

async function opened() {
  await rig.current.open();
  return rig.current;
}
