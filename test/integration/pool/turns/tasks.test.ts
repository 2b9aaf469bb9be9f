import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { hourMs, limitsOf, minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

/** A session that is idle and has a task. */
async function withTask(taskId = "b1") {
  const { sessionId, turnId, process } = await rig.current.busySession();
  process.startTask(taskId);
  process.reply("It runs in the background.");
  await rig.current.clock.run(20);
  return { sessionId, turnId, process };
}
const told = (sessionId: string) =>
  rig.current
    .events(sessionId)
    .flatMap(({ type, data }) => (type === "task.started" || type === "task.finished" ? [[type, data]] : []));
const view = (sessionId: string) => rig.current.pool.session(sessionId);

describe("T03 a task", () => {
  test("is told with its turn, counted, listed with how it goes, and told again when it has ended", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await withTask();
    expect(told(sessionId)).toEqual([
      ["task.started", { taskId: "b1", kind: "command", description: "Task b1", state: "running" }],
    ]);
    expect([view(sessionId).runningTasks, view(sessionId).state]).toEqual([1, "idle"]);
    process.progressTask("b1", { lastTool: "Bash", tokens: 7, text: "Working" });
    expect(rig.current.pool.tasks(sessionId)).toMatchObject([
      { taskId: "b1", turnId, state: "running", lastTool: "Bash", tokens: 7 },
    ]);
    process.finishTask("b1", "failed", "It broke.");
    await rig.current.clock.run(20);
    expect(told(sessionId).at(-1)).toEqual([
      "task.finished",
      { taskId: "b1", kind: "command", description: "Task b1", state: "failed", summary: "It broke." },
    ]);
    const counts = rig.current
      .events(sessionId)
      .flatMap(({ type, data }) => (type === "session.updated" ? [data] : []));
    expect(counts).toEqual([{ runningTasks: 1 }, { runningTasks: 0 }]);
    expect(rig.current.pool.tasks(sessionId)).toMatchObject([
      { state: "failed", summary: "It broke.", lastTool: "Bash", endedAt: expect.any(Number) },
    ]);
  });

  test("of a command shows its output while it runs, and keeps it; of a subagent its last text", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await withTask();
    const { pool, clock } = rig.current;
    process.taskOutputs.set("b1", "one\n");
    expect(await pool.taskOutput(sessionId, "b1")).toEqual({
      output: "one\n",
      totalBytes: 4,
      truncated: false,
    });
    process.taskOutputs.set("b1", "one\ntwo\n");
    process.finishTask("b1");
    await clock.run(20);
    process.crash();
    await clock.settle();
    expect((await pool.taskOutput(sessionId, "b1")).output).toBe("one\ntwo\n");
    const other = await rig.current.busySession();
    other.process.startTask("a1", { kind: "agent" });
    other.process.agentMessage(other.turnId, { agentId: "a1" }, "é".repeat(5_000));
    await clock.run(20);
    const output = await pool.taskOutput(other.sessionId, "a1");
    expect([output.totalBytes, output.truncated, output.output]).toEqual([10_000, true, "é".repeat(4_096)]);
    const unknown = async (id: string) =>
      pool.taskOutput(id, "nope").catch((error: unknown) => (error as DaylongError).code);
    expect([await unknown(sessionId), turnId.length]).toEqual(["task_not_found", 36]);
  });

  test("is stopped by the owner alone, once, and that is in the audit", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask();
    const { pool, clock, store } = rig.current;
    expect(await pool.stopTask(sessionId, "b1", owner)).toBe(true);
    expect(process.stoppedTasks).toEqual(["b1"]);
    process.finishTask("b1", "stopped");
    await clock.run(20);
    expect(await pool.stopTask(sessionId, "b1", owner)).toBe(false);
    await expect(pool.stopTask(sessionId, "nope", owner)).rejects.toBeInstanceOf(DaylongError);
    const actions = store.audit.list(undefined, 5).entries.map(({ action, detail }) => [action, detail]);
    expect(actions[0]).toEqual(["task.stop", "b1"]);
    expect(told(sessionId).at(-1)?.[1]).not.toHaveProperty("cutOff");
  });

  test("that is missing from the CLI's list has ended, unless its end comes within a second", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask();
    process.startTask("b2");
    process.listTasks();
    process.finishTask("b2", "completed");
    await rig.current.clock.run(1_020);
    expect(
      told(sessionId)
        .slice(2)
        .map(([, data]) => data),
    ).toMatchObject([
      { taskId: "b2", state: "completed" },
      { taskId: "b1", state: "stopped" },
    ]);
    // The first text of `startTask` between turns began a turn of its own.
    expect(view(sessionId).runningTasks).toBe(0);
  });

  test("whose begin was not said is told from the list, with the turn of the subagent that began it, once", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await withTask("a1");
    process.listTasks("a1", { taskId: "b2", parentTaskId: "a1" }, "b3");
    await rig.current.clock.run(980);
    expect(rig.current.pool.tasks(sessionId)).toHaveLength(1);
    // This one's begin is said after all, before the second is over; that of the other is too late.
    process.startTask("b3");
    await rig.current.clock.run(40);
    process.startTask("b2");
    process.result();
    await rig.current.clock.run(2_000);
    const begun = told(sessionId).flatMap(([type, data]) =>
      type === "task.started" ? [(data as { taskId: string }).taskId] : [],
    );
    expect(begun).toEqual(["a1", "b3", "b2"]);
    const { pool } = rig.current;
    expect(pool.tasks(sessionId).find(({ taskId }) => taskId === "b2")).toMatchObject({ state: "running" });
    process.listTasks({ taskId: "b4", parentTaskId: "a1" }, "a1", "b2", "b3");
    await rig.current.clock.run(1_020);
    expect(pool.tasks(sessionId).find(({ taskId }) => taskId === "b4")).toMatchObject({ turnId });
    // One that has left the list again never ran as far as anybody knows.
    process.listTasks({ taskId: "b5" }, "a1", "b2", "b3", "b4");
    process.listTasks("a1", "b2", "b3", "b4");
    await rig.current.clock.run(1_020);
    expect(pool.tasks(sessionId).map(({ taskId }) => taskId)).not.toContain("b5");
  });

  test("that was missing from the list, and runs again before the second is over, has not ended", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask("a1");
    process.listTasks();
    process.finishTask("a1");
    process.beginOwn();
    process.startTask("a1");
    process.listTasks("a1");
    await rig.current.clock.run(1_020);
    expect(rig.current.pool.tasks(sessionId)).toMatchObject([{ taskId: "a1", state: "running" }]);
  });

  test("does not keep its caller waiting for a CLI that hangs, or that goes", async () => {
    await rig.current.open();
    const { clock, pool, host } = rig.current;
    const { sessionId, process } = await withTask();
    process.isDumb = true;
    const output = pool.taskOutput(sessionId, "b1");
    const stop = refusal(() => pool.stopTask(sessionId, "b1", owner));
    await clock.run(5_000);
    expect([(await output).output, await stop]).toEqual(["", "session_busy"]);
    host.manners.stop = "held";
    void pool.stopProcesses(sessionId, owner);
    expect(await refusal(() => pool.stopTask(sessionId, "b1", owner))).toBe("none");
  });

  test("whose output is no text is shown within its bound all the same", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask();
    process.taskOutputs.set("b1", "\uFFFD".repeat(8_192));
    const { output, truncated } = await rig.current.pool.taskOutput(sessionId, "b1");
    expect([Buffer.byteLength(output) <= 8_192, truncated]).toEqual([true, true]);
  });

  test("may run again under its id, as a subagent that is given more to do", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask("a1");
    process.finishTask("a1");
    process.beginOwn();
    process.startTask("a1");
    await rig.current.clock.run(20);
    expect(rig.current.pool.tasks(sessionId)).toMatchObject([{ taskId: "a1", state: "running" }]);
  });

  test("that has ended is kept with the newest hundred", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    for (let count = 0; count < 103; count += 1) {
      process.startTask(`b${count}`);
      process.finishTask(`b${count}`);
      await rig.current.clock.run(20);
    }
    process.startTask("last");
    await rig.current.clock.run(20);
    const tasks = rig.current.pool.tasks(sessionId).map(({ taskId }) => taskId);
    expect([tasks.length, tasks[0], tasks[1], tasks.at(-1)]).toEqual([101, "last", "b102", "b3"]);
  });
});

