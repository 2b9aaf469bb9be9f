import { describe, expect, test } from "@jest/globals";
import { hourMs, minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const named = (message: string, conversationId = "c", earlier = "") =>
  rig.current.submit({ message, conversation: { conversationId, earlier } });

describe("C03 a session that a tool of /v1 begins", () => {
  test("is kept under its name in the commit of its first message", async () => {
    await rig.current.open();
    rig.current.disk.plan(true);
    expect(() => named("Hello")).toThrow(/full/);
    expect(rig.current.store.conversations.get("c")).toBeUndefined();
    const { sessionId } = named("Hello");
    expect(rig.current.store.conversations.get("c")?.sessionId).toBe(sessionId);
  });

  test("tells Claude what was said before, ahead of its first prompt and of no other", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = named("Two", "c", "User: One");
    await clock.settle();
    host.process(sessionId).reply("2");
    await clock.settle();
    rig.current.submit({ sessionId, message: "Three" });
    await clock.settle();
    host.process(sessionId).reply("3");
    await clock.settle();
    await pool.stopProcesses(sessionId, { deviceId: "phone", scope: "chat" });
    rig.current.submit({ sessionId, message: "Four" });
    await clock.settle();
    const sent = host.processes.flatMap((process) => process.sent);
    expect(sent.map(({ text, preamble }) => [text, preamble])).toEqual([
      ["Two", "User: One"],
      ["Three", undefined],
      ["Four", undefined],
    ]);
    expect(rig.current.events(sessionId).map((event) => JSON.stringify(event.data))).not.toContainEqual(
      expect.stringContaining("User: One"),
    );
  });

  test("tells it again when the process died before it was given anything", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.manners.start = "held";
    const { sessionId } = named("Two", "c", "User: One");
    await clock.settle();
    host.starts[0]!.fail();
    await clock.settle();
    host.manners.start = "at-once";
    rig.current.submit({ sessionId, message: "Again" });
    await clock.run(5 * minuteMs);
    expect(host.process(sessionId).sent[0]).toMatchObject({ text: "Again", preamble: "User: One" });
  });

  test("tells it anew when Claude's record is lost, before what was said since", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = named("Two", "c", "User: One");
    await clock.settle();
    host.process(sessionId).reply("2");
    await clock.settle();
    await pool.stopProcesses(sessionId, { deviceId: "phone", scope: "chat" });
    host.transcripts.clear();
    rig.current.submit({ sessionId, message: "Three" });
    await clock.settle();
    expect(host.process(sessionId).sent[0]?.preamble).toMatch(/User: One[\s\S]*User: Two/);
  });

  test("S15: is parked after its own idle time, which sessions of phones do not have", async () => {
    await rig.current.open({ conversationIdleMs: 30 * minuteMs });
    const { clock, host } = rig.current;
    const { sessionId } = named("Hello");
    await clock.settle();
    const process = host.process(sessionId);
    process.reply("Hi.");
    const phone = await rig.current.idleSession();
    await clock.run(29 * minuteMs);
    expect(process.alive).toBe(true);
    await clock.run(12 * minuteMs);
    expect([process.alive, phone.process.alive]).toEqual([false, true]);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "session.parked",
      data: { reason: "idle" },
    });
  });

  test("S34: has the options of its first message", async () => {
    await rig.current.open();
    const { sessionId } = rig.current.submit({
      message: "Hello",
      options: { appendSystemPrompt: "Be brief." },
    });
    await rig.current.clock.settle();
    expect(rig.current.host.process(sessionId).spec.options).toMatchObject({
      appendSystemPrompt: "Be brief.",
    });
  });

  test("gives its name up in the commit that closes it", async () => {
    await rig.current.open();
    const { store, pool, clock } = rig.current;
    const { sessionId } = named("Hello");
    await clock.settle();
    await pool.closeSession(sessionId, owner);
    expect(store.conversations.get("c")).toBeUndefined();
    expect(named("Again").sessionId).not.toBe(sessionId);
  });

  test("is told to be over when it is closed or has expired and its process is gone, not when it goes on", async () => {
    await rig.current.open();
    const { host, pool, clock, over } = rig.current;
    const first = named("Hello", "a");
    const second = named("Hello", "b");
    const third = named("Hello", "c");
    await clock.settle();
    for (const { sessionId } of [first, second, third]) host.process(sessionId).reply("Hi.");
    await clock.settle();
    await pool.closeSession(first.sessionId, owner);
    expect(over).toEqual([first.sessionId]);
    await pool.stopProcesses(second.sessionId, owner);
    expect(over).toEqual([first.sessionId]);
    host.manners.stop = "held";
    await clock.run(24 * hourMs);
    expect(over).toEqual([first.sessionId, second.sessionId]);
    host.process(third.sessionId).leave();
    await clock.settle();
    expect(over).toEqual([first.sessionId, second.sessionId, third.sessionId]);
  });
});
