import { describe, expect, test } from "@jest/globals";
import { minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("what a process says", () => {
  test("is a sign of life, also an answer that the owner gave it", async () => {
    await rig.current.open({
      resourceSampleMs: 600_000,
      healthIntervalMs: 30_000,
      turnStallMs: 5 * minuteMs,
    });
    const { clock } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    const ask = process.ask();
    await clock.run(10 * minuteMs);
    expect(ask.decision?.decision).toBe("deny");
    await clock.run(5 * minuteMs - 1);
    expect(rig.current.ends(turnId)).toEqual([]);
    await clock.run(1);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("is told live as that of its turn, of the owner's message and of Claude's own", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const says = (turnId: string, tool: string) => {
      rig.current.feed.length = 0;
      process.delta("x");
      process.think();
      process.startTool(tool);
      expect(rig.current.feed).toEqual([
        `delta ${sessionId} ${turnId} x`,
        `thinking ${turnId}`,
        `tool ${turnId}`,
      ]);
    };
    says(process.beginOwn(), "t0");
    process.result();
    await rig.current.clock.settle();
    says(rig.current.submit({ sessionId, message: "Work" }).turnId, "t1");
    await rig.current.clock.run(20);
    expect(rig.current.events(sessionId).some(({ type }) => type === "tool.started")).toBe(true);
  });

  test("in two turns of Claude's own, the first of which waits for the disk, ends both", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const first = process.beginOwn();
    disk.failing = true;
    process.reply("The first.");
    const second = process.beginOwn();
    process.reply("The second.");
    await clock.run(100);
    disk.failing = false;
    await clock.run(2_000);
    const texts = rig.current
      .events(sessionId)
      .flatMap((one) => (one.type === "message" ? [[one.turnId, one.data.text]] : []));
    expect(texts.slice(-2)).toEqual([
      [first, "The first."],
      [second, "The second."],
    ]);
    expect([rig.current.ends(first), rig.current.ends(second)]).toEqual([
      ["turn.completed"],
      ["turn.completed"],
    ]);
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("it wants to be allowed while it is being ended is denied, and the session stays what it is", async () => {
    await rig.current.open();
    const { clock, host, pool, store } = rig.current;
    host.manners.stop = "held";
    const closed = await rig.current.busySession();
    const parked = await rig.current.busySession();
    const closing = pool.closeSession(closed.sessionId, owner);
    const cancelling = pool.stopProcesses(parked.sessionId, owner);
    const asks = [closed, parked].map(({ process, turnId }) =>
      process.ask({ turnId, agent: { agentId: "a1" } }),
    );
    await clock.settle();
    expect(asks.map(({ decision }) => decision?.decision)).toEqual(["deny", "deny"]);
    expect([store.permissions.open(), rig.current.state(closed.sessionId)]).toEqual([[], "closed"]);
    for (const { process } of [closed, parked]) process.leave();
    await Promise.all([closing, cancelling]);
    expect([rig.current.state(closed.sessionId), rig.current.state(parked.sessionId)]).toEqual([
      "closed",
      "parked",
    ]);
  });

  describe("in a turn that it begins while it is being stopped", () => {
    const stopping = async () => {
      await rig.current.open();
      rig.current.host.manners.stop = "held";
      const { sessionId, process } = await rig.current.idleSession();
      const stopped = rig.current.pool.stopProcesses(sessionId, owner);
      const turnId = process.beginOwn("task");
      const leave = async () => {
        await rig.current.clock.run(20);
        process.leave();
        await stopped;
        return rig.current.events(sessionId);
      };
      return { process, turnId, leave };
    };

    test("V16 is told nowhere, its subagents' words, tools and ends of tools neither: no event names a turn without a begin", async () => {
      const { process, turnId, leave } = await stopping();
      const agent = { agentId: "a1" };
      process.message("The build is through.");
      process.startTool("t1", "Agent");
      process.agentMessage(turnId, agent, "I looked into it.");
      process.say({
        kind: "tool-started",
        turnId,
        toolUseId: "t2",
        toolName: "Bash",
        title: "ls",
        parentToolUseId: "t1",
        agent,
      });
      process.say({ kind: "tool-finished", turnId, toolUseId: "t2", failed: false });
      process.reply("All is well.");
      expect((await leave()).filter((event) => event.turnId === turnId)).toEqual([]);
    });

    test("a task that it begins and that is cut off with it is told as one of no turn", async () => {
      const { process, leave } = await stopping();
      process.startTask("b1");
      const told = (await leave()).filter(
        (event) => event.type.startsWith("task.") && "taskId" in event.data && event.data.taskId === "b1",
      );
      expect(told.map((event) => [event.type, event.turnId])).toEqual([
        ["task.started", undefined],
        ["task.finished", undefined],
      ]);
    });
  });

  test("it wants to be allowed in a turn that has ended is denied", async () => {
    await rig.current.open();
    const { turnId, process } = await rig.current.busySession();
    process.reply("Done.");
    const ask = process.ask({ turnId });
    await rig.current.clock.settle();
    expect([ask.decision?.decision, rig.current.store.permissions.open()]).toEqual(["deny", []]);
  });

  test("of a turn's tools is over with the turn: a late end of one is no event", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    process.startTool("t1");
    process.result();
    process.finishTool("t1");
    await rig.current.clock.run(20);
    expect(rig.current.types(sessionId)).not.toContain("tool.finished");
  });

  test("that cannot be taken is logged, and the next is heard", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    rig.current.disk.plan(true);
    process.enterMode("plan");
    expect(rig.current.logged).toContain("error process.signal_lost");
    process.enterMode("acceptEdits");
    expect(rig.current.pool.session(sessionId).permissionMode).toBe("acceptEdits");
  });

  test("a reply makes the process idle from then on, for whoever is to make room", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock } = rig.current;
    const first = await rig.current.busySession();
    const second = await rig.current.idleSession();
    await clock.run(1_000);
    first.process.reply("Done.");
    rig.current.submit({ message: "Other" });
    await clock.settle();
    expect([first.process.alive, second.process.alive]).toEqual([true, false]);
  });

  test("a reply has the id of its last text, and the words are flushed after it", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.message("One.");
    const last = process.message("Two.");
    process.result({ text: "Two." });
    expect(rig.current.store.turns.get(turnId)?.reply?.messageId).toBe(last);
    expect(rig.current.feed.at(-1)).toBe(`flush ${sessionId}`);
    expect(rig.current.state(sessionId)).toBe("idle");
  });
});

