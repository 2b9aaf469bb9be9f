import { expect } from "@jest/globals";
import { hourMs, minuteMs, type PoolRig } from "../../integration/pool/rig.ts";
import { Chance } from "../../support/chance.ts";
import { FaultyClaude, memoryLimitBytes } from "./faultyClaude.ts";
import { Owner } from "./owner.ts";
import { type Absence, checkEnds, checkIncidents, checkLeases, checkLog, checkMoment } from "./promises.ts";

const cap = 10;
const spares = 2;
const sessionCount = 30;

const limits = {
  maxConcurrentSessions: cap,
  maxQueuedTurns: 60,
  sessionIdleMs: 90 * minuteMs,
  conversationIdleMs: 30 * minuteMs,
  turnStallMs: 10 * minuteMs,
  healthIntervalMs: 2 * minuteMs,
  resourceSampleMs: 2 * minuteMs,
  maxMemoryPerSessionBytes: memoryLimitBytes,
  maxTotalMemoryBytes: 8 * memoryLimitBytes,
  prewarmedProcesses: spares,
};

/** A day of thirty sessions on ten processes in which everything breaks by turns, from one seed. */
export class FaultyDay {
  readonly counts = new Map<string, number>();
  readonly owner: Owner;
  readonly claude: FaultyClaude;
  readonly #rig: PoolRig;
  readonly #chance: Chance;
  readonly #absences: Absence[] = [];
  /** The log's tip at each start of the server. */
  readonly #starts: number[] = [];
  #ids = 0;
  /** Until then memory and store may differ: what could not be written is tried again each second. */
  #diskUnsureUntil = 0;
  #diskHealsAt = Number.POSITIVE_INFINITY;
  #outageEndsAt = 0;

