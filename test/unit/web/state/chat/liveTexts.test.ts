import { expect, test } from "@jest/globals";
import type { DaylongEvent, Delta } from "../../../../../client/src/index.ts";
import { LiveTexts } from "../../../../../web/src/state/chat/liveTexts.ts";

const delta = (offset: number, text: string): Delta => ({
  type: "delta",
  sessionId: "s",
  turnId: "t",
  offset,
  text,
});

const event = (type: string, seq: number): DaylongEvent =>
  ({ cursor: seq, sessionId: "s", seq, type, at: 0, turnId: "t", data: {} }) as unknown as DaylongEvent;

test("C05: a conversation that is opened in mid-answer has the words that were written before", () => {
  const lives = new LiveTexts({ inNextFrame: (act) => act() });
  lives.hear(event("message", 3));
  lives.hearDelta(delta(0, "It runs"));
  lives.hear(event("tool.started", 4));
  lives.hearDelta(delta(7, " well"));
  expect(lives.of("s").value).toEqual({ turnId: "t", text: "It runs well", afterSeq: 3 });
  expect(lives.of("another").value).toBeUndefined();
});

test("C05: what is shown changes once a frame, and ends at once", () => {
  const frames: Array<() => void> = [];
  const lives = new LiveTexts({ inNextFrame: (act) => frames.push(act) });
  const shown = lives.of("s");
  lives.hearDelta(delta(0, "It "));
  lives.hearDelta(delta(3, "runs"));
  expect([shown.value, frames.length]).toEqual([undefined, 1]);
  frames.shift()?.();
  expect(shown.value?.text).toBe("It runs");
  lives.hearDelta(delta(7, " well"));
  lives.hear(event("message", 3));
  frames.shift()?.();
  expect(shown.value).toBeUndefined();
});

test.each(["message", "turn.completed", "turn.failed", "turn.interrupted", "turn.cancelled"])(
  "C05: %s ends the text that is being written",
  (type) => {
    const lives = new LiveTexts({ inNextFrame: (act) => act() });
    lives.hearDelta(delta(0, "It runs"));
    lives.hear(event(type, 5));
    expect(lives.of("s").value).toBeUndefined();
  },
);