describe("F22 T04 a task whose process has to go", () => {
  const cutOff = { taskId: "b1", state: "stopped", cutOff: true };

  test("is not parked for idleness", async () => {
    await rig.current.open({ sessionIdleMs: minuteMs, resourceSampleMs: 1_000 });
    const { process } = await withTask();
    await rig.current.clock.run(hourMs);
    expect(process.alive).toBe(true);
    process.finishTask("b1");
    await rig.current.clock.run(4_000);
    expect(process.alive).toBe(false);
  });

  test("is cut off for a message only after a minute, the one that was silent longest, and told once", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock } = rig.current;
    const first = await withTask();
    const second = await withTask("b2");
    await clock.run(5_000);
    first.process.progressTask("b1", { text: "Still at work" });
    const waiting = rig.current.submit({ message: "Now" });
    const queued = rig.current.events(waiting.sessionId).find(({ type }) => type === "turn.queued");
    expect([waiting.state, queued?.data]).toEqual(["queued", { queuePosition: 1, reason: "tasks" }]);
    await clock.run(59_000);
    expect([first.process.alive, second.process.alive]).toEqual([true, true]);
    await clock.run(2_000);
    expect([first.process.alive, second.process.alive]).toEqual([true, false]);
    expect(told(second.sessionId).at(-1)?.[1]).toMatchObject({ ...cutOff, taskId: "b2" });
    expect(rig.current.host.process(waiting.sessionId).sent).toHaveLength(1);
    expect(told(second.sessionId).filter(([type]) => type === "task.finished")).toHaveLength(1);
  });

  test("of a command keeps what it had written when it is cut off, by a crash and by a restart of the server", async () => {
    await rig.current.open();
    const outputOf = (sessionId: string) => rig.current.pool.taskOutput(sessionId, "b1");
    const written = (output: string) => ({ output, totalBytes: output.length, truncated: false });
    const crashed = await withTask();
    crashed.process.writeTaskTo("b1", "/tmp/one", "one\n");
    crashed.process.crash();
    await rig.current.clock.settle();
    expect(told(crashed.sessionId).at(-1)?.[1]).toMatchObject(cutOff);
    rig.current.host.outputFiles.clear();
    expect(await outputOf(crashed.sessionId)).toEqual(written("one\n"));

    const { sessionId, process } = await withTask();
    process.writeTaskTo("b1", "/tmp/two", "two\n");
    await rig.current.clock.run(20);
    await rig.current.restart();
    expect(told(sessionId).at(-1)?.[1]).toMatchObject(cutOff);
    rig.current.host.outputFiles.clear();
    expect(await outputOf(sessionId)).toEqual(written("two\n"));
  });

  test("of a command says that its output is lost when nothing of it can be had any more", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask();
    process.startTask("a1", { kind: "agent" });
    process.result();
    const { pool, clock } = rig.current;
    await clock.run(20);
    process.crash();
    await clock.settle();
    const none = { output: "", totalBytes: 0, truncated: false };
    expect(await pool.taskOutput(sessionId, "b1")).toEqual({ ...none, lost: true });
    expect(await pool.taskOutput(sessionId, "a1")).toEqual(none);
  });

  test("of a subagent keeps its last text", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.startTask("a1", { kind: "agent" });
    process.agentMessage(turnId, { agentId: "a1" }, "Half of it.");
    process.crash();
    await rig.current.clock.settle();
    expect((await rig.current.pool.taskOutput(sessionId, "a1")).output).toBe("Half of it.");
  });

  test("keeps a place for which a message waits: that is said when it becomes so, once", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock } = rig.current;
    const first = await rig.current.busySession();
    const second = await rig.current.busySession();
    const waiting = [rig.current.submit({ message: "One" }), rig.current.submit({ message: "Two" })];
    const reasons = () =>
      waiting.map(({ sessionId }) =>
        rig.current
          .events(sessionId)
          .flatMap(({ type, data }) =>
            type === "turn.queued" ? [(data as { reason?: string }).reason] : [],
          ),
      );
    expect(reasons()).toEqual([[undefined], [undefined]]);
    first.process.startTask("b1");
    first.process.reply("It runs.");
    await clock.run(20);
    second.process.startTask("b2");
    second.process.reply("It runs too.");
    await clock.run(5_000);
    first.process.progressTask("b1", { text: "Still at work" });
    await clock.run(5_000);
    expect(reasons()).toEqual([
      [undefined, "tasks"],
      [undefined, "tasks"],
    ]);
  });

  test("that its CLI ends before it goes is cut off all the same, and told once", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host } = rig.current;
    const { sessionId, process } = await withTask("b1");
    process.startTask("b2");
    process.result();
    await clock.run(20);
    host.manners.stop = "held";
    rig.current.submit({ message: "Other" });
    await clock.run(minuteMs);
    expect(process.stopCount).toBe(1);
    process.finishTask("b1", "stopped");
    process.listTasks();
    await clock.run(1_500);
    process.leave();
    await clock.settle();
    const ends = told(sessionId).flatMap(([type, data]) => (type === "task.finished" ? [data] : []));
    expect(ends).toMatchObject([
      { ...cutOff, taskId: "b1" },
      { ...cutOff, taskId: "b2" },
    ]);
  });

  test("is left alone while another session is idle without one", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const busy = await withTask();
    const idle = await rig.current.idleSession();
    const waiting = rig.current.submit({ message: "Now" });
    await rig.current.clock.settle();
    expect([busy.process.alive, idle.process.alive]).toEqual([true, false]);
    expect(rig.current.host.process(waiting.sessionId).sent).toHaveLength(1);
  });

  test.each([
    ["a crash", true, async ({ process }: { process: { crash(): void } }) => process.crash()],
    [
      "the owner's cancel",
      false,
      ({ sessionId }: { sessionId: string }) => rig.current.pool.stopProcesses(sessionId, owner),
    ],
    [
      "the owner's close",
      false,
      ({ sessionId }: { sessionId: string }) => rig.current.pool.closeSession(sessionId, owner),
    ],
    ["the server's stop", true, () => rig.current.pool.stop(0)],
    ["the end of the lease", true, () => rig.current.clock.run(25 * hourMs)],
  ])("is told as stopped after %s; by push when nobody asked for it: %s", async (_why, rings, how) => {
    await rig.current.open();
    const session = await withTask();
    await how(session);
    await rig.current.clock.settle();
    const [, data] = told(session.sessionId).at(-1)!;
    expect(data).toMatchObject({ taskId: "b1", state: "stopped" });
    expect("cutOff" in (data as object)).toBe(rings);
    expect(view(session.sessionId).runningTasks).toBe(0);
  });

  test("lives on through an interrupt of the turn", async () => {
    await rig.current.open();
    const { sessionId, process } = await withTask();
    const { turnId } = rig.current.submit({ sessionId, message: "Work" });
    await rig.current.pool.interrupt(sessionId, turnId, owner);
    expect([process.alive, view(sessionId).runningTasks]).toEqual([true, 1]);
  });

  test("keeps its process in the rollback until it has ended", async () => {
    await rig.current.open({ interactive: false });
    const { sessionId, process } = await withTask();
    await rig.current.clock.run(minuteMs);
    expect(process.alive).toBe(true);
    const { turnId } = rig.current.submit({ sessionId, message: "And now?" });
    process.reply("Here.");
    await rig.current.clock.settle();
    expect([rig.current.ends(turnId), process.alive]).toEqual([["turn.completed"], true]);
    process.finishTask("b1");
    await rig.current.clock.run(2_100);
    expect(process.alive).toBe(false);
  });

  test("goes last when memory is short", async () => {
    const limits = limitsOf({ maxTotalMemoryBytes: 2_500_000_000, resourceSampleMs: 1_000 });
    await rig.current.open(limits);
    const busy = await withTask();
    const idle = await rig.current.idleSession();
    for (const one of [busy, idle]) one.process.uses.rssBytes = 2_000_000_000;
    await rig.current.clock.run(1_000);
    expect([busy.process.alive, idle.process.alive]).toEqual([true, false]);
    busy.process.uses.rssBytes = 3_000_000_000;
    await rig.current.clock.run(1_000);
    expect(busy.process.alive).toBe(false);
    expect(told(busy.sessionId).at(-1)?.[1]).toMatchObject(cutOff);
  });
});

