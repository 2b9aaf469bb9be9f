import { describe, expect, test } from "@jest/globals";
import { hourMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("S13 after a restart", () => {
  test("a turn whose prompt was given is reported as interrupted, once", async () => {
    await rig.current.open();
    const { sessionId, turnId } = await rig.current.busySession();
    const recovery = await rig.current.restart();
    expect(recovery).toMatchObject({ interruptedTurns: 1, requeuedTurns: 0, parkedSessions: 1 });
    await rig.current.restart();
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted server_restarted"]);
    expect([rig.current.state(sessionId), rig.current.host.specs.length]).toEqual(["parked", 0]);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({ data: { reason: "server_restarted" } });
  });

  test("a turn whose prompt was not given yet runs, as if nothing had been", async () => {
    await rig.current.open();
    rig.current.host.manners.start = "held";
    const { sessionId, turnId } = rig.current.submit({ message: "Hello" });
    expect(rig.current.store.turns.get(turnId)?.state).toBe("running");
    const recovery = await rig.current.restart();
    expect(recovery).toMatchObject({ interruptedTurns: 0, requeuedTurns: 1 });
    await rig.current.clock.settle();
    rig.current.host.process(sessionId).reply("Hi.");
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("what waited runs in its order, behind what was taken back", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    rig.current.host.manners.start = "held";
    const first = rig.current.submit({ message: "first" });
    const other = rig.current.submit({ message: "other" });
    const second = rig.current.submit({ sessionId: first.sessionId, message: "second" });
    await rig.current.restart();
    const { clock, host } = rig.current;
    const order: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await clock.settle();
      const process = host.live()[0]!;
      order.push(process.sent.at(-1)!.text);
      process.reply("Done.");
    }
    await clock.settle();
    expect(order).toEqual(["first", "other", "second"]);
    for (const { turnId } of [first, other, second])
      expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("the first message after it goes on with the context", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    await rig.current.restart();
    rig.current.submit({ sessionId, message: "Do you remember?" });
    await rig.current.clock.settle();
    expect(rig.current.host.process(sessionId).resumed).toBe(true);
  });

  test("an open permission is over, and its late answer is told so", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    process.ask();
    const { permissionId } = rig.current.store.permissions.openOf(sessionId)[0]!;
    await rig.current.restart();
    expect(rig.current.store.permissions.get(permissionId)?.state).toBe("expired");
    expect(rig.current.events(sessionId).find((event) => event.type === "permission.expired")?.data).toEqual({
      permissionId,
      reason: "server_restarted",
    });
    const answer = () => rig.current.pool.answerPermission(permissionId, { decision: "allow" }, owner);
    expect(await refusal(answer)).toBe("permission_expired");
    expect(rig.current.state(sessionId)).toBe("parked");
  });

  test("S13 the processes of the run before are ended before anything is started", async () => {
    await rig.current.open();
    const { sessionId } = rig.current.submit({ message: "Hello" });
    const record = { processId: "old", sessionId, pid: 77, startTicks: "1", startedAt: 1 };
    rig.current.store.processes.open(record);
    rig.current.store.processes.started("old", 77, "1");
    const recovery = await rig.current.restart();
    expect(rig.current.host.reaped).toEqual([record]);
    expect(recovery.reapedProcesses).toBe(1);
  });

  test("closed and expired sessions stay what they are", async () => {
    await rig.current.open();
    const closed = await rig.current.idleSession();
    const expired = await rig.current.idleSession();
    await rig.current.pool.closeSession(closed.sessionId, owner);
    await rig.current.clock.run(24 * hourMs);
    const before = rig.current.store.events.tip();
    await rig.current.restart();
    expect([closed, expired].map(({ sessionId }) => rig.current.state(sessionId))).toEqual([
      "closed",
      "expired",
    ]);
    expect(rig.current.store.events.tip()).toBe(before);
  });

  test("the log of each session goes on without a gap", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.busySession();
    await rig.current.restart();
    rig.current.submit({ sessionId, message: "On" });
    await rig.current.clock.settle();
    const seqs = rig.current.events(sessionId).map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
  });
});

describe("S13 what a start finds", () => {
  test("is counted: answered, interrupted, taken back, parked, and the processes that were ended", async () => {
    await rig.current.open({ maxConcurrentSessions: 9 });
    const { clock, host, store } = rig.current;
    const idle = await rig.current.idleSession();
    const asked = await rig.current.busySession();
    asked.process.ask();
    const answered = await rig.current.busySession();
    answered.process.writeReply("Written.");
    host.manners.start = "held";
    const starting = rig.current.submit({ message: "Starts" });
    await clock.settle();
    store.processes.open({
      processId: "left",
      sessionId: idle.sessionId,
      startedAt: clock.now(),
      pid: 4711,
      startTicks: "1",
    });
    const found = await rig.current.restart();
    expect(found).toEqual({
      interruptedTurns: 1,
      answeredTurns: 1,
      requeuedTurns: 1,
      parkedSessions: 4,
      reapedProcesses: 1,
    });
    expect(rig.current.host.reaped.map(({ processId }) => processId)).toEqual(["left"]);
    expect(
      [asked.turnId, answered.turnId, starting.turnId].map((turnId) => rig.current.ends(turnId)),
    ).toEqual([["turn.interrupted server_restarted"], ["turn.completed"], []]);
    const expired = rig.current.events(asked.sessionId).find(({ type }) => type === "permission.expired");
    expect(expired?.data).toMatchObject({ reason: "server_restarted" });
    for (const { sessionId } of [idle, asked, answered])
      expect(rig.current.events(sessionId).at(-1)).toMatchObject({
        type: "session.parked",
        data: { reason: "server_restarted" },
      });
    await rig.current.clock.settle();
    expect(rig.current.host.process(starting.sessionId).sent.map(({ text }) => text)).toEqual(["Starts"]);
  });

  test("O05: prompts that a restored log does not know as given have their replies from the transcript, none twice", async () => {
    await rig.current.open({ maxConcurrentSessions: 9 });
    const given = await rig.current.busySession();
    given.process.writeReply("Written after the backup.");
    rig.current.submit({ sessionId: given.sessionId, message: "Waits" });
    // What a backup knows that was made before the prompt went out.
    rig.current.store.turns.requeue(given.turnId);
    const found = await rig.current.restart();
    expect(found).toMatchObject({ answeredTurns: 1, requeuedTurns: 0, interruptedTurns: 0 });
    expect(rig.current.ends(given.turnId)).toEqual(["turn.completed"]);
    await rig.current.clock.settle();
    const sent = rig.current.host.process(given.sessionId).sent.map(({ text }) => text);
    expect(sent).toEqual(["Waits"]);
  });

  test("is nothing the second time", async () => {
    await rig.current.open();
    await rig.current.busySession();
    await rig.current.restart();
    expect(await rig.current.restart()).toEqual({
      interruptedTurns: 0,
      answeredTurns: 0,
      requeuedTurns: 0,
      parkedSessions: 0,
      reapedProcesses: 0,
    });
  });

  test("is put right before a message is taken", async () => {
    await rig.current.open();
    rig.current.host.manners.start = "held";
    const { turnId } = rig.current.submit({ message: "Starts" });
    const started = rig.current.restart();
    expect(await refusal(() => rig.current.submit({ message: "Early" }))).toBe("shutting_down");
    expect((await started).requeuedTurns).toBe(1);
    expect(rig.current.ends(turnId)).toEqual([]);
  });
});
