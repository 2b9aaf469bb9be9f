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
      scope: "once" as const,
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

  test("P04 A13: an answer can hold only as long as there is a rule for it", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const rule = { type: "addRules", behavior: "allow", rules: [], destination: "localSettings" };
    const asked = async (ask: Parameters<typeof process.ask>[0]) => {
      process.ask(ask);
      await clock.settle();
      return store.permissions.openOf(sessionId)[0]!;
    };
    const answerAlways = (permissionId: string) =>
      pool.answerPermission(permissionId, { decision: "allow", scope: "always" }, owner);
    const ruled = await asked({ suggestions: [rule] });
    expect(ruled.scopes).toEqual(["once", "session", "always"]);
    expect(answerAlways(ruled.permissionId).scope).toBe("always");
    for (const ask of [{ suggestions: [] }, { suggestions: [rule], onceOnly: true }]) {
      const { permissionId, scopes } = await asked(ask);
      expect(scopes).toEqual(["once"]);
      expect(await refusal(() => answerAlways(permissionId))).toBe("scope_unavailable");
      expect(store.permissions.get(permissionId)?.state).toBe("open");
      pool.answerPermission(permissionId, { decision: "deny", scope: "always" }, owner);
    }
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

describe("A13: a permission says what will run", () => {
  test("DOOR-8 what is hidden or cut is kept and told with it", async () => {
    const { sessionId, permissionId } = await asking({ lookFirst: true, truncated: true, server: "files" });
    expect(rig.current.events(sessionId).at(-1)?.data).toMatchObject({
      lookFirst: true,
      truncated: true,
      server: "files",
    });
    expect(rig.current.store.permissions.get(permissionId)).toMatchObject({
      lookFirst: true,
      truncated: true,
    });
  });

  test("DOOR-8 a plan with hidden characters must be looked at", async () => {
    const { permission } = await asking({ toolName: "ExitPlanMode", input: { plan: "rm \u202ex" } });
    expect(permission.lookFirst).toBe(true);
  });

  test("DOOR-9 an edited answer is in the events, the tool's line and the audit log", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    const { pool, store } = rig.current;
    process.startTool("t1");
    process.ask({ toolUseId: "t1", input: { command: "touch a" } });
    const { permissionId } = store.permissions.openOf(sessionId)[0]!;
    const updatedInput = { command: "touch b\ntouch c" };
    pool.answerPermission(permissionId, { decision: "allow", updatedInput }, owner);
    expect(rig.current.events(sessionId).slice(-2)).toMatchObject([
      { type: "permission.resolved", data: { permissionId, decision: "allow", by: "phone", updatedInput } },
      {
        type: "tool.started",
        turnId,
        data: {
          toolUseId: "t1",
          toolName: "Bash",
          title: "Bash: touch b … and 1 more line",
          input: updatedInput,
          edited: true,
        },
      },
    ]);
    expect(store.audit.list(undefined, 1).entries[0]?.detail).toContain(JSON.stringify(updatedInput));
  });

  test("DOOR-9 an edited input of a megabyte is cut in the line and the audit, and whole in the answer", async () => {
    const { sessionId, permissionId } = await asking({ toolUseId: "t1" });
    const updatedInput = { command: "x".repeat(1_000_000) };
    rig.current.pool.answerPermission(permissionId, { decision: "allow", updatedInput }, owner);
    const [resolved, started] = rig.current.events(sessionId).slice(-2);
    expect(resolved?.data).toMatchObject({ updatedInput });
    expect(started?.data).toMatchObject({ truncated: true, edited: true });
    expect(JSON.stringify(started?.data).length).toBeLessThan(5_000);
    expect(rig.current.store.audit.list(undefined, 1).entries[0]?.detail.length).toBeLessThan(2_200);
  });

  test.each<[string, object, Record<string, unknown>, string]>([
    ["a command with what is not seen", {}, { command: "touch b\u202e" }, "Bash: touch b\\u{202e}"],
    [
      "one that leaves the sandbox",
      {},
      { command: "ls", dangerouslyDisableSandbox: true },
      "Bash (outside the sandbox): ls",
    ],
    ["another file", { toolName: "Write" }, { file_path: "/b", content: "x" }, "Write: /b"],
    [
      "another plan",
      { toolName: "ExitPlanMode" },
      { plan: "2. Delete" },
      'ExitPlanMode: {"plan":"2. Delete"}',
    ],
    ["nothing at all", {}, {}, "Bash"],
  ])(
    "DOOR-9 %s in the place of what was asked is told in events and audit",
    async (_what, ask, edited, title) => {
      const { sessionId, permissionId } = await asking({ toolUseId: "t1", ...ask });
      rig.current.pool.answerPermission(permissionId, { decision: "allow", updatedInput: edited }, owner);
      expect(rig.current.events(sessionId).slice(-2)).toMatchObject([
        { type: "permission.resolved", data: { by: "phone", updatedInput: edited } },
        { type: "tool.started", data: { toolUseId: "t1", title, input: edited, edited: true } },
      ]);
      const detail = rig.current.store.audit.list(undefined, 1).entries[0]?.detail;
      expect(detail).toContain(`, edited: ${JSON.stringify(edited)}`);
    },
  );

  test("DOOR-9 an edited answer that holds for longer keeps the rule of what was asked, and is told", async () => {
    const suggestions = [
      { type: "addRules", behavior: "allow", rules: [{ toolName: "Bash", ruleContent: "ls" }] },
    ];
    const { sessionId, permissionId } = await asking({ toolUseId: undefined, suggestions });
    const updatedInput = { command: "rm -rf x" };
    const decision = { decision: "allow", scope: "session", updatedInput } as const;
    rig.current.pool.answerPermission(permissionId, decision, owner);
    const { store } = rig.current;
    expect(store.trust.sessionRulesOf(sessionId)).toEqual(["Bash(ls)"]);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "permission.resolved",
      data: { updatedInput },
    });
    expect(store.audit.list(undefined, 1).entries[0]?.detail).toContain("scope session, edited: ");
  });

  test("DOOR-9 an answer that repeats the input is no edit", async () => {
    const { sessionId, permissionId } = await asking({ toolUseId: "t1" });
    rig.current.pool.answerPermission(
      permissionId,
      { decision: "allow", updatedInput: { command: "ls" } },
      owner,
    );
    expect(rig.current.types(sessionId).at(-1)).toBe("permission.resolved");
    expect(rig.current.events(sessionId).at(-1)?.data).not.toHaveProperty("updatedInput");
  });
});

