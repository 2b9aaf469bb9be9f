import { expect } from "@jest/globals";
import { terminalTurnEvents } from "../../../server/domain/delivery/event.ts";
import { pushKindOf } from "../../../server/domain/delivery/pushRules.ts";
import { isTerminal } from "../../../server/domain/sessions/turn.ts";
import type { Accepted } from "../../../server/pool/port.ts";
import { hourMs, minuteMs, type PoolRig } from "../../integration/pool/rig.ts";

/** A stretch of the clock that nobody saw pass. */
export interface Absence {
  fromAt: number;
  toAt: number;
}

/** What holds at every moment: places, one process a session, states that agree with each other. */
export function checkMoment(rig: PoolRig, cap: number): void {
  const { host, store, pool } = rig;
  expect(host.mostAtOnce).toBeLessThanOrEqual(cap);
  expect(host.mostOfOneSession).toBeLessThanOrEqual(1);
  const present = new Set(pool.active().map((view) => view.sessionId));
  const running = store.turns.inState("running").map((turn) => turn.sessionId);
  expect(new Set(running).size).toBe(running.length);
  for (const sessionId of running) expect([sessionId, present.has(sessionId)]).toEqual([sessionId, true]);
  for (const { sessionId, state } of store.sessions.inStates(["idle", "busy", "waiting"])) {
    const open = store.permissions.openCountOf(sessionId) > 0;
    const facts = [sessionId, state, present.has(sessionId), open];
    expect(facts).toEqual([sessionId, state, true, state === "waiting"]);
  }
}

/** Every message that was accepted, and no other, has exactly one end, and the turn's own record says the same. */
export function checkEnds(rig: PoolRig, accepted: readonly Accepted[]): void {
  const events = rig.store.events.after(0, 1_000_000);
  const inLog = events.flatMap((event) => (event.type === "turn.accepted" ? [event.turnId] : []));
  expect(inLog).toEqual(accepted.map(({ turnId }) => turnId));
  const ends = new Map<string, string[]>();
  for (const event of events) {
    if (event.turnId === undefined || !terminalTurnEvents.has(event.type)) continue;
    ends.set(event.turnId, [...(ends.get(event.turnId) ?? []), event.type]);
  }
  for (const { turnId } of accepted) {
    const state = rig.store.turns.get(turnId)!.state;
    expect([turnId, isTerminal(state), ends.get(turnId)]).toEqual([turnId, true, [`turn.${state}`]]);
  }
}

/** No gap in the log, over all and in each session. */
export function checkLog(rig: PoolRig): void {
  const events = rig.store.events.after(0, 1_000_000);
  expect(events.map((event) => event.cursor)).toEqual(events.map((_event, index) => index + 1));
  const last = new Map<string, number>();
  for (const { sessionId, seq } of events) {
    if (sessionId === null) continue;
    expect([sessionId, seq]).toEqual([sessionId, (last.get(sessionId) ?? 0) + 1]);
    last.set(sessionId, seq!);
  }
}

/**
 * At most one warning and one final warning a term, and none missing before an expiry unless nobody was there to give it.
 * Returns how many warnings, final ones and expiries there were.
 */
export function checkLeases(rig: PoolRig, absences: readonly Absence[]) {
  const totals = { warnings: 0, finalWarnings: 0, expiries: 0 };
  const terms = new Map<string, { warned: number; final: number }>();
  for (const event of rig.store.events.after(0, 1_000_000)) {
    const sessionId = event.sessionId ?? "";
    const term = terms.get(sessionId) ?? { warned: 0, final: 0 };
    terms.set(sessionId, term);
    switch (event.type) {
      case "session.renewed":
        terms.set(sessionId, { warned: 0, final: 0 });
        break;
      case "session.expiring":
        term[event.data.final ? "final" : "warned"] += 1;
        totals[event.data.final ? "finalWarnings" : "warnings"] += 1;
        expect([sessionId, term.warned <= 1, term.final <= 1]).toEqual([sessionId, true, true]);
        break;
      case "session.expired": {
        totals.expiries += 1;
        const expiresAt = rig.store.sessions.get(sessionId)!.lease.expiresAt;
        const away = absences.some(
          ({ fromAt, toAt }) =>
            toAt >= event.data.expiredAt - 10 * minuteMs &&
            fromAt <= event.data.expiredAt - 4 * hourMs + 10 * minuteMs,
        );
        const told = term.warned + term.final > 0 || away;
        expect([sessionId, expiresAt > 0, told]).toEqual([sessionId, true, true]);
        break;
      }
    }
  }
  return totals;
}

/**
 * What befalls everybody is pushed once: a lost login or a limit not again before Claude has answered somebody, a
 * quarantine not again before the session was answered; a new run of the server, which begins at these cursors, forgets.
 * Returns how many incidents there were.
 */
export function checkIncidents(rig: PoolRig, startCursors: readonly number[]) {
  const totals = { logins: 0, limits: 0, quarantines: 0 };
  const open = new Set<string>();
  const starts = [...startCursors];
  let limitsOpen = 0;
  let refusedTurns = 0;
  for (const event of rig.store.events.after(0, 1_000_000)) {
    while (starts[0] !== undefined && starts[0] < event.cursor) {
      open.clear();
      starts.shift();
    }
    const { type, sessionId } = event;
    if (type === "limit.lifted") {
      // The word of a limit's end follows that of its beginning, once.
      limitsOpen -= 1;
      expect([event.cursor, limitsOpen >= 0]).toEqual([event.cursor, true]);
      open.delete("limit");
      continue;
    }
    if (type === "limit.reached") limitsOpen = 1;
    const kind = pushKindOf(event);
    if (kind === "login" || kind === "limit" || kind === "crashed") {
      const key = kind === "crashed" ? `${kind} ${sessionId}` : kind;
      expect([event.cursor, key, open.has(key)]).toEqual([event.cursor, key, false]);
      open.add(key);
      totals[kind === "login" ? "logins" : kind === "limit" ? "limits" : "quarantines"] += 1;
    }
    if (type === "turn.failed" && event.data.code === "login_required") refusedTurns += 1;
    const isAnswer = type === "turn.completed" || type === "message" || type === "tool.started";
    if (isAnswer && event.turnId !== undefined) {
      open.delete("login");
      open.delete("limit");
    }
    if (type === "turn.completed") open.delete(`crashed ${sessionId}`);
  }
  expect(totals.logins > 0).toBe(refusedTurns > 0);
  return totals;
}
