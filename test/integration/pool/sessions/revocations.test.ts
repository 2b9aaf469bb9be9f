import { describe, expect, test } from "@jest/globals";
import { owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const admin = { deviceId: "local", scope: "admin" as const };
const other = { deviceId: "tablet", scope: "chat" as const };
const phone = owner.deviceId;
const revoke = () => rig.current.pool.endWorkOf(phone, admin);
const begin = (options: object, more = {}) =>
  rig.current.pool.createSession({
    caller: { ...owner, scope: "admin" },
    projectPath: "/projects/alpha",
    options,
    ...more,
  });
const audited = () =>
  rig.current.store.audit
    .list(undefined, 100)
    .entries.map(({ deviceId, action, target, detail }) => ({ deviceId, action, target, detail }));

describe("DOOR-7 A12: the work of a revoked device", () => {
  test("DOOR-7 A12: its queued and scheduled turns are cancelled, others' wait on and run", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    await pool.updateSession(sessionId, { title: "A" }, owner);
    const queued = rig.current.submit({ sessionId, message: "Queued" });
    const scheduled = rig.current.submit({ sessionId, message: "Later", sendAt: clock.now() + 7_000 });
    const alone = rig.current.submit({ message: "Later, elsewhere", sendAt: clock.now() + 7_000 });
    const theirs = rig.current.submit({ sessionId, message: "Mine", caller: other });
    expect(revoke()).toMatchObject({ cancelledTurns: 3, interruptedTurns: 1, restrictedSessions: 0 });
    for (const { turnId } of [queued, scheduled, alone])
      expect(rig.current.ends(turnId)).toEqual(["turn.cancelled"]);
    await clock.settle();
    await clock.run(10_000);
    expect(process.sent.map(({ turnId }) => turnId)).toContain(theirs.turnId);
    const prompts = rig.current.host.live().flatMap(({ sent }) => sent.map(({ text }) => text));
    expect(prompts).toEqual(["Work", "Mine"]);
    expect(audited()).toContainEqual({
      deviceId: "local",
      action: "turn.cancel",
      target: queued.turnId,
      detail: `of the revoked device ${phone}`,
    });
  });

  test("DOOR-7 A12: its running turn is interrupted and says why; another device's goes on", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const mine = await rig.current.busySession();
    const theirs = rig.current.submit({ message: "Work", caller: other });
    await clock.settle();
    revoke();
    await clock.settle();
    expect(mine.process.interrupts).toHaveLength(1);
    expect(rig.current.ends(mine.turnId)).toEqual(["turn.interrupted interrupted"]);
    expect(store.turns.get(mine.turnId)?.error?.detail).toMatch(/revoked/);
    expect(rig.current.host.process(theirs.sessionId).interrupts).toEqual([]);
    expect(store.turns.get(theirs.turnId)?.state).toBe("running");
    expect(audited()).toContainEqual(
      expect.objectContaining({ deviceId: "local", action: "turn.interrupt", target: mine.turnId }),
    );
  });

  test("DOOR-7 A12: a turn whose process is still coming up ends too", async () => {
    await rig.current.open();
    rig.current.host.manners.start = "held";
    const { turnId } = rig.current.submit({ message: "Work" });
    await rig.current.clock.settle();
    revoke();
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toHaveLength(1);
    for (const start of rig.current.host.starts.filter((one) => one.isOpen())) start.comeUp();
    await rig.current.clock.settle();
    expect(rig.current.host.live().flatMap(({ sent }) => sent)).toEqual([]);
  });

  test("DOOR-7 A12: a session that it let use tools asks again: told, and its process is replaced", async () => {
    await rig.current.open();
    const { clock, pool, host } = rig.current;
    const { sessionId } = await begin({ allowedTools: ["Bash"], appendSystemPrompt: "Be brief." });
    rig.current.submit({ sessionId, message: "Hello", caller: other });
    await clock.settle();
    const process = host.process(sessionId);
    process.reply("Hi.");
    await clock.settle();
    expect(revoke()).toMatchObject({ cancelledTurns: 0, interruptedTurns: 0, restrictedSessions: 1 });
    await clock.settle();
    expect(process.alive).toBe(false);
    expect(pool.session(sessionId)).not.toHaveProperty("allowedTools");
    expect(pool.session(sessionId)).toMatchObject({ appendSystemPrompt: "Be brief." });
    expect(rig.current.events(sessionId)).toContainEqual(
      expect.objectContaining({ type: "session.updated", data: { allowedTools: [] } }),
    );
    expect(audited()).toContainEqual({
      deviceId: "local",
      action: "session.restrict",
      target: sessionId,
      detail: `tools of the revoked device ${phone}`,
    });
    rig.current.submit({ sessionId, message: "Again", caller: other });
    await clock.settle();
    const next = host.process(sessionId);
    expect(next).not.toBe(process);
    expect(next.spec.options.allowedTools).toBeUndefined();
  });

  test("DOOR-7 A12: another device's turn there may end, and then its process is replaced; what Claude began there is interrupted", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await begin({ allowedTools: ["Bash"] });
    rig.current.submit({ sessionId, message: "Work", caller: other });
    await clock.settle();
    const process = host.process(sessionId);
    revoke();
    await clock.settle();
    expect([process.alive, process.interrupts]).toEqual([true, []]);
    process.reply("Done.");
    await clock.settle();
    expect(process.alive).toBe(false);

    const second = await begin({ allowedTools: ["Bash"] });
    rig.current.submit({ sessionId: second.sessionId, message: "Work", caller: other });
    await clock.settle();
    const working = host.process(second.sessionId);
    working.reply("Started.");
    await clock.settle();
    working.beginOwn("task");
    await clock.settle();
    expect(revoke()).toMatchObject({ interruptedTurns: 1, restrictedSessions: 1 });
    await clock.settle();
    expect([working.interrupts.length, working.alive]).toEqual([1, false]);
  });

  test("DOOR-7 A12: a mode that it chose becomes the default one, live and in the store; one that another chose stays", async () => {
    await rig.current.open({ allowBypassPermissions: true });
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await pool.updateSession(sessionId, { permissionMode: "acceptEdits" }, owner);
    const bypass = await begin({}, { permissionMode: "bypassPermissions" });
    const theirs = await begin({}, { permissionMode: "acceptEdits" });
    await pool.updateSession(theirs.sessionId, { permissionMode: "bypassPermissions" }, other);
    const plan = await begin({}, { permissionMode: "acceptEdits" });
    await pool.updateSession(plan.sessionId, { permissionMode: "plan" }, owner);
    expect(revoke().restrictedSessions).toBe(2);
    await clock.settle();
    expect(process.modes).toEqual(["acceptEdits", "default"]);
    const modes = [sessionId, bypass.sessionId, theirs.sessionId, plan.sessionId].map(
      (id) => pool.session(id).permissionMode,
    );
    expect(modes).toEqual(["default", "default", "bypassPermissions", "plan"]);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "session.updated",
      data: { permissionMode: "default" },
    });
  });

  test("DOOR-7 A12: a Claude that does not take the mode back loses its process", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    await pool.updateSession(sessionId, { permissionMode: "acceptEdits" }, owner);
    process.refuseModes = new Error("no");
    revoke();
    await clock.settle();
    expect([process.alive, pool.session(sessionId).permissionMode]).toEqual([false, "default"]);
  });

  test("DOOR-7 A12: all of it is written with the revocation or not at all", async () => {
    await rig.current.open();
    const { store, pool, clock } = rig.current;
    const busy = await rig.current.busySession();
    await pool.updateSession(busy.sessionId, { permissionMode: "acceptEdits" }, owner);
    const queued = rig.current.submit({ sessionId: busy.sessionId, message: "Queued" });
    const undone = () =>
      store.transaction(() => {
        revoke();
        throw new Error("The disk is full.");
      });
    expect(undone).toThrow("The disk is full.");
    await clock.settle();
    expect(busy.process.interrupts).toEqual([]);
    expect([store.turns.get(queued.turnId)?.state, pool.session(busy.sessionId).permissionMode]).toEqual([
      "queued",
      "acceptEdits",
    ]);
    expect(revoke()).toMatchObject({ cancelledTurns: 1, interruptedTurns: 1, restrictedSessions: 1 });
  });
});

