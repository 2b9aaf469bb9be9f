import { describe, expect, test } from "@jest/globals";
import { usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const run = (ms: number) => rig.current.clock.run(ms);

describe("the time limit of a turn", () => {
  test("EXAMPLE-6: counts from the moment in which the turn runs, and the process goes on to the next one", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    const { turnId } = rig.current.submit({ message: "Next", sessionId, timeoutMs: 1_000 });
    await run(5_000);
    process.reply("The first.");
    await run(999);
    expect(rig.current.ends(turnId)).toEqual([]);
    await run(1);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed timed_out"]);
    await run(0);
    const after = rig.current.submit({ message: "After", sessionId });
    await run(0);
    process.reply("Still here.");
    await run(20);
    expect(rig.current.ends(after.turnId)).toEqual(["turn.completed"]);
  });

  test("EXAMPLE-6: ends a turn whose process does not obey, and one whose process is still coming up", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    rig.current.host.manners.interrupt = "deaf";
    const deaf = rig.current.submit({ message: "Work", sessionId, timeoutMs: 1_000 });
    await run(60_000);
    expect(rig.current.store.turns.get(deaf.turnId)?.error?.code).toBe("timed_out");
    rig.current.host.manners.start = "held";
    const held = rig.current.submit({ message: "New", timeoutMs: 2_000 });
    await run(2_000);
    expect(rig.current.store.turns.get(held.turnId)).toMatchObject({ error: { code: "timed_out" } });
  });

  test("EXAMPLE-6: says nothing about a turn that has ended in time, and is kept over a restart while it waits", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const quick = rig.current.submit({ message: "Quick", sessionId, timeoutMs: 1_000 });
    await run(500);
    process.reply("Done.");
    await run(10_000);
    expect(rig.current.ends(quick.turnId)).toEqual(["turn.completed"]);
    const sendAt = rig.current.clock.now() + 60_000;
    const late = rig.current.submit({ message: "Later", sessionId, sendAt, timeoutMs: 1_000 });
    await rig.current.restart();
    await run(61_500);
    expect(rig.current.store.turns.get(late.turnId)).toMatchObject({ error: { code: "timed_out" } });
  });
});

describe("what was heard of a turn that was broken off", () => {
  test("EXAMPLE-7: stays as a message that says that it is not whole, and in the terminal event after the texts before it", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.delta("The first text.");
    process.message("The first text.");
    process.delta("And then I");
    await rig.current.pool.interrupt(sessionId, turnId, { deviceId: "phone", scope: "chat" });
    await run(20);
    const events = rig.current.events(sessionId).filter((event) => event.turnId === turnId);
    expect(events.filter(({ type }) => type === "message").map(({ data }) => data)).toEqual([
      { messageId: expect.any(String), text: "The first text." },
      { messageId: expect.any(String), text: "And then I", partial: true },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "turn.interrupted",
      data: { code: "interrupted", text: "The first text.\n\nAnd then I" },
    });
  });

  test.each([
    ["a crash", "failed", (busy: Busy) => busy.process.crash()],
    [
      "the end of its process",
      "interrupted",
      (busy: Busy) => rig.current.pool.stopProcesses(busy.sessionId, owner),
    ],
    [
      "the end of its session",
      "interrupted",
      (busy: Busy) => rig.current.pool.closeSession(busy.sessionId, owner),
    ],
    ["a failure of Claude", "failed", (busy: Busy) => busy.process.result({ outcome: "failed" })],
  ])("EXAMPLE-7: is kept at %s", async (_what, state, end) => {
    await rig.current.open();
    const busy = await rig.current.busySession();
    busy.process.delta("Half of a sent");
    await end(busy);
    await run(5_000);
    expect(rig.current.store.turns.get(busy.turnId)?.state).toBe(state);
    const events = rig.current.events(busy.sessionId).filter(({ turnId }) => turnId === busy.turnId);
    expect(events.findLast(({ type }) => type === "message")?.data).toMatchObject({
      text: "Half of a sent",
      partial: true,
    });
    expect(events.at(-1)?.data).toMatchObject({ text: "Half of a sent" });
  });

  test("EXAMPLE-7: a text that is whole, and one that was never begun, leave no half message", async () => {
    await rig.current.open();
    const whole = await rig.current.busySession();
    whole.process.delta("Whole.");
    whole.process.message("Whole.");
    whole.process.crash();
    await run(5_000);
    const silent = await rig.current.busySession();
    silent.process.crash();
    await run(5_000);
    const messages = (sessionId: string) =>
      rig.current.events(sessionId).flatMap((event) => (event.type === "message" ? [event.data.text] : []));
    expect(messages(whole.sessionId)).toEqual(["Whole."]);
    expect(messages(silent.sessionId)).toEqual([]);
    expect(
      rig.current.events(silent.sessionId).find(({ type }) => type === "turn.failed")?.data,
    ).not.toHaveProperty("text");
  });
});

type Busy = Awaited<ReturnType<typeof rig.current.busySession>>;
const owner = { deviceId: "local", scope: "admin" } as const;
