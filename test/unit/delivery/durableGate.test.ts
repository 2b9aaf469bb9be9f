import { describe, expect, test } from "@jest/globals";
import { DurableGate } from "../../../server/delivery/durableGate.ts";
import { ManualClock } from "../../support/manualClock.ts";

/** A disk that answers when it is told to; with `owed` undefined it answers at once. */
class SlowDisk {
  owed: Array<() => void> | undefined = [];
  readonly gate = new DurableGate({
    whenDurable: (tell) => {
      if (this.owed) this.owed.push(tell);
      else tell();
    },
  });

  answer(): void {
    for (const tell of this.owed?.splice(0) ?? []) tell();
  }
}

describe("V1 the durable gate", () => {
  test("without a durability it is open: a frame is written in the step in which it is sent", () => {
    const written: string[] = [];
    const queue = new DurableGate().frameQueue({ send: (text) => void written.push(text) });
    queue.send("event", "turn-1");
    queue.sendEphemeral("word", "turn-1");
    expect(written).toEqual(["event", "word"]);
    expect(queue.heldChars).toBe(0);
  });

  test("an answer waits for the disk", async () => {
    const disk = new SlowDisk();
    let isDurable = false;
    const waiting = disk.gate.durable().then(() => {
      isDurable = true;
    });
    await new ManualClock().settle();
    expect(isDurable).toBe(false);
    disk.answer();
    await waiting;
    expect(isDurable).toBe(true);
  });

  test("work is started in this step when the disk owes nothing, and no deadline is armed", async () => {
    const disk = new SlowDisk();
    disk.owed = undefined;
    const clock = new ManualClock();
    let started = 0;
    const work = async () => {
      started += 1;
      return clock.armed;
    };
    const outcome = disk.gate.start(work, { clock, deadlineMs: 100, late: () => -1 });
    expect([started, clock.armed]).toEqual([1, 0]);
    expect(await outcome).toBe(0);
  });

  test("work that is in time is started once, when the disk has answered, and its failure is passed on", async () => {
    const disk = new SlowDisk();
    const clock = new ManualClock();
    let started = 0;
    const work = async () => {
      started += 1;
      throw new Error("refused");
    };
    const outcome = disk.gate.start(work, { clock, deadlineMs: 100, late: () => "late" });
    await clock.run(99);
    expect(started).toBe(0);
    disk.answer();
    await expect(outcome).rejects.toThrow("refused");
    await clock.run(1_000);
    expect(started).toBe(1);
    expect(clock.armed).toBe(0);
  });

  test("what waits for a connection that has closed is not written, and is held no longer", () => {
    const disk = new SlowDisk();
    const written: string[] = [];
    const queue = disk.gate.frameQueue({ send: (text) => void written.push(text) });
    queue.send("event", "turn-1");
    queue.sendEphemeral("word", "turn-1");
    expect(queue.heldChars).toBe("eventword".length);
    queue.close();
    disk.answer();
    expect(written).toEqual([]);
    expect(queue.heldChars).toBe(0);
  });

  test("words follow on a history that still waits, whatever their turn, and pass by nothing", () => {
    const disk = new SlowDisk();
    const written: string[] = [];
    const queue = disk.gate.frameQueue({ send: (text) => void written.push(text) });
    queue.send("welcome", undefined);
    queue.endHistory();
    queue.sendEphemeral("word", "turn-1");
    expect(written).toEqual([]);
    disk.answer();
    expect(written).toEqual(["welcome", "word"]);
    queue.sendEphemeral("next", "turn-1");
    expect(written).toEqual(["welcome", "word", "next"]);
  });
});