describe("T04 F22 a process whose task has ended", () => {
  test("stays for the turn in which Claude speaks of it, in the rollback too, and goes then", async () => {
    await rig.current.open({ interactive: false });
    const { sessionId, process } = await withTask();
    expect(process.alive).toBe(true);
    process.finishTask("b1");
    await rig.current.clock.run(100);
    process.reply("It is done.");
    await rig.current.clock.run(20);
    const end = rig.current.events(sessionId).findLast(({ type }) => type === "turn.completed");
    expect(end?.data).toMatchObject({ text: "It is done.", origin: "task" });
    await rig.current.clock.run(2_000);
    expect(process.alive).toBe(false);
  });

  test("makes room two seconds later when Claude has nothing to say", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { process } = await withTask();
    rig.current.submit({ message: "Other" });
    process.finishTask("b1");
    await rig.current.clock.run(1_900);
    expect(process.alive).toBe(true);
    await rig.current.clock.run(200);
    expect(process.alive).toBe(false);
  });
});

describe("T04 the bounds of a task", () => {
  test("the lease's end gives it the time that a turn has, then cuts it off and tells so", async () => {
    await rig.current.open({ drainMs: 5_000 });
    const { sessionId, process } = await withTask();
    const { expiresAt } = view(sessionId).lease;
    await rig.current.clock.run(expiresAt - rig.current.clock.now() + 4_000);
    expect([view(sessionId).state, process.alive]).toEqual(["idle", true]);
    await rig.current.clock.run(2_000);
    expect([view(sessionId).state, process.alive]).toEqual(["expired", false]);
    expect(told(sessionId).filter(([type]) => type === "task.finished")).toMatchObject([
      ["task.finished", { state: "stopped", cutOff: true }],
    ]);
  });

  test("one that is silent for two hours keeps its process from being parked no longer; one that works does", async () => {
    await rig.current.open({ sessionIdleMs: 10 * minuteMs, resourceSampleMs: minuteMs });
    const silent = await withTask();
    const busy = await withTask();
    busy.process.uses.cpuPercent = 50;
    await rig.current.clock.run(110 * minuteMs);
    expect(silent.process.alive).toBe(true);
    await rig.current.clock.run(20 * minuteMs);
    expect([silent.process.alive, busy.process.alive]).toEqual([false, true]);
  });

  test("a subagent that works inside the idle CLI is no CLI that spins", async () => {
    await rig.current.open({ resourceSampleMs: 5_000, healthIntervalMs: 30_000 });
    const { process } = await withTask();
    process.uses.cpuPercent = 90;
    process.uses.ownCpuPercent = 90;
    await rig.current.clock.run(5 * minuteMs);
    expect(process.alive).toBe(true);
  });
});

test("F22: a task that the CLI itself reports as stopped while it is being stopped was cut off, and is told so once", async () => {
  await rig.current.open({ maxConcurrentSessions: 1 });
  rig.current.host.manners.stop = "held";
  const { sessionId, process } = await withTask();
  rig.current.submit({ message: "Other" });
  await rig.current.clock.run(61_000);
  expect(process.stopCount).toBe(1);
  process.finishTask("b1", "stopped");
  await rig.current.clock.run(100);
  process.leave();
  await rig.current.clock.run(100);
  expect(told(sessionId).filter(([type]) => type === "task.finished")).toMatchObject([
    ["task.finished", { state: "stopped", cutOff: true }],
  ]);
});
