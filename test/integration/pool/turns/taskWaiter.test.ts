import { describe, expect, test } from "@jest/globals";
import type { Turn } from "../../../../server/domain/sessions/turn.ts";
import { minuteMs, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

/** A running turn whose tasks are followed; `result` is what the wait ended with, as soon as it has. */
const followed = async (deadlineMs = minuteMs) => {
  const busy = await rig.current.busySession();
  const work = rig.current.pool.followTasks(busy.sessionId, busy.turnId);
  const waiting: { result?: string[] } = {};
  const wait = (signal?: AbortSignal) =>
    void work.ownTurns(deadlineMs, signal).then((turns: Turn[]) => {
      waiting.result = turns.map(({ reply }) => reply?.text ?? "");
    });
  return { ...busy, work, waiting, wait };
};
const run = (ms: number) => rig.current.clock.run(ms);

describe("T03 waiting for the tasks of a turn", () => {
  test("is over at once when the turn began none", async () => {
    await rig.current.open();
    const { process, waiting, wait } = await followed();
    process.reply("Done.");
    wait();
    await run(0);
    expect(waiting.result).toEqual([]);
  });

  test("ends with Claude's own turns, those included whose tasks the first ones began", async () => {
    await rig.current.open();
    const { process, waiting, wait } = await followed();
    process.startTask("b1");
    process.reply("It runs.");
    wait();
    await run(1_000);
    process.finishTask("b1");
    await run(50);
    process.beginOwn();
    process.startTask("b2");
    process.reply("The first is done.");
    await run(5_000);
    expect(waiting.result).toBeUndefined();
    process.finishTask("b2");
    await run(50);
    process.beginOwn();
    await run(5_000);
    expect(waiting.result).toBeUndefined();
    process.reply("The second too.");
    await run(20);
    expect(waiting.result).toEqual(["The first is done.", "The second too."]);
  });

  test("waits for the turn about a task that ended before its own turn did", async () => {
    await rig.current.open();
    const { process, waiting, wait } = await followed();
    process.startTask("b1");
    process.finishTask("b1");
    process.reply("It runs.");
    wait();
    await run(500);
    expect(waiting.result).toBeUndefined();
    process.beginOwn();
    process.reply("It is done.");
    await run(20);
    expect(waiting.result).toEqual(["It is done."]);
  });

  test("is over soon when Claude has no turn about what ended", async () => {
    await rig.current.open();
    const { process, waiting, wait } = await followed();
    process.startTask("b1");
    process.reply("It runs.");
    wait();
    process.finishTask("b1", "stopped");
    await run(1_000);
    expect(waiting.result).toBeUndefined();
    await run(1_100);
    expect(waiting.result).toEqual([]);
  });

  test("is not held up by another turn's task, nor by a wake-up", async () => {
    await rig.current.open();
    const { sessionId, process, waiting, wait } = await followed();
    const another = { taskId: "b1", kind: "command", description: "d", turnId: "another" } as const;
    process.say({ kind: "task-started", task: another });
    const wakeup = { taskId: "w1", description: "d", prompt: "p", survivesResume: false };
    const { turnId } = process.sent[0]!;
    process.say({
      kind: "wakeup-set",
      wakeup: { ...wakeup, turnId, dueAt: rig.current.clock.now() + minuteMs },
    });
    process.reply("Done.");
    wait();
    await run(20);
    expect(rig.current.pool.session(sessionId).runningTasks).toBe(2);
    expect(waiting.result).toEqual([]);
  });

  test.each([
    ["its time is over", async () => run(minuteMs)],
    ["the pool stops", async () => void rig.current.pool.stop(0)],
  ])("ends with what there is when %s", async (_why, end) => {
    await rig.current.open();
    const { process, waiting, wait } = await followed();
    process.startTask("b1");
    process.startTask("b2");
    process.reply("They run.");
    wait();
    process.finishTask("b1");
    await run(20);
    process.beginOwn();
    process.reply("One is done.");
    await run(20);
    await end();
    await run(20);
    expect(waiting.result).toEqual(["One is done."]);
  });

  test("ends when the caller goes, and leaves no timer behind", async () => {
    await rig.current.open();
    const { process, work, waiting, wait } = await followed();
    process.startTask("b1");
    process.reply("It runs.");
    await run(20);
    const before = rig.current.clock.armed;
    const gone = new AbortController();
    wait(gone.signal);
    expect(rig.current.clock.armed).toBe(before + 1);
    gone.abort();
    await run(0);
    expect([waiting.result, rig.current.clock.armed]).toEqual([[], before]);
    work.close();
    process.finishTask("b1");
    await run(20);
  });
});
