import { join } from "node:path";
import Database from "better-sqlite3";
import { Chance } from "../support/chance.ts";
import { pause } from "../support/pause.ts";
import { type ApnsStandIn, startApnsStandIn } from "../support/push/apnsStandIn.ts";
import { type DaylongServer, makeBench, processesOf, startServer } from "../support/server/daylongServer.ts";
import { promptsGiven, quickEnvironment } from "../support/server/quickServer.ts";
import { type DeviceHabit, TortureDevice } from "./device.ts";
import { NextServer } from "./nextServer.ts";
import { PushTrails } from "./pushes.ts";
import { Sightings } from "./sightings.ts";
import { Traffic } from "./traffic.ts";
import { judge, openWork, type Verdict } from "./verdict.ts";

export interface TortureOptions {
  kills: number;
  /** Messages begun in a second. */
  rate: number;
  seed: number;
  /** Longest life of a server after it is ready, ms; the shortest is 50. */
  longestLifeMs: number;
  /** Ends the killing early, so that the run never lasts much longer. */
  mostMs: number;
  /** Told now and then how far the run is. */
  onProgress?: (line: string) => void;
}

export interface TortureReport extends Verdict {
  seed: number;
  seconds: number;
  kills: number;
  killsDuringBoot: number;
  /** From the spawn to ready, ms. */
  medianBootMs: number;
  longestBootMs: number;
  begun: number;
  accepted: number;
  acceptedPerSecond: number;
  /** While a server was up. */
  acceptedPerSecondUp: number;
  /** Messages that were due and not begun, because too many waited for a server that was down. */
  held: number;
  repeatedRequests: number;
  duplicateAnswers: number;
  refusals: Record<string, number>;
  eventsShown: number;
  comebacks: number;
  pushes: number;
  silentPushes: number;
  /** Time from the last boot to the last end of an accepted message and the last settled delivery, ms. */
  recoveryMs: number;
  broken: string[];
}

/** Who takes part. Pushes go to those with `push`; the first message of each conversation comes from anybody. */
const cast: ReadonlyArray<{ habit: DeviceHabit; push: boolean }> = [
  { habit: "acking", push: true },
  { habit: "silent", push: true },
  { habit: "forgetful", push: false },
  { habit: "polling", push: false },
  { habit: "away", push: true },
  // Only these many devices may send 50 messages a second: each has 300 requests a minute.
  ...Array.from({ length: 9 }, () => ({ habit: "away", push: false }) as const),
];
const conversations = 4;
/** Longest wait for the last ends and pushes when nothing is killed any more. */
const restMs = 120_000;
const end = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
};

