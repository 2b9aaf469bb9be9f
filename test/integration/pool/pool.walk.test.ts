import { expect, test } from "@jest/globals";
import { DaylongError } from "../../../server/domain/errors.ts";
import { isTerminal } from "../../../server/domain/sessions/turn.ts";
import type { Accepted } from "../../../server/pool/port.ts";
import type { OpenAsk } from "../../support/claude/scriptedHost.ts";
import { hourMs, minuteMs, owner, type PoolRig, usePoolRig } from "./rig.ts";

const rig = usePoolRig();
const cap = 3;

/** mulberry32: the same seed walks the same way, so that a failure can be walked again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Everything that can happen to a pool, in any order. */
class Walk {
  readonly accepted: Accepted[] = [];
  readonly #rig: PoolRig;
  readonly #random: () => number;
  readonly #asks: OpenAsk[] = [];
  readonly #pending: Promise<unknown>[] = [];

  constructor(rig: PoolRig, seed: number) {
    this.#rig = rig;
    this.#random = randomFrom(seed);
  }

  /** Whole milliseconds, as all instants are. */
  #ms(longest: number): number {
    return Math.floor(this.#random() * longest);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#random() * from.length)];
  }

  /** A refusal is an answer like another; anything else is a bug. */
  #try(work: () => unknown): void {
    const swallow = (error: unknown) => {
      if (!(error instanceof DaylongError)) throw error;
    };
    try {
      const result = work();
      if (result instanceof Promise) this.#pending.push(result.catch(swallow));
    } catch (error) {
      swallow(error);
    }
  }

  #submit(more: { sendAt?: number } = {}): void {
    const open = this.accepted.filter(({ sessionId }) => this.#rig.state(sessionId) !== "closed");
    const sessionId = this.#random() < 0.25 ? undefined : this.#pick(open)?.sessionId;
    const clientMessageId = `c${this.accepted.length}`;
    this.#try(() => {
      const request = { message: "Walk on", sessionId, clientMessageId, ...more };
      const accepted = this.#rig.submit(request);
      this.accepted.push(accepted);
      const again = this.#rig.submit(request);
      expect([again.turnId, again.duplicate]).toEqual([accepted.turnId, true]);
    });
  }

  async step(): Promise<void> {
    const { pool, clock, host } = this.#rig;
    const process = this.#pick(host.live());
    const turn = this.#pick(this.accepted);
    const working = process !== undefined && process.unanswered.length > 0;
    const operations: Array<[weight: number, operation: () => unknown]> = [
      [25, () => this.#submit()],
      [3, () => this.#submit({ sendAt: clock.now() + this.#ms(hourMs) })],
      [20, () => working && process.reply("Done.")],
      [4, () => working && process.result({ outcome: "failed" })],
      [4, () => process?.result({ messageIds: ["foreign"] })],
      [6, () => process?.message("Words.")],
      [4, () => process?.agentMessage(undefined, { agentId: "a1" }, "Found it.")],
      [2, () => process?.startTask(`b${this.#ms(1_000_000)}`)],
      [6, () => process && this.#asks.push(process.ask())],
      [4, () => this.#pick(this.#asks)?.abort()],
      [5, () => this.#answer()],
      [5, () => process?.crash()],
      [12, () => this.#pick(host.starts)?.comeUp()],
      [3, () => this.#pick(host.starts)?.fail()],
      [10, () => this.#pick(host.live().filter((one) => one.stopCount > 0))?.leave()],
      [6, () => turn && this.#try(() => pool.interrupt(turn.sessionId, undefined, owner))],
      [4, () => turn && this.#try(() => pool.cancelTurn(turn.sessionId, turn.turnId, owner))],
      [1, () => turn && this.#try(() => pool.closeSession(turn.sessionId, owner))],
      [2, () => turn && this.#try(() => pool.stopProcesses(turn.sessionId, owner))],
      [0.5, () => this.#try(() => pool.stopProcesses(undefined, owner))],
      [3, () => turn && this.#try(() => pool.keepAlive(turn.sessionId, owner))],
      [1, () => turn && this.#try(() => pool.updateSession(turn.sessionId, { autoKeepAlive: true }, owner))],
      [3, () => (host.manners.start = this.#pick(["at-once", "held", "held", "fail"] as const)!)],
      [3, () => (host.manners.stop = this.#pick(["at-once", "held"] as const)!)],
      [3, () => (host.manners.interrupt = this.#pick(["obeyed", "deaf"] as const)!)],
      [10, () => clock.run(this.#ms(8_000))],
      [3, () => clock.run(this.#ms(20 * minuteMs))],
      [0.7, () => clock.run(this.#ms(9 * hourMs))],
      [0.5, () => clock.jump(this.#ms(30 * hourMs))],
      [0.5, () => this.#restart()],
    ];
    let mark = this.#random() * operations.reduce((total, [weight]) => total + weight, 0);
    const chosen = operations.find(([weight]) => {
      mark -= weight;
      return mark < 0;
    });
    await chosen?.[1]();
    // Half of the time the next thing happens before the promises of this one are through.
    if (this.#random() < 0.5) return;
    await this.#rig.clock.settle();
    this.check();
  }

  #answer(): void {
    const permission = this.#pick(this.#rig.store.permissions.open());
    const decision = this.#random() < 0.5 ? "allow" : "deny";
    if (permission)
      this.#try(() => this.#rig.pool.answerPermission(permission.permissionId, { decision }, owner));
  }

  async #restart(): Promise<void> {
    this.#asks.length = 0;
    this.#pending.length = 0;
    this.check();
    await this.#rig.restart();
  }

  /** What holds at every moment. */
  check(): void {
    const { host, pool, store } = this.#rig;
    expect(host.mostAtOnce).toBeLessThanOrEqual(cap);
    expect(host.mostOfOneSession).toBeLessThanOrEqual(1);
    const present = new Set(pool.active().map((view) => view.sessionId));
    for (const sessionId of new Set(this.accepted.map((one) => one.sessionId))) {
      const state = this.#rig.state(sessionId)!;
      const open = store.permissions.openCountOf(sessionId);
      const about = `${sessionId} is ${state} with ${open} open permissions`;
      if (["idle", "busy", "waiting"].includes(state))
        expect([about, present.has(sessionId)]).toEqual([about, true]);
      expect([about, open > 0]).toEqual([about, state === "waiting"]);
    }
    const running = store.turns.inState("running").map((turn) => turn.sessionId);
    expect(new Set(running).size).toBe(running.length);
    for (const sessionId of running) expect(present.has(sessionId)).toBe(true);
  }

  /** Lets everything come to its end, as patient processes would. */
  async drain(): Promise<void> {
    const { clock, host, store } = this.#rig;
    Object.assign(host.manners, { start: "at-once", stop: "at-once", interrupt: "obeyed" });
    for (let round = 0; round < 400; round += 1) {
      for (const start of [...host.starts]) start.comeUp();
      for (const process of host.live()) if (process.stopCount > 0) process.leave();
      await clock.run(minuteMs);
      for (const process of host.live()) if (process.isAtWork) process.reply("Done.");
      await clock.run(minuteMs);
      if (store.turns.inState("queued").length + store.turns.inState("running").length === 0) break;
    }
    await Promise.all(this.#pending);
  }
}

test.each([1, 2, 3, 19])(
  "V7 V16 S09 S12 500 random steps (seed %i) leave each message with one end, each log without a gap or a turn that never began, and nothing behind",
  async (seed) => {
    await rig.current.open({ maxConcurrentSessions: cap, maxQueuedTurns: 30, sessionIdleMs: 30 * minuteMs });
    const walk = new Walk(rig.current, seed);
    for (let step = 0; step < 500; step += 1) {
      await walk.step();
    }
    await walk.drain();
    walk.check();
    const stopped = rig.current.pool.stop(1_000);
    await rig.current.clock.run(2_000);
    await stopped;
    const { store, host, clock } = rig.current;
    expect([host.live().length, host.starts.length, clock.armed]).toEqual([0, 0, 0]);
    expect(walk.accepted.length).toBeGreaterThan(50);
    for (const { turnId, sessionId } of walk.accepted) {
      const { state } = store.turns.get(turnId)!;
      const ends = rig.current.ends(turnId);
      expect([turnId, sessionId, isTerminal(state), ends.length]).toEqual([turnId, sessionId, true, 1]);
      expect(ends[0]).toMatch(new RegExp(`^turn\\.${state}`));
    }
    for (const sessionId of new Set(walk.accepted.map((one) => one.sessionId))) {
      const events = rig.current.events(sessionId);
      const seqs = events.map((event) => event.seq);
      expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
      const begun = new Set(
        events.flatMap(({ type, turnId }) =>
          type === "turn.accepted" || type === "turn.started" ? [turnId] : [],
        ),
      );
      expect(events.filter(({ turnId }) => turnId !== undefined && !begun.has(turnId))).toEqual([]);
      const warned = rig.current
        .events(sessionId)
        .flatMap((event) =>
          event.type === "session.expiring" ? [`${event.data.expiresAt} ${event.data.final}`] : [],
        );
      expect(new Set(warned).size).toBe(warned.length);
    }
  },
);
