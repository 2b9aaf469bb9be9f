import { describe, expect, test } from "@jest/globals";
import { minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const expired = (sessionId: string) =>
  rig.current
    .events(sessionId)
    .flatMap((event) => (event.type === "permission.expired" ? [event.data.reason] : []));

/** A running turn in which Claude asks. */
async function asking(ask = {}) {
  await rig.current.open();
  const busy = await rig.current.busySession();
  const open = busy.process.ask(ask);
  const permission = rig.current.store.permissions.openOf(busy.sessionId)[0]!;
  return { ...busy, open, permission, permissionId: permission.permissionId };
}

describe("P01 P03 what Claude asks before it uses a tool", () => {
  test("is kept and told before anybody can answer", async () => {
    const { sessionId, turnId, permissionId } = await asking({ title: "Run ls", description: "Lists" });
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "permission.requested",
      turnId,
      data: { permissionId, kind: "tool", title: "Run ls", description: "Lists", input: { command: "ls" } },
    });
    expect(rig.current.pool.session(sessionId)).toMatchObject({ state: "waiting", openPermissions: 1 });
  });

  test("stands in the log behind the words that led to it", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    process.message("I have to run something.");
    process.startTool("t1");
    process.ask();
    expect(rig.current.types(sessionId).slice(-3)).toEqual([
      "message",
      "tool.started",
      "permission.requested",
    ]);
  });

  test("is answered once, with what the owner said, and the turn goes on", async () => {
    const { sessionId, turnId, process, open, permissionId } = await asking();
    const decision = {
      decision: "allow" as const,
      scope: "session" as const,
      updatedInput: { command: "ls -l" },
    };
    expect(rig.current.pool.answerPermission(permissionId, decision, owner)).toEqual({
      permissionId,
      state: "resolved",
      decision: "allow",
      scope: "once",
    });
    await expect(open.answer).resolves.toEqual(decision);
    expect(rig.current.state(sessionId)).toBe("busy");
    process.reply("Done.");
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("takes the same answer again without another effect, and no other one", async () => {
    const { sessionId, permissionId } = await asking();
    const { pool } = rig.current;
    pool.answerPermission(permissionId, { decision: "deny", message: "No." }, owner);
    pool.answerPermission(permissionId, { decision: "deny" }, owner);
    expect(rig.current.types(sessionId).filter((type) => type === "permission.resolved")).toHaveLength(1);
    const other = () => pool.answerPermission(permissionId, { decision: "allow" }, owner);
    expect(await refusal(other)).toBe("permission_already_resolved");
    expect(await refusal(() => pool.answerPermission("x", { decision: "deny" }, owner))).toBe(
      "permission_not_found",
    );
  });

  test("is denied when nobody answers in its time, and a late answer is told so", async () => {
    const { sessionId, open, permissionId } = await asking();
    const { clock, pool } = rig.current;
    await clock.run(10 * minuteMs - 1);
    expect(open.decision).toBeUndefined();
    await clock.run(1);
    expect(open.decision).toMatchObject({ decision: "deny", message: expect.stringContaining("in time") });
    expect([expired(sessionId), rig.current.state(sessionId)]).toEqual([["timed_out"], "busy"]);
    expect(await refusal(() => pool.answerPermission(permissionId, { decision: "allow" }, owner))).toBe(
      "permission_expired",
    );
  });

  test("is withdrawn when Claude no longer waits for it", async () => {
    const { sessionId, open } = await asking();
    open.abort();
    open.abort();
    await rig.current.clock.settle();
    expect(open.decision?.decision).toBe("deny");
    expect(expired(sessionId)).toEqual(["turn_ended"]);
  });

  test("is withdrawn at once when Claude gave up before it was kept", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    const open = process.ask({ signal: AbortSignal.abort() });
    await expect(open.answer).resolves.toMatchObject({ decision: "deny" });
    expect(expired(sessionId)).toEqual(["turn_ended"]);
  });

  test("an abort after the answer changes nothing", async () => {
    const { sessionId, open, permissionId } = await asking();
    rig.current.pool.answerPermission(permissionId, { decision: "allow" }, owner);
    open.abort();
    await expect(open.answer).resolves.toMatchObject({ decision: "allow" });
    expect(expired(sessionId)).toEqual([]);
  });

  test("is over when its turn is, and when its process is", async () => {
    const ended = await asking();
    ended.process.result();
    await rig.current.clock.settle();
    expect([expired(ended.sessionId), ended.open.decision?.decision]).toEqual([["turn_ended"], "deny"]);
    expect(rig.current.state(ended.sessionId)).toBe("idle");
    const broken = await rig.current.busySession();
    const open = broken.process.ask();
    broken.process.crash();
    await rig.current.clock.settle();
    expect([expired(broken.sessionId), open.decision?.decision]).toEqual([["process_gone"], "deny"]);
    expect(rig.current.state(broken.sessionId)).toBe("parked");
  });

  test("keeps the session waiting until the last of several is answered", async () => {
    const { sessionId, process, permissionId } = await asking();
    process.ask();
    rig.current.pool.answerPermission(permissionId, { decision: "allow" }, owner);
    expect(rig.current.state(sessionId)).toBe("waiting");
    const rest = rig.current.store.permissions.openOf(sessionId)[0]!;
    rig.current.pool.answerPermission(rest.permissionId, { decision: "allow" }, owner);
    expect(rig.current.state(sessionId)).toBe("busy");
  });

  test("leaves no timer behind once it is over", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    await rig.current.clock.run(1_000);
    const before = rig.current.clock.armed;
    process.ask();
    const { permissionId } = rig.current.store.permissions.open()[0]!;
    expect(rig.current.clock.armed).toBe(before + 1);
    rig.current.pool.answerPermission(permissionId, { decision: "deny" }, owner);
    expect(rig.current.clock.armed).toBe(before);
  });

  test("is denied before any turn, when there is nothing to show it with", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const { answer } = process.ask({ turnId: undefined });
    await expect(answer).resolves.toMatchObject({ decision: "deny" });
    expect(rig.current.store.permissions.openOf(sessionId)).toEqual([]);
  });

  test("F21 T01 is asked in a turn that Claude began by itself, and answered", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    const ownTurnId = process.beginOwn();
    const open = process.ask();
    const [permission] = rig.current.store.permissions.openOf(sessionId);
    expect(permission?.turnId).toBe(ownTurnId);
    expect(rig.current.state(sessionId)).toBe("waiting");
    rig.current.pool.answerPermission(permission!.permissionId, { decision: "allow" }, owner);
    await expect(open.answer).resolves.toMatchObject({ decision: "allow" });
    expect(rig.current.state(sessionId)).toBe("busy");
    process.reply("Done by itself.");
    await rig.current.clock.settle();
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("T05 of a subagent outlives the turn that started it, and says who asks", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    const agent = { agentId: "a1", type: "explorer", description: "Look around" };
    const open = process.ask({ turnId, agent });
    process.reply("I started somebody.");
    await rig.current.clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "waiting"]);
    const [permission] = rig.current.store.permissions.openOf(sessionId);
    expect(permission).toMatchObject({ turnId, agent });
    rig.current.submit({ sessionId, message: "Meanwhile" });
    process.reply("Here.");
    await rig.current.clock.settle();
    expect([rig.current.state(sessionId), open.decision]).toEqual(["waiting", undefined]);
    rig.current.pool.answerPermission(permission!.permissionId, { decision: "allow" }, owner);
    expect([await open.answer, rig.current.state(sessionId)]).toMatchObject([{ decision: "allow" }, "idle"]);
  });
});