describe("a conversation that Claude cannot go on with", () => {
  const lost = { code: "conversation_lost" as const, detail: "Refused." };

  test("is begun anew on another process, with what was said, and the message runs once", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const next = rig.current.submit({ sessionId, message: "Next" });
    const behind = rig.current.submit({ sessionId, message: "Behind" });
    process.result({ outcome: "failed", failure: lost });
    await clock.settle();
    const fresh = host.process(sessionId);
    expect([process.alive, fresh === process, fresh.spec.claudeSessionId === sessionId]).toEqual([
      false,
      false,
      false,
    ]);
    expect(fresh.sent).toMatchObject([{ text: "Next", preamble: expect.stringContaining("User: Hello") }]);
    expect(fresh.sent[0]?.preamble).not.toContain("Next");
    fresh.reply("Here.");
    await clock.settle();
    fresh.reply("Here too.");
    await clock.settle();
    expect([next, behind].map(({ turnId }) => rig.current.ends(turnId))).toEqual([
      ["turn.completed"],
      ["turn.completed"],
    ]);
    expect(fresh.sent[1]?.preamble).toBeUndefined();
    expect(rig.current.types(sessionId).filter((type) => type === "session.recovered")).toHaveLength(1);
    expect(rig.current.types(sessionId)).not.toContain("session.crashed");
  });

  test("is not begun anew for a turn that has acted, which fails by its name", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    for (const act of ["message", "tool"]) {
      const { turnId, process } = await rig.current.busySession();
      if (act === "message") process.message("Said.");
      else process.startTool("t1");
      process.result({ outcome: "failed", failure: lost });
      await clock.settle();
      expect([rig.current.ends(turnId), process.alive]).toEqual([["turn.failed conversation_lost"], true]);
    }
  });
});
