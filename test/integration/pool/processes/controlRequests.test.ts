import { describe, expect, test } from "@jest/globals";
import type { ContextUse } from "../../../../server/domain/processes/process.ts";
import { deferred, hourMs, minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

/** Sessions that are idle, one after the other; those before the last `maxConcurrentSessions` had to make room. */
async function idleSessions(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push((await rig.current.idleSession()).sessionId);
    await rig.current.clock.run(minuteMs);
  }
  return ids;
}
const lastReplyOf = (sessionId: string) => {
  const said = rig.current.events(sessionId).findLast((event) => event.type === "turn.completed");
  return (said!.data as { messageId: string }).messageId;
};
const live = () => rig.current.host.live().map(({ spec }) => spec.sessionId);

describe("S21 S27 what a parked session is asked while every place is taken", () => {
  test("S14: the longest idle makes room, as for a message", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { pool, clock, host } = rig.current;
    const [first, second, third] = (await idleSessions(3)) as [string, string, string];
    expect([live(), rig.current.state(first)]).toEqual([[second, third], "parked"]);
    const asked = pool.contextUse(first);
    await clock.settle();
    expect((await asked).totalTokens).toBe(10);
    expect([live(), rig.current.state(second)]).toEqual([[third, first], "parked"]);
    const rewound = pool.rewind(second, lastReplyOf(second), true, owner);
    await clock.settle();
    expect(await rewound).toMatchObject({ canRewind: true, filesChanged: ["a.txt", "…/b.txt"] });
    expect([live(), host.mostAtOnce, host.mostOfOneSession]).toEqual([[first, second], 2, 1]);
  });

  test("two that ask at once get two places", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { pool, clock, host } = rig.current;
    const [first, second] = (await idleSessions(4)) as [string, string];
    const asked = Promise.all([pool.contextUse(first), pool.contextUse(second)]);
    await clock.settle();
    expect((await asked).length).toBe(2);
    expect([live().sort(), host.mostAtOnce]).toEqual([[first, second].sort(), 2]);
  });

  test("is refused at once when all of them work, and after 10 s when nobody goes; no timer is left", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, clock, host } = rig.current;
    const [first] = (await idleSessions(1)) as [string];
    const { process } = await rig.current.busySession();
    expect(await refusal(() => pool.contextUse(first))).toBe("pool_full");
    process.reply("Done.");
    await clock.settle();
    host.manners.stop = "held";
    await clock.run(30_000);
    const before = clock.armed;
    const asked = refusal(() => pool.contextUse(first));
    await clock.run(10_000);
    expect(await asked).toBe("pool_full");
    expect(clock.armed).toBe(before);
  });

  test("waits for the session's own process that is on its way out", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    const stopped = pool.stopProcesses(sessionId, owner);
    const asked = pool.contextUse(sessionId);
    await clock.run(1_000);
    process.leave();
    await clock.settle();
    expect((await asked).totalTokens).toBe(10);
    await stopped;
    expect(host.mostOfOneSession).toBe(1);
  });

  test("DOOR-24: a process that answers nothing holds the question for 5 s, and not for half a minute", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    host.process(sessionId).isDumb = true;
    const asked = refusal(() => pool.contextUse(sessionId));
    await clock.run(5_000);
    expect(await asked).toBe("session_busy");
  });

  test("nobody takes the process away from what it is asked, and a message gets its place right after", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { pool, clock, host } = rig.current;
    const [first, second] = (await idleSessions(2)) as [string, string];
    host.process(second).isDumb = true;
    const asked = refusal(() => pool.rewind(second, lastReplyOf(second), false, owner));
    const { turnId } = rig.current.submit({ sessionId: first, message: "Go on" });
    await clock.run(29_000);
    expect(live()).toEqual([second]);
    await clock.run(1_000);
    expect(await asked).toBe("session_busy");
    await clock.settle();
    host.process(first).reply("Here.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("S18: in the rollback a process is brought up for it, right after a turn too, and let go after it", async () => {
    await rig.current.open({ interactive: false, maxConcurrentSessions: 1 });
    const { pool, clock, host } = rig.current;
    const [first, second] = (await idleSessions(2)) as [string, string];
    expect(live()).toEqual([]);
    const asked = pool.contextUse(first);
    await clock.settle();
    expect((await asked).totalTokens).toBe(10);
    await clock.settle();
    expect([live(), rig.current.state(first)]).toEqual([[], "parked"]);
    const { sessionId, process } = await rig.current.busySession();
    process.reply("Done.");
    const rewound = pool.rewind(sessionId, lastReplyOf(sessionId), false, owner);
    await clock.settle();
    expect(await rewound).toMatchObject({ canRewind: true });
    rig.current.submit({ sessionId: second, message: "Go on" });
    await clock.settle();
    expect([live(), host.mostAtOnce, host.mostOfOneSession]).toEqual([[second], 1, 1]);
  });

  test("of a closed and of an expired session there is nothing to be asked", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(25 * hourMs);
    expect(await refusal(() => pool.contextUse(sessionId))).toBe("nothing_running");
    await pool.closeSession(sessionId, owner);
    expect(await refusal(() => pool.contextUse(sessionId))).toBe("session_closed");
  });
});

