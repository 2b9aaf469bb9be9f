import { describe, expect, test } from "@jest/globals";
import { LeaseTimer } from "../../../../server/pool/sessions/leaseTimer.ts";
import { hourMs, minuteMs, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A lease clock of its own over a session whose lease is just beginning; the pool's has been stopped. */
async function bench() {
  await rig.current.open();
  const { clock, store, pool } = rig.current;
  const { sessionId } = await pool.createSession({
    caller: { deviceId: "phone", scope: "chat" },
    projectPath: "/projects/alpha",
    options: {},
  });
  await pool.stop(0);
  const calls: string[] = [];
  const plan = { answers: [] as boolean[], failures: 0 };
  const leases = new LeaseTimer({
    store,
    clock,
    log: quiet,
    duties: {
      expire: (session) => {
        calls.push(`expire ${clock.now() - begunAt}`);
        if (plan.failures > 0) {
          plan.failures -= 1;
          throw new Error("full");
        }
        const done = plan.answers.shift() ?? true;
        if (done)
          store.transaction(() => store.sessions.markLeaseEnded(sessionId, session.lease.term, clock.now()));
        return done;
      },
      keepAlive: () => calls.push(`keep alive ${clock.now() - begunAt}`),
    },
  });
  const begunAt = clock.now();
  return { clock, store, leases, sessionId, calls, plan };
}

describe("the clock of the leases", () => {
  test("has one timer, never further than a minute, and none when it is stopped", async () => {
    const { clock, leases, calls, sessionId } = await bench();
    expect(clock.armed).toBe(0);
    leases.start();
    expect(clock.armed).toBe(1);
    clock.jump(24 * hourMs);
    clock.advance(minuteMs - 1);
    expect(calls).toHaveLength(1);
    leases.leaseChanged(clock.now() + 5);
    leases.leaseChanged(clock.now() + 1);
    expect(clock.armed).toBe(1);
    leases.stop();
    leases.leaseChanged(clock.now());
    expect(clock.armed).toBe(0);
    expect(rig.current.types(sessionId)).not.toContain("session.expiring");
  });

  test("asks a quarter of a second later when a turn still has its time, and stops when it is done", async () => {
    const { clock, leases, calls, plan } = await bench();
    leases.start();
    plan.answers = [false, false];
    clock.advance(24 * hourMs + 249);
    expect(calls).toEqual([`expire ${24 * hourMs}`]);
    clock.advance(1_000);
    expect(calls).toEqual([0, 250, 500].map((ms) => `expire ${24 * hourMs + ms}`));
  });

  test("looks again after a minute when a duty was done and something is due all the same", async () => {
    const { clock, leases, store, sessionId, calls } = await bench();
    store.sessions.update(sessionId, { autoKeepAlive: true });
    clock.jump(20 * hourMs);
    leases.start();
    expect([calls, clock.armed]).toEqual([[`keep alive ${20 * hourMs}`], 1]);
    clock.advance(minuteMs);
    expect(calls).toEqual([0, minuteMs].map((ms) => `keep alive ${20 * hourMs + ms}`));
    expect(clock.armed).toBe(1);
  });

  test("tries a duty that failed after 5 s", async () => {
    const { clock, leases, calls, plan } = await bench();
    leases.start();
    plan.failures = 2;
    clock.advance(24 * hourMs + 60_000);
    expect(calls).toEqual([0, 5_000, 10_000].map((ms) => `expire ${24 * hourMs + ms}`));
  });

  test("goes on after the database could not be read at all", async () => {
    const { clock, leases, store, calls } = await bench();
    const withLeaseDue = store.sessions.withLeaseDue.bind(store.sessions);
    store.sessions.withLeaseDue = () => {
      throw new Error("disk I/O error");
    };
    leases.start();
    expect(clock.armed).toBe(1);
    clock.advance(24 * hourMs);
    expect([calls, clock.armed]).toEqual([[], 1]);
    store.sessions.withLeaseDue = withLeaseDue;
    clock.advance(5_000);
    expect(calls).toHaveLength(1);
  });

  test("warns at the instant, with the time that is left, and once more before the end", async () => {
    const { clock, leases, sessionId } = await bench();
    leases.start();
    clock.advance(20 * hourMs - 1);
    expect(rig.current.types(sessionId)).toEqual(["session.created"]);
    clock.advance(4 * hourMs);
    const warned = rig.current.events(sessionId).filter(({ type }) => type === "session.expiring");
    expect(warned.map(({ data }) => data)).toEqual([
      expect.objectContaining({ timeRemainingMs: 4 * hourMs, final: false }),
      expect.objectContaining({ timeRemainingMs: hourMs / 2, final: true }),
    ]);
  });

  test("keeps alive what asked for it, instead of warning and of ending it", async () => {
    const { clock, leases, store, calls, sessionId } = await bench();
    store.transaction(() => store.sessions.update(sessionId, { autoKeepAlive: true }));
    leases.start();
    clock.jump(25 * hourMs);
    clock.advance(minuteMs - 1);
    expect(calls[0]).toMatch(/^keep alive/);
    expect([calls.some((call) => call.startsWith("expire")), rig.current.types(sessionId)]).toEqual([
      false,
      ["session.created"],
    ]);
  });

  test("is armed earlier by a lease that ends earlier, not later by one that ends later", async () => {
    const { clock, leases, store, sessionId, calls } = await bench();
    leases.start();
    const session = store.sessions.get(sessionId)!;
    const lease = {
      ...session.lease,
      warnAt: clock.now() + 10,
      finalWarnAt: undefined,
      expiresAt: clock.now() + 10,
    };
    store.transaction(() => store.sessions.setLease(sessionId, lease, clock.now()));
    leases.leaseChanged(lease.expiresAt);
    leases.leaseChanged(lease.expiresAt + 50_000);
    clock.advance(9);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(calls).toEqual(["expire 10"]);
  });
});