describe("P02 questions and plans", () => {
  test("come with their questions", async () => {
    const questions = [{ question: "Which?", options: [{ label: "A" }, { label: "B" }] }];
    const { permission } = await asking({ toolName: "AskUserQuestion", input: { questions } });
    expect(permission).toMatchObject({ kind: "question", questions });
  });
  test("come with the plan", async () => {
    const { permission } = await asking({ toolName: "ExitPlanMode", input: { plan: "1. Look" } });
    expect(permission).toMatchObject({ kind: "plan", plan: "1. Look" });
  });

  test("P04: tells how long an answer holds in truth", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const rule = { type: "addRules", behavior: "allow", rules: [], destination: "localSettings" };
    const scopeOf = async (suggestions: unknown[]) => {
      process.ask({ suggestions });
      await clock.settle();
      const [open] = store.permissions.openOf(sessionId);
      return pool.answerPermission(open!.permissionId, { decision: "allow", scope: "always" }, owner).scope;
    };
    expect(await scopeOf([rule])).toBe("always");
    expect(await scopeOf([])).toBe("once");
  });

  test("P04: what is allowed for the session is kept with it, over a restart, until it is closed", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const rules = [{ toolName: "Bash", ruleContent: "touch a" }];
    process.ask({ suggestions: [{ type: "addRules", behavior: "allow", rules }] });
    await clock.settle();
    const [open] = rig.current.store.permissions.openOf(sessionId);
    rig.current.pool.answerPermission(open!.permissionId, { decision: "allow", scope: "session" }, owner);
    await rig.current.restart();
    const { trust } = rig.current.store;
    expect(trust.sessionRulesOf(sessionId)).toEqual(["Bash(touch a)"]);
    expect(trust.rulesOf("/projects/alpha")).toEqual([]);
    await rig.current.pool.closeSession(sessionId, owner);
    expect(trust.sessionRulesOf(sessionId)).toEqual([]);
  });

  test("P02: an answer that does not fit what was asked is refused, and the question stays open", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const asked = process.ask({ toolName: "AskUserQuestion", input: { questions: [{ question: "Why?" }] } });
    await clock.settle();
    const { permissionId } = store.permissions.openOf(sessionId)[0]!;
    expect(await refusal(() => pool.answerPermission(permissionId, { decision: "allow" }, owner))).toBe(
      "invalid_request",
    );
    expect(store.permissions.get(permissionId)?.state).toBe("open");
    pool.answerPermission(permissionId, { decision: "allow", answers: { "Why?": "So." } }, owner);
    expect(await asked.answer).toEqual({ decision: "allow", answers: { "Why?": "So." } });
  });

  test("P02: a plan is what came with the request, else what Claude wrote down, else what it said last", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    process.message("First this, then that.");
    const planOf = async (input: Record<string, unknown>, plan?: string) => {
      const asked = process.ask({ toolName: "ExitPlanMode", input, plan });
      await clock.settle();
      const found = store.permissions.openOf(sessionId)[0]?.plan;
      asked.abort();
      await clock.settle();
      return found;
    };
    expect(await planOf({})).toBe("First this, then that.");
    expect(await planOf({}, "# Written")).toBe("# Written");
    expect(await planOf({ plan: "Given" }, "# Written")).toBe("Given");
  });
});