const full: ContextUse = { model: "claude", totalTokens: 1, maxTokens: 2, percentage: 50, categories: [] };

describe("two that ask one process", () => {
  test("keep it until the second has its answer; then it makes room", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const answers = [deferred<ContextUse>(), deferred<ContextUse>()];
    let count = 0;
    process.contextUse = () => answers[count++]!.promise;
    const asked = [pool.contextUse(sessionId), pool.contextUse(sessionId)];
    await clock.settle();
    const waiting = rig.current.submit({ message: "Other" });
    answers[0]!.resolve(full);
    await asked[0];
    await clock.settle();
    expect([process.stopCount, host.specs.length]).toEqual([0, 1]);
    answers[1]!.reject(new Error("No."));
    await expect(asked[1]).rejects.toThrow("No.");
    await clock.settle();
    expect([process.alive, host.process(waiting.sessionId).sent.length]).toEqual([false, 1]);
  });

  test("are both told when it goes before it answered", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const answer = deferred<ContextUse>();
    process.contextUse = () => answer.promise;
    const asked = [1, 2].map(() => refusal(() => pool.contextUse(sessionId)));
    await clock.settle();
    process.crash();
    answer.reject(new Error("Query closed before response received"));
    expect(await Promise.all(asked)).toEqual(["process_start_failed", "process_start_failed"]);
  });
});

describe("a process that is woken for what it is asked", () => {
  test("that does not come up says so, and leaves no timer", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await pool.stopProcesses(sessionId, owner);
    await clock.run(1_000);
    const before = clock.armed;
    host.manners.start = "held";
    const late = refusal(() => pool.contextUse(sessionId));
    await clock.run(59_999);
    expect(host.starts).toHaveLength(1);
    await clock.run(1);
    expect(await late).toBe("process_start_failed");
    host.starts[0]!.comeUp();
    await clock.settle();
    expect([rig.current.state(sessionId), clock.armed]).toEqual(["idle", before]);
    await pool.stopProcesses(sessionId, owner);
    const failed = refusal(() => pool.contextUse(sessionId));
    await clock.settle();
    host.starts[0]!.fail();
    expect(await failed).toBe("process_start_failed");
  });

  test("is not woken for a session that is closed while its old process goes", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    const stopped = pool.stopProcesses(sessionId, owner);
    const asked = refusal(() => pool.contextUse(sessionId));
    await clock.settle();
    const closed = pool.closeSession(sessionId, owner);
    process.leave();
    await Promise.all([stopped, closed]);
    expect([await asked, host.specs.length]).toEqual(["session_closed", 1]);
  });

  test("is not woken while it is quarantined, nor while starts are held", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await pool.stopProcesses(sessionId, owner);
    host.manners.start = "fail";
    for (let round = 0; round < 3; round += 1) rig.current.submit({ message: `${round}` });
    await clock.settle();
    const starts = host.specs.length;
    host.manners.start = "at-once";
    expect(await refusal(() => pool.contextUse(sessionId))).toBe("pool_full");
    expect(host.specs).toHaveLength(starts);
    for (let round = 0; round < 6; round += 1) await clock.run(60_000);
  });

  test("waits for the place that another vacates, though a message waits for one as well", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host, pool } = rig.current;
    const first = await rig.current.idleSession();
    const second = await rig.current.idleSession();
    host.manners.stop = "held";
    const waiting = rig.current.submit({ message: "Waits" });
    expect(second.process.stopCount).toBe(1);
    // The one place that is being vacated is the message's.
    expect(await refusal(() => pool.contextUse(first.sessionId))).toBe("pool_full");
    second.process.leave();
    await clock.settle();
    expect(host.process(waiting.sessionId).sent).toHaveLength(1);
  });
});
