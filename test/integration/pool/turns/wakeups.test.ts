import { describe, expect, test } from "@jest/globals";
import { hourMs, minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const pool = () => rig.current.pool;
/** What a process says is written with what comes with it. */
const written = () => rig.current.clock.run(20);
const rowOf = (sessionId: string, taskId = "w1") => rig.current.store.tasks.get(sessionId, taskId);

/** An idle session whose Claude wants to be woken, by default in two minutes. */
const sleeper = async (wakeup: { survivesResume?: boolean; schedule?: string; inMs?: number } = {}) => {
  const { sessionId, process } = await rig.current.idleSession();
  const { survivesResume = false, schedule, inMs = 2 * minuteMs } = wakeup;
  const dueAt = rig.current.clock.now() + inMs;
  const common = { taskId: "w1", turnId: "t", description: "look", prompt: "look at it" };
  process.say({ kind: "wakeup-set", wakeup: { ...common, dueAt, survivesResume, schedule } });
  await written();
  return { sessionId, process, dueAt };
};
const park = async (sessionId: string) => {
  const process = rig.current.host.process(sessionId);
  process.crash({ code: 0 });
  await rig.current.clock.run(0);
  expect(rig.current.state(sessionId)).toBe("parked");
};
/** What the session's newest process was given. */
const given = (sessionId: string) => rig.current.host.process(sessionId).sent.map(({ text }) => text);
const origins = (sessionId: string) =>
  rig.current
    .events(sessionId)
    .flatMap((event) => (event.type === "turn.started" ? [event.data.origin] : []));
const ends = (sessionId: string) =>
  rig.current
    .events(sessionId)
    .flatMap((event) => (event.type === "task.finished" ? [`${event.data.taskId} ${event.data.state}`] : []));

describe("T03 a wake-up", () => {
  test("is a task with an instant", async () => {
    await rig.current.open();
    const { sessionId, dueAt } = await sleeper();
    expect(rowOf(sessionId)).toMatchObject({ kind: "wakeup", state: "running", description: "look", dueAt });
  });

  test("is begun by the CLI that scheduled it, and has ended then", async () => {
    await rig.current.open();
    const { sessionId, process } = await sleeper();
    await rig.current.clock.run(2 * minuteMs);
    const turnId = process.beginOwn("schedule");
    process.say({ kind: "wakeup-begun", turnId, isLoops: true });
    process.reply("I looked.");
    await rig.current.clock.run(hourMs);
    expect(ends(sessionId)).toEqual(["w1 completed"]);
    expect(process.sent.map(({ text }) => text)).not.toContain("look at it");
  });

  test("is given to the CLI that is idle and does not begin it", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper();
    await rig.current.clock.run(2 * minuteMs + 60_000);
    expect(given(sessionId)).not.toContain("look at it");
    await rig.current.clock.run(2 * minuteMs);
    expect(given(sessionId)).toContain("look at it");
    expect(ends(sessionId)).toEqual(["w1 completed"]);
  });

  test("that a CLI begins while it is stopped for another session is given to the next one", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    rig.current.host.manners.stop = "held";
    const { sessionId, process } = await sleeper();
    await rig.current.clock.run(2 * minuteMs);
    const other = rig.current.submit({ message: "Other" });
    await rig.current.clock.settle();
    const turnId = process.beginOwn("schedule");
    process.say({ kind: "wakeup-begun", turnId, isLoops: true });
    rig.current.host.manners.stop = "at-once";
    process.reply("I looked.");
    process.leave();
    await rig.current.clock.settle();
    rig.current.host.process(other.sessionId).reply("Done.");
    await rig.current.clock.run(hourMs);
    expect(given(sessionId)).toContain("look at it");
    expect(ends(sessionId)).toEqual(["w1 completed"]);
  });

  test("waits for a CLI that is at work when it is due", async () => {
    await rig.current.open();
    const { sessionId, process } = await sleeper();
    await pool().submit({ caller: owner, sessionId, message: "long" });
    await rig.current.clock.run(hourMs);
    expect(process.sent.map(({ text }) => text)).not.toContain("look at it");
    process.reply("done");
    await rig.current.clock.run(3 * minuteMs);
    expect(given(sessionId)).toContain("look at it");
  });
});

