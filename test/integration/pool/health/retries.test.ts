import { describe, expect, test } from "@jest/globals";
import type { FactSignal } from "../../../../server/domain/processes/factSignal.ts";
import { usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const health = () => rig.current.pool.health();
const retrying = (attempt = 1, reason: "no_connection" | "overloaded" = "no_connection"): FactSignal => ({
  kind: "retrying",
  attempt,
  reason,
  waitMs: 600.5,
});
const connection =
  /Claude's requests of one session have been failing for 10 s, because there is no connection/;

describe("requests that fail and are tried again", () => {
  test("START-1 T14 F24: are told at once as activity of their turn, and by the health report after ten seconds", async () => {
    await rig.current.open();
    const { turnId, process } = await rig.current.busySession();
    process.fact(retrying());
    expect(rig.current.feed).toEqual([`retrying ${turnId}`]);
    await rig.current.clock.run(9_000);
    process.fact(retrying(2));
    expect(health()).toEqual({ state: "ok" });
    await rig.current.clock.run(1_000);
    expect(health()).toMatchObject({ state: "degraded", detail: expect.stringMatching(connection) });
    expect(rig.current.feed).toHaveLength(2);
  });

  test.each(["delta", "message", "think", "reply"] as const)(
    "T14: are over with an answer: a %s",
    async (answer) => {
      await rig.current.open();
      const { process } = await rig.current.busySession();
      process.fact(retrying());
      await rig.current.clock.run(10_000);
      expect(health().state).toBe("degraded");
      process[answer]("Hi.");
      expect(health()).toEqual({ state: "ok" });
    },
  );

  test("T14: are over with their process", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    process.fact(retrying());
    await rig.current.clock.run(10_000);
    process.leave();
    await rig.current.clock.settle();
    expect(health()).toEqual({ state: "ok" });
  });

  test("T14: of several sessions are one sentence a reason", async () => {
    await rig.current.open();
    const sessions = [];
    for (let count = 0; count < 3; count += 1) sessions.push(await rig.current.busySession());
    sessions[0]!.process.fact(retrying());
    sessions[1]!.process.fact(retrying());
    sessions[2]!.process.fact(retrying(1, "overloaded"));
    await rig.current.clock.run(12_000);
    expect(health().detail).toBe(
      "Claude's requests of 2 sessions have been failing for 12 s, because there is no connection to the API; they are tried again. " +
        "Claude's requests of one session have been failing for 12 s, because the API is overloaded; they are tried again.",
    );
  });
});
