import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const told = (type: string) =>
  rig.current.store.events.after(0, 100_000).filter((event) => event.type === type);
const health = () => rig.current.pool.health();

/** A message of the session, or of a new one, whose start fails; when it had to wait for its try, that is given time. */
async function failedStart(sessionId?: string, waitMs = 0): Promise<string> {
  const { clock, host } = rig.current;
  host.manners.start = "fail";
  const sent = rig.current.submit({ message: "Fails", ...(sessionId ? { sessionId } : {}) });
  await clock.run(waitMs);
  host.manners.start = "at-once";
  expect(rig.current.ends(sent.turnId)).toEqual(["turn.failed process_start_failed"]);
  return sent.sessionId;
}

describe("starts that fail", () => {
  test("NET-10: are forgotten after one that went well: the next failures are of their sessions alone", async () => {
    await rig.current.open();
    const first = await failedStart();
    await failedStart(first, 1_000);
    await rig.current.idleSession();
    const second = await failedStart();
    expect([told("resource.warning"), health()]).toEqual([[], { state: "ok" }]);
    await failedStart(second, 1_000);
    await failedStart();
    // Now there are three in a row, in two sessions.
    expect(told("resource.warning")).toHaveLength(1);
    expect(health().state).toBe("degraded");
  });

  test("of one session are its own however many, of two they are the pool's from the third on", async () => {
    await rig.current.open();
    const first = await failedStart();
    await failedStart(first, 1_000);
    await failedStart(first, 2_000);
    expect(told("resource.warning")).toEqual([]);
    await failedStart();
    expect(told("resource.warning")).toHaveLength(1);
  });

  test("NET-10: of the pool are over with the first that goes well, and everything begins at once again", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    for (let round = 0; round < 3; round += 1) await failedStart();
    expect(health().state).toBe("degraded");
    const next = rig.current.submit({ message: "Next" });
    const behind = rig.current.submit({ message: "Behind" });
    const starts = host.specs.length;
    await clock.run(999);
    expect(host.specs).toHaveLength(starts);
    await clock.run(1);
    expect([health(), host.live().length]).toEqual([{ state: "ok" }, 2]);
    for (const { sessionId } of [next, behind]) host.process(sessionId).reply("Hi.");
    // The counts begin anew: a new incident takes three again, and its first pause is a second.
    await failedStart();
    await failedStart();
    expect(health()).toEqual({ state: "ok" });
    await failedStart();
    expect(told("resource.warning")).toHaveLength(2);
    const again = rig.current.submit({ message: "Again" });
    await clock.run(1_000);
    expect(host.process(again.sessionId).sent).toHaveLength(1);
  });

  test("do not hold an idle process's message", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    for (let round = 0; round < 3; round += 1) await failedStart();
    rig.current.submit({ sessionId, message: "Goes" });
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "Goes"]);
  });

  test("that are none of Claude's count for nothing, nor does one that was given up", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    host.manners.start = "held";
    for (let round = 0; round < 4; round += 1) {
      rig.current.submit({ message: "Hello" });
      await clock.settle();
      host.starts[0]!.fail(new DaylongError("conversation_held", "A terminal holds it."));
      const given = rig.current.submit({ message: "Hello" });
      await clock.settle();
      await pool.stopProcesses(given.sessionId, owner);
      await clock.settle();
    }
    expect([health(), told("resource.warning"), told("session.quarantined")]).toEqual([
      { state: "ok" },
      [],
      [],
    ]);
  });
});

describe("a session that fails and is answered again", () => {
  test("begins its pauses anew", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const sessionId = await failedStart();
    await failedStart(sessionId, 1_000);
    await clock.run(2_000);
    rig.current.submit({ sessionId, message: "Good" });
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    await rig.current.pool.stopProcesses(sessionId, owner);
    await clock.settle();
    await failedStart(sessionId);
    const next = rig.current.submit({ sessionId, message: "Next" });
    await clock.run(999);
    expect(host.live()).toEqual([]);
    await clock.run(1);
    expect(host.process(sessionId).sent.map(({ turnId }) => turnId)).toEqual([next.turnId]);
  });

  test("a crash in a turn counts, an end of ours does not", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    for (let round = 0; round < 6; round += 1) {
      rig.current.submit({ sessionId, message: "Work" });
      await clock.settle();
      await pool.stopProcesses(sessionId, owner);
      await clock.settle();
    }
    expect(told("session.quarantined")).toEqual([]);
    rig.current.submit({ sessionId, message: "Work" });
    await clock.settle();
    host.process(sessionId).crash();
    rig.current.submit({ sessionId, message: "Work" });
    await clock.settle();
    host.process(sessionId).crash();
    await clock.settle();
    const third = rig.current.submit({ sessionId, message: "Work" });
    await clock.run(999);
    expect(third.state).toBe("queued");
    expect(host.live()).toEqual([]);
    await clock.run(1);
    expect(host.live()).toHaveLength(1);
  });
});

