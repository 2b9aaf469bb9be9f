import { DaylongError } from "../../../server/domain/errors.ts";
import type { Prompt } from "../../../server/domain/processes/process.ts";
import type { Chance } from "../../support/chance.ts";
import type {
  HostScript,
  OpenAsk,
  ScriptedProcess,
  ScriptedStart,
} from "../../support/claude/scriptedHost.ts";
import type { ManualClock } from "../../support/manualClock.ts";

/** Longer than the host lets a start take, so that a start that hangs ends as its deadline would end it. */
const startDeadlineMs = 60_000;
/** The three rungs of the stop ladder; after them nothing is left of any process. */
const stopLadderMs = 6_000;
const minuteMs = 60_000;
/** What one process may take of memory. */
export const memoryLimitBytes = 500 * 1_024 ** 2;

/** Claude with every fault that people have reported of it, by turns. What chance drew is counted by name. */
export class FaultyClaude implements HostScript {
  readonly counts = new Map<string, number>();
  /** What the API refuses everybody now. */
  outage: "login-refused" | "limit-hit" | undefined;
  /** From here on every start comes up and every prompt is answered. */
  healed = false;
  readonly #chance: Chance;
  readonly #clock: () => ManualClock;
  readonly #deaf = new WeakSet<ScriptedProcess>();
  /** Timers of Claude's own on the clock of the day; the rest of what is armed is the pool's. */
  readonly #armed = new Map<ManualClock, number>();

  constructor(parts: { chance: Chance; clock: () => ManualClock }) {
    this.#chance = parts.chance;
    this.#clock = parts.clock;
  }

  get armed(): number {
    return this.#armed.get(this.#clock()) ?? 0;
  }

