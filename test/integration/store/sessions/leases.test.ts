import { describe, expect, test } from "@jest/globals";
import { type Lease, leaseDuty, nextDeadline } from "../../../../server/domain/sessions/lease.ts";
import type { Session, SessionState } from "../../../../server/domain/sessions/session.ts";
import { aLease, aSession, useBench } from "../fixture.ts";

const bench = useBench();
const insert = (lease: Lease, state: SessionState = "idle"): string => {
  const session = aSession({ lease, state });
  bench.store.sessions.insert(session);
  return session.sessionId;
};
const leaseOf = (sessionId: string): Lease | undefined => bench.store.sessions.get(sessionId)?.lease;
const idsOf = (sessions: Session[]): string[] => sessions.map((session) => session.sessionId);

describe("lease terms", () => {
  test("activity moves the instants of the same term; the marks are those of the lease given", () => {
    const sessionId = insert(aLease({ warnedAt: 20_500 }));
    const moved = aLease({ warnAt: 30_000, finalWarnAt: 33_000, expiresAt: 34_000 });
    bench.store.sessions.setLease(sessionId, moved, 11_000);
    expect(leaseOf(sessionId)).toEqual(moved);
    expect(bench.store.sessions.get(sessionId)?.lastActivityAt).toBe(11_000);
    bench.store.sessions.setLease(sessionId, { ...moved, warnedAt: 30_001 }, 12_000);
    expect(leaseOf(sessionId)?.warnedAt).toBe(30_001);
  });

  test("a session shows its newest term, and the old one can no longer be marked", () => {
    const sessionId = insert(aLease());
    bench.store.sessions.setLease(sessionId, aLease({ term: 2, expiresAt: 48_000 }), 24_000);
    expect(leaseOf(sessionId)).toMatchObject({ term: 2, expiresAt: 48_000 });
    expect(bench.store.sessions.markWarned(sessionId, 1, false, 24_001)).toBe(false);
    expect(bench.store.sessions.markLeaseEnded(sessionId, 1, 24_001)).toBe(false);
    bench.store.sessions.setLease(sessionId, aLease({ term: 1, expiresAt: 99_000 }), 24_002);
    expect(leaseOf(sessionId)).toMatchObject({ term: 2, expiresAt: 48_000 });
  });

  test("each warning is marked by one caller", () => {
    const sessionId = insert(aLease());
    const { sessions } = bench.store;
    expect(sessions.markWarned(sessionId, 1, false, 20_000)).toBe(true);
    expect(sessions.markWarned(sessionId, 1, false, 20_001)).toBe(false);
    expect(sessions.markWarned(sessionId, 1, true, 23_000)).toBe(true);
    expect(sessions.markWarned(sessionId, 1, true, 23_001)).toBe(false);
    expect(leaseOf(sessionId)).toMatchObject({ warnedAt: 20_000, finalWarnedAt: 23_000 });
  });

  test("the last warning stands for the first one, so that a long sleep warns once", () => {
    const sessionId = insert(aLease());
    expect(bench.store.sessions.markWarned(sessionId, 1, true, 23_500)).toBe(true);
    expect(bench.store.sessions.markWarned(sessionId, 1, false, 23_501)).toBe(false);
    expect(bench.store.sessions.withLeaseDue(23_501)).toEqual([]);
  });

  test("a lease is ended by one caller and then wants nothing more", () => {
    const sessionId = insert(aLease());
    const { sessions } = bench.store;
    expect(sessions.markLeaseEnded(sessionId, 1, 24_000)).toBe(true);
    expect(sessions.markLeaseEnded(sessionId, 1, 24_001)).toBe(false);
    expect(sessions.markWarned(sessionId, 1, false, 24_002)).toBe(false);
    expect(sessions.nextLeaseDeadline()).toBeUndefined();
    expect(sessions.withLeaseDue(99_000)).toEqual([]);
    sessions.setLease(
      sessionId,
      aLease({ term: 2, warnAt: 40_000, finalWarnAt: undefined, expiresAt: 48_000 }),
      25_000,
    );
    expect(sessions.nextLeaseDeadline()).toBe(40_000);
  });

  test("rounds instants that came out of fractions of hours", () => {
    const sessionId = insert(aLease({ expiresAt: 1_000 + 0.0007 * 3_600_000 + 1e-7 }));
    expect(leaseOf(sessionId)?.expiresAt).toBe(3_520);
  });
});

describe("lease deadlines", () => {
  test("the next one is the earliest over all sessions that are not closed", () => {
    expect(bench.store.sessions.nextLeaseDeadline()).toBeUndefined();
    insert(aLease({ warnAt: 500 }), "closed");
    const first = insert(aLease({ warnAt: 5_000 }));
    insert(aLease({ warnAt: 6_000 }), "parked");
    const { sessions } = bench.store;
    expect(sessions.nextLeaseDeadline()).toBe(5_000);
    sessions.markWarned(first, 1, false, 5_000);
    expect(sessions.nextLeaseDeadline()).toBe(6_000);
    expect(idsOf(sessions.withLeaseDue(23_000))).toHaveLength(2);
    sessions.setState(first, "closed");
    expect(idsOf(sessions.withLeaseDue(23_000))).not.toContain(first);
  });

  test("agrees with the domain on every lease: its duty is due exactly when the store says so", () => {
    const marks = [undefined, 1];
    const leases: Lease[] = [];
    for (const warnedAt of marks) {
      for (const finalWarnedAt of marks) {
        for (const endedAt of marks) {
          for (const finalWarnAt of [undefined, 23_000]) {
            leases.push(aLease({ warnedAt, finalWarnedAt, endedAt, finalWarnAt }));
          }
        }
      }
    }
    const byId = new Map(leases.map((lease) => [insert(lease), lease]));
    for (const at of [19_999, 20_000, 22_999, 23_000, 23_999, 24_000]) {
      const due = [...byId].filter(([, lease]) => leaseDuty(lease, at) !== undefined).map(([id]) => id);
      expect(idsOf(bench.store.sessions.withLeaseDue(at)).sort()).toEqual(due.sort());
    }
    const deadlines = leases.map(nextDeadline).filter((at) => at !== undefined);
    expect(bench.store.sessions.nextLeaseDeadline()).toBe(Math.min(...deadlines));
  });
});
