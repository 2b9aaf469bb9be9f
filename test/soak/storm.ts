import { type DemoModel, startDemoModel } from "../../server/demo/model.ts";
import { Chance } from "../support/chance.ts";
import { pause } from "../support/pause.ts";
import {
  benchEnvironment,
  childrenOf,
  type DaylongServer,
  makeBench,
  processesOf,
  startServer,
} from "../support/server/daylongServer.ts";
import { type ResponseTimes, residentMb, responseTimes } from "./figures.ts";
import { type Kept, Phone } from "./phone.ts";
import { brokenPromises, judge, type Verdict, wholeLog } from "./verdict.ts";
import { ProcessWatch } from "./watch.ts";

export interface StormOptions {
  durationMs: number;
  sessions: number;
  processes: number;
  seed: number;
}

export interface StormReport extends Verdict {
  seed: number;
  seconds: number;
  sessions: number;
  killedClis: number;
  killedServers: number;
  mostProcesses: number;
  processLimit: number;
  /** Processes of an earlier run that the last boot left alive. */
  orphansAfterLastBoot: number;
  leftAfterStop: number;
  phoneGaps: number;
  phoneDoubles: number;
  reconnects: number;
  repeatedSends: number;
  refusals: Record<string, number>;
  modelRequests: number;
  /** From being accepted to the reply, over kills and restarts. */
  responseMs: ResponseTimes;
  /** The server's own memory at the end. */
  serverMb: number;
  /** What was promised and not kept; empty when all is well. */
  broken: string[];
}

/** Longest time that the last messages may take when nothing is killed any more: a few stalls, one after the other. */
const restMs = 120_000;
/**
 * A stream that breaks off is tried again by the CLI for minutes, with growing pauses; the first that is longer than this
 * ends the turn. A turn that a slow machine stalls by mistake would have its one end, too.
 */
const stallSettings = { TURN_STALL_MINUTES: "0.1", HEALTH_INTERVAL_SECONDS: "1" };

/** Real server, real CLIs, demo model: messages under load while both are killed at random, each followed to its end. */
export class Storm {
  readonly #options: StormOptions;
  readonly #chance: Chance;
  readonly #bench = makeBench();
  readonly #phones: Phone[] = [];
  readonly #kept: Kept[] = [];
  #model!: DemoModel;
  #server: Promise<DaylongServer>;
  #pid: number | undefined;
  #killedClis = 0;
  #killedServers = 0;
  #endAt = 0;

  constructor(options: StormOptions) {
    this.#options = options;
    this.#chance = new Chance(options.seed);
    this.#server = Promise.reject(new Error("Not started yet."));
    this.#server.catch(() => undefined);
  }

  /** Stops early; what was accepted is still followed to its end. */
  stopEarly(): void {
    this.#endAt = 0;
  }