  started(start: ScriptedStart): void {
    const chance = this.#chance;
    const end = this.#draw("start", [
      [70, "comes up"],
      [10, "comes up at once"],
      [this.#unless(7), "fails"],
      [this.#unless(4), "fails at once"],
      [this.#unless(4), "hangs"],
      [this.#unless(3), "comes up and crashes"],
      [this.#unless(2), "cannot go on with its conversation"],
    ]);
    const fail = () =>
      start.fail(new DaylongError("process_start_failed", "Claude did not come up within 60 s."));
    const come = () => {
      const process = start.comeUp();
      if (!this.healed && chance.happens(0.25)) this.#deaf.add(process);
      return process;
    };
    switch (end) {
      case "comes up at once":
        come();
        return;
      case "cannot go on with its conversation":
        // A new one always can.
        if (start.resumes) start.fail(new DaylongError("conversation_lost", "No conversation found."));
        else come();
        return;
      case "fails at once":
        start.fail();
        return;
      case "comes up":
        this.#later(chance.between(50, 2_000), start.isOpen, come);
        return;
      case "fails":
        this.#later(chance.between(50, 3_000), start.isOpen, fail);
        return;
      case "hangs":
        this.#later(startDeadlineMs, start.isOpen, fail);
        return;
      case "comes up and crashes":
        this.#later(chance.between(50, 500), start.isOpen, () => come().crash());
        return;
    }
  }

  hears(process: ScriptedProcess): boolean {
    const isDeaf = this.#deaf.has(process);
    if (isDeaf) this.#count("interrupt: is not heard");
    return !isDeaf;
  }

  stopping(process: ScriptedProcess): void {
    const hangs = !this.healed && this.#chance.happens(0.25);
    if (hangs) this.#count("stop: hangs");
    const goneMs = hangs ? stopLadderMs : this.#chance.between(0, 300);
    this.#laterOf(process, goneMs, () => process.leave());
  }

  prompted(process: ScriptedProcess, prompt: Prompt): void {
    const chance = this.#chance;
    const { outage } = this;
    if (outage !== undefined) {
      this.#count(`turn: ${outage}`);
      // The CLI goes on trying; what the pool does not break off is silent from here on.
      this.#laterOf(process, 500, () => process.refused({ kind: outage, refusals: 4 }));
      return;
    }
    const manner = this.#draw("turn", [
      [50, "replies"],
      [8, "uses a tool"],
      [8, "asks"],
      [3, "speaks between turns"],
      [4, "speaks for another turn first"],
      [4, "names no message"],
      [2, "replies twice"],
      [2, "replies and crashes"],
      [this.#unless(4), "fails"],
      [this.#unless(6), "crashes"],
      [this.#unless(3), "asks and gives up"],
      [this.#unless(3), "is silent"],
      [this.#unless(2), "says all without a result"],
      [this.#unless(2), "writes its reply down and crashes"],
      [this.#unless(2), "writes its reply down and is silent"],
      [this.#unless(2), "is refused for its history"],
    ]);
    const takesMs = chance.happens(0.05)
      ? chance.between(minuteMs, 9 * minuteMs)
      : chance.between(20, 40_000);
    const after = (ms: number, act: () => void) => this.#laterOf(process, ms, act);
    // The prompt may have been cut meanwhile; Claude then has nothing more to say about it.
    const ifOpen = (act: () => void) => () => {
      if (process.unanswered.includes(prompt)) act();
    };
    const reply = ifOpen(() => process.reply("Done."));
    switch (manner) {
      case "replies":
        after(takesMs, reply);
        return;
      case "uses a tool":
        after(takesMs / 4, () => process.startTool(`tool-of-${prompt.turnId}`));
        after(takesMs / 2, () => process.finishTool(`tool-of-${prompt.turnId}`, chance.happens(0.3)));
        after(takesMs, reply);
        return;
      case "asks":
        after(
          takesMs / 2,
          ifOpen(() => {
            const ask = this.#ask(process);
            if (ask) void ask.answer.then(() => after(50, reply));
            else after(50, reply);
          }),
        );
        return;
      case "asks and gives up":
        after(
          takesMs / 2,
          ifOpen(() => {
            const ask = this.#ask(process);
            after(takesMs, () => ask?.abort());
            after(takesMs + 100, reply);
          }),
        );
        return;
      case "speaks between turns":
        after(takesMs + chance.between(0, 3_000), () => process.message("The build is done."));
        after(takesMs, reply);
        return;
      case "speaks for another turn first":
        after(takesMs / 2, () => process.result({ messageIds: ["of-a-background-task"] }));
        after(takesMs, reply);
        return;
      case "names no message":
        after(
          takesMs,
          ifOpen(() => {
            process.unanswered.shift();
            process.result({ messageIds: [] });
          }),
        );
        return;
      case "replies twice":
        after(takesMs, reply);
        after(takesMs + 5, () => process.result({ messageIds: [prompt.turnId] }));
        return;
      case "replies and crashes":
        after(takesMs, reply);
        after(takesMs + chance.between(0, 5), () => process.crash({ code: null, signal: "SIGKILL" }));
        return;
      case "fails":
        after(
          takesMs,
          ifOpen(() => process.result({ outcome: "failed" })),
        );
        return;
      case "crashes":
        after(takesMs, () => process.crash());
        return;
      case "is silent":
        return;
      case "writes its reply down and crashes":
        after(
          takesMs,
          ifOpen(() => {
            process.writeReply("Written.");
            process.crash({ code: null, signal: "SIGKILL" });
          }),
        );
        return;
      case "writes its reply down and is silent":
        after(
          takesMs,
          ifOpen(() => process.writeReply("Written.")),
        );
        return;
      case "is refused for its history": {
        const failure = { code: "conversation_lost" as const, detail: "API Error: 400" };
        after(
          takesMs,
          ifOpen(() => process.result({ outcome: "failed", failure })),
        );
        return;
      }
      case "says all without a result":
        after(takesMs, () => process.message("All is said."));
        return;
    }
  }

  /** Something for a process that is idle or at work, out of the blue. */
  surprise(process: ScriptedProcess): void {
    switch (
      this.#draw("surprise", [
        [3, "crashes"],
        [2, "ends by itself"],
        [2, "a result of nobody"],
        [2, "asks in between"],
        [2, "grows"],
        [1, "grows beyond all bounds"],
        [2, "spins"],
      ])
    ) {
      case "crashes":
        process.crash({ code: null, signal: "SIGKILL" });
        return;
      case "ends by itself":
        process.crash({ code: 0 });
        return;
      case "a result of nobody":
        process.result({ messageIds: ["of-a-background-task"] });
        return;
      case "grows":
        process.uses.rssBytes = memoryLimitBytes * 0.9;
        return;
      case "grows beyond all bounds":
        process.uses.rssBytes = memoryLimitBytes * 2;
        return;
      case "spins":
        process.uses.cpuPercent = 100;
        process.uses.ownCpuPercent = 100;
        return;
      case "asks in between":
        this.#ask(process);
    }
  }

  /** A request that the server cannot keep is refused to Claude, which goes on without it. */
  #ask(process: ScriptedProcess): OpenAsk | undefined {
    try {
      return process.ask();
    } catch (error) {
      if (error instanceof DaylongError) return undefined;
      throw error;
    }
  }

  #unless(weight: number): number {
    return this.healed ? 0 : weight;
  }

  #draw<T extends string>(what: string, choices: Array<[number, T]>): T {
    const drawn = this.#chance.weighted(choices);
    this.#count(`${what}: ${drawn}`);
    return drawn;
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  #laterOf(process: ScriptedProcess, ms: number, act: () => void): void {
    this.#later(ms, () => process.alive, act);
  }

  /** On the clock of now; a server that is started anew gets another one, and what was to come then never comes. */
  #later(ms: number, stillHolds: () => boolean, act: () => void): void {
    const clock = this.#clock();
    this.#armed.set(clock, this.armed + 1);
    clock.after(Math.floor(ms), () => {
      this.#armed.set(clock, this.#armed.get(clock)! - 1);
      if (stillHolds()) act();
    });
  }
}
