import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { pushKindOf } from "../../../../server/domain/delivery/pushRules.ts";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { ScriptedWatch } from "../../../support/claude/scriptedWatch.ts";
import { deferred, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const passMs = 30_000;
let watch: ScriptedWatch;
beforeEach(async () => {
  const { host, clock } = rig.current;
  watch = new ScriptedWatch({ clock });
  host.watch = watch;
  await rig.current.open({ healthIntervalMs: passMs });
});

/** Sends a message to a session that may have been gone on with elsewhere, and lets everything happen that can. */
async function send(sessionId: string, message = "And now?") {
  const accepted = await rig.current.pool.submit({ caller: owner, sessionId, message });
  await rig.current.clock.settle();
  return accepted;
}
/** A session with a live process, whose first turn is in Claude's record. */
async function begun() {
  const { sessionId, process } = await rig.current.idleSession();
  rig.current.host.transcripts.add(sessionId);
  const turnId = process.sent[0]!.turnId;
  watch.prompt(sessionId, turnId, "Hello");
  watch.answer(sessionId, "hi", "Hi.");
  return { sessionId, process, turnId };
}
const told = (sessionId: string) =>
  rig.current.events(sessionId).flatMap(({ type, data }) => (type === "session.continued" ? [data] : []));
const said = (sessionId: string) =>
  rig.current.store.events
    .transcript(sessionId, undefined, 100)
    .reverse()
    .map(({ data }) => {
      const { origin = "phone", ...words } = data as { origin?: string; message?: string; text?: string };
      return `${origin}: ${words.message ?? words.text}`;
    });
const sentTo = (sessionId: string) =>
  rig.current.host.processes
    .filter(({ spec }) => spec.sessionId === sessionId)
    .map(({ sent }) => sent.map(({ text }) => text).join(" | "));

const disks: Array<[how: string, isQuick: boolean]> = [
  ["on a disk that answers at once", true],
  ["on a disk that takes its time", false],
];

describe.each(disks)("REPORT-22: what a terminal wrote between two turns, %s", (_how, isQuick) => {
  beforeEach(() => {
    watch.isQuick = isQuick;
  });

  test("REPORT-22: is in the session, told once, and known to the process that gets the next message", async () => {
    const { sessionId, process } = await begun();
    watch.turn(sessionId, "t1", "Remember 77.");
    watch.turn(sessionId, "t2", "And 78.");
    await send(sessionId);
    expect(process.stopCount).toBe(1);
    expect(sentTo(sessionId)).toEqual(["Hello", "And now?"]);
    expect(told(sessionId)).toEqual([{ by: "terminal", turns: 2, lastText: "And 78. Yes." }]);
    expect(said(sessionId)).toEqual([
      "phone: Hello",
      "phone: Hi.",
      "terminal: Remember 77.",
      "terminal: Remember 77. Yes.",
      "terminal: And 78.",
      "terminal: And 78. Yes.",
      "phone: And now?",
    ]);
    rig.current.host.process(sessionId).reply("Both.");
    await rig.current.clock.settle();
    await send(sessionId, "Sure?");
    expect(told(sessionId)).toHaveLength(1);
    expect(sentTo(sessionId)).toEqual(["Hello", "And now? | Sure?"]);
  });

  test("REPORT-22: rings no phone, and makes the session the one that was used last", async () => {
    const { sessionId } = await begun();
    await rig.current.clock.run(passMs / 2);
    watch.turn(sessionId, "t1");
    const wroteAt = rig.current.clock.now();
    await rig.current.clock.run(passMs);
    const events = rig.current.events(sessionId);
    const theirs = events.filter(({ turnId }) => turnId === "t1");
    expect(theirs.map(({ type }) => type)).toEqual(["turn.accepted", "message", "turn.completed"]);
    expect(theirs.map(pushKindOf)).toEqual([undefined, undefined, undefined]);
    expect(rig.current.store.sessions.get(sessionId)?.lastActivityAt).toBe(wroteAt);
    expect(rig.current.store.turns.get("t1")).toMatchObject({ origin: "terminal", state: "completed" });
    expect(rig.current.pool.session(sessionId)).toMatchObject({ costUsd: 0.5, unread: 1 });
  });

  test("REPORT-22: is noticed by a health pass, also of a session without a process, and its process goes", async () => {
    const { sessionId, process } = await begun();
    watch.turn(sessionId, "t1");
    await rig.current.clock.run(passMs);
    expect([told(sessionId).length, process.stopCount, rig.current.state(sessionId)]).toEqual([
      1,
      1,
      "parked",
    ]);
    watch.turn(sessionId, "t2");
    await rig.current.clock.run(passMs);
    expect(told(sessionId)).toHaveLength(2);
    await rig.current.clock.run(passMs * 3);
    expect(told(sessionId)).toHaveLength(2);
  });

  test("REPORT-22: is told once over a restart of the server, and what was written meanwhile too", async () => {
    const { sessionId } = await begun();
    watch.turn(sessionId, "t1");
    await rig.current.clock.run(passMs);
    watch.turn(sessionId, "t2");
    await rig.current.restart();
    await send(sessionId);
    expect(told(sessionId).map(({ turns }) => turns)).toEqual([1, 1]);
    expect(sentTo(sessionId)).toEqual(["And now?"]);
  });

  test("REPORT-22: is there for a scheduled message and for a message that waited for a place", async () => {
    const { sessionId, process } = await begun();
    const { clock, pool } = rig.current;
    await pool.submit({ caller: owner, sessionId, message: "Later", sendAt: clock.now() + 60_000 });
    watch.turn(sessionId, "t1");
    await clock.run(60_000);
    expect([process.stopCount, sentTo(sessionId)]).toEqual([1, ["Hello", "Later"]]);
    expect(told(sessionId)).toHaveLength(1);
  });

  test("REPORT-22: a fork of the session begins at the terminal's last words", async () => {
    const { sessionId } = await begun();
    watch.turn(sessionId, "t1");
    const fork = await rig.current.pool.forkSession(sessionId, undefined, owner);
    await rig.current.pool.submit({ caller: owner, sessionId: fork.sessionId, message: "Here?" });
    await rig.current.clock.settle();
    const { options } = rig.current.host.process(fork.sessionId).spec;
    expect(options.origin).toMatchObject({ resume: sessionId, fork: true, resumeAt: "t1-answer" });
  });

  test("REPORT-22: a session that never was elsewhere keeps its process, its speed and its silence", async () => {
    const { sessionId, process } = await begun();
    for (const message of ["One", "Two", "Three"]) {
      const { state, turnId } = await send(sessionId, message);
      expect(state).toBe("running");
      watch.prompt(sessionId, turnId, message);
      process.reply("Yes.");
      await rig.current.clock.settle();
    }
    await rig.current.clock.run(passMs * 2);
    expect([process.stopCount, told(sessionId), sentTo(sessionId)]).toEqual([
      0,
      [],
      ["Hello | One | Two | Three"],
    ]);
  });

  test("REPORT-22: looks that find nothing new commit nothing: the disk of a server at rest may sleep", async () => {
    const { sessionId } = await begun();
    const looksBefore = watch.looks;
    const commits = jest.spyOn(rig.current.store, "transaction");
    await rig.current.clock.run(passMs * 3);
    expect([watch.looks - looksBefore, commits.mock.calls.length]).toEqual([3, 0]);
    watch.turn(sessionId, "t1");
    await rig.current.clock.run(passMs);
    expect(commits).toHaveBeenCalled();
  });
});

describe.each(disks)("REPORT-22: while another program has the conversation open, %s", (_how, isQuick) => {
  beforeEach(() => {
    watch.isQuick = isQuick;
  });

  test("REPORT-22: a message waits and says why, and goes on when it is let go, with what was said", async () => {
    const { sessionId } = await begun();
    watch.holders.set(sessionId, 77);
    const accepted = await send(sessionId);
    expect(accepted).toMatchObject({ state: "queued", queuePosition: 1 });
    const held = (type: string) => rig.current.events(sessionId).filter((event) => event.type === type);
    expect(held("turn.queued").map(({ data }) => data)).toEqual([{ queuePosition: 1, reason: "held" }]);
    expect(held("session.held").map(({ data }) => data)).toEqual([{ by: "terminal", pid: 77 }]);
    await rig.current.clock.run(5_000);
    expect(sentTo(sessionId)).toEqual(["Hello"]);
    watch.turn(sessionId, "t1");
    watch.holders.delete(sessionId);
    await rig.current.clock.run(2_000);
    expect(held("session.released")).toHaveLength(1);
    expect([sentTo(sessionId), told(sessionId).length]).toEqual([["Hello", "And now?"], 1]);
    expect(held("session.held")).toHaveLength(1);
  });

  test("REPORT-22: a waiting message can be cancelled, and more than one keeps its order", async () => {
    const { sessionId } = await begun();
    watch.holders.set(sessionId, 77);
    const { turnId } = await send(sessionId, "One");
    await send(sessionId, "Two");
    await send(sessionId, "Three");
    rig.current.pool.cancelTurn(sessionId, turnId, owner);
    watch.holders.delete(sessionId);
    await rig.current.clock.run(2_000);
    rig.current.host.process(sessionId).reply("Two.");
    await rig.current.clock.settle();
    expect(sentTo(sessionId)).toEqual(["Hello | Two | Three"]);
  });

  test("REPORT-22: of two terminals the second one holds on when the first one lets go", async () => {
    const { sessionId } = await begun();
    watch.holders.set(sessionId, 1);
    await send(sessionId);
    watch.turn(sessionId, "t1");
    watch.holders.set(sessionId, 2);
    await rig.current.clock.run(5_000);
    watch.turn(sessionId, "t2");
    expect(sentTo(sessionId)).toEqual(["Hello"]);
    watch.holders.delete(sessionId);
    await rig.current.clock.run(2_000);
    expect(sentTo(sessionId)).toEqual(["Hello", "And now?"]);
    expect(told(sessionId).map(({ turns }) => turns)).toEqual([1, 1]);
    expect(rig.current.types(sessionId).filter((type) => type === "session.held")).toHaveLength(1);
  });

  test("REPORT-22: a turn that the holder is at is kept when it is over, or as far as it came when it was killed", async () => {
    const { sessionId } = await begun();
    watch.holders.set(sessionId, 1);
    watch.prompt(sessionId, "t1", "Work.");
    watch.answer(sessionId, "a1", "I begin.", undefined, false);
    await rig.current.clock.run(passMs);
    expect(told(sessionId)).toEqual([]);
    watch.answer(sessionId, "a2", "Done.");
    watch.prompt(sessionId, "t2", "More.");
    await rig.current.clock.run(passMs);
    expect(told(sessionId)).toEqual([{ by: "terminal", turns: 1, lastText: "Done." }]);
    watch.answer(sessionId, "a3", "Half a", undefined, false);
    watch.holders.delete(sessionId);
    await rig.current.clock.run(passMs);
    expect(said(sessionId).slice(2)).toEqual([
      ...["terminal: Work.", "terminal: I begin.", "terminal: Done."],
      ...["terminal: More.", "terminal: Half a"],
    ]);
    expect(rig.current.ends("t2")).toEqual(["turn.interrupted interrupted"]);
    expect(rig.current.pool.session(sessionId).lastError).toBeUndefined();
  });

  test("REPORT-22: a restart in between holds on, and says that it is free when it is", async () => {
    const { sessionId } = await begun();
    watch.holders.set(sessionId, 1);
    await send(sessionId);
    await rig.current.restart();
    await rig.current.clock.run(5_000);
    expect(sentTo(sessionId)).toEqual([]);
    watch.holders.delete(sessionId);
    await rig.current.clock.run(2_000);
    expect(sentTo(sessionId)).toEqual(["And now?"]);
    const types = rig.current.types(sessionId).filter((type) => /held|released/.test(type));
    expect(types).toEqual(["session.held", "session.released"]);
  });

  test("REPORT-22: what was taken up during the start of our process puts the message back, not out", async () => {
    const { sessionId, process } = await begun();
    const { host, clock } = rig.current;
    process.leave();
    await clock.settle();
    host.manners.start = "held";
    const { turnId } = await send(sessionId);
    watch.holders.set(sessionId, 5);
    host.manners.start = "at-once";
    host.starts[0]!.fail(new DaylongError("conversation_held", "A terminal holds it."));
    await clock.run(1_000);
    expect(rig.current.store.turns.get(turnId)?.state).toBe("queued");
    expect(rig.current.types(sessionId)).toContain("session.held");
    watch.holders.delete(sessionId);
    await clock.run(2_000);
    expect(sentTo(sessionId).at(-1)).toBe("And now?");
    expect(rig.current.ends(turnId)).toEqual([]);
  });
});

describe.each(disks)("REPORT-22: what a terminal wrote at the same time as ours, %s", (_how, isQuick) => {
  beforeEach(() => {
    watch.isQuick = isQuick;
  });

  /** Our turn and theirs from the same answer. */
  async function twoBranches() {
    const { sessionId, process } = await begun();
    const { turnId } = await send(sessionId, "Ours?");
    watch.prompt(sessionId, turnId, "Ours?", "hi");
    watch.prompt(sessionId, "t1", "Theirs?", "hi");
    watch.answer(sessionId, "t1-answer", "Theirs!", "t1");
    return { sessionId, process, turnId };
  }

  test("REPORT-22: neither side is lost: the next prompt is told both, once", async () => {
    const { sessionId, process, turnId } = await twoBranches();
    await rig.current.clock.run(passMs);
    expect([told(sessionId).length, process.stopCount]).toEqual([1, 0]);
    watch.answer(sessionId, "ours-answer", "Ours!", turnId);
    process.reply("Ours!");
    await rig.current.clock.settle();
    expect(process.stopCount).toBe(1);
    await send(sessionId, "Both?");
    const fresh = rig.current.host.process(sessionId);
    expect(fresh.sent[0]?.preamble).toMatch(/Ours\?[\s\S]*Ours![\s\S]*Theirs\?[\s\S]*Theirs!/);
    fresh.reply("Both.");
    await rig.current.clock.settle();
    await send(sessionId, "Again?");
    expect(fresh.sent.map(({ preamble }) => preamble === undefined)).toEqual([false, true]);
    expect(told(sessionId)).toHaveLength(1);
  });

  test("REPORT-22: also when the server restarts before the next prompt", async () => {
    const { sessionId, process, turnId } = await twoBranches();
    watch.answer(sessionId, "ours-answer", "Ours!", turnId);
    process.reply("Ours!");
    await rig.current.clock.run(passMs);
    await rig.current.restart();
    await send(sessionId, "Both?");
    const fresh = rig.current.host.process(sessionId);
    expect(fresh.sent[0]?.preamble).toContain("Theirs!");
    fresh.reply("Both.");
    await rig.current.restart();
    await send(sessionId, "Again?");
    expect(rig.current.host.process(sessionId).sent[0]?.preamble ?? "").not.toContain("Theirs!");
  });

  test("REPORT-22: what was written while our process came up is kept, and known after its turn", async () => {
    const { sessionId, process } = await begun();
    const { host, clock } = rig.current;
    process.leave();
    await clock.settle();
    host.manners.start = "held";
    const { turnId } = await send(sessionId, "Ours?");
    watch.turn(sessionId, "t1", "Theirs?");
    host.starts[0]!.comeUp();
    await clock.settle();
    const second = host.process(sessionId);
    expect(second.sent.map(({ text }) => text)).toEqual(["Ours?"]);
    watch.prompt(sessionId, turnId, "Ours?", "hi");
    watch.answer(sessionId, "ours-answer", "Ours!");
    host.manners.start = "at-once";
    second.reply("Ours!");
    await clock.run(passMs);
    expect([told(sessionId).length, second.stopCount]).toEqual([1, 1]);
    await send(sessionId, "Both?");
    expect(host.process(sessionId).sent[0]?.preamble).toContain("Theirs?");
  });
});

describe("REPORT-22: a look at a conversation", () => {
  test("REPORT-22: a look that messages wait for sends the scheduler round once, also beside looks of other sessions", async () => {
    const { clock, store } = rig.current;
    const sessionIds: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { sessionId } = await begun();
      sessionIds.push(sessionId);
      await send(sessionId, "One");
      await send(sessionId, "Two");
    }
    // Older than what a look is good for.
    await clock.run(1_000);
    const disks = sessionIds.map(() => deferred());
    let looks = 0;
    watch.before = () => disks[looks++]!.promise;
    for (const sessionId of sessionIds) {
      rig.current.host.process(sessionId).reply("Yes.");
      await clock.settle();
    }
    let rounds = 0;
    const { turns } = store;
    const sessionsWithQueued = turns.sessionsWithQueued.bind(turns);
    turns.sessionsWithQueued = (now) => {
      rounds += 1;
      return sessionsWithQueued(now);
    };
    for (const disk of disks) {
      disk.resolve();
      await clock.settle();
    }
    expect([looks, rounds]).toEqual([3, 3]);
    expect(sessionIds.map(sentTo)).toEqual(sessionIds.map(() => ["Hello | One | Two"]));
  });

  test("REPORT-22: a message keeps its place before younger ones of new sessions while its conversation is looked at", async () => {
    await rig.current.open({ healthIntervalMs: passMs, maxConcurrentSessions: 1 });
    const { pool, clock, host } = rig.current;
    const { sessionId } = await begun();
    const other = await rig.current.busySession();
    const older = await pool.submit({ caller: owner, sessionId, message: "Older" });
    const younger = [1, 2].map((number) => rig.current.submit({ message: `Younger ${number}` }));
    for (const turnId of [older.turnId, ...younger.map((one) => one.turnId)]) {
      // Older than what a look is good for.
      await clock.run(1_000);
      const [live] = host.live();
      live!.reply("Done.");
      await clock.run(1_000);
      expect(rig.current.store.turns.get(turnId)?.state).toBe("running");
    }
    expect(other.process.stopCount).toBe(1);
  });

  test("REPORT-22: messages of several phones keep their order while a look is under way", async () => {
    const { sessionId, process } = await begun();
    const disk = deferred();
    watch.before = () => disk.promise;
    const { pool, clock } = rig.current;
    const sent = ["One", "Two", "Three"].map((message) => pool.submit({ caller: owner, sessionId, message }));
    await clock.settle();
    expect(sentTo(sessionId)).toEqual(["Hello"]);
    watch.before = async () => {};
    disk.resolve();
    const positions = (await Promise.all(sent)).map(({ queuePosition }) => queuePosition);
    expect(positions).toEqual([0, 1, 2]);
    await clock.settle();
    process.reply("1");
    await clock.settle();
    process.reply("2");
    await clock.settle();
    expect(sentTo(sessionId)).toEqual(["Hello | One | Two | Three"]);
  });

  test("REPORT-22: a message whose conversation is looked at at once is written in the tick in which it came", async () => {
    const { sessionId, process } = await begun();
    watch.isQuick = true;
    rig.current.pool.submit({ caller: owner, sessionId, message: "And now?" });
    expect(process.sent.at(-1)?.text).toBe("And now?");
  });

  test("REPORT-22: a disk that does not answer holds a message for two seconds, and no longer", async () => {
    const { sessionId } = await begun();
    watch.before = () => new Promise(() => {});
    const sent = rig.current.pool.submit({ caller: owner, sessionId, message: "And now?" });
    await rig.current.clock.run(2_100);
    expect((await sent).state).toBe("running");
    expect(sentTo(sessionId)).toEqual(["Hello | And now?"]);
  });

  test("REPORT-22: a full disk loses nothing: the next look finds it again", async () => {
    const { sessionId } = await begun();
    watch.turn(sessionId, "t1");
    rig.current.disk.failing = true;
    await rig.current.clock.run(passMs);
    expect(told(sessionId)).toEqual([]);
    rig.current.disk.failing = false;
    await rig.current.clock.run(passMs);
    expect([told(sessionId).length, said(sessionId).at(-1)]).toEqual([1, "terminal: t1? Yes."]);
  });

  test("REPORT-22: looks end with the session: a closed one is not gone on with", async () => {
    const { sessionId } = await begun();
    await rig.current.pool.closeSession(sessionId, owner);
    watch.turn(sessionId, "t1");
    const looks = watch.looks;
    await rig.current.clock.run(passMs * 3);
    expect([watch.looks, told(sessionId)]).toEqual([looks, []]);
  });
});
