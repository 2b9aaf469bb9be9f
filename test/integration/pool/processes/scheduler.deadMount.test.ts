import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("F18: a project on a mount that is dead", () => {
  test("F18: its message fails after a minute and says why, and its place is free again", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host, pool, silentProjects } = rig.current;
    silentProjects.add("/projects/dead");
    const dead = rig.current.submit({ message: "Hello", projectPath: "/projects/dead" });
    const behind = rig.current.submit({ message: "Hello" });
    await clock.run(minuteMs - 1);
    expect(rig.current.ends(dead.turnId)).toEqual([]);
    await clock.run(1);
    expect(rig.current.ends(dead.turnId)).toEqual(["turn.failed project_not_found"]);
    expect(pool.session(dead.sessionId).state).toBe("parked");
    host.process(behind.sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(behind.turnId)).toEqual(["turn.completed"]);
    expect(host.specs.map(({ projectPath }) => projectPath)).toEqual(["/projects/alpha"]);
  });

  test("F18: the owner's order to stop it is obeyed at once", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, pool, silentProjects } = rig.current;
    silentProjects.add("/projects/dead");
    const { sessionId, turnId } = rig.current.submit({ message: "Hello", projectPath: "/projects/dead" });
    await clock.settle();
    expect(pool.stats().availableSlots).toBe(0);
    expect(await pool.stopProcesses(sessionId, owner)).toEqual([sessionId]);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    expect(pool.stats().availableSlots).toBe(1);
  });

  test("F18: a recap of it fails in bounded time, and the next session's is made", async () => {
    await rig.current.open();
    const { clock, pool, silentProjects } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    silentProjects.add("/projects/alpha");
    const silent = pool.recap(sessionId).catch((error: unknown) => error);
    await clock.run(2 * minuteMs);
    const error = await silent;
    expect(error instanceof DaylongError && error.code).toBe("recap_failed");
    silentProjects.clear();
    expect((await pool.recap(sessionId)).text).toBe("A recap.");
  });
});
