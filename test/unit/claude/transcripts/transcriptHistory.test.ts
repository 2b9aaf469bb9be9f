import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { TranscriptHistory as History } from "../../../../server/claude/transcripts/transcriptHistory.ts";
import type {
  HistoryAnswer,
  HistoryQuestion,
} from "../../../../server/claude/transcripts/transcriptWorker.ts";
import { ManualClock } from "../../../support/manualClock.ts";

/** A thread that answers when the test says so. */
class ScriptedWorker extends EventEmitter {
  static readonly started: ScriptedWorker[] = [];
  readonly asked: HistoryQuestion[] = [];
  isTerminated = false;
  isHolding = true;
  readonly path: URL;
  readonly options: { env: Record<string, string | undefined> };

  constructor(path: URL, options: ScriptedWorker["options"]) {
    super();
    this.path = path;
    this.options = options;
    ScriptedWorker.started.push(this);
  }
  postMessage(question: HistoryQuestion): void {
    this.asked.push(question);
  }
  unref(): void {
    this.isHolding = false;
  }
  async terminate(): Promise<void> {
    this.isTerminated = true;
  }
  answer(index: number, value: unknown): void {
    this.emit("message", { id: this.asked[index]!.id, value } satisfies HistoryAnswer);
  }
  refuse(index: number, fault: string): void {
    this.emit("message", { id: this.asked[index]!.id, fault } satisfies HistoryAnswer);
  }
}

jest.unstable_mockModule("node:worker_threads", () => ({ Worker: ScriptedWorker }));
const { TranscriptHistory } = await import("../../../../server/claude/transcripts/transcriptHistory.ts");

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { started } = ScriptedWorker;
let clock: ManualClock;
let history: History;

beforeEach(() => {
  started.length = 0;
  clock = new ManualClock();
  history = new TranscriptHistory({
    clock,
    log: silent,
    environment: { HOME: "/home/a", PATH: "/bin", APNS_KEY: "secret" },
  });
});
afterEach(async () => {
  await history.stop();
  expect(clock.armed).toBe(0);
});

const unavailable = (message: string) => ({ code: "history_unavailable", message, retryAfterMs: 5_000 });
/** What became of a question, without waiting for it. */
const outcomeOf = (asked: Promise<unknown>) => {
  const seen: { value?: unknown; error?: unknown } = {};
  asked.then(
    (value) => Object.assign(seen, { value }),
    (error: unknown) => Object.assign(seen, { error }),
  );
  return seen;
};

describe("S31: questions about transcripts", () => {
  test("S31: go to one thread, which has the CLI's places and nothing else, and holds no exit up", async () => {
    expect(started).toHaveLength(0);
    const all = history.conversations("/a");
    const page = history.messages({ sessionId: "s", projectPath: "/a" }, "before", 7);
    expect(started).toHaveLength(1);
    const [thread] = started;
    expect(thread?.path.pathname).toMatch(/\/transcriptWorker\.js$/);
    expect(thread?.isHolding).toBe(false);
    expect(thread?.options.env).toEqual({
      CLAUDE_CONFIG_DIR: "/home/a/.claude",
      HOME: "/home/a",
      PATH: "/bin",
    });
    expect(thread?.asked).toMatchObject([
      { kind: "conversations", projectPath: "/a" },
      { kind: "messages", sessionId: "s", projectPath: "/a", before: "before", limit: 7 },
    ]);
    // Each gets its own answer, in whatever order they come.
    thread?.answer(1, undefined);
    thread?.answer(0, []);
    expect([await all, await page]).toEqual([[], undefined]);
  });

  test("S31: one that cannot be answered fails alone, without the reason's words", async () => {
    const [bad, good] = [history.conversations(), history.conversations()];
    started[0]?.refuse(0, "EACCES /home/a/.claude");
    await expect(bad).rejects.toMatchObject(unavailable("Claude's transcripts could not be read."));
    started[0]?.answer(1, []);
    expect(await good).toEqual([]);
    expect(started[0]?.isTerminated).toBe(false);
  });

  test("S31: twenty may wait; one more is refused until one is answered", async () => {
    const waiting = Array.from({ length: 20 }, () => history.conversations());
    await expect(history.conversations()).rejects.toMatchObject(
      unavailable("20 questions about transcripts wait already."),
    );
    expect(started[0]?.asked).toHaveLength(20);
    started[0]?.answer(3, ["third"]);
    expect(await waiting[3]).toEqual(["third"]);
    const next = history.conversations();
    for (const index of started[0]!.asked.keys()) started[0]?.answer(index, []);
    expect(await next).toEqual([]);
    await Promise.all(waiting);
  });

  test("S31: one without an answer for 30 s ends the thread, and all that wait with it", async () => {
    const first = outcomeOf(history.conversations());
    await clock.run(10_000);
    const second = outcomeOf(history.conversations());
    await clock.run(19_999);
    expect([first, second, started[0]?.isTerminated]).toEqual([{}, {}, false]);
    await clock.run(1);
    const late = unavailable("Claude's transcripts could not be read within 30000 ms.");
    expect([first.error, second.error]).toMatchObject([late, late]);
    expect([started[0]?.isTerminated, clock.armed]).toEqual([true, 0]);
    // What the old thread still says is for nobody; the next question has a new one.
    const next = outcomeOf(history.conversations());
    started[0]?.answer(0, ["late"]);
    await clock.settle();
    expect([started.length, next]).toEqual([2, {}]);
    started[1]?.answer(0, ["new"]);
    await clock.settle();
    expect(next).toEqual({ value: ["new"] });
  });

  test("S31: an answer in time takes its deadline along", async () => {
    const asked = history.conversations();
    started[0]?.answer(0, []);
    await asked;
    await clock.run(31_000);
    expect(started[0]?.isTerminated).toBe(false);
  });
});

describe("S31: the thread", () => {
  test("S31: that breaks down fails what waits; the next question has a new one, which the old one's end does not touch", async () => {
    const asked = outcomeOf(history.conversations());
    started[0]?.emit("error", new Error("out of memory"));
    await clock.settle();
    expect(asked.error).toMatchObject(unavailable("Claude's transcripts could not be read."));
    const next = outcomeOf(history.conversations());
    started[0]?.emit("error", new Error("once more"));
    await clock.settle();
    expect([started.length, next]).toEqual([2, {}]);
  });

  test("S31: goes ten minutes after the last answer, and not while one is waited for", async () => {
    const ask = async () => {
      const asked = history.conversations();
      started.at(-1)?.answer(started.at(-1)!.asked.length - 1, []);
      await asked;
    };
    await ask();
    await clock.run(599_999);
    await ask();
    await clock.run(599_999);
    expect([started.length, started[0]?.isTerminated]).toEqual([1, false]);
    const open = outcomeOf(history.conversations());
    await clock.run(29_999);
    expect([open, started[0]?.isTerminated]).toEqual([{}, false]);
    started[0]?.answer(2, []);
    await clock.run(600_000);
    expect([open, started[0]?.isTerminated]).toEqual([{ value: [] }, true]);
    await ask();
    expect(started).toHaveLength(2);
  });

  test("S31: is over after the stop, which fails what waits, and may be asked twice", async () => {
    const asked = outcomeOf(history.conversations());
    await Promise.all([history.stop(), history.stop()]);
    await clock.settle();
    expect(asked.error).toMatchObject(unavailable("The server is stopping."));
    expect([started[0]?.isTerminated, clock.armed]).toEqual([true, 0]);
  });
});
