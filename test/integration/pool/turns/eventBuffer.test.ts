import { describe, expect, test } from "@jest/globals";
import { usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const texts = (sessionId: string) =>
  rig.current.events(sessionId).flatMap((event) => (event.type === "message" ? [event.data.text] : []));

describe("what a process says, on its way into the log", () => {
  test("waits 20 ms for what comes with it, and goes in its order, once", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const before = clock.armed;
    process.message("one");
    await clock.run(10);
    process.message("two");
    expect([texts(sessionId), clock.armed]).toEqual([[], before + 1]);
    await clock.run(9);
    expect(texts(sessionId)).toEqual([]);
    await clock.run(1);
    expect([texts(sessionId), clock.armed]).toEqual([["one", "two"], before]);
    process.message("three");
    expect(clock.armed).toBe(before + 1);
    await clock.run(20);
    expect(texts(sessionId)).toEqual(["one", "two", "three"]);
  });

  test("is tried again every second while the disk is full, and what comes after it stays behind it", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    disk.failing = true;
    process.message("one");
    await clock.run(2_020);
    process.message("two");
    expect(texts(sessionId)).toEqual([]);
    disk.failing = false;
    await clock.run(999);
    expect(texts(sessionId)).toEqual([]);
    await clock.run(1);
    expect(texts(sessionId)).toEqual(["one", "two"]);
    process.message("three");
    await clock.run(20);
    expect(texts(sessionId)).toEqual(["one", "two", "three"]);
  });

  test("is dropped alone when the store refuses it for ever, and what comes after it is written", async () => {
    await rig.current.open();
    const { clock, logged } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.startTask("b1");
    // A column of integers takes no fraction.
    process.progressTask("b1", { tokens: 12.5 });
    process.message("one");
    process.finishTask("b1");
    process.message("two");
    process.result({ text: "two" });
    expect(rig.current.ends(turnId)).toEqual([]);
    await clock.run(1_000);
    expect([texts(sessionId), rig.current.ends(turnId)]).toEqual([["one", "two"], ["turn.completed"]]);
    expect(logged.filter((line) => line === "error pool.event_dropped")).toHaveLength(1);
  });

  test("is written before the next words are told, and before what it is followed by", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    rig.current.feed.length = 0;
    process.message("one");
    process.delta("tw");
    expect([texts(sessionId), rig.current.feed]).toEqual([
      ["one"],
      [`flush ${sessionId}`, `delta ${sessionId} ${turnId} tw`],
    ]);
    process.startTool("t1");
    process.finishTool("t1", true);
    process.finishTool("t1");
    process.finishTool("unknown");
    process.message("two");
    process.result({ text: "two" });
    expect(rig.current.types(sessionId).slice(-5)).toEqual([
      "message",
      "tool.started",
      "tool.finished",
      "message",
      "turn.completed",
    ]);
    expect(rig.current.events(sessionId).find(({ type }) => type === "tool.finished")?.data).toEqual({
      toolUseId: "t1",
      toolName: "Bash",
      failed: true,
    });
  });
});