describe("a login that is over", () => {
  test("takes the broken process away, and the next incident is told by its own words", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.refused({ kind: "login-refused", detail: "First." });
    await clock.settle();
    expect([process.alive, rig.current.ends(turnId)]).toEqual([false, ["turn.failed login_required"]]);
    expect(health().detail).toBe("First.");
    await clock.run(15_000);
    rig.current.submit({ sessionId, message: "Try" });
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect(health()).toEqual({ state: "ok" });
    rig.current.submit({ sessionId, message: "Again" });
    host.process(sessionId).refused({ kind: "login-refused", detail: "Second." });
    await clock.settle();
    expect(told("login.required").map(({ data }) => data)).toEqual([
      { detail: "First." },
      { detail: "Second." },
    ]);
    // The pause begins anew as well.
    const next = rig.current.submit({ message: "Next" });
    await clock.run(15_000);
    expect(host.process(next.sessionId).sent).toHaveLength(1);
  });

  test("that is refused between turns holds messages and ends no process", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    process.refused({ kind: "login-refused", detail: "Log in." });
    await rig.current.clock.settle();
    expect([process.alive, health().detail]).toEqual([true, "Log in."]);
    expect(rig.current.submit({ sessionId, message: "Waits" }).state).toBe("queued");
  });

  test("is not proved by a failed result, nor by a tool's end", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const met = await rig.current.busySession();
    met.process.startTool("t1");
    met.process.refused({ kind: "limit-hit", refusals: 4 });
    met.process.finishTool("t1");
    expect(health().state).toBe("degraded");
    met.process.result({ outcome: "failed", failure: { code: "claude_error", detail: "429" } });
    await clock.settle();
    expect(health().state).toBe("degraded");
  });

  test.each(["delta", "thinking", "message", "tool"])(
    "is over with the first %s of the try",
    async (sign) => {
      await rig.current.open();
      const { clock, host } = rig.current;
      const lost = await rig.current.busySession();
      lost.process.refused({ kind: "login-refused" });
      await clock.settle();
      const next = rig.current.submit({ message: "Try" });
      await clock.run(15_000);
      const process = host.process(next.sessionId);
      expect(health().state).toBe("degraded");
      if (sign === "delta") process.delta("Hi");
      else if (sign === "thinking") process.think();
      else if (sign === "message") process.message("Hi");
      else process.startTool("t1");
      expect(health()).toEqual({ state: "ok" });
    },
  );
});

describe("a usage limit", () => {
  test("with a reset in the past is tried after its pause, and a later word of its reset moves the try", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", refusals: 4, limit: "a", detail: "A." });
    const resetsAt = clock.now() + 5 * minuteMs;
    process.refused({ kind: "limit-hit", refusals: 5, limit: "b", detail: "B.", resetsAt });
    process.result({ outcome: "failed", failure: { code: "claude_error", detail: "429" } });
    expect([health().detail, told("limit.reached").length]).toEqual(["B.", 1]);
    const next = rig.current.submit({ message: "Next" });
    await clock.run(5 * minuteMs - 1);
    expect(host.specs).toHaveLength(1);
    await clock.run(1);
    host.process(next.sessionId).reply("Hi.");
    await clock.settle();
    expect(health()).toEqual({ state: "ok" });
  });

  test("T09: is told as lifted, once, by the first answer", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", refusals: 4, limit: "five_hour" });
    expect(told("limit.lifted")).toEqual([]);
    process.reply("Hi.");
    process.message("More.");
    expect(told("limit.lifted")).toMatchObject([{ data: { kind: "five_hour" } }]);
    expect(health()).toEqual({ state: "ok" });
  });

  test("T09: is told as lifted at its reset when no message is there to try it with", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { process } = await rig.current.busySession();
    const resetsAt = clock.now() + 5 * minuteMs;
    process.refused({ kind: "limit-hit", final: true, resetsAt });
    process.result({ outcome: "failed", failure: { code: "claude_error", detail: "429" } });
    await clock.run(5 * minuteMs - 1);
    expect([told("limit.lifted"), health().state]).toEqual([[], "degraded"]);
    await clock.run(1);
    expect([told("limit.lifted").length, health().state]).toEqual([1, "ok"]);
  });

  test("T09: without a known reset stays until a message has been answered", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", final: true });
    process.result({ outcome: "failed", failure: { code: "claude_error", detail: "429" } });
    await clock.run(30 * minuteMs);
    expect([told("limit.lifted"), health().state]).toEqual([[], "degraded"]);
  });

  test("a pause of half a minute is news, a shorter one is not", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", refusals: 1, waitMs: 29_999 });
    expect(told("limit.reached")).toEqual([]);
    process.refused({ kind: "limit-hit", refusals: 1, waitMs: 30_000 });
    expect(told("limit.reached")).toHaveLength(1);
  });

  test("that did not end its turn is not what the turn fails with", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    process.refused({ kind: "limit-hit", refusals: 4 });
    process.result({ outcome: "failed", failure: { code: "claude_error", detail: "Something else." } });
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed claude_error"]);
  });
});
