import { getEventListeners } from "node:events";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { DurableGate } from "../../../../server/delivery/durableGate.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import type { DeltaFrame } from "../../../../server/domain/delivery/frames.ts";
import type { Turn } from "../../../../server/domain/sessions/turn.ts";
import { TurnStream } from "../../../../server/http/openai/turnStream.ts";
import { ManualClock } from "../../../support/manualClock.ts";

let clock: ManualClock;
/** The session's transcript, the oldest first. */
let rows: LoggedEvent[];
let turn: Partial<Turn>;
let listeners: Set<(events: LoggedEvent[]) => void>;
let hearers: Set<(delta: DeltaFrame) => void>;
/** What waits for the disk; undefined: the disk is quick. */
let owed: Array<() => void> | undefined;

beforeEach(() => {
  clock = new ManualClock();
  [rows, listeners, hearers, owed] = [[], new Set(), new Set(), undefined];
  turn = { turnId: "t", state: "running" };
});

const subscribe = <T>(set: Set<T>, listener: T) => {
  set.add(listener);
  return () => set.delete(listener);
};
const store = {
  turns: { get: () => turn },
  events: {
    subscribe: (listener: (events: LoggedEvent[]) => void) => subscribe(listeners, listener),
    transcript: (_sessionId: string, before: number | undefined, limit: number) =>
      rows
        .filter(({ cursor }) => before === undefined || cursor < before)
        .reverse()
        .slice(0, limit),
  },
  whenDurable: (then: () => void) => void (owed ? owed.push(then) : then()),
};
const stream = (isLive = true) =>
  new TurnStream({
    store: store as never,
    gate: new DurableGate(store as never),
    clock,
    sessionId: "s",
    turnId: "t",
    ...(isLive
      ? { listen: (_id: string, hear: (delta: DeltaFrame) => void) => subscribe(hearers, hear) }
      : {}),
  });
const keep = (type: string, more: object = {}, turnId = "t") => {
  const event = { type, turnId, cursor: rows.length + 1, ...more } as unknown as LoggedEvent;
  rows.push(event);
  return event;
};
const announce = (...events: LoggedEvent[]) => {
  for (const listener of [...listeners]) listener(events);
};
const message = (text: string, turnId = "t") => keep("message", { data: { messageId: "m", text } }, turnId);
const say = (offset: number, text: string, turnId = "t") => {
  for (const hear of [...hearers]) hear({ type: "delta", sessionId: "s", turnId, offset, text });
};
const end = (more: Partial<Turn> = {}) => {
  Object.assign(turn, { state: "completed", ...more });
  announce(keep("turn.completed"));
};

describe("C03: the words of a turn as one text", () => {
  test("C03: grow with each delta, and are completed by the finished text", () => {
    const reading = stream();
    say(0, "Good ");
    say(5, "day");
    expect([reading.hasText, reading.take(), reading.hasText, reading.take()]).toEqual([
      true,
      "Good day",
      false,
      "",
    ]);
    announce(message("Good day to you"));
    expect(reading.take()).toBe(" to you");
    say(0, "And more");
    expect(reading.take()).toBe("\n\nAnd more");
  });

  test("C03: hold no word twice, none of another turn, and none before one that was lost", () => {
    const reading = stream();
    say(0, "Good ");
    say(0, "Good day");
    say(3, "d d");
    say(20, "lost");
    say(0, "Hush", "other");
    announce(message("Hush", "other"));
    expect(reading.take()).toBe("Good day");
    announce(message("Good day."));
    expect(reading.take()).toBe(".");
  });

  test("C03: are told anew, apart, when the finished text is another one", () => {
    const reading = stream();
    say(0, "Perhaps");
    announce(message("Certainly"));
    expect(reading.take()).toBe("Perhaps\n\nCertainly");
  });

  test("C03: that were said before it was read come from the log, also from far back, and not those of earlier turns", () => {
    message("Of an earlier turn", "before");
    message("Under the same id, before it was accepted");
    keep("turn.accepted");
    message("First");
    for (let count = 0; count < 450; count += 1) keep("tool", {}, "other");
    message("Second");
    for (let count = 0; count < 150; count += 1) keep("tool");
    expect(stream().take()).toBe("First\n\nSecond");
  });

  test("C03: are read from a log that was cut before the turn began", () => {
    for (let count = 0; count < 200; count += 1) message(`${count}`);
    expect(stream().take().split("\n\n")).toHaveLength(200);
    rows = [];
    expect(stream().hasText).toBe(false);
  });

  test("C03: without deltas come when they are finished", () => {
    const reading = stream(false);
    expect(hearers.size).toBe(0);
    announce(message("One"), message("Two"));
    expect(reading.take()).toBe("One\n\nTwo");
  });
});

describe("C03: the end of a turn", () => {
  test("C03: is told when it is durable, and nothing is heard from then on", () => {
    owed = [];
    const reading = stream();
    announce(message("Done."));
    end();
    expect([reading.take(), reading.ended]).toEqual(["Done.", undefined]);
    for (const then of owed) then();
    expect([reading.ended, listeners.size, hearers.size]).toEqual([turn, 0, 0]);
  });

  test("C03: that came before it was read needs nobody to be heard", () => {
    keep("turn.accepted");
    message("Done.");
    turn.state = "failed";
    const reading = stream();
    expect([reading.take(), reading.ended, listeners.size, hearers.size]).toEqual(["Done.", turn, 0, 0]);
  });

  test("C03: brings the reply of the turn's record where the log has no text any more, and not where it has", () => {
    const reply = { text: "Kept" } as Turn["reply"];
    Object.assign(turn, { state: "completed", reply });
    expect(stream().take()).toBe("Kept");
    turn = { turnId: "t", state: "running" };
    const reading = stream();
    announce(message("Said"));
    end({ reply });
    expect(reading.take()).toBe("Said");
  });

  test("C03: is not that of another turn, nor any event of its own", () => {
    const reading = stream();
    turn.state = "completed";
    announce(keep("turn.completed", {}, "other"), keep("tool"));
    expect(reading.ended).toBeUndefined();
  });
});

describe("C03: waiting for a change", () => {
  const wait = (reading: TurnStream, over = new AbortController().signal) => {
    let isOver = false;
    const done = reading.change(1_000, over).then(() => {
      isOver = true;
    });
    return { done, isOver: () => isOver };
  };

  test("C03: ends with the next words, or with the turn", async () => {
    const reading = stream();
    const first = wait(reading);
    await clock.run(999);
    expect(first.isOver()).toBe(false);
    say(0, "Hi");
    await first.done;
    // There is something to take already.
    await wait(reading).done;
    reading.take();
    const last = wait(reading);
    end();
    await last.done;
    await wait(reading).done;
    expect(clock.armed).toBe(0);
  });

  test("C03: ends after its time, or when the reader has gone, and leaves nothing behind", async () => {
    const [reading, gone] = [stream(), new AbortController()];
    const late = wait(reading, gone.signal);
    await clock.run(1_000);
    expect(late.isOver()).toBe(true);
    expect(getEventListeners(gone.signal, "abort")).toEqual([]);
    const given = wait(reading, gone.signal);
    gone.abort();
    await given.done;
    await wait(reading, gone.signal).done;
    expect([clock.armed, getEventListeners(gone.signal, "abort")]).toEqual([0, []]);
  });

  test("C03: a stream that was closed, once or twice, hears nothing more", () => {
    const reading = stream();
    reading.close();
    reading.close();
    say(0, "Hi");
    expect([reading.hasText, listeners.size, hearers.size]).toEqual([false, 0, 0]);
  });
});
