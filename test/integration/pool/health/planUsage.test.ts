import { describe, expect, test } from "@jest/globals";
import type { PlanWindow } from "../../../../server/domain/processes/usage.ts";
import { hourMs, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const window = (utilizationPercent: number, resetsAt = rig.current.clock.now() + hourMs): PlanWindow => ({
  id: "five_hour",
  label: "5 hours",
  utilizationPercent,
  resetsAt,
});
const warnings = () =>
  rig.current.store.events
    .after(0, 1_000)
    .flatMap((event) => (event.type === "limit.warning" ? [event.data] : []));
/** The report; the wait for a process that does not answer is over. */
async function report() {
  const asked = rig.current.pool.usage(30);
  await rig.current.clock.run(1_500);
  return asked;
}

describe("the plan's windows", () => {
  test("T09: that Claude tells by itself share the turn's commits, are kept with their age, and are warned of once", async () => {
    await rig.current.open();
    const { process } = await rig.current.busySession();
    const told = window(85);
    process.fact({ kind: "plan", windows: [told] });
    process.fact({ kind: "plan", windows: [{ ...told, utilizationPercent: 95 }] });
    expect(warnings()).toEqual([]);
    process.reply("Hi.");
    const { resetsAt } = told;
    expect(warnings()).toEqual([{ windowId: "five_hour", utilizationPercent: 85, resetsAt }]);
    const toldAt = rig.current.clock.now();
    await rig.current.restart();
    await rig.current.clock.run(120_000);
    expect(await rig.current.pool.usage(30)).toMatchObject({
      asOf: toldAt,
      plan: { available: true, windows: [{ id: "five_hour", utilizationPercent: 95, resetsAt }] },
    });
    await rig.current.clock.run(hourMs);
    expect((await rig.current.pool.usage(30)).plan).toEqual({ available: false, windows: [] });
  });

  test("T09: are asked of an idle process, no more than once a minute, and never of one with a turn", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.idleSession();
    process.plan = [window(12)];
    expect((await rig.current.pool.usage(30)).plan.windows).toEqual(process.plan);
    await rig.current.pool.usage(30);
    expect(process.planAsks).toBe(1);
    await rig.current.clock.run(60_000);
    rig.current.submit({ sessionId, message: "Work" });
    await rig.current.pool.usage(30);
    expect(process.planAsks).toBe(1);
    process.reply("Done.");
    await rig.current.clock.settle();
    await rig.current.pool.usage(30);
    expect(process.planAsks).toBe(2);
  });

  test("T09: are the last known ones when the process does not answer in time, and it is free again", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { process } = await rig.current.idleSession();
    process.plan = [window(12)];
    await rig.current.pool.usage(30);
    process.isDumb = true;
    await rig.current.clock.run(60_000);
    expect((await report()).plan.windows).toEqual(process.plan);
    expect(rig.current.logged).toContain("info plan.not_told");
    const next = rig.current.submit({ message: "Another session" });
    await rig.current.clock.settle();
    expect(rig.current.host.process(next.sessionId).sent).toHaveLength(1);
  });

  test("T09: are none with a login that has no plan", async () => {
    await rig.current.open();
    await rig.current.idleSession();
    expect(await report()).toMatchObject({ plan: { available: false, windows: [] }, days: [] });
  });
});