const ruleOf = (ruleContent: string) => ({
  suggestions: [{ type: "addRules", behavior: "allow", rules: [{ toolName: "Bash", ruleContent }] }],
});

describe("DOOR-7 A12: what a revoked device leaves behind", () => {
  test("DOOR-7 A12: the rules that it gave for a session and for a project are forgotten, and their processes replaced; others' rules stay", async () => {
    await rig.current.open();
    const { clock, pool, store, host } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const other1 = rig.current.submit({ message: "Elsewhere in the project", caller: other });
    await clock.settle();
    const neighbour = host.process(other1.sessionId);
    neighbour.reply("Hi.");
    await clock.settle();
    const answer = async (rule: string, scope: "session" | "always", by: typeof owner | typeof other) => {
      process.ask(ruleOf(rule));
      await clock.settle();
      const [open] = store.permissions.openOf(sessionId);
      pool.answerPermission(open!.permissionId, { decision: "allow", scope }, by);
      await clock.settle();
    };
    await answer("touch a", "session", owner);
    await answer("touch b", "always", owner);
    await answer("touch c", "session", other);
    await answer("touch d", "always", other);
    process.reply("Done.");
    await clock.settle();
    const { projectPath } = pool.session(sessionId);
    expect(store.trust.rulesOf(projectPath)).toEqual(["Bash(touch b)", "Bash(touch d)"]);
    expect(revoke()).toMatchObject({ withdrawnRules: 2, restrictedSessions: 2 });
    await clock.settle();
    expect(store.trust.rulesOf(projectPath)).toEqual(["Bash(touch d)"]);
    expect(store.trust.sessionRulesOf(sessionId)).toEqual(["Bash(touch c)"]);
    // The other session of the project lived by the rule, too.
    expect([process.alive, neighbour.alive]).toEqual([false, false]);
    const detail = `rules of the revoked device ${phone}`;
    expect(audited()).toContainEqual({
      deviceId: "local",
      action: "project.restrict",
      target: projectPath,
      detail,
    });
    expect(audited()).toContainEqual({
      deviceId: "local",
      action: "session.restrict",
      target: sessionId,
      detail,
    });
  });

  test("DOOR-7 A12: tasks and wake-ups that followed from its turns are stopped, those of other devices go on", async () => {
    await rig.current.open();
    const { clock, store, host } = rig.current;
    const mine = await rig.current.busySession();
    mine.process.startTask("b1");
    const wakeup = {
      taskId: "w1",
      description: "Look again",
      turnId: mine.turnId,
      dueAt: clock.now() + 60_000,
      prompt: "Look again",
      survivesResume: false,
    };
    mine.process.say({ kind: "wakeup-set", wakeup });
    const theirs = rig.current.submit({ message: "Work", caller: other });
    await clock.settle();
    const process = host.process(theirs.sessionId);
    process.startTask("b2");
    mine.process.reply("Started.");
    process.reply("Started.");
    await clock.run(50);
    expect(revoke()).toMatchObject({ stoppedTasks: 2, interruptedTurns: 0 });
    await clock.settle();
    expect([mine.process.stoppedTasks, process.stoppedTasks]).toEqual([["b1"], []]);
    const stateOf = (sessionId: string, taskId: string) => store.tasks.get(sessionId, taskId)?.state;
    expect([stateOf(mine.sessionId, "w1"), stateOf(theirs.sessionId, "b2")]).toEqual(["stopped", "running"]);
    expect(rig.current.events(mine.sessionId)).toContainEqual(
      expect.objectContaining({
        type: "task.finished",
        data: expect.objectContaining({ taskId: "w1", state: "stopped" }),
      }),
    );
    for (const taskId of ["b1", "w1"])
      expect(audited()).toContainEqual({
        deviceId: "local",
        action: "task.stop",
        target: mine.sessionId,
        detail: `${taskId} of the revoked device ${phone}`,
      });
    // Nothing of it comes back when it would have been due.
    await clock.run(300_000);
    expect(mine.process.sent).toHaveLength(1);
  });

  test("DOOR-7 A12: what Claude does by itself after its turn is interrupted, after another device's it is not", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    process.beginOwn("task");
    const theirs = rig.current.submit({ message: "Hello", caller: other });
    await clock.settle();
    const otherProcess = host.process(theirs.sessionId);
    otherProcess.reply("Hi.");
    await clock.settle();
    otherProcess.beginOwn("task");
    await clock.settle();
    expect(revoke()).toMatchObject({ interruptedTurns: 1 });
    await clock.settle();
    expect([process.interrupts.length, otherProcess.interrupts.length]).toEqual([1, 0]);
    expect(rig.current.types(sessionId)).toContain("turn.interrupted");
  });

  test("DOOR-7 A12: a Claude that does not stop the task loses its process", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { process } = await rig.current.busySession();
    process.startTask("b1");
    process.reply("Started.");
    await clock.run(50);
    process.isDumb = true;
    revoke();
    await clock.run(5_000);
    expect(process.stoppedTasks).toEqual(["b1"]);
    expect(process.alive).toBe(false);
  });
});
