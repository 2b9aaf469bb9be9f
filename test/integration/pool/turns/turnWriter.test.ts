import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import { TurnWriter } from "../../../../server/pool/turns/turnWriter.ts";
import { hourMs, limitsOf, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const reply = (texts: Array<{ messageId: string; text: string }>) => ({
  texts,
  usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 2, cacheCreationTokens: 1 },
  durationMs: 7,
  numTurns: 1,
});

const messageIdOf = (event: LoggedEvent | undefined) =>
  event?.type === "turn.completed" ? event.data.messageId : undefined;

/** A turnWriter over the store of a pool with a turn that runs. */
async function bench() {
  await rig.current.open();
  const { clock, store } = rig.current;
  const busy = await rig.current.busySession();
  const turnWriter = new TurnWriter({
    store,
    clock,
    limits: limitsOf(),
    feed: { unfinished: () => undefined },
    newId: () => "made",
  });
  return { ...busy, turnWriter, store, clock };
}

describe("the end of a turn", () => {
  test("is written once, with its instant, and what comes later changes nothing", async () => {
    const { turnWriter, store, clock, sessionId, turnId } = await bench();
    const failure = { code: "interrupted" as const, detail: "x" };
    const end = () =>
      store.transaction(() => turnWriter.end(sessionId, turnId, { kind: "interrupted", failure }, true));
    clock.advance(5);
    expect(end()).toBe(true);
    expect(store.turns.get(turnId)).toMatchObject({
      state: "interrupted",
      endedAt: clock.now(),
      error: failure,
    });
    const tip = store.events.tip();
    expect([end(), store.events.tip(), rig.current.state(sessionId)]).toEqual([false, tip, "idle"]);
    expect(
      store.transaction(() =>
        turnWriter.endWithTranscript(sessionId, turnId, reply([{ messageId: "m", text: "x" }]), false, 1),
      ),
    ).toBe(false);
    expect(
      store.transaction(() => turnWriter.end(sessionId, "no", { kind: "cancelled", by: "x" }, true)),
    ).toBe(false);
    expect([store.events.tip(), rig.current.state(sessionId)]).toEqual([tip, "idle"]);
  });

  test("sums what went in, cached or not, and what came out, and costs what the total grew by", async () => {
    const { store, clock, sessionId, process } = await bench();
    process.result({ text: "", totalCostUsd: 0.5 });
    await clock.settle();
    expect(store.sessions.get(sessionId)).toMatchObject({ tokens: { input: 13, output: 5 }, costUsd: 0.5 });
    // An empty answer that no text announced is no message.
    expect(rig.current.types(sessionId)).not.toContain("message");
    rig.current.submit({ sessionId, message: "/cost" });
    await clock.settle();
    process.result({ text: "Cost: 1", totalCostUsd: 0.75 });
    await clock.settle();
    const [message, completed] = rig.current.events(sessionId).slice(-2);
    expect([message?.type, completed?.data]).toEqual(["message", expect.objectContaining({ costUsd: 0.25 })]);
    expect(message?.data).toEqual({ messageId: messageIdOf(completed), text: "Cost: 1" });
  });

  test("by a record is the last of its texts, of which only the new ones are told", async () => {
    const { turnWriter, store, clock, sessionId, turnId, process } = await bench();
    process.message("One.", "m1");
    clock.advance(20);
    const end = (texts: Array<{ messageId: string; text: string }>) =>
      store.transaction(() => turnWriter.endWithTranscript(sessionId, turnId, reply(texts), true, undefined));
    expect([end([]), rig.current.ends(turnId)]).toEqual([false, []]);
    expect(
      end([
        { messageId: "m1", text: "One." },
        { messageId: "m2", text: "Two." },
      ]),
    ).toBe(true);
    const texts = rig.current
      .events(sessionId)
      .flatMap(({ type, data }) => (type === "message" ? [data] : []));
    expect(texts).toEqual([
      { messageId: "m1", text: "One." },
      { messageId: "m2", text: "Two." },
    ]);
    expect(store.turns.get(turnId)?.reply).toMatchObject({ messageId: "m2", text: "Two." });
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("by a failure says whether it can be sent again", async () => {
    const { turnWriter, store, sessionId, turnId } = await bench();
    const failure = { code: "process_crashed" as const, detail: "x" };
    store.transaction(() => turnWriter.end(sessionId, turnId, { kind: "failed", failure }, false));
    expect(rig.current.events(sessionId).at(-1)?.data).toEqual({ ...failure, retryable: true });
    expect(rig.current.state(sessionId)).toBe("busy");
  });
});

describe("what Claude changes by itself", () => {
  test("is told once for each change, and a new conversation is not told", async () => {
    const { turnWriter, store, sessionId } = await bench();
    const tip = store.events.tip();
    turnWriter.follow(sessionId, { kind: "mode", permissionMode: "default" });
    turnWriter.follow(sessionId, { kind: "conversation", claudeSessionId: "c" });
    expect([store.events.tip(), store.sessions.get(sessionId)?.claudeSessionId]).toEqual([tip, "c"]);
    turnWriter.follow(sessionId, { kind: "mode", permissionMode: "plan" });
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "session.updated",
      data: { permissionMode: "plan" },
    });
  });
});

describe("activity", () => {
  test("moves the term, and opens the next one with a word when this one has warned", async () => {
    const { store, clock, sessionId, process } = await bench();
    process.result();
    await clock.run(hourMs);
    rig.current.submit({ sessionId, message: "x" });
    expect(store.sessions.get(sessionId)).toMatchObject({
      lease: { term: 1, expiresAt: clock.now() + 24 * hourMs },
      lastActivityAt: clock.now(),
    });
    process.result();
    await clock.run(20 * hourMs);
    rig.current.submit({ sessionId, message: "y" });
    const renewed = rig.current.events(sessionId).filter(({ type }) => type === "session.renewed");
    expect(renewed.map(({ data }) => data)).toEqual([
      { term: 2, expiresAt: clock.now() + 24 * hourMs, reason: "activity" },
    ]);
  });

  test("of a cancelled message is none, and its files are given back", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId } = await rig.current.busySession();
    const { expiresAt } = store.sessions.get(sessionId)!.lease;
    const { turnId } = rig.current.submit({ sessionId, message: "x" });
    await clock.run(1_000);
    pool.cancelTurn(sessionId, turnId, owner);
    pool.cancelTurn(sessionId, turnId, owner);
    expect(store.sessions.get(sessionId)?.lease.expiresAt).toBe(expiresAt);
    expect(rig.current.events(sessionId).at(-1)).toMatchObject({
      type: "turn.cancelled",
      data: { by: "phone" },
    });
    const lines = store.audit.list(undefined, 50).entries.filter(({ action }) => action === "turn.cancel");
    expect(lines).toHaveLength(1);
  });
});
