import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { deferred, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("a recap that is being made", () => {
  test("is of the conversation as it was asked for: a turn that ends meanwhile makes the next one new", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const answer = deferred<string>();
    host.forkAnswer = () => answer.promise;
    const first = pool.recap(sessionId);
    rig.current.submit({ sessionId, message: "More" });
    process.reply("Done.");
    await clock.settle();
    const second = pool.recap(sessionId);
    await clock.settle();
    // One fork at a time.
    expect(host.forks).toHaveLength(1);
    answer.resolve("Of one turn.");
    expect(await first).toMatchObject({ text: "Of one turn.", turnCount: 1, cached: false });
    expect(await second).toMatchObject({ turnCount: 2, cached: false });
    expect([host.forks.length, (await pool.recap(sessionId)).cached]).toEqual([2, true]);
  });

  test("T09 is counted with what it used, as no turn", async () => {
    await rig.current.open();
    const { host, pool, store } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    host.usedBeside = [{ model: "claude", costUsd: 0.25, inputTokens: 10, outputTokens: 5 }];
    await pool.recap(sessionId);
    expect(store.usage.since("0")).toMatchObject([{ model: "claude", costUsd: 0.25, turns: 0 }]);
    host.forkAnswer = async () => {
      throw new Error("No.");
    };
    rig.current.submit({ sessionId, message: "More" });
    host.process(sessionId).reply("Done.");
    await rig.current.clock.settle();
    await expect(pool.recap(sessionId)).rejects.toThrow("No.");
    // What it used before it failed was used.
    expect(store.usage.since("0")).toMatchObject([{ costUsd: 0.5, inputTokens: 20, outputTokens: 10 }]);
  });

  test("is shared by those that ask meanwhile, and its failure is forgotten by the next", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    const answer = deferred<string>();
    host.forkAnswer = () => answer.promise;
    const asked = [1, 2].map(() => pool.recap(sessionId).catch((error: Error) => error.message));
    await clock.settle();
    expect(host.forks).toHaveLength(1);
    answer.reject(new Error("No."));
    expect(await Promise.all(asked)).toEqual(["No.", "No."]);
    host.forkAnswer = async () => "Now.";
    expect((await pool.recap(sessionId)).text).toBe("Now.");
  });

  test("is asked of Claude's own conversation, in plan mode, with the session's model, and told once", async () => {
    await rig.current.open({ claudeModel: "claude-z" });
    const { host, pool, clock } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    rig.current.store.transaction(() => rig.current.store.sessions.setClaudeSession(sessionId, "cleared"));
    await pool.recap(sessionId);
    expect(host.forks[0]?.spec).toMatchObject({
      claudeSessionId: "cleared",
      sessionId,
      projectPath: "/projects/alpha",
      model: "claude-z",
      permissionMode: "default",
    });
    const told = rig.current.events(sessionId).filter(({ type }) => type === "session.recap");
    expect(told.map(({ data }) => data)).toEqual([{ text: "A recap.", turnCount: 1 }]);
    expect(await pool.recap(sessionId)).toEqual({
      text: "A recap.",
      turnCount: 1,
      createdAt: clock.now(),
      cached: true,
    });
  });

  test("of a closed session, or of a forbidden directory, is refused before a fork is made", async () => {
    await rig.current.open();
    const { host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    rig.current.refusedProjects.set("/projects/alpha", new DaylongError("project_forbidden", "Moved."));
    expect(await refusal(() => pool.recap(sessionId))).toBe("project_forbidden");
    await pool.closeSession(sessionId, owner);
    expect([await refusal(() => pool.recap(sessionId)), host.forks]).toEqual(["session_closed", []]);
  });

  test("that cannot be written is not kept, and leaves no timer", async () => {
    await rig.current.open();
    const { clock, disk, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(1_000);
    const before = clock.armed;
    disk.plan(true);
    expect(await refusal(() => pool.recap(sessionId))).toBe("storage_failed");
    expect((await pool.recap(sessionId)).cached).toBe(false);
    expect(clock.armed).toBe(before);
  });
});
