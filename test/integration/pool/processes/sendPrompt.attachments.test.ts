import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { hourMs, owner, type PoolRig, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

/** An attachment that is kept, as a message names it. */
function kept(current: PoolRig, attachmentId: string) {
  const { store, clock } = current;
  if (store.attachments.get(attachmentId) === undefined) {
    const base = { name: "a.txt", mimeType: "text/plain", sizeBytes: 3, sha256: "x" };
    store.attachments.insert({ ...base, attachmentId, deviceId: owner.deviceId, createdAt: clock.now() });
  }
  return [{ attachmentId, identity: attachmentId }];
}

/** Files whose readying the test ends. */
function held(current: PoolRig) {
  const calls: Array<{ ids: readonly string[]; finish(): void; fail(error: Error): void }> = [];
  current.prepare = (ids) =>
    new Promise((resolve, reject) => {
      calls.push({ ids, finish: () => resolve({ images: [], note: `files: ${ids}` }), fail: reject });
    });
  return calls;
}

describe("S33: messages with files", () => {
  test("S33: their prompt follows when the files are ready, on a fresh process and on an idle one", async () => {
    await rig.current.open();
    const { clock, store, host } = rig.current;
    const calls = held(rig.current);
    const first = rig.current.submit({ message: "Look", attachments: kept(rig.current, "a1") });
    expect(first).toMatchObject({ state: "running", queuePosition: 0 });
    await clock.settle();
    const process = host.process(first.sessionId);
    expect(process.sent).toEqual([]);
    expect(store.turns.get(first.turnId)).toMatchObject({ state: "running", attachmentIds: ["a1"] });
    expect(store.turns.get(first.turnId)?.givenAt).toBeUndefined();
    calls[0]!.finish();
    await clock.settle();
    expect(process.sent).toMatchObject([{ text: "Look", preamble: "files: a1" }]);
    expect(store.turns.get(first.turnId)?.givenAt).toBeDefined();
    process.reply("Seen.");
    await clock.settle();
    const second = rig.current.submit({
      sessionId: first.sessionId,
      message: "And this",
      attachments: kept(rig.current, "a2"),
    });
    expect(second).toMatchObject({ state: "running", queuePosition: 0 });
    // Meanwhile a message without files waits its turn behind it.
    const third = rig.current.submit({ sessionId: first.sessionId, message: "Next" });
    expect(third.state).toBe("queued");
    await clock.settle();
    calls[1]!.finish();
    await clock.settle();
    expect(process.sent.map(({ text }) => text)).toEqual(["Look", "And this"]);
    process.reply("Seen too.");
    await clock.settle();
    process.reply("Done.");
    await clock.settle();
    for (const { turnId } of [first, second, third])
      expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("S33: files that cannot be readied fail the turn by name, and the session goes on", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const { turnId } = rig.current.submit({
      sessionId,
      message: "Look",
      attachments: kept(rig.current, "a1"),
    });
    await clock.settle();
    calls[0]!.fail(new DaylongError("attachment_failed", ".daylong is a link."));
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed attachment_failed"]);
    expect(rig.current.state(sessionId)).toBe("idle");
    rig.current.submit({ sessionId, message: "Without" });
    await clock.settle();
    expect(process.sent.at(-1)?.text).toBe("Without");
  });

  test("S33: files that cannot be readied end their turn alone, not the one that Claude began meanwhile", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const attachments = kept(rig.current, "a1");
    const { turnId } = rig.current.submit({ sessionId, message: "Look", attachments });
    await clock.settle();
    const ownTurnId = process.beginOwn();
    const ask = process.ask();
    expect(rig.current.state(sessionId)).toBe("waiting");
    calls[0]!.fail(new DaylongError("attachment_failed", ".daylong is a link."));
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId), ask.decision]).toEqual([
      ["turn.failed attachment_failed"],
      "waiting",
      undefined,
    ]);
    process.reply("Done by itself.");
    await clock.settle();
    expect([rig.current.ends(ownTurnId), rig.current.state(sessionId), ask.decision?.decision]).toEqual([
      ["turn.completed"],
      "idle",
      "deny",
    ]);
    rig.current.submit({ sessionId, message: "Without" });
    expect([process.sent.at(-1)?.text, rig.current.state(sessionId)]).toEqual(["Without", "busy"]);
  });

  test("S33: files that are still readied when the server stops keep their message for its next run", async () => {
    await rig.current.open();
    const { clock, pool, store } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    held(rig.current);
    const attachments = kept(rig.current, "a1");
    const { turnId } = rig.current.submit({ sessionId, message: "Look", attachments });
    await clock.settle();
    const ownTurnId = process.beginOwn();
    const stopped = pool.stop(1_000);
    await clock.run(1_000);
    await stopped;
    expect([rig.current.ends(ownTurnId), rig.current.ends(turnId)]).toEqual([
      ["turn.interrupted server_restarted"],
      [],
    ]);
    expect(store.turns.get(turnId)?.state).toBe("queued");
  });

  test("S33 T02: a text of a turn that Claude began meanwhile is not the reply's", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const attachments = kept(rig.current, "a1");
    const { turnId } = rig.current.submit({ sessionId, message: "/cost", attachments });
    await clock.settle();
    process.beginOwn();
    const background = process.message("The build is done.");
    calls[0]!.finish();
    await clock.settle();
    process.takePrompt();
    process.result({ text: "0.50 USD" });
    await clock.settle();
    const reply = store.turns.get(turnId)?.reply;
    expect([rig.current.ends(turnId), reply?.text]).toEqual([["turn.completed"], "0.50 USD"]);
    expect(reply?.messageId).not.toBe(background);
    const texts = rig.current
      .events(sessionId)
      .flatMap((one) => (one.type === "message" ? [[one.turnId === turnId, one.data.text]] : []));
    expect(texts.slice(-2)).toEqual([
      [false, "The build is done."],
      [true, "0.50 USD"],
    ]);
  });

  test("S33: a login that is refused meanwhile does not end the turn that follows, only then its process", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const attachments = kept(rig.current, "a1");
    const { turnId } = rig.current.submit({ sessionId, message: "Look", attachments });
    await clock.settle();
    process.refused({ kind: "login-refused" });
    calls[0]!.finish();
    await clock.settle();
    await clock.run(6_000);
    expect([process.sent.at(-1)?.text, process.alive]).toEqual(["Look", true]);
    process.reply("Seen.");
    await clock.settle();
    expect([rig.current.ends(turnId), process.alive]).toEqual([["turn.completed"], false]);
  });

  test("S33: after such an interrupt the process is given nothing until the store says that it is idle", async () => {
    await rig.current.open();
    const { clock, disk, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const attachments = kept(rig.current, "a1");
    const { turnId } = rig.current.submit({ sessionId, message: "Look", attachments });
    await clock.settle();
    await pool.interrupt(sessionId, turnId, owner);
    disk.failing = true;
    calls[0]!.finish();
    await clock.settle();
    disk.failing = false;
    const next = rig.current.submit({ sessionId, message: "Next" });
    expect([next.state, process.sent.length]).toEqual(["queued", 1]);
    await clock.run(1_000);
    expect([process.sent.at(-1)?.text, rig.current.state(sessionId)]).toEqual(["Next", "busy"]);
    process.reply("Done.");
    expect([rig.current.ends(next.turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.completed"],
      "idle",
    ]);
  });

  test("S33: an interrupt while files are readied ends the turn once, and the process is free", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const { turnId } = rig.current.submit({
      sessionId,
      message: "Look",
      attachments: kept(rig.current, "a1"),
    });
    const behind = rig.current.submit({ sessionId, message: "Next" });
    await clock.settle();
    await pool.interrupt(sessionId, turnId, owner);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    calls[0]!.finish();
    await clock.settle();
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "Next"]);
    process.reply("Done.");
    await clock.settle();
    expect(rig.current.ends(behind.turnId)).toEqual(["turn.completed"]);
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("S33: a turn that was not given when the server died is readied and given again, with its files", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    held(rig.current);
    const { turnId } = rig.current.submit({
      sessionId,
      message: "Look",
      attachments: kept(rig.current, "a1"),
    });
    await rig.current.clock.settle();
    const calls = held(rig.current);
    await rig.current.restart();
    await rig.current.clock.settle();
    expect(calls.map(({ ids }) => ids)).toEqual([["a1"]]);
    calls[0]!.finish();
    await rig.current.clock.settle();
    const process = rig.current.host.process(sessionId);
    expect(process.sent).toMatchObject([{ text: "Look", preamble: "files: a1" }]);
    process.reply("Seen.");
    await rig.current.clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("S33: a process that dies while files are readied loses nothing", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const calls = held(rig.current);
    const { turnId } = rig.current.submit({
      sessionId,
      message: "Look",
      attachments: kept(rig.current, "a1"),
    });
    await clock.settle();
    process.crash();
    await clock.settle();
    calls[0]!.finish();
    await clock.run(5_000);
    expect(calls).toHaveLength(2);
    calls[1]!.finish();
    await clock.settle();
    host.process(sessionId).reply("Seen.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("S33: a graceful stop leaves a turn that was not given to the next run", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    held(rig.current);
    const { turnId } = rig.current.submit({
      sessionId,
      message: "Look",
      attachments: kept(rig.current, "a1"),
    });
    await rig.current.clock.settle();
    const stopped = rig.current.pool.stop(1_000);
    await rig.current.clock.run(2_000);
    await stopped;
    expect(rig.current.ends(turnId)).toEqual([]);
    expect(rig.current.store.turns.get(turnId)?.state).toBe("queued");
  });

  test("S33: an attachment that went before the message was kept refuses the message", async () => {
    await rig.current.open();
    const attachments = [{ attachmentId: "gone", identity: "gone" }];
    expect(await refusal(() => rig.current.submit({ message: "Look", attachments }))).toBe(
      "attachment_not_found",
    );
    expect(rig.current.store.sessions.list({ limit: 5 }).sessions).toEqual([]);
  });

  test("D04 S33: what comes with a message is part of what makes it the same", async () => {
    await rig.current.open();
    const message = { message: "Look", clientMessageId: "m1" };
    const first = rig.current.submit({ ...message, attachments: kept(rig.current, "a1") });
    const again = rig.current.submit({ ...message, attachments: [{ attachmentId: "", identity: "a1" }] });
    expect(again).toMatchObject({ duplicate: true, turnId: first.turnId });
    for (const attachments of [undefined, kept(rig.current, "a2")])
      expect(await refusal(() => rig.current.submit({ ...message, attachments }))).toBe(
        "idempotency_conflict",
      );
  });

  test("S33: a message that is cancelled gives its files back, for a day from when they came", async () => {
    await rig.current.open();
    const { clock, store, pool } = rig.current;
    const later = { message: "Later", sendAt: clock.now() + hourMs };
    const { sessionId, turnId } = rig.current.submit({ ...later, attachments: kept(rig.current, "a1") });
    expect(store.attachments.get("a1")?.usedAt).toBeDefined();
    pool.cancelTurn(sessionId, turnId, owner);
    expect(store.attachments.get("a1")).toBeDefined();
    expect(store.attachments.get("a1")?.usedAt).toBeUndefined();
  });
});
