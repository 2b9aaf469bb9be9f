import { describe, expect, test } from "@jest/globals";
import type { FactSignal } from "../../../../server/domain/processes/factSignal.ts";
import { dayOf } from "../../../../server/domain/processes/usage.ts";
import type { SessionCommand } from "../../../../server/domain/sessions/facts.ts";
import { hourMs, minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const data = (sessionId: string, type: string) =>
  rig.current.events(sessionId).flatMap((event) => (event.type === type ? [event.data] : []));
const updates = (sessionId: string) => data(sessionId, "session.updated");
const view = (sessionId: string) => rig.current.pool.session(sessionId);

const wash = { id: "1", text: "wash", state: "pending" as const };
const added: FactSignal = { kind: "todos", change: { kind: "added", todo: wash } };
const context = (usedTokens: number): FactSignal => ({ kind: "context", usedTokens, windowTokens: 200_000 });
const command = (name: string): SessionCommand => ({
  name,
  description: `Does ${name}`,
  argumentHint: "",
  aliases: [],
  builtin: true,
});

describe("what a process says about its session", () => {
  test("T06: todos are told with their turn, once a change, and are there after a restart", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.fact(added);
    process.fact(added);
    expect(rig.current.pool.todos(sessionId)).toEqual([]);
    await rig.current.clock.run(20);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "todos.changed",
      turnId,
      data: { todos: [wash] },
    });
    expect(data(sessionId, "todos.changed")).toHaveLength(1);
    await rig.current.restart();
    expect(rig.current.pool.todos(sessionId)).toEqual([wash]);
  });

  test("T06: a fact in the middle of a text does not cut the text off", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.delta("One ");
    process.fact(added);
    await rig.current.clock.run(20);
    process.delta("text");
    expect(rig.current.feed).toEqual([
      `delta ${sessionId} ${turnId} One `,
      `delta ${sessionId} ${turnId} text`,
    ]);
  });

  test("T07: commands are known at once, told when the first turn has had its time, and only when they change", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const commands = [command("compact"), command("review")];
    process.fact({ kind: "commands", commands });
    expect(rig.current.pool.commands(sessionId)).toEqual(commands);
    expect(data(sessionId, "session.commands")).toEqual([]);
    await rig.current.clock.run(2_020);
    expect(data(sessionId, "session.commands")).toHaveLength(1);
    process.fact({ kind: "commands", commands: [...commands] });
    await rig.current.clock.run(2_020);
    expect(data(sessionId, "session.commands")).toHaveLength(1);
    await rig.current.restart();
    expect(rig.current.pool.commands(sessionId)).toEqual(commands);
  });

  test("T07: commands of a process that goes before they were told are kept all the same", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    process.fact({ kind: "commands", commands: [command("compact")] });
    process.leave();
    await rig.current.clock.settle();
    await rig.current.restart();
    expect(rig.current.pool.commands(sessionId)).toEqual([command("compact")]);
    expect(data(sessionId, "session.commands")).toHaveLength(1);
  });

  test("T08 T09: what a result says costs no commit beside the one of the turn's end", async () => {
    await rig.current.open();
    const commitsOf = async (facts: FactSignal[]) => {
      const { process } = await rig.current.busySession();
      let commits = 0;
      rig.current.connection.committed = () => {
        commits += 1;
      };
      for (const fact of facts) process.fact(fact);
      process.reply("Hi.");
      await rig.current.clock.run(50);
      rig.current.connection.committed = undefined;
      return commits;
    };
    const use = { model: "claude-x", costUsd: 0.5, inputTokens: 10, outputTokens: 5 };
    const without = await commitsOf([]);
    expect(await commitsOf([context(50_000), { kind: "used", models: [use] }])).toBe(without);
  });

  test("T08: the window's use is on the session to the token, and told when its percentage changes", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    expect(view(sessionId).context).toBeUndefined();
    for (const usedTokens of [50_000, 50_400, 60_000]) {
      process.fact(context(usedTokens));
      await rig.current.clock.run(20);
    }
    expect(view(sessionId).context).toEqual({ usedTokens: 60_000, windowTokens: 200_000, percent: 30 });
    process.fact(context(60_100));
    expect(view(sessionId).context?.usedTokens).toBe(60_100);
    expect(updates(sessionId)).toMatchObject([
      { context: { usedTokens: 50_000, percent: 25 } },
      { context: { usedTokens: 60_000, percent: 30 } },
    ]);
    process.crash();
    await rig.current.clock.settle();
    expect(view(sessionId).context?.usedTokens).toBe(60_100);
  });

  test("T08: a compaction is an activity, a change of the session, and an event with its figures", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.fact(context(180_000));
    process.fact({ kind: "compacting", isOn: true });
    expect(rig.current.feed.at(-1)).toBe(`compacting ${turnId}`);
    await rig.current.clock.run(20);
    expect(view(sessionId).compacting).toBe(true);
    process.fact({ kind: "compacting", isOn: false });
    process.fact({ kind: "compacted", trigger: "auto", tokensBefore: 180_000, tokensAfter: 20_000 });
    await rig.current.clock.run(20);
    expect(view(sessionId)).toMatchObject({
      compacting: false,
      context: { usedTokens: 20_000, percent: 10 },
    });
    expect(data(sessionId, "session.compacted")).toEqual([
      { trigger: "auto", tokensBefore: 180_000, tokensAfter: 20_000 },
    ]);
    expect(
      updates(sessionId).map((change) => ("compacting" in change ? change.compacting : "context")),
    ).toEqual(["context", true, false, "context"]);
  });

  test("T08: a compaction is over with its process, and with the server that saw it begin", async () => {
    await rig.current.open();
    const first = await rig.current.busySession();
    const second = await rig.current.busySession();
    for (const { process } of [first, second]) process.fact({ kind: "compacting", isOn: true });
    await rig.current.clock.run(20);
    first.process.crash();
    await rig.current.clock.settle();
    expect(updates(first.sessionId)).toEqual([{ compacting: true }, { compacting: false }]);
    await rig.current.restart();
    for (const { sessionId } of [first, second]) {
      expect(view(sessionId).compacting).toBe(false);
      expect(updates(sessionId)).toEqual([{ compacting: true }, { compacting: false }]);
    }
  });

  test("T08: a compaction is no stall, unless it is silent for three times as long", async () => {
    await rig.current.open({ turnStallMs: 10 * minuteMs, healthIntervalMs: 30_000 });
    const { turnId, process } = await rig.current.busySession();
    process.fact({ kind: "compacting", isOn: true });
    await rig.current.clock.run(29 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    await rig.current.clock.run(2 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("T12: proposals are the session's until the next message, in whichever order they are written", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    process.fact({ kind: "suggested", prompts: ["commit this"] });
    await rig.current.clock.run(20);
    expect(view(sessionId).suggestedPrompts).toEqual(["commit this"]);
    rig.current.submit({ sessionId, message: "No" });
    expect(view(sessionId).suggestedPrompts).toEqual([]);
    process.reply("Well.");
    await rig.current.clock.settle();
    // The next message comes before the proposal is written.
    process.fact({ kind: "suggested", prompts: ["push it"] });
    rig.current.submit({ sessionId, message: "Again no" });
    // And one that comes after the message is too late.
    process.fact({ kind: "suggested", prompts: ["try it"] });
    await rig.current.clock.run(20);
    expect(view(sessionId).suggestedPrompts).toEqual([]);
    expect(updates(sessionId).map((change) => change)).toEqual([
      { suggestedPrompts: ["commit this"] },
      { suggestedPrompts: [] },
      { suggestedPrompts: ["push it"] },
      { suggestedPrompts: [] },
    ]);
  });

  test("T10: ten notices an hour are told, the eleventh is not, and an hour later there are more", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    const sent = Array.from({ length: 11 }, (_, index) => process.notify(`Notice ${index}`));
    expect(sent).toEqual([...Array(10).fill(true), false]);
    await rig.current.clock.run(20);
    expect(data(sessionId, "notice")).toHaveLength(10);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({ turnId, data: { text: "Notice 9" } });
    process.fact({ kind: "notice", text: "By Claude's own tool" });
    await rig.current.clock.run(20);
    expect(data(sessionId, "notice")).toHaveLength(10);
    await rig.current.clock.run(hourMs);
    process.fact({ kind: "notice", text: "By Claude's own tool" });
    await rig.current.clock.run(20);
    expect(data(sessionId, "notice").at(-1)).toEqual({ text: "By Claude's own tool" });
  });

  test("T09: use is summed up by day, project and model, and a turn counts once, for its dearest model", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    const cheap = { model: "claude-y", costUsd: 0.1, inputTokens: 1, outputTokens: 2 };
    const dear = { model: "claude-x", costUsd: 0.5, inputTokens: 10, outputTokens: 5 };
    process.fact({ kind: "used", models: [cheap, dear] });
    process.reply("Hi.");
    await rig.current.clock.settle();
    const report = await rig.current.pool.usage(1);
    const sum = { costUsd: 0.6, tokens: { input: 11, output: 7 }, turns: 1 };
    expect(report.days).toEqual([{ day: dayOf(rig.current.clock.now()), ...sum }]);
    expect(report.byProject).toEqual([{ projectPath: "/projects/alpha", ...sum }]);
    expect(report.byModel.map(({ model, turns }) => [model, turns])).toEqual([
      ["claude-x", 1],
      ["claude-y", 0],
    ]);
  });
});