  async run(): Promise<StormReport> {
    const { durationMs, sessions } = this.#options;
    this.#model = await startDemoModel();
    const watch = new ProcessWatch({ pid: () => this.#pid, memory: false });
    try {
      await this.#boot();
      await this.#pairPhones(Math.max(2, Math.ceil(sessions / 3)));
      const startedAt = Date.now();
      this.#endAt = startedAt + durationMs;
      const talks = Array.from({ length: sessions }, (_, index) =>
        this.#converse(this.#phones[index % this.#phones.length]!),
      );
      await Promise.all([...talks, this.#killClis(), this.#killServers()]);
      await this.#breakOff();
      const seconds = Math.round((Date.now() - startedAt) / 1_000);
      const restless = await this.#comeToRest();
      return await this.#report(seconds, restless, watch);
    } finally {
      watch.stop();
      for (const phone of this.#phones) await phone.stop();
      await (await this.#server.catch(() => undefined))?.kill("SIGKILL");
      await this.#model.stop();
      // Only after a fault: a run that went well has left nothing.
      for (const pid of processesOf(this.#bench)) process.kill(pid, "SIGKILL");
      this.#bench.remove();
    }
  }

  get #goesOn(): boolean {
    return Date.now() < this.#endAt;
  }

  async #boot(): Promise<DaylongServer> {
    this.#server = startServer({
      ...benchEnvironment(this.#bench, this.#model.url),
      MAX_CONCURRENT_SESSIONS: String(this.#options.processes),
      ...stallSettings,
    });
    this.#server.catch(() => undefined);
    const server = await this.#server;
    this.#pid = server.pid;
    return server;
  }

  async #pairPhones(count: number): Promise<void> {
    const server = await this.#server;
    for (let index = 0; index < count; index += 1) {
      const { token, epoch } = await server.pair(`soak ${index + 1}`);
      const allowsTools = index === 0;
      const phone = new Phone({ server: () => this.#server, token, epoch, allowsTools });
      phone.start();
      this.#phones.push(phone);
    }
  }

  /** One conversation: message after message, sometimes the next before the end of the one before. */
  async #converse(phone: Phone): Promise<void> {
    const chance = this.#chance;
    let sessionId: string | undefined;
    while (this.#goesOn) {
      const place: Record<string, string> =
        sessionId === undefined ? { projectPath: this.#bench.project } : { sessionId };
      const kept = await phone.send(this.#message(), place, chance.happens(0.3));
      if (kept !== undefined) {
        this.#kept.push(kept);
        // Now and then a new conversation.
        sessionId = chance.happens(0.03) ? undefined : kept.sessionId;
        if (chance.happens(0.05)) phone.interrupt(kept.sessionId);
        if (chance.happens(0.85)) await phone.ended(kept.turnId, Math.max(0, this.#endAt - Date.now()));
      }
      await pause(chance.between(50, 500));
    }
  }

  #message(): string {
    const chance = this.#chance;
    return chance.weighted([
      [4, `say: number ${chance.between(0, 1_000_000)}`],
      [2, `Remember the number ${chance.between(1, 1_000)}`],
      [2, "What number did I ask you to remember?"],
      [3, `slow: ${chance.between(1, 4)}`],
      [1, "think: 1"],
      [1, "long: 20000"],
      [1, `run: touch soak-${chance.between(0, 100)}.txt`],
      [0.3, "run: sleep 2; (setsid sleep 300 >/dev/null 2>&1 &)"],
      [0.3, "cut"],
    ]);
  }

  async #killClis(): Promise<void> {
    const everyMs = Math.min(4_000, this.#options.durationMs / 6);
    while (this.#goesOn) {
      await pause(this.#chance.between(everyMs / 2, everyMs * 1.5));
      const pid = this.#pid === undefined ? undefined : this.#chance.pick(childrenOf(this.#pid));
      if (pid === undefined || !this.#goesOn) continue;
      try {
        process.kill(pid, "SIGKILL");
        this.#killedClis += 1;
      } catch {
        // It was gone a moment before.
      }
    }
  }

  async #killServers(): Promise<void> {
    const everyMs = Math.min(20_000, this.#options.durationMs / 2.5);
    for (;;) {
      await pause(Math.min(this.#chance.between(everyMs / 2, everyMs * 1.5), this.#endAt - Date.now()));
      if (!this.#goesOn) return;
      await this.#killServer();
    }
  }

  async #killServer(): Promise<void> {
    const server = await this.#server;
    this.#pid = undefined;
    await server.kill("SIGKILL");
    this.#killedServers += 1;
    await this.#boot();
  }

  /** The slowest end there is comes last in every storm, not only in those that happen to draw it. */
  async #breakOff(): Promise<void> {
    const kept = await this.#phones[0]!.send("cut", { projectPath: this.#bench.project }, true);
    if (kept !== undefined) this.#kept.push(kept);
  }

  /** How many messages had no end in time. The boot that follows would give them one. */
  async #comeToRest(): Promise<number> {
    const endAt = Date.now() + restMs;
    const ends = await Promise.all(
      this.#kept.map(({ turnId }) => this.#phones[0]!.ended(turnId, Math.max(0, endAt - Date.now()))),
    );
    return ends.filter((end) => end === undefined).length;
  }

  async #report(seconds: number, restless: number, watch: ProcessWatch): Promise<StormReport> {
    // The last boot, with processes alive before it and nothing to do after it.
    await this.#killServer();
    const server = await this.#server;
    const own = new Set(childrenOf(server.pid));
    const orphansAfterLastBoot = processesOf(this.#bench).filter((pid) => !own.has(pid)).length;
    const log = await wholeLog(server);
    const serverMb = residentMb(server.pid);
    const verdict = judge(log, this.#kept);
    const exitCode = await server.kill("SIGTERM");
    const leftAfterStop = processesOf(this.#bench).length;
    const sum = (of: (phone: Phone) => number) => this.#phones.reduce((total, phone) => total + of(phone), 0);
    const refusals: Record<string, number> = {};
    for (const phone of this.#phones)
      for (const [code, count] of phone.refusals) refusals[code] = (refusals[code] ?? 0) + count;
    const report: StormReport = {
      seed: this.#options.seed,
      seconds,
      sessions: this.#options.sessions,
      ...verdict,
      killedClis: this.#killedClis,
      killedServers: this.#killedServers,
      mostProcesses: watch.mostProcesses,
      processLimit: this.#options.processes,
      orphansAfterLastBoot,
      leftAfterStop,
      phoneGaps: sum((phone) => phone.gaps),
      phoneDoubles: sum((phone) => phone.doubles),
      reconnects: sum((phone) => phone.reconnects),
      repeatedSends: sum((phone) => phone.repeats),
      refusals,
      modelRequests: this.#model.requestCount(),
      responseMs: responseTimes(log),
      serverMb,
      broken: brokenPromises(verdict),
    };
    const breaks = (count: number, what: string) => count > 0 && report.broken.push(`${count} ${what}`);
    breaks(restless, `messages had no end ${restMs / 1_000} s after the last kill`);
    breaks(orphansAfterLastBoot, "processes of an earlier run live after the last boot");
    breaks(leftAfterStop, "processes live after the stop");
    breaks(report.phoneGaps, "gaps in what the phones got");
    breaks(report.phoneDoubles, "events came twice to a phone");
    breaks(Math.max(0, report.mostProcesses - report.processLimit), "processes more than the limit");
    if (exitCode !== 0) report.broken.push(`the server ended with ${exitCode}`);
    if (report.replied === 0) report.broken.push("no message was replied to");
    if (report.killedClis === 0 || report.killedServers < 2) report.broken.push("nothing was killed");
    return report;
  }
}
