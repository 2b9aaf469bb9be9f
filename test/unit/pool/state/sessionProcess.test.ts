import { describe, expect, test } from "@jest/globals";
import type { ClaudeProcess } from "../../../../server/domain/processes/process.ts";
import {
  type ProcessPhase,
  processPhases,
  SessionProcess,
  type WrongTransition,
} from "../../../../server/pool/state/sessionProcess.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const failure = { code: "memory_limit", detail: "Too much memory." } as const;

const foreignTurn = { turnId: "foreign", origin: "user" as const, isGiven: true, hasActed: false };

/** The CLI of a process, of which only the stop is of interest here. */
class Cli {
  stops = 0;
  async stop() {
    this.stops += 1;
  }
}

function bench() {
  const clock = new ManualClock();
  const wrong: WrongTransition[] = [];
  const sessionProcess = new SessionProcess({
    sessionId: "session",
    processId: "process",
    isNamed: false,
    clock,
    log,
    onWrongTransition: (transition) => wrong.push(transition),
  });
  const cli = new Cli();
  return { clock, wrong, cli, sessionProcess, process: cli as unknown as ClaudeProcess };
}

/** Brings a fresh process into the phase; `turn`: with a turn, which is given unless it still starts. */
function inPhase(phase: ProcessPhase, turn = phase === "busy") {
  const made = bench();
  const { sessionProcess } = made;
  if (turn) sessionProcess.assign("turn");
  if (phase === "starting") return made;
  sessionProcess.attach(made.process);
  sessionProcess.cameUp("What was said.");
  if (turn) sessionProcess.markGiven();
  if (phase === "stopping") void sessionProcess.stop("evicted");
  if (phase === "exited" || phase === "gone") sessionProcess.markExited();
  if (phase === "gone") sessionProcess.markGone();
  expect([sessionProcess.phase, made.wrong]).toEqual([phase, []]);
  return made;
}

/** A tool of the turn. */
const bash = (toolUseId: string) => ({ toolUseId, toolName: "Bash", turnId: "turn", isAgents: false });

type Bench = ReturnType<typeof bench>;
type Row = [name: string, turn: boolean, call: (bench: Bench) => unknown, to: string];

/**
 * Every method in every phase: the phase after it, or `-` where the method may not be called. The columns are starting,
 * idle, busy, stopping, exited, gone; `turn`: whether the process has a turn in the phases in which it can have one.
 */
const table: Row[] = [
  [
    "attach",
    false,
    ({ sessionProcess: p, process }) => p.attach(process),
    "starting - - stopping exited gone",
  ],
  ["assign", false, ({ sessionProcess: p }) => p.assign("next"), "starting busy - - - -"],
  ["assign", true, ({ sessionProcess: p }) => p.assign("next"), "- busy - - - -"],
  ["beginOwn", false, ({ sessionProcess: p }) => p.beginOwn("own", "task"), "starting busy busy - - -"],
  ["beginOwn", true, ({ sessionProcess: p }) => p.beginOwn("own", "task"), "starting busy busy - - -"],
  ["cameUp", false, ({ sessionProcess: p }) => p.cameUp(undefined), "idle - - - - -"],
  ["cameUp", true, ({ sessionProcess: p }) => p.cameUp(undefined), "busy - - - - -"],
  ["markGiven", true, ({ sessionProcess: p }) => p.markGiven(), "- - - - - -"],
  [
    "finishTurn",
    true,
    ({ sessionProcess: p }) => p.finishTurn(p.turn ?? foreignTurn),
    "starting idle idle stopping exited gone",
  ],
  [
    "dropTurn",
    true,
    ({ sessionProcess: p }) => p.dropTurn("turn"),
    "starting idle busy stopping exited gone",
  ],
  ["becomeIdle", true, ({ sessionProcess: p }) => p.becomeIdle(), "starting idle busy stopping exited gone"],
  [
    "becomeIdle after dropTurn",
    true,
    ({ sessionProcess: p }) => {
      p.dropTurn("turn");
      p.becomeIdle();
    },
    "starting idle idle stopping exited gone",
  ],
  [
    "requestEnd",
    true,
    ({ sessionProcess: p }) => p.requestEnd("turn", { kind: "fault", failure }),
    "starting - busy stopping exited -",
  ],
  [
    "requestEnd without a turn",
    false,
    ({ sessionProcess: p }) => {
      p.dropTurn("turn");
      p.requestEnd("turn", { kind: "fault", failure });
    },
    "- - - - - -",
  ],
  [
    "recycleAfterTurn",
    true,
    ({ sessionProcess: p }) => p.recycleAfterTurn("Old."),
    "starting idle busy stopping exited gone",
  ],
  ["recycleNow", true, ({ sessionProcess: p }) => p.recycleNow(failure), "- - stopping - - -"],
  [
    "stop",
    true,
    ({ sessionProcess: p }) => void p.stop("evicted"),
    "stopping stopping stopping stopping exited gone",
  ],
  ["markExited", true, ({ sessionProcess: p }) => p.markExited(), "exited exited exited exited - -"],
  ["markGone", true, ({ sessionProcess: p }) => p.markGone(), "gone - - gone gone -"],
  ["hold", false, ({ sessionProcess: p }) => p.hold(), "starting idle busy - - -"],
];

