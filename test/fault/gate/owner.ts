import { expect } from "@jest/globals";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { Accepted, SubmitRequest } from "../../../server/pool/port.ts";
import { minuteMs, owner, type PoolRig } from "../../integration/pool/rig.ts";
import type { Chance } from "../../support/chance.ts";

type Sent = Partial<SubmitRequest> & { message: string; clientMessageId: string };

/** What the phones do in a day: every message that was accepted is remembered here and must end once. */
export class Owner {
  readonly accepted: Accepted[] = [];
  readonly refused = new Map<string, number>();
  readonly #sent: Sent[] = [];
  readonly #rig: PoolRig;
  readonly #chance: Chance;
  readonly #sessionCount: number;
  #sessions: string[] = [];
  #messages = 0;

  constructor(parts: { rig: PoolRig; chance: Chance; sessionCount: number }) {
    this.#rig = parts.rig;
    this.#chance = parts.chance;
    this.#sessionCount = parts.sessionCount;
  }

  get sessions(): readonly string[] {
    return this.#sessions;
  }

  act(): void {
    const { pool } = this.#rig;
    const sessionId = this.#busySession();
    const turn = this.#chance.pick(this.accepted.slice(-40));
    this.#chance.weighted<() => void>([
      [60, () => this.send()],
      [4, () => this.send({ sendAt: this.#rig.clock.now() + this.#chance.between(1, 120 * minuteMs) })],
      [6, () => this.#sendAgain()],
      [3, () => this.#sendAnother()],
      [10, () => this.#answer()],
      [5, () => turn && this.#try(() => pool.interrupt(turn.sessionId, undefined, owner))],
      [4, () => turn && this.#try(() => pool.cancelTurn(turn.sessionId, turn.turnId, owner))],
      [1, () => sessionId && this.#try(() => pool.closeSession(sessionId, owner))],
      [2, () => sessionId && this.#try(() => pool.stopProcesses(sessionId, owner))],
      [0.2, () => this.#try(() => pool.stopProcesses(undefined, owner))],
      [3, () => sessionId && this.#try(() => pool.keepAlive(sessionId, owner))],
      [1, () => sessionId && this.#try(() => pool.recap(sessionId))],
      [1, () => sessionId && this.#update(sessionId)],
    ])();
  }

  /** Ends what has run for so long that an owner would lose patience. */
  interruptOlderThan(ageMs: number): void {
    const { store, clock, pool } = this.#rig;
    for (const turn of store.turns.inState("running"))
      if ((turn.startedAt ?? 0) < clock.now() - ageMs)
        this.#try(() => pool.interrupt(turn.sessionId, turn.turnId, owner));
  }

  /** A message to one of the sessions, or to a new one while there are fewer than there shall be. */
  send(more: Partial<SubmitRequest> = {}): void {
    this.#forgetClosed();
    const begins = this.#sessions.length < this.#sessionCount && this.#chance.happens(0.6);
    const sessionId = more.sessionId ?? (begins ? undefined : this.#busySession());
    this.#messages += 1;
    const sent = { message: "Go on", clientMessageId: `c${this.#messages}`, ...more, sessionId };
    this.#try(() => {
      const accepted = this.#rig.submit(sent);
      expect(accepted.duplicate).toBe(false);
      this.accepted.push(accepted);
      this.#sent.push(sent);
      if (sessionId === undefined) this.#sessions.push(accepted.sessionId);
    });
  }

  /** A message to a session that has expired: it comes back. */
  revive(): number {
    const expired = this.#sessions.filter((id) => this.#rig.state(id) === "expired");
    for (const sessionId of expired) {
      this.#chance.weighted<() => void>([
        [2, () => this.send({ sessionId })],
        [1, () => this.#try(() => this.#rig.pool.keepAlive(sessionId, owner))],
        [1, () => undefined],
      ])();
    }
    return expired.length;
  }

  stopKeepingAlive(): void {
    this.#forgetClosed();
    for (const sessionId of this.#sessions)
      this.#try(() => this.#rig.pool.updateSession(sessionId, { autoKeepAlive: false }, owner));
  }

  /** A phone that did not hear the answer sends the same again, also days and restarts later: it is the same turn. */
  #sendAgain(): void {
    const index = this.#chance.between(0, this.#sent.length);
    const sent = this.#sent[index];
    if (sent === undefined) return;
    this.#try(() => {
      const again = this.#rig.submit(sent);
      expect([again.turnId, again.duplicate]).toEqual([this.accepted[index]!.turnId, true]);
    });
  }

  /** The same id with another message is a conflict, not a message. */
  #sendAnother(): void {
    const sent = this.#chance.pick(this.#sent);
    if (sent === undefined) return;
    const before = this.refused.get("idempotency_conflict") ?? 0;
    this.#try(() => this.#rig.submit({ ...sent, message: "Something else" }));
    expect(this.refused.get("idempotency_conflict")).toBe(before + 1);
  }

  #answer(): void {
    const permission = this.#chance.pick(this.#rig.store.permissions.open());
    const decision = this.#chance.happens(0.7) ? "allow" : "deny";
    if (permission)
      this.#try(() => this.#rig.pool.answerPermission(permission.permissionId, { decision }, owner));
  }

  #update(sessionId: string): void {
    const change = this.#chance.pick([
      { autoKeepAlive: true },
      { autoKeepAlive: false },
      { permissionMode: "acceptEdits" as const },
      { permissionMode: "default" as const },
    ])!;
    this.#try(() => this.#rig.pool.updateSession(sessionId, change, owner));
  }

  /** The later sessions are written to less and less; some hear nothing all day, and their lease ends. */
  #busySession(): string | undefined {
    const share = this.#chance.share();
    return this.#sessions[Math.floor(share * share * this.#sessions.length * 0.8)];
  }

  #forgetClosed(): void {
    this.#sessions = this.#sessions.filter((id) => this.#rig.state(id) !== "closed");
  }

  /** A refusal is an answer like another; anything else is a bug. */
  #try(work: () => unknown): void {
    const asked = this.#rig.pool;
    const note = (error: unknown) => {
      // What was still under way in a server that was killed meanwhile would never have been heard of.
      if (this.#rig.pool !== asked) return;
      if (!(error instanceof DaylongError)) throw error;
      this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
    };
    try {
      const result = work();
      if (result instanceof Promise) result.catch(note);
    } catch (error) {
      note(error);
    }
  }
}