/** A real server under load and SIGKILL, with phones and Apple around it that forget nothing. */
export class Torture {
  readonly #options: TortureOptions;
  readonly #chance: Chance;
  readonly #bench = makeBench();
  readonly #sightings = new Sightings();
  readonly #devices: Array<{ device: TortureDevice; token: string; deviceId: string; push: boolean }> = [];
  readonly #ended = new Set<string>();
  readonly #bootsMs: number[] = [];
  /** Time in which a server was up, until the last kill, and what was accepted until then. */
  #upMs = 0;
  #acceptedByKills = 0;
  #apple!: ApnsStandIn;
  #pushes!: PushTrails;
  #traffic!: Traffic;
  #next = new NextServer();
  #pid: number | undefined;
  #kills = 0;
  #killsDuringBoot = 0;
  #isOver = false;

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#chance = new Chance(options.seed);
  }

  /** Kills no more; what was accepted is still followed to its end. */
  stopEarly(): void {
    this.#isOver = true;
  }

  async run(): Promise<TortureReport> {
    this.#apple = await startApnsStandIn({ tlsDir: this.#bench.dir });
    this.#pushes = new PushTrails(this.#apple);
    const sweeping = setInterval(() => this.#pushes.sweep(), 500);
    try {
      await this.#boot();
      await this.#pair();
      const startedAt = Date.now();
      this.#traffic.start();
      await this.#killOnAndOn(startedAt + this.#options.mostMs);
      const seconds = (Date.now() - startedAt) / 1_000;
      const restedAt = Date.now();
      await this.#comeToRest();
      const recoveryMs = Date.now() - restedAt;
      const sameLog = await this.#readAllTheSame();
      return await this.#report(seconds, recoveryMs, sameLog);
    } finally {
      clearInterval(sweeping);
      this.#traffic?.abandon();
      this.#next.willNotCome();
      for (const { device } of this.#devices) await device.stop();
      await this.#apple.close();
      // Only after a fault: a run that went well has left nothing.
      if (this.#pid !== undefined) end(this.#pid);
      for (const pid of processesOf(this.#bench)) end(pid);
      this.#bench.remove();
    }
  }

  /** Undefined when the server was killed before it was ready. */
  async #boot(): Promise<DaylongServer | undefined> {
    const startedAt = Date.now();
    const environment = {
      ...quickEnvironment(this.#bench, this.#apple),
      MAX_CONCURRENT_SESSIONS: String(conversations + 1),
      MAX_QUEUED_TURNS: "1000",
      PUSH_GRACE_MS: "300",
    };
    const starting = startServer(environment, [], (pid) => {
      this.#pid = pid;
    });
    const server = await starting.catch((error: Error) => {
      if (/SIGKILL/.test(error.message)) return undefined;
      throw error;
    });
    if (server === undefined) return undefined;
    this.#bootsMs.push(Date.now() - startedAt);
    this.#next.isReady(server);
    return server;
  }

  async #pair(): Promise<void> {
    const server = await this.#next.ready;
    for (const [index, { habit, push }] of cast.entries()) {
      const { token, epoch, deviceId } = await server.pair(`${habit} ${index}`);
      if (push) {
        const target = {
          provider: "apns",
          token: index.toString(16).padStart(64, "0"),
          environment: "production",
        };
        await server.ask("PATCH", "/api/devices/me", { push: target }, { token });
      }
      const device = new TortureDevice({
        server: () => this.#next.ready,
        token,
        epoch,
        habit,
        sightings: this.#sightings,
        onEnd: (turnId) => this.#ended.add(turnId),
      });
      device.start();
      this.#devices.push({ device, token, deviceId, push });
    }
    this.#traffic = new Traffic({
      chance: this.#chance,
      senders: this.#devices,
      server: () => this.#next.ready,
      projectPath: this.#bench.project,
      rate: this.#options.rate,
      conversations,
    });
  }

  async #killOnAndOn(endAt: number): Promise<void> {
    const { kills, longestLifeMs, onProgress } = this.#options;
    let toldAt = 0;
    while (this.#kills < kills && Date.now() < endAt && !this.#isOver) {
      // Most lives last a moment or longer, some end in the midst of the boot.
      const readyAt = Date.now();
      await pause(this.#chance.between(50, longestLifeMs));
      await this.#kill();
      this.#upMs += Date.now() - readyAt;
      if (this.#kills >= toldAt + 25) {
        toldAt = this.#kills;
        onProgress?.(this.#progress());
      }
      if (!this.#chance.happens(0.15)) {
        await this.#boot();
        continue;
      }
      const booting = this.#boot();
      await pause(this.#chance.between(20, 500));
      if (this.#pid !== undefined) end(this.#pid);
      const server = await booting;
      if (server === undefined) this.#killsDuringBoot += 1;
      else this.#next = new NextServer();
      await server?.exited;
      this.#pid = undefined;
      this.#kills += 1;
      await this.#boot();
    }
    this.#acceptedByKills = this.#traffic.accepted.length;
  }

  async #kill(): Promise<void> {
    const server = await this.#next.ready;
    this.#next = new NextServer();
    await server.kill("SIGKILL");
    this.#pid = undefined;
    this.#kills += 1;
  }

  #progress(): string {
    const { accepted, begun } = this.#traffic;
    const tip = this.#sightings.lastCursor;
    return `${this.#kills} kills, ${begun} messages begun, ${accepted.length} accepted, ${tip} events, ${this.#pushes.trails.size} pushes`;
  }

  /** Until every accepted message and every task has ended, and every delivery is settled, in the database. */
  async #comeToRest(): Promise<void> {
    await this.#traffic.stop();
    const endAt = Date.now() + restMs;
    const database = new Database(join(this.#bench.dataDir, "daylong.db"), { readonly: true });
    const open = database.prepare<[], string>(openWork).pluck();
    try {
      while (open.get() !== undefined && Date.now() < endAt) await pause(50);
    } finally {
      database.close();
    }
    this.#pushes.sweep(true);
  }

  /** Every device reads the log from its beginning to its end; the number of those that got there. */
  async #readAllTheSame(): Promise<number> {
    const server = await this.#next.ready;
    const { body } = await server.ask("GET", "/api/events?after=0&limit=1");
    if (body.recovered !== true) throw new Error("The log has no beginning any more.");
    let reached = 0;
    for (const { device } of this.#devices) {
      const before = this.#sightings.shown;
      const tip = this.#sightings.lastCursor;
      await device.readFrom(0);
      const endAt = Date.now() + restMs;
      while (device.cursor < tip && Date.now() < endAt) await pause(20);
      await device.stop();
      if (device.cursor >= tip && this.#sightings.shown - before >= tip) reached += 1;
    }
    return reached;
  }

  async #report(seconds: number, recoveryMs: number, sameLog: number): Promise<TortureReport> {
    const server = await this.#next.ready;
    const exitCode = await server.kill("SIGTERM");
    this.#pid = undefined;
    const left = processesOf(this.#bench).length;
    this.#pushes.sweep(true);
    const silent = this.#devices.filter(({ device, push }) => push && device.habit !== "acking");
    const verdict = judge({
      databasePath: join(this.#bench.dataDir, "daylong.db"),
      accepted: this.#traffic.accepted,
      sightings: this.#sightings,
      pushes: this.#pushes,
      silentDevices: new Set(silent.map(({ deviceId }) => deviceId)),
      prompts: promptsGiven(this.#bench),
    });
    const { accepted, begun, held, repeated, duplicates, refusals, contradictions } = this.#traffic;
    const sum = (of: (device: TortureDevice) => number) =>
      this.#devices.reduce((total, { device }) => total + of(device), 0);
    const boots = [...this.#bootsMs].sort((a, b) => a - b);
    const faults: Array<[number, string]> = [
      [verdict.acceptedNotKept, "accepted messages are not in the database"],
      [verdict.shownNotKept, "events that were shown are not in the database"],
      [verdict.pushedNotKept, "pushes are about nothing in the database"],
      [verdict.notEndedOnce, "messages did not end exactly once"],
      [verdict.repeatedTurns, "requests became more than one turn"],
      [verdict.cursorGaps + verdict.seqGaps, "gaps in the log"],
      [verdict.undelivered, "deliveries were not settled"],
      [verdict.neverSent, "deliveries were never sent"],
      [verdict.changedIds, "deliveries changed their apns-id"],
      [verdict.pushedTooOften, "pushes went out again though no kill had met them"],
      [verdict.givenTwice, "prompts were given to Claude twice"],
      [verdict.inventedReplies, "replies are to prompts that were never given"],
      [verdict.foreignReplies, "texts are not their own turn's"],
      [verdict.ownNotEndedOnce, "turns that Claude began did not end exactly once"],
      [verdict.foreignAgentWords, "words of subagents are not in the turn that started them"],
      [verdict.strayEvents, "events name a turn that never began"],
      [verdict.tasksNotEndedOnce, "tasks were not told to have ended exactly once"],
      [this.#sightings.contradictions, "cursors showed different events to two devices"],
      [contradictions, "repeats of a request named another turn"],
      [sum((device) => device.gaps), "gaps in what devices were shown"],
      [sum((device) => device.doubles), "events came twice to a device that said its cursor"],
      [sum((device) => device.losses), "times a device was told of a loss"],
      [this.#devices.length - sameLog, "devices did not reach the same log"],
      [accepted.filter(({ turnId }) => !this.#ended.has(turnId)).length, "ends were shown to no device"],
      [left, "processes are left"],
      [[...this.#pushes.faults.values()].reduce((a, b) => a + b, 0), "pushes broke Apple's rules"],
    ];
    const broken = faults.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
    if (exitCode !== 0) broken.push(`the server ended with ${exitCode}`);
    if (this.#kills < this.#options.kills)
      broken.push(`only ${this.#kills} of ${this.#options.kills} kills in the time given`);
    for (const code of refusals.keys()) {
      if (!["pool_full", "device_queue_full", "rate_limited"].includes(code))
        broken.push(`messages were refused: ${code}`);
    }
    return {
      seed: this.#options.seed,
      seconds: Math.round(seconds),
      kills: this.#kills,
      killsDuringBoot: this.#killsDuringBoot,
      medianBootMs: boots[Math.floor(boots.length / 2)] ?? 0,
      longestBootMs: boots.at(-1) ?? 0,
      begun,
      accepted: accepted.length,
      acceptedPerSecond: Math.round((accepted.length / seconds) * 10) / 10,
      acceptedPerSecondUp: Math.round((this.#acceptedByKills / (this.#upMs / 1_000)) * 10) / 10,
      held,
      repeatedRequests: repeated,
      duplicateAnswers: duplicates,
      refusals: Object.fromEntries(refusals),
      eventsShown: this.#sightings.shown,
      comebacks: sum((device) => device.comebacks),
      pushes: this.#pushes.trails.size,
      silentPushes: this.#pushes.silentPushes,
      recoveryMs,
      ...verdict,
      broken,
    };
  }
}