describe("the branch of a session's project", () => {
  test("is looked at when a process has come up and after each turn, and told when it is another one", async () => {
    rig.current.branch = () => "main";
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    await clock.run(200);
    expect([updates(sessionId), view(sessionId).gitBranch]).toEqual([[{ gitBranch: "main" }], "main"]);
    process.reply("Nothing changed.");
    await clock.run(200);
    rig.current.branch = () => "topic";
    rig.current.submit({ sessionId, message: "Switch" });
    process.reply("Switched.");
    await clock.run(200);
    rig.current.branch = () => undefined;
    rig.current.submit({ sessionId, message: "Detach" });
    process.reply("Detached.");
    await clock.run(200);
    expect(updates(sessionId)).toEqual([{ gitBranch: "main" }, { gitBranch: "topic" }, { gitBranch: null }]);
    expect(view(sessionId)).not.toHaveProperty("gitBranch");
  });

  test("is looked at once for turns that follow closely, and not while a turn ends", async () => {
    let looks = 0;
    rig.current.branch = () => {
      looks += 1;
      return "main";
    };
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    await clock.run(200);
    expect(looks).toBe(1);
    for (const message of ["One", "Two"]) {
      process.reply("Yes.");
      await clock.run(10);
      rig.current.submit({ sessionId, message });
    }
    process.reply("Yes.");
    await clock.run(10);
    expect(looks).toBe(1);
    await clock.run(200);
    expect(looks).toBe(2);
  });

  test("is told when the process ended with the turn that changed it", async () => {
    rig.current.branch = () => "main";
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    await clock.run(200);
    rig.current.branch = () => "topic";
    process.reply("Switched.");
    await clock.run(10);
    await pool.stopProcesses(sessionId, owner);
    expect(rig.current.state(sessionId)).toBe("parked");
    await clock.run(200);
    expect([updates(sessionId).at(-1), view(sessionId).gitBranch]).toEqual([{ gitBranch: "topic" }, "topic"]);
  });

  test("that cannot be read ends nothing", async () => {
    rig.current.branch = () => {
      throw new Error("The project is not allowed any more.");
    };
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    await rig.current.clock.run(200);
    expect([updates(sessionId), rig.current.state(sessionId)]).toEqual([[], "idle"]);
  });
});
