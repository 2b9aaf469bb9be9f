import { describe, expect, test } from "@jest/globals";
import { minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const openOf = (sessionId: string) => rig.current.store.permissions.openOf(sessionId);

describe("a permission", () => {
  test("that could not be withdrawn for a full disk is withdrawn a second later, by time and by abort", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const timed = process.ask();
    disk.plan(true, true);
    await clock.run(10 * minuteMs);
    expect([timed.decision, openOf(sessionId).length]).toEqual([undefined, 1]);
    await clock.run(1_999);
    expect(timed.decision).toBeUndefined();
    await clock.run(1);
    expect([timed.decision?.decision, openOf(sessionId).length]).toEqual(["deny", 0]);
    const aborted = process.ask();
    disk.plan(true);
    aborted.abort();
    await clock.run(999);
    expect(aborted.decision).toBeUndefined();
    await clock.run(1);
    expect([aborted.decision?.decision, rig.current.state(sessionId)]).toEqual(["deny", "busy"]);
  });

  test("of one session leaves those of another open, and one that is over leaves the others", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const one = await rig.current.busySession();
    const other = await rig.current.busySession();
    const asks = [one.process.ask(), one.process.ask(), other.process.ask()];
    asks[0]!.abort();
    await clock.settle();
    expect([asks[0]!.decision?.decision, rig.current.state(one.sessionId)]).toEqual(["deny", "waiting"]);
    await pool.stopProcesses(one.sessionId, owner);
    await clock.settle();
    expect([asks[1]!.decision?.decision, asks[2]!.decision]).toEqual(["deny", undefined]);
    expect([rig.current.state(other.sessionId), openOf(other.sessionId).length]).toEqual(["waiting", 1]);
  });

  test("is asked, and its answer is written, before Claude hears it", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const at = clock.now();
    const ask = process.ask({ title: "Run ls", description: "Lists", input: { command: "ls" } });
    const [permission] = openOf(sessionId);
    expect(permission).toMatchObject({
      requestedAt: at,
      expiresAt: at + 10 * minuteMs,
      turnId,
      kind: "tool",
    });
    let stateThen: string | undefined;
    void ask.answer.then(() => {
      stateThen = store.permissions.get(permission!.permissionId)?.state;
    });
    expect(pool.answerPermission(permission!.permissionId, { decision: "allow" }, owner)).toEqual({
      permissionId: permission!.permissionId,
      state: "resolved",
      decision: "allow",
      scope: "once",
    });
    expect(rig.current.state(sessionId)).toBe("busy");
    await clock.settle();
    expect([stateThen, ask.decision]).toEqual(["resolved", { decision: "allow" }]);
    expect(store.audit.list(undefined, 1).entries[0]).toMatchObject({
      action: "permission.allow",
      target: permission!.permissionId,
      detail: `Bash in session ${sessionId}, scope once`,
    });
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "permission.resolved",
      data: { permissionId: permission!.permissionId, decision: "allow", by: "phone" },
    });
  });

  test("is refused by an id that nobody has, and by one that is over", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    expect(await refusal(() => pool.answerPermission("no", { decision: "allow" }, owner))).toBe(
      "permission_not_found",
    );
    const { sessionId, process } = await rig.current.busySession();
    process.ask();
    const { permissionId } = openOf(sessionId)[0]!;
    await clock.run(10 * minuteMs - 1);
    expect(openOf(sessionId)).toHaveLength(1);
    await clock.run(1);
    expect(await refusal(() => pool.answerPermission(permissionId, { decision: "allow" }, owner))).toBe(
      "permission_expired",
    );
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "permission.expired",
      data: { permissionId, reason: "timed_out" },
    });
  });

  test("that could not be kept leaves no timer, and Claude is told that it failed", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { process } = await rig.current.busySession();
    await clock.run(100);
    const before = clock.armed;
    disk.plan(true);
    expect(() => process.ask()).toThrow("The disk is full.");
    expect(clock.armed).toBe(before);
  });
});
