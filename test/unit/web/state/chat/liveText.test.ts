import { expect, test } from "@jest/globals";
import type { Words } from "../../../../../web/src/state/chat/entries.ts";
import { grownBy, isFinished, type LiveText } from "../../../../../web/src/state/chat/liveText.ts";

const delta = (offset: number, text: string, turnId = "t") =>
  ({ type: "delta", sessionId: "s", turnId, offset, text }) as const;

test("C05: pieces grow the text; a repeat changes nothing, a gap waits for the finished text", () => {
  let live: LiveText | undefined;
  for (const [index, piece] of [delta(0, "Hel"), delta(3, "lo"), delta(3, "lo"), delta(9, "?")].entries())
    live = grownBy(live, piece, 7 + index);
  expect(live).toEqual({ turnId: "t", text: "Hello", afterSeq: 7 });
});

test("C05: offset 0 begins another text, and so does another turn", () => {
  const live = grownBy({ turnId: "t", text: "Before", afterSeq: 1 }, delta(0, "After"), 2);
  expect(live).toEqual({ turnId: "t", text: "After", afterSeq: 2 });
  expect(grownBy(live, delta(0, "New", "u"), 3)).toEqual({ turnId: "u", text: "New", afterSeq: 3 });
  // After a reconnection in mid-turn the first piece is the text so far.
  expect(grownBy(undefined, delta(5, "x"), 0)).toBeUndefined();
});

test("C05: a text is finished when the conversation holds it, not when the turn said something before it", () => {
  const words = (seq: number, text: string): Words => ({
    kind: "words",
    key: `k${seq}`,
    seq,
    turnId: "t",
    messageId: "m",
    text,
    at: 0,
    isPartial: false,
    isCut: false,
  });
  const live: LiveText = { turnId: "t", text: "I will", afterSeq: 4 };
  expect(isFinished(live, [words(4, "I will look first.")])).toBe(false);
  expect(isFinished(live, [words(4, "I will look first."), words(6, "I will mend it.")])).toBe(true);
  // Opened in mid-answer, nothing is known of what came before: what is being written is compared.
  expect(isFinished({ turnId: "t", text: "It runs", afterSeq: 0 }, [words(4, "I will look first.")])).toBe(
    false,
  );
  expect(isFinished(live, [])).toBe(false);
});