describe("a permission request over whose end the computer is suspended", () => {
  test("P03: is denied within a minute after the suspend, not after the time that was left before", async () => {
    const { sessionId, open } = await asking();
    const { clock } = rig.current;
    await clock.run(minuteMs / 2);
    clock.suspend(60 * minuteMs);
    await clock.settle();
    expect(open.decision).toBeUndefined();
    await clock.run(minuteMs);
    expect([open.decision?.decision, expired(sessionId)]).toEqual(["deny", ["timed_out"]]);
    expect(rig.current.state(sessionId)).toBe("busy");
  });

  test("P03: cannot be answered after its end, and the late answer denies it at once", async () => {
    const { sessionId, open, permissionId } = await asking();
    const { clock, pool } = rig.current;
    clock.suspend(10 * minuteMs - 1);
    const allow = { decision: "allow" as const };
    clock.suspend(1);
    expect(await refusal(() => pool.answerPermission(permissionId, allow, owner))).toBe("permission_expired");
    await clock.settle();
    expect([open.decision?.decision, expired(sessionId)]).toEqual(["deny", ["timed_out"]]);
    expect(await refusal(() => pool.answerPermission(permissionId, allow, owner))).toBe("permission_expired");
    expect(expired(sessionId)).toHaveLength(1);
  });

  test("P03: can be answered up to its end", async () => {
    const { open, permissionId } = await asking();
    const { clock, pool } = rig.current;
    clock.suspend(10 * minuteMs - 1);
    pool.answerPermission(permissionId, { decision: "allow" }, owner);
    await clock.settle();
    expect(open.decision?.decision).toBe("allow");
  });
});
