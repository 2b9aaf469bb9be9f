import { describe, expect, test } from "@jest/globals";
import { mayBecome, type Session, sessionStates } from "../../../../server/domain/sessions/session.ts";
import { aSession, useBench } from "../fixture.ts";

const bench = useBench();
const insert = (session: Partial<Session> = {}): Session => {
  const whole = aSession(session);
  bench.store.sessions.insert(whole);
  return whole;
};

describe("the session directory", () => {
  test("gives a session back as it was put in, after a restart too", () => {
    const session = insert({
      model: "opus",
      permissionMode: "plan",
      muted: true,
      options: { allowedTools: ["Read"], maxTurns: 3, origin: { resume: "r", fork: true, resumeAt: "u" } },
    });
    bench.reopen();
    expect(bench.store.sessions.get(session.sessionId)).toEqual(session);
    expect(bench.store.sessions.get("nobody")).toBeUndefined();
  });

  test("puts a session into the states that may follow, and reports any other change without making it", () => {
    const { sessionId } = insert({ state: "parked" });
    const { store, wrongChanges } = bench;
    store.sessions.setState(sessionId, "busy");
    store.transaction(() => {
      store.sessions.setState(sessionId, "busy");
      store.sessions.update(sessionId, { title: "Written all the same" });
    });
    store.sessions.setState(sessionId, "closed");
    store.sessions.setState(sessionId, "idle");
    expect(store.sessions.get(sessionId)).toMatchObject({ state: "closed", title: "Written all the same" });
    expect(wrongChanges).toEqual([
      { sessionId, from: "busy", to: "busy" },
      { sessionId, from: "closed", to: "idle" },
    ]);
  });

  test.each(sessionStates)(
    "changes the state %s into each that may follow it, and reports the others",
    (from) => {
      for (const to of sessionStates) {
        const { sessionId } = insert({ state: from });
        const reported = bench.wrongChanges.length;
        bench.store.sessions.setState(sessionId, to);
        const may = mayBecome(from, to);
        expect([to, bench.store.sessions.get(sessionId)?.state]).toEqual([to, may ? to : from]);
        expect(bench.wrongChanges.slice(reported)).toEqual(may ? [] : [{ sessionId, from, to }]);
      }
    },
  );

  test("changes what it is told to and nothing else", () => {
    const session = insert({ model: "opus", muted: true });
    bench.store.sessions.update(session.sessionId, { title: "Beta", autoKeepAlive: true });
    expect(bench.store.sessions.get(session.sessionId)).toEqual({
      ...session,
      title: "Beta",
      autoKeepAlive: true,
    });
    bench.store.sessions.update(session.sessionId, { model: null, muted: false, title: undefined });
    expect(bench.store.sessions.get(session.sessionId)).toMatchObject({
      title: "Beta",
      model: null,
      muted: false,
    });
  });

  test("writes to a session that does not exist are session_not_found", () => {
    const notFound = expect.objectContaining({ code: "session_not_found" });
    const { sessions } = bench.store;
    expect(() => sessions.setState("nobody", "idle")).toThrow(notFound);
    expect(() => sessions.update("nobody", { title: "x" })).toThrow(notFound);
    expect(() => sessions.addTurn("nobody", 1, 1, 1)).toThrow(notFound);
    expect(() => sessions.setLease("nobody", aSession().lease, 1)).toThrow(notFound);
  });

  test("finds sessions by their states, the longest inactive first", () => {
    const parked = insert({ state: "parked", lastActivityAt: 3 });
    const busy = insert({ state: "busy", lastActivityAt: 2 });
    insert({ state: "closed", lastActivityAt: 1 });
    const ids = bench.store.sessions.inStates(["busy", "parked"]).map((session) => session.sessionId);
    expect(ids).toEqual([busy.sessionId, parked.sessionId]);
    expect(bench.store.sessions.inStates([])).toEqual([]);
  });

  test("counts a turn's own cost from the CLI's running total, which starts anew with another process", () => {
    const { sessionId } = insert();
    const { sessions } = bench.store;
    expect(sessions.addTurn(sessionId, 0.25, 100, 10)).toBe(0.25);
    expect(sessions.addTurn(sessionId, 0.75, 200, 20)).toBe(0.5);
    expect(sessions.addTurn(sessionId, 0.75, 0, 0)).toBe(0);
    bench.reopen();
    expect(bench.store.sessions.addTurn(sessionId, 0.125, 1, 2)).toBe(0.125);
    expect(bench.store.sessions.addTurn(sessionId, 0.375, 1, 2)).toBe(0.25);
    expect(bench.store.sessions.get(sessionId)).toMatchObject({
      costUsd: 1.125,
      turnCount: 5,
      tokens: { input: 302, output: 34 },
    });
  });

  test("T09 counts from what a process started with: what it goes on with, or is a copy of, is not its session's", () => {
    const { sessionId } = insert();
    const { sessions } = bench.store;
    sessions.setCliCost(sessionId, 0.5);
    expect(sessions.get(sessionId)?.costUsd).toBe(0);
    expect(sessions.addTurn(sessionId, 0.75, 1, 1)).toBe(0.25);
    // The one after a crash starts below what was counted, and is not counted whole for it.
    sessions.setCliCost(sessionId, 0.625);
    expect(sessions.addTurn(sessionId, 0.6875, 1, 1)).toBe(0.0625);
    expect(sessions.get(sessionId)?.costUsd).toBe(0.3125);
  });

  test("keeps the last recap of a session", () => {
    const { sessionId } = insert();
    expect(bench.store.sessions.recap(sessionId)).toBeUndefined();
    bench.store.sessions.setRecap(sessionId, { text: "So far", createdAt: 5, turnCount: 1 });
    bench.store.sessions.setRecap(sessionId, { text: "By now", createdAt: 6, turnCount: 2 });
    expect(bench.store.sessions.recap(sessionId)).toEqual({ text: "By now", createdAt: 6, turnCount: 2 });
  });
});

