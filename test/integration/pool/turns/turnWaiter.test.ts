import { describe, expect, test } from "@jest/globals";
import { TurnWaiter } from "../../../../server/pool/turns/turnWaiter.ts";
import { owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("waiting for a turn's end", () => {
  test("one that leaves takes nothing from the others, and nobody leaves a timer or a listener", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    const watch = new TurnWaiter({ store, clock });
    const before = clock.armed;
    const gone = new AbortController();
    const removed: string[] = [];
    const remove = gone.signal.removeEventListener.bind(gone.signal);
    gone.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      removed.push(String(args[0]));
      remove(...args);
    };
    const waits = [
      watch.ended(turnId, 1_000),
      watch.ended(turnId, 60_000, gone.signal),
      watch.ended(turnId, 60_000),
    ];
    expect(clock.armed).toBe(before + 3);
    await clock.run(1_000);
    expect(await waits[0]).toBeUndefined();
    gone.abort();
    expect(await waits[1]).toBeUndefined();
    expect([clock.armed, removed]).toEqual([before + 1, ["abort"]]);
    process.result();
    expect((await waits[2])?.state).toBe("completed");
    expect(clock.armed).toBe(before);
    watch.stop();
  });

  test("ends at once for one that has ended, for no time, and for a caller that is gone", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const watch = new TurnWaiter({ store, clock });
    const before = clock.armed;
    expect(await watch.ended(turnId, 0)).toBeUndefined();
    expect(await watch.ended(turnId, 1_000, AbortSignal.abort())).toBeUndefined();
    process.reply("Done.");
    expect((await watch.ended(turnId, 0))?.turnId).toBe(turnId);
    const next = rig.current.submit({ sessionId, message: "Next" });
    const waits = watch.ended(next.turnId, 60_000);
    process.think();
    await clock.settle();
    expect(clock.armed).toBeGreaterThanOrEqual(before + 1);
    await rig.current.pool.interrupt(sessionId, next.turnId, owner);
    expect((await waits)?.state).toBe("interrupted");
    watch.stop();
  });

  test("is over when the watch stops, and the log is not listened to any more", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { turnId } = await rig.current.busySession();
    const before = clock.armed;
    let unsubscribed = 0;
    const watch = new TurnWaiter({
      clock,
      store: {
        ...store,
        events: Object.assign(Object.create(store.events) as typeof store.events, {
          subscribe: () => () => {
            unsubscribed += 1;
          },
        }),
      },
    });
    const waits = [watch.ended(turnId, 60_000), watch.ended(turnId, 60_000)];
    watch.stop();
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
    expect([unsubscribed, clock.armed]).toEqual([1, before]);
  });
});