describe("T11: forms of MCP servers", () => {
  const fields = [{ name: "age", label: "Age", type: "integer" as const, required: true, min: 1 }];
  const form = { message: "How old?", server: "forms", fields };
  const ask = {
    toolName: "Elicitation",
    toolUseId: undefined,
    title: "forms: How old?",
    form,
    onceOnly: true,
  };

  test("REPORT-7 a form is told with its fields and takes answers that fit", async () => {
    const { sessionId, open, permission, permissionId } = await asking(ask);
    expect(permission).toMatchObject({ kind: "form", form, scopes: ["once"] });
    expect(rig.current.events(sessionId).at(-1)?.data).toMatchObject({ kind: "form", form });
    const { pool } = rig.current;
    const answer = (answers: Record<string, number | string>) =>
      pool.answerPermission(permissionId, { decision: "allow", answers }, owner);
    expect(await refusal(() => answer({ age: "seven" }))).toBe("invalid_answers");
    expect(await refusal(() => answer({ age: 0 }))).toBe("invalid_answers");
    expect(await refusal(() => answer({}))).toBe("invalid_answers");
    expect(answer({ age: 7 }).decision).toBe("allow");
    expect(answer({ age: 7 }).decision).toBe("allow");
    expect(await refusal(() => answer({ age: 8 }))).toBe("permission_already_resolved");
    await expect(open.answer).resolves.toEqual({ decision: "allow", answers: { age: 7 } });
  });

  test("REPORT-7 what a person declines, and what nobody answers, are told apart", async () => {
    const declined = await asking(ask);
    rig.current.pool.answerPermission(declined.permissionId, { decision: "deny" }, owner);
    expect((await declined.open.answer).isExpired).toBeUndefined();
    const late = declined.process.ask(ask);
    await rig.current.clock.run(10 * minuteMs);
    await expect(late.answer).resolves.toMatchObject({ decision: "deny", isExpired: true });
    const cut = declined.process.ask(ask);
    cut.abort();
    await expect(cut.answer).resolves.toMatchObject({ decision: "deny", isExpired: true });
  });
});