describe("listing sessions", () => {
  const idsOf = (sessions: Session[]): string[] => sessions.map((session) => session.sessionId);

  test("pages from the newest to the oldest, each session once, also when many share an instant", () => {
    const all = [5, 5, 5, 9, 1, 5, 7].map((lastActivityAt) => insert({ lastActivityAt }));
    const expected = idsOf(
      all.sort((a, b) => b.lastActivityAt - a.lastActivityAt || (b.sessionId > a.sessionId ? 1 : -1)),
    );
    const listed: string[] = [];
    let before: string | undefined;
    let pages = 0;
    do {
      const page = bench.store.sessions.list({ limit: 2, before });
      listed.push(...idsOf(page.sessions));
      before = page.nextBefore;
      pages += 1;
      if (before !== undefined) expect(before).toMatch(/^[A-Za-z0-9_-]+$/);
    } while (before !== undefined);
    expect(listed).toEqual(expected);
    expect(pages).toBe(4);
  });

  test("says that there is no next page when the last one is exactly full", () => {
    insert();
    insert();
    expect(bench.store.sessions.list({ limit: 2 })).not.toHaveProperty("nextBefore");
  });

  test("filters by state and by project", () => {
    const a = insert({ state: "parked" });
    const b = insert({ state: "parked", projectPath: "/projects/beta" });
    insert({ state: "idle", projectPath: "/projects/beta" });
    const { sessions } = bench.store;
    expect(idsOf(sessions.list({ state: "parked", limit: 9 }).sessions).sort()).toEqual(
      [a.sessionId, b.sessionId].sort(),
    );
    expect(
      idsOf(sessions.list({ state: "parked", projectPath: "/projects/beta", limit: 9 }).sessions),
    ).toEqual([b.sessionId]);
  });

  test("a page mark that is not ours is invalid_request", () => {
    for (const before of ["", "nonsense", "bnVsbA", Buffer.from('["x",1]').toString("base64url")]) {
      expect(() => bench.store.sessions.list({ limit: 2, before })).toThrow(
        expect.objectContaining({ code: "invalid_request", status: 400 }),
      );
    }
  });
});
