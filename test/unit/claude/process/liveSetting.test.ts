import { describe, expect, test } from "@jest/globals";
import { LiveSetting } from "../../../../server/claude/process/liveSetting.ts";
import { refusal } from "../../../integration/pool/rig.ts";
import { ManualClock } from "../../../support/manualClock.ts";

/** A CLI that answers when the test says so, and has what it answered last. */
function slowCli() {
  const clock = new ManualClock();
  const open: Array<{ value: string; take(): void; refuse(): void }> = [];
  const cli = { has: "old", told: [] as string[], hasGone: false };
  const setting = new LiveSetting<string>({
    clock,
    deadlineMs: 5_000,
    what: "the model",
    agreed: "old",
    hasGone: async () => cli.hasGone,
    tell: (value) =>
      new Promise((resolve, reject) => {
        cli.told.push(value);
        const take = () => {
          cli.has = value;
          resolve(undefined);
        };
        open.push({ value, take, refuse: () => reject(new Error("no such model")) });
      }),
  });
  /** The CLI answers the oldest open order. */
  const answer = async (how: "take" | "refuse" = "take") => {
    await clock.settle();
    open.shift()?.[how]();
    await clock.settle();
  };
  return { clock, cli, setting, answer };
}

describe("S22 a setting of a live CLI", () => {
  test("S22: is agreed when the CLI has taken it", async () => {
    const { cli, setting, answer } = slowCli();
    const changed = setting.set("new");
    await answer();
    await changed;
    expect(cli.has).toBe("new");
  });

  test("S22: that is not answered in 5 s is given up as session_busy; a CLI that takes it later is told what holds", async () => {
    const { clock, cli, setting, answer } = slowCli();
    const changed = refusal(() => setting.set("new"));
    await clock.run(4_999);
    expect(cli.told).toEqual(["new"]);
    await clock.run(1);
    expect(await changed).toBe("session_busy");
    await clock.run(60_000);
    await answer();
    expect(cli.has).toBe("new");
    await answer();
    expect([cli.has, cli.told]).toEqual(["old", ["new", "old"]]);
  });

  test("S22: that came late does not undo what was agreed on since", async () => {
    const { clock, cli, setting, answer } = slowCli();
    const first = refusal(() => setting.set("first"));
    await clock.run(5_000);
    expect(await first).toBe("session_busy");
    const second = setting.set("second");
    await clock.settle();
    // It answers both now, one after the other.
    await answer();
    await answer();
    await second;
    await answer();
    expect([cli.has, cli.told]).toEqual(["second", ["first", "second", "second"]]);
  });

  test("S22: that broke off because the CLI went was refused by nobody", async () => {
    const { cli, setting, answer } = slowCli();
    const changed = refusal(() => setting.set("new"));
    cli.hasGone = true;
    await answer("refuse");
    expect(await changed).toBe("process_crashed");
  });

  test("S22: that the CLI refuses leaves what was agreed, late or not", async () => {
    const { clock, cli, setting, answer } = slowCli();
    const refused = expect(setting.set("bad")).rejects.toThrow("no such model");
    await answer("refuse");
    await refused;
    const late = refusal(() => setting.set("worse"));
    await clock.run(5_000);
    expect(await late).toBe("session_busy");
    await answer("refuse");
    expect([cli.has, cli.told]).toEqual(["old", ["bad", "worse"]]);
  });

  test("S22: that the CLI changes by itself holds from then on; what it says while it obeys is no change", async () => {
    const { clock, cli, setting, answer } = slowCli();
    expect(setting.heard("its own")).toBe(true);
    const late = refusal(() => setting.set("new"));
    await clock.settle();
    expect(setting.heard("new")).toBe(false);
    await clock.run(5_000);
    expect(await late).toBe("session_busy");
    expect(setting.heard("new")).toBe(false);
    await answer();
    await answer();
    expect([cli.has, cli.told]).toEqual(["its own", ["new", "its own"]]);
  });

  test("S22: orders wait for each other, and one that is given up holds nobody up for ever", async () => {
    const { clock, cli, setting, answer } = slowCli();
    const first = refusal(() => setting.set("first"));
    const second = refusal(() => setting.set("second"));
    await clock.settle();
    expect(cli.told).toEqual(["first"]);
    await clock.run(5_000);
    expect(cli.told).toEqual(["first", "second"]);
    await clock.run(5_000);
    expect([await first, await second]).toEqual(["session_busy", "session_busy"]);
    for (let round = 0; round < 4; round += 1) await answer();
    expect(cli.has).toBe("old");
    expect(clock.armed).toBe(0);
  });

  test("S22: that was refused holds no later order up", async () => {
    const { cli, setting, answer } = slowCli();
    const refused = expect(setting.set("bad")).rejects.toThrow("no such model");
    const next = setting.set("good");
    await answer("refuse");
    await answer();
    await Promise.all([refused, next]);
    expect([cli.has, cli.told]).toEqual(["good", ["bad", "good"]]);
    expect(setting.heard("its own")).toBe(true);
  });

  test("S22: that is given up is told with what to do, and when to come again", async () => {
    const { clock, setting } = slowCli();
    const late = setting.set("new").catch((error: unknown) => error);
    await clock.run(5_000);
    expect(await late).toMatchObject({
      code: "session_busy",
      message:
        "Claude did not answer the change of the model within 5000 ms. Nothing was changed; try again, or stop the session's process.",
      retryAfterMs: 5_000,
    });
  });
});
