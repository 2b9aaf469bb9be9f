import { describe, expect, test } from "@jest/globals";
import { minuteMs, refusal, usePoolRig } from "./rig.ts";

const rig = usePoolRig();

describe("F20 a disk that is full", () => {
  test("refuses a message without keeping any of it, and takes it when space returns", async () => {
    await rig.current.open();
    const { disk, clock, host } = rig.current;
    disk.failing = true;
    const request = { message: "Hello", clientMessageId: "c1" };
    expect(await refusal(() => rig.current.submit(request))).toBe("storage_failed");
    await clock.settle();
    expect([rig.current.store.events.tip(), host.specs.length]).toEqual([0, 0]);
    disk.failing = false;
    const accepted = rig.current.submit(request);
    expect(accepted.duplicate).toBe(false);
    await clock.settle();
    host.process(accepted.sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(accepted.turnId)).toEqual(["turn.completed"]);
  });

  test("does not give a prompt that could not be kept to a live process", async () => {
    await rig.current.open();
    const { disk } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    disk.plan(true);
    expect(await refusal(() => rig.current.submit({ sessionId, message: "More" }))).toBe("storage_failed");
    expect(process.sent).toHaveLength(1);
    rig.current.submit({ sessionId, message: "More" });
    expect(process.sent).toHaveLength(2);
  });

  test("holds back a reply until it is written, words and result together", async () => {
    await rig.current.open();
    const { disk, clock, pool } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const told: string[] = [];
    rig.current.store.events.subscribe((events) => told.push(...events.map((event) => event.type)));
    disk.failing = true;
    const messageId = process.reply("The reply.");
    await clock.run(10_000);
    expect([told, rig.current.ends(turnId)]).toEqual([[], []]);
    disk.failing = false;
    await clock.run(1_000);
    expect(told).toEqual(["message", "turn.completed"]);
    expect((await pool.waitForTurn(turnId, 0)).reply).toMatchObject({ messageId, text: "The reply." });
    expect(rig.current.store.events.message(messageId)?.data).toMatchObject({ text: "The reply." });
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("holds back a message between turns until it is written", async () => {
    await rig.current.open();
    const { disk, clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    disk.failing = true;
    process.message("Build done.");
    await clock.run(5_000);
    disk.failing = false;
    await clock.run(1_000);
    expect(rig.current.types(sessionId).filter((type) => type === "message")).toHaveLength(2);
  });

  test("holds back a crash until it is written, and then goes on", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { disk, clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const other = rig.current.submit({ message: "Other" });
    disk.failing = true;
    process.crash();
    await clock.run(5_000);
    expect(rig.current.ends(turnId)).toEqual([]);
    disk.failing = false;
    await clock.run(1_000);
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.failed process_crashed"],
      "parked",
    ]);
    expect(host.process(other.sessionId).sent).toHaveLength(1);
  });

  test("does not let a permission be answered that nobody could be asked", async () => {
    await rig.current.open();
    const { disk } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const before = rig.current.clock.armed;
    disk.plan(true);
    expect(await refusal(() => process.ask())).toBe("storage_failed");
    expect(rig.current.store.permissions.openOf(sessionId)).toEqual([]);
    expect(rig.current.clock.armed).toBe(before);
    expect(rig.current.state(sessionId)).toBe("busy");
  });

  test("keeps the promise of one end per turn however the failures fall", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { disk, clock, host } = rig.current;
    const accepted = [];
    for (let index = 0; index < 12; index += 1) {
      const failures = Array.from({ length: index % 4 }, (_, place) => place % 2 === 0);
      accepted.push(rig.current.submit({ message: `Number ${index}` }));
      await clock.settle();
      disk.plan(false, ...failures);
      for (const process of host.live()) if (process.unanswered.length > 0) process.result();
      await clock.run(3_000);
      disk.plan();
    }
    for (let round = 0; round < 12; round += 1) {
      for (const process of host.live()) if (process.unanswered.length > 0) process.result();
      await clock.run(minuteMs);
    }
    for (const { turnId } of accepted) expect(rig.current.ends(turnId)).toHaveLength(1);
    expect(host.mostAtOnce).toBe(2);
  });
});

describe("F20 a database file that cannot grow", () => {
  test("takes no message for lost, and none that it cannot keep; with room again it goes on by itself", async () => {
    await rig.current.open();
    const { connection, clock, store } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const limit = (pages: number) => connection.pragma(`max_page_count = ${pages}`);
    const pagesNow = Number(connection.pragma("page_count", { simple: true }));
    const freePages = Number(connection.pragma("freelist_count", { simple: true }));
    // The pages that the journal's filling left free are used first.
    connection.exec(
      `CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob(${freePages * 4_080}))`,
    );
    limit(Math.max(pagesNow, Number(connection.pragma("page_count", { simple: true }))) + 20);
    const accepted: string[] = [];
    let refused = "none";
    while (refused === "none" && accepted.length < 100) {
      refused = await refusal(() => {
        accepted.push(rig.current.submit({ sessionId, message: "m".repeat(3_000) }).turnId);
      });
    }
    expect(refused).toBe("storage_failed");
    expect(accepted.length).toBeGreaterThan(0);
    // The reply of the running turn has nowhere to go, and waits.
    process.reply("r".repeat(40_000));
    await clock.run(5_000);
    expect(rig.current.ends(accepted[0]!)).toEqual([]);
    limit(1_000_000);
    await clock.run(1_000);
    for (let round = 1; round < accepted.length; round += 1) {
      process.reply("Answered.");
      await clock.settle();
    }
    expect(accepted.map((turnId) => rig.current.ends(turnId))).toEqual(
      accepted.map(() => ["turn.completed"]),
    );
    expect(store.turns.get(accepted[0]!)?.reply?.text).toHaveLength(40_000);
    rig.current.submit({ sessionId, message: "Still there?" });
    expect(process.unanswered).toHaveLength(1);
  });
});