  constructor(rig: PoolRig, seed: number) {
    this.#rig = rig;
    this.#chance = new Chance(seed);
    this.owner = new Owner({ rig, chance: this.#chance, sessionCount });
    this.claude = new FaultyClaude({ chance: this.#chance, clock: () => rig.clock });
    rig.host.script = this.claude;
    rig.keepsSpares = true;
    // Ids of one order in every run: where the store sorts by id, the same seed must sort the same.
    rig.newId = () => {
      this.#ids += 1;
      return `id-${String(this.#ids).padStart(8, "0")}`;
    };
  }

  async begin(hours: number): Promise<void> {
    await this.#rig.open(limits);
    await this.#faultsUntil(this.#rig.clock.now() + hours * hourMs);
  }

  async run(): Promise<void> {
    await this.begin(24);
    // The quiet ones expire now; in the morning the owner comes back to them, and things still break.
    await this.#pass(4 * hourMs);
    this.#note("revived", this.owner.revive());
    await this.#faultsUntil(this.#rig.clock.now() + 2 * hourMs);
    await this.#comeToRest();
    this.#checkPromises();
    await this.#letLeasesEnd();
    this.#checkPromises();
    await this.#stop();
  }

  async #faultsUntil(endAt: number): Promise<void> {
    while (this.#rig.clock.now() < endAt) {
      if (this.#chance.happens(0.06)) await this.#breakSomething();
      else this.owner.act();
      await this.#goOn();
    }
  }

  /** Half of the time the next thing happens before the promises of this one are through. */
  async #goOn(): Promise<void> {
    const chance = this.#chance;
    const passMs = chance.weighted<number | undefined>([
      [40, undefined],
      [20, 0],
      [20, chance.between(0, 10_000)],
      [14, chance.between(0, 4 * minuteMs)],
      [6, chance.between(0, 40 * minuteMs)],
    ]);
    if (passMs === undefined) return;
    this.owner.interruptOlderThan(60 * minuteMs);
    await this.#pass(passMs);
    if (this.#rig.clock.now() > this.#diskUnsureUntil) checkMoment(this.#rig, cap);
  }

  async #pass(ms: number): Promise<void> {
    const { clock, disk } = this.#rig;
    const endAt = clock.now() + ms;
    if (this.#diskHealsAt <= endAt) {
      await clock.run(Math.max(0, this.#diskHealsAt - clock.now()));
      disk.failing = false;
      this.#diskHealsAt = Number.POSITIVE_INFINITY;
    }
    await clock.run(Math.max(0, endAt - clock.now()));
    if (clock.now() >= this.#outageEndsAt) this.claude.outage = undefined;
  }

  async #breakSomething(): Promise<void> {
    const { clock, disk, host } = this.#rig;
    const process = this.#chance.pick(host.live());
    const fault = this.#chance.weighted([
      [50, "surprise"],
      [15, "disk full"],
      [15, "single commits fail"],
      [6, "clock jumps"],
      [5, "server killed"],
      [3, "server stopped"],
      [3, "login lost"],
      [3, "limit reached"],
      [6, "transcript lost"],
    ] as const);
    this.#note(fault, 1);
    switch (fault) {
      case "surprise":
        if (process) this.claude.surprise(process);
        return;
      case "disk full":
        disk.failing = true;
        this.#diskHealsAt = clock.now() + this.#chance.between(100, 2 * minuteMs);
        this.#diskUnsureUntil = this.#diskHealsAt + 10_000;
        return;
      case "single commits fail":
        disk.plan(...Array.from({ length: 4 }, () => this.#chance.happens(0.5)));
        this.#diskUnsureUntil = Math.max(this.#diskUnsureUntil, clock.now() + 2 * minuteMs);
        return;
      case "transcript lost": {
        const lost = this.#chance.pick([...host.transcripts]);
        if (lost !== undefined) host.transcripts.delete(lost);
        return;
      }
      case "clock jumps": {
        const fromAt = clock.now();
        clock.jump(this.#chance.between(1_000, this.#chance.happens(0.2) ? 5 * hourMs : 30 * minuteMs));
        this.#absences.push({ fromAt, toAt: clock.now() });
        return;
      }
      case "login lost":
      case "limit reached":
        this.claude.outage = fault === "login lost" ? "login-refused" : "limit-hit";
        this.#outageEndsAt = clock.now() + this.#chance.between(minuteMs, 40 * minuteMs);
        return;
      case "server killed":
        await this.#restart();
        return;
      case "server stopped":
        await this.#stop();
        await this.#restart();
        return;
    }
  }

  async #restart(): Promise<void> {
    const { host } = this.#rig;
    expect(host.mostAtOnce).toBeLessThanOrEqual(cap);
    expect(host.mostWithSpares).toBeLessThanOrEqual(cap + spares);
    expect(host.mostOfOneSession).toBeLessThanOrEqual(1);
    this.#note("spares claimed", host.spares?.claimed ?? 0);
    this.#diskHealsAt = Number.POSITIVE_INFINITY;
    this.#diskUnsureUntil = 0;
    // The owner rolls back to a process per message for a while, and comes back.
    const interactive = this.#chance.happens(0.7);
    if (!interactive) this.#note("runs without lasting processes", 1);
    this.#starts.push(this.#rig.store.events.tip());
    await this.#rig.restart({ ...limits, interactive });
  }

  /** A stop with turns under way, bounded; afterwards nothing is left and nothing is armed. */
  async #stop(): Promise<void> {
    const { pool, clock, host, disk } = this.#rig;
    disk.plan();
    disk.failing = false;
    const stopped = pool.stop(5_000);
    await clock.run(minuteMs);
    await stopped;
    // Claude's own timers are not the pool's; those of the pool have to be gone.
    expect([host.live().length, host.starts.length]).toEqual([0, 0]);
    expect(clock.armed - this.claude.armed).toBe(0);
  }

  /** Nothing breaks any more: what was accepted comes to its end in bounded time without anybody's help. */
  async #comeToRest(): Promise<void> {
    this.claude.healed = true;
    this.claude.outage = undefined;
    this.#rig.disk.plan();
    await this.#pass(3 * minuteMs);
    const { store } = this.#rig;
    for (let round = 0; round < 60; round += 1) {
      if (store.turns.inState("queued").length + store.turns.inState("running").length === 0) break;
      await this.#pass(10 * minuteMs);
    }
    checkMoment(this.#rig, cap);
  }

  /** Nobody writes for more than a day: every session that is not closed is warned twice and expires. */
  async #letLeasesEnd(): Promise<void> {
    this.owner.stopKeepingAlive();
    const from = this.#rig.store.events.tip();
    await this.#pass(25 * hourMs);
    const said = this.#rig.store.events.after(from, 100_000);
    for (const sessionId of this.owner.sessions) {
      const mine = said.filter((event) => event.sessionId === sessionId);
      const lease = mine.flatMap((event) => {
        if (event.type === "session.expiring") return [event.data.final ? "final warning" : "warning"];
        return event.type === "session.expired" ? ["expired"] : [];
      });
      const whole = ["warning", "final warning", "expired"];
      // Who had been warned before, or was over already, says only the rest.
      expect([sessionId, this.#rig.state(sessionId), lease]).toEqual([
        sessionId,
        "expired",
        whole.slice(whole.length - lease.length),
      ]);
    }
    expect(this.#rig.host.live()).toEqual([]);
  }

  #checkPromises(): void {
    checkMoment(this.#rig, cap);
    checkEnds(this.#rig, this.owner.accepted);
    checkLog(this.#rig);
    for (const [name, count] of Object.entries(checkIncidents(this.#rig, this.#starts)))
      this.counts.set(name, count);
    for (const [name, count] of Object.entries(checkLeases(this.#rig, this.#absences)))
      this.counts.set(name, count);
  }

  #note(name: string, count: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }
}