describe("T04 F22 a wake-up whose process is gone", () => {
  test("wakes the session when it is due, with its prompt, in a turn of origin schedule that does not renew the lease", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper();
    await park(sessionId);
    expect(rowOf(sessionId)?.state).toBe("running");
    const { expiresAt } = pool().session(sessionId).lease;
    await rig.current.clock.run(2 * minuteMs);
    const process = rig.current.host.process(sessionId);
    expect(process.sent).toMatchObject([
      { text: "look at it", preamble: expect.stringContaining("not typed by the user") },
    ]);
    process.reply("I looked.");
    await rig.current.clock.run(0);
    const end = rig.current.events(sessionId).findLast(({ type }) => type === "turn.completed");
    expect(end?.data).toMatchObject({ text: "I looked.", origin: "schedule" });
    expect(origins(sessionId).at(-1)).toBe("schedule");
    expect(ends(sessionId)).toEqual(["w1 completed"]);
    expect(pool().session(sessionId).lease.expiresAt).toBe(expiresAt);
  });

  test("outlives a restart of the server, also when it was due meanwhile", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper();
    rig.current.clock.jump(10 * minuteMs);
    await rig.current.restart();
    await rig.current.clock.run(0);
    expect(given(sessionId)).toEqual(["look at it"]);
    expect(ends(sessionId)).toEqual(["w1 completed"]);
  });

  test("is given again by the server although a resumed CLI lives, when the CLI forgets it", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper();
    await park(sessionId);
    await pool().submit({ caller: owner, sessionId, message: "hello" });
    await rig.current.clock.run(0);
    rig.current.host.process(sessionId).reply("hello");
    await rig.current.clock.run(2 * minuteMs);
    expect(given(sessionId)).toEqual(["hello", "look at it"]);
  });

  test("is left to a resumed CLI that finds it again", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper({ survivesResume: true });
    await park(sessionId);
    await pool().submit({ caller: owner, sessionId, message: "hello" });
    await rig.current.clock.run(0);
    const process = rig.current.host.process(sessionId);
    process.reply("hello");
    await rig.current.clock.run(2 * minuteMs);
    process.say({ kind: "wakeup-begun", turnId: process.beginOwn("schedule"), isLoops: false });
    process.reply("I looked.");
    await rig.current.clock.run(hourMs);
    expect(given(sessionId)).toEqual(["hello"]);
    expect(ends(sessionId)).toEqual(["w1 completed"]);
  });

  test("is due again each time, when it recurs", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper({ survivesResume: true, schedule: "*/10 * * * *" });
    await park(sessionId);
    await rig.current.clock.run(2 * minuteMs);
    expect(rowOf(sessionId)?.state).toBe("running");
    expect(rowOf(sessionId)?.dueAt).toBeGreaterThan(rig.current.clock.now());
    expect(ends(sessionId)).toEqual([]);
  });

  test("is told as stopped, once, when the lease is over", async () => {
    await rig.current.open();
    const { sessionId } = await sleeper({ inMs: 30 * hourMs });
    await park(sessionId);
    await rig.current.clock.run(31 * hourMs);
    expect(rig.current.state(sessionId)).toBe("expired");
    expect(ends(sessionId)).toEqual(["w1 stopped"]);
    const end = rig.current.events(sessionId).find(({ type }) => type === "task.finished");
    expect(end?.data).toMatchObject({ cutOff: true });
  });

  test.each([
    ["closes the session", (sessionId: string) => pool().closeSession(sessionId, owner)],
    ["ends its process", (sessionId: string) => pool().stopProcesses(sessionId, owner)],
  ])("has ended when the owner %s, which is no news", async (_what, act) => {
    await rig.current.open();
    const { sessionId } = await sleeper();
    await act(sessionId);
    await rig.current.clock.run(hourMs);
    const told = rig.current.events(sessionId).filter(({ type }) => type === "task.finished");
    expect(told).toMatchObject([{ data: { state: "stopped" } }]);
    expect(told[0]?.data).not.toHaveProperty("cutOff");
    expect(rig.current.host.live()).toEqual([]);
  });
});

describe("T03 T04 the rules about wake-ups", () => {
  test("an idle session is not parked while one is due within its lease, but may be evicted", async () => {
    await rig.current.open({
      sessionIdleMs: 5 * minuteMs,
      resourceSampleMs: minuteMs,
      maxConcurrentSessions: 1,
    });
    const { sessionId, process } = await sleeper({ inMs: 2 * hourMs });
    await rig.current.clock.run(hourMs);
    expect(process.alive).toBe(true);
    await pool().submit({ caller: owner, projectPath: "/p", message: "other" });
    await rig.current.clock.run(0);
    expect(process.alive).toBe(false);
    expect(rowOf(sessionId)?.state).toBe("running");
  });

  test("an idle session is parked although one is due after its lease", async () => {
    await rig.current.open({ sessionIdleMs: 5 * minuteMs, resourceSampleMs: minuteMs });
    const { process } = await sleeper({ inMs: 30 * hourMs });
    await rig.current.clock.run(hourMs);
    expect(process.alive).toBe(false);
  });

  test("one that Claude drops has ended, and the others go on", async () => {
    await rig.current.open();
    const { sessionId, process } = await sleeper({ survivesResume: true });
    const other = {
      taskId: "w2",
      description: "d",
      turnId: "t",
      prompt: "p",
      dueAt: rig.current.clock.now() + hourMs,
    };
    process.say({ kind: "wakeup-set", wakeup: { ...other, survivesResume: false } });
    process.say({ kind: "wakeups-dropped" });
    await written();
    expect([rowOf(sessionId)?.state, rowOf(sessionId, "w2")?.state]).toEqual(["running", "stopped"]);
    process.say({ kind: "wakeups-dropped", taskId: "w1" });
    await written();
    expect(rowOf(sessionId)?.state).toBe("stopped");
  });

  test("one that the owner stopped is broken off when the CLI begins it all the same", async () => {
    await rig.current.open();
    const { sessionId, process } = await sleeper();
    expect(await pool().stopTask(sessionId, "w1", owner)).toBe(true);
    expect(await pool().stopTask(sessionId, "w1", owner)).toBe(false);
    await rig.current.clock.run(2 * minuteMs);
    process.say({ kind: "wakeup-begun", turnId: process.beginOwn("schedule"), isLoops: true });
    await rig.current.clock.run(0);
    expect(process.interrupts).toHaveLength(1);
    expect(rig.current.types(sessionId).at(-1)).toBe("turn.interrupted");
    expect(ends(sessionId)).toEqual(["w1 stopped"]);
  });
});
