import { describe, expect, test } from "@jest/globals";
import { LossWatch, type LossWatchParts } from "../../../../server/app/metrics/lossWatch.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import type { SessionState } from "../../../../server/domain/sessions/session.ts";
import type { TurnState } from "../../../../server/domain/sessions/turn.ts";
import { ManualClock } from "../../../support/manualClock.ts";

/** A store of which the test says what it holds, and a log that it speaks for. */
function rig(turns: Record<string, TurnState> = {}, sessions: Record<string, SessionState> = { s: "busy" }) {
  const clock = new ManualClock();
  let hear: (events: LoggedEvent[]) => void = () => {};
  const turnOf = (turnId: string) => ({ turnId, sessionId: "s", state: turns[turnId] });
  const store = {
    turns: {
      get: (turnId: string) => (turns[turnId] === undefined ? undefined : turnOf(turnId)),
      inState: (state: TurnState) =>
        Object.keys(turns)
          .filter((id) => turns[id] === state)
          .map(turnOf),
    },
    sessions: { get: (id: string) => (sessions[id] === undefined ? undefined : { state: sessions[id] }) },
    events: {
      subscribe: (listener: typeof hear) => {
        hear = listener;
        return () => {};
      },
    },
  } as unknown as LossWatchParts["store"];
  const watch = new LossWatch({ store, clock });
  const tell = (type: LoggedEvent["type"], turnId: string) =>
    hear([{ type, turnId, sessionId: "s" } as unknown as LoggedEvent]);
  /** Looks twice, far enough apart. */
  const lost = () => {
    const first = watch.lostTurns();
    clock.advance(10_000);
    return [first, watch.lostTurns()];
  };
  return { watch, tell, lost, turns, sessions, clock };
}

describe("LossWatch", () => {
  test("a turn that runs, waits or has been told to have ended is not lost", () => {
    const { tell, lost, turns } = rig();
    turns.a = "running";
    turns.b = "queued";
    turns.c = "completed";
    for (const id of ["a", "b", "c"]) tell("turn.accepted", id);
    tell("turn.completed", "c");
    expect(lost()).toEqual([0, 0]);
  });

  test("a turn is lost when it runs in a session where nothing does, those of an earlier run included", () => {
    const { lost, sessions } = rig({ old: "running" });
    expect(lost()).toEqual([0, 0]);
    for (const state of ["idle", "parked", "expired", "closed"] as const) {
      sessions.s = state;
      expect([state, lost().at(-1)]).toEqual([state, 1]);
      sessions.s = "waiting";
      expect(lost()).toEqual([0, 0]);
    }
  });

  test("a turn is lost when it has ended and no event says so, when it is gone, and when it waits in a closed session", () => {
    const { tell, lost, turns, sessions } = rig();
    for (const id of ["ended", "missing", "waits"]) tell("turn.accepted", id);
    turns.ended = "failed";
    turns.waits = "queued";
    expect(lost()).toEqual([0, 2]);
    sessions.s = "closed";
    expect(lost()).toEqual([2, 3]);
    tell("turn.failed", "ended");
    expect(lost().at(-1)).toBe(2);
  });

  test("what looks lost for an instant is between two steps of the pool, and is not counted", () => {
    const { watch, sessions, clock } = rig({ a: "running" }, { s: "idle" });
    expect(watch.lostTurns()).toBe(0);
    clock.advance(9_999);
    expect(watch.lostTurns()).toBe(0);
    sessions.s = "busy";
    watch.lostTurns();
    sessions.s = "idle";
    clock.advance(9_999);
    expect(watch.lostTurns()).toBe(0);
  });

  test("an erased session takes its turns along", () => {
    const { tell, lost, sessions } = rig();
    tell("turn.accepted", "a");
    delete sessions.s;
    expect(lost()).toEqual([0, 0]);
  });

  test("a second end of a turn is counted", () => {
    const { watch, tell } = rig();
    for (const type of ["turn.accepted", "turn.completed", "turn.failed"] as const) tell(type, "a");
    tell("turn.interrupted", "b");
    expect(watch.endedTwice).toBe(1);
  });
});