const cases = table.flatMap(([name, turn, call, to]) =>
  to.split(" ").map((after, column) => {
    const phase = processPhases[column]!;
    const hasTurn = turn && phase !== "idle" && phase !== "gone";
    return { name, phase, after, hasTurn, call };
  }),
);

describe("a session's process", () => {
  test.each(cases)(
    "$name in phase $phase, with a turn: $hasTurn, leads to $after",
    ({ name, phase, after, hasTurn, call }) => {
      const made = inPhase(phase, phase === "busy" || hasTurn);
      const turn = made.sessionProcess.turn;
      call(made);
      if (after === "-") {
        const [transition] = name.split(" ");
        expect(made.wrong).toEqual([{ sessionId: "session", transition, phase }]);
        expect(made.sessionProcess.phase).toBe(phase);
        if (!name.includes("without")) expect(made.sessionProcess.turn).toBe(turn);
        return;
      }
      expect(made.wrong).toEqual([]);
      expect(made.sessionProcess.phase).toBe(after);
    },
  );

  test("there is a row for every transition, and a column for every phase", () => {
    const methods = Object.getOwnPropertyNames(SessionProcess.prototype).filter((name) => {
      const found = Object.getOwnPropertyDescriptor(SessionProcess.prototype, name);
      return (
        found?.value !== undefined && name !== "constructor" && !/^(note|forgive|release|turnOf)/.test(name)
      );
    });
    expect(methods.sort()).toEqual([...new Set(table.map(([name]) => name.split(" ")[0]!))].sort());
    expect(table.filter(([, , , to]) => to.split(" ").length !== processPhases.length)).toEqual([]);
  });

  test("gives its first prompt what Claude has to be told beforehand, and no other prompt", () => {
    const { sessionProcess, process } = bench();
    sessionProcess.attach(process);
    sessionProcess.cameUp("What was said.");
    sessionProcess.assign("one");
    expect([sessionProcess.turn?.isGiven, sessionProcess.markGiven()]).toEqual([false, "What was said."]);
    expect(sessionProcess.turn?.isGiven).toBe(true);
    expect(sessionProcess.finishTurn(sessionProcess.turn!)).toBe(true);
    sessionProcess.assign("two");
    expect(sessionProcess.markGiven()).toBeUndefined();
  });

  test("takes nothing that was heard before the prompt was given for a part of the turn that follows", () => {
    const { sessionProcess, process } = bench();
    sessionProcess.assign("turn");
    const before = sessionProcess.turn!;
    sessionProcess.noteMessage("turn", "early", "Early.");
    sessionProcess.noteLimit(failure);
    sessionProcess.requestEnd("turn", { kind: "fault", failure });
    sessionProcess.attach(process);
    sessionProcess.cameUp(undefined);
    sessionProcess.markGiven();
    expect(sessionProcess.turn).toEqual({ turnId: "turn", origin: "user", isGiven: true, hasActed: false });
    expect(sessionProcess.turn).not.toBe(before);
    expect([sessionProcess.finishTurn(before), sessionProcess.phase]).toEqual([false, "busy"]);
  });

  test("does not finish a turn that it works on no longer", () => {
    const { sessionProcess } = inPhase("busy");
    const cut = sessionProcess.turn!;
    sessionProcess.dropTurn("turn");
    expect(sessionProcess.becomeIdle()).toBe(true);
    sessionProcess.assign("next");
    expect(sessionProcess.finishTurn(cut)).toBe(false);
    expect([sessionProcess.phase, sessionProcess.turn?.turnId]).toEqual(["busy", "next"]);
    sessionProcess.dropTurn("turn");
    expect(sessionProcess.turn?.turnId).toBe("next");
  });

  test("tells the owner's interrupt rather than a fault, and of two faults the first", () => {
    const { sessionProcess } = inPhase("busy");
    sessionProcess.requestEnd("turn", { kind: "fault", failure });
    sessionProcess.requestEnd("turn", { kind: "fault", failure: { code: "stalled", detail: "Silent." } });
    expect(sessionProcess.turn?.end).toEqual({ kind: "fault", failure });
    sessionProcess.requestEnd("turn", { kind: "interrupt", detail: "Stop." });
    sessionProcess.requestEnd("turn", { kind: "fault", failure });
    expect(sessionProcess.turn?.end).toEqual({ kind: "interrupt", detail: "Stop." });
  });

  test("is told to stop once, also when its start ends after the stop, and the first reason stays", async () => {
    const { sessionProcess, process, cli } = bench();
    const { startSignal } = sessionProcess;
    const gone = sessionProcess.stop("closed");
    expect([startSignal.aborted, cli.stops]).toEqual([true, 0]);
    sessionProcess.attach(process);
    void sessionProcess.stop("server_stopped");
    void sessionProcess.stop("failed");
    expect([sessionProcess.stopReason, cli.stops]).toEqual(["closed", 1]);
    sessionProcess.markExited();
    sessionProcess.markGone();
    expect(await gone).toBeUndefined();
  });

  test("that is replaced at once fails its turn and says why; replaced after its turn it keeps the first reason", () => {
    const { sessionProcess, cli } = inPhase("busy");
    sessionProcess.recycleAfterTurn("First.");
    sessionProcess.recycleAfterTurn("Second.");
    expect(sessionProcess.recycleDetail).toBe("First.");
    sessionProcess.recycleNow(failure);
    expect(sessionProcess.turn?.end).toEqual({ kind: "fault", failure });
    expect([sessionProcess.recycleDetail, sessionProcess.stopReason, cli.stops]).toEqual([
      failure.detail,
      "recycled",
      1,
    ]);
  });

  test("is free while it is idle and nothing is asked of it", () => {
    const { sessionProcess, wrong } = inPhase("idle");
    expect(sessionProcess.isFree).toBe(true);
    sessionProcess.hold();
    sessionProcess.hold();
    expect([sessionProcess.isFree, sessionProcess.release(), sessionProcess.isFree]).toEqual([
      false,
      false,
      false,
    ]);
    expect([sessionProcess.release(), sessionProcess.isFree]).toEqual([true, true]);
    sessionProcess.markExited();
    expect([sessionProcess.isFree, sessionProcess.isLeaving, wrong]).toEqual([false, true, []]);
  });

  test("is idle since its turn ended, and lives by its signs, not by the time that the computer slept", async () => {
    const { sessionProcess, clock } = inPhase("busy");
    await clock.run(1_000);
    sessionProcess.noteSign();
    await clock.run(500);
    expect(sessionProcess.lastSignAt).toBe(clock.monotonic() - 500);
    sessionProcess.forgiveSilence(200);
    expect(sessionProcess.lastSignAt).toBe(clock.monotonic() - 300);
    sessionProcess.forgiveSilence(10_000);
    expect(sessionProcess.lastSignAt).toBe(clock.monotonic());
    sessionProcess.finishTurn(sessionProcess.turn!);
    expect(sessionProcess.idleSinceAt).toBe(clock.monotonic());
  });

  test("takes the work of its tools for a sign of life until they are finished or the turn is", async () => {
    const { sessionProcess, clock } = inPhase("busy");
    const working = { rssBytes: 0, cpuPercent: 100, ownCpuPercent: 0, processCount: 2 };
    const bornAt = sessionProcess.lastSignAt;
    await clock.run(1_000);
    sessionProcess.noteUsage(working);
    expect(sessionProcess.lastSignAt).toBe(bornAt);
    sessionProcess.noteToolStarted(bash("use"));
    expect(sessionProcess.turn?.hasActed).toBe(true);
    sessionProcess.noteUsage(working);
    expect(sessionProcess.lastSignAt).toBe(clock.monotonic());
    expect([sessionProcess.noteToolFinished("use"), sessionProcess.noteToolFinished("use")]).toEqual([
      "Bash",
      undefined,
    ]);
    sessionProcess.noteToolStarted(bash("other"));
    sessionProcess.finishTurn(sessionProcess.turn!);
    await clock.run(1_000);
    sessionProcess.noteUsage(working);
    expect(sessionProcess.lastSignAt).toBe(clock.monotonic() - 1_000);
  });

  test("counts the samples in a row in which it is idle and hot", () => {
    const { sessionProcess } = inPhase("idle");
    const hot = { rssBytes: 0, cpuPercent: 100, ownCpuPercent: 100, processCount: 1 };
    sessionProcess.noteUsage(hot);
    sessionProcess.noteUsage(hot);
    expect(sessionProcess.hotSamples).toBe(2);
    sessionProcess.assign("turn");
    sessionProcess.noteUsage(hot);
    expect(sessionProcess.hotSamples).toBe(0);
  });

  test("keeps what Claude said last, that it acted, and the limit that it met, in the turn that runs", () => {
    const { sessionProcess } = inPhase("busy");
    sessionProcess.noteMessage("turn", "m1", "One.");
    sessionProcess.noteLimit(failure);
    expect(sessionProcess.turn).toMatchObject({
      lastMessage: { messageId: "m1", text: "One." },
      hasActed: true,
      limit: failure,
    });
    sessionProcess.finishTurn(sessionProcess.turn!);
    sessionProcess.noteMessage("turn", "m2", "Two.");
    sessionProcess.noteLimit(failure);
    expect(sessionProcess.turn).toBeUndefined();
  });

  test("is busy until both of its turns have ended, and works on Claude's own first", () => {
    const { sessionProcess, wrong } = inPhase("busy");
    sessionProcess.beginOwn("own", "task");
    expect(sessionProcess.activeTurn?.turnId).toBe("own");
    expect(wrong).toEqual([]);
    expect(sessionProcess.turns.map(({ turnId, origin }) => [turnId, origin])).toEqual([
      ["own", "task"],
      ["turn", "user"],
    ]);
    sessionProcess.noteMessage("own", "m1", "Of the task.");
    expect(sessionProcess.turn?.lastMessage).toBeUndefined();
    expect(sessionProcess.finishTurn(sessionProcess.turnOf("own")!)).toBe(true);
    expect([sessionProcess.phase, sessionProcess.activeTurn?.turnId]).toEqual(["busy", "turn"]);
    sessionProcess.finishTurn(sessionProcess.turnOf("turn")!);
    expect([sessionProcess.phase, sessionProcess.turns]).toEqual(["idle", []]);
  });

  test("takes the work of a subagent's tools for a sign of life after the turn that started it", async () => {
    const { sessionProcess, clock } = inPhase("busy");
    sessionProcess.noteToolStarted({ ...bash("use"), isAgents: true });
    sessionProcess.finishTurn(sessionProcess.turn!);
    await clock.run(1_000);
    sessionProcess.noteUsage({ rssBytes: 0, cpuPercent: 100, ownCpuPercent: 0, processCount: 2 });
    expect(sessionProcess.lastSignAt).toBe(clock.monotonic());
  });
});
