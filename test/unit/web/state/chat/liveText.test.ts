import { expect, test } from "@jest/globals";
import { grownBy, type LiveText } from "../../../../../web/src/state/chat/liveText.ts";

const delta = (offset: number, text: string, turnId = "t") =>
  ({ type: "delta", sessionId: "s", turnId, offset, text }) as const;

test("C05: pieces grow the text; a repeat changes nothing, a gap waits for the finished text", () => {
  let live: LiveText | undefined;
  for (const piece of [delta(0, "Hel"), delta(3, "lo"), delta(3, "lo"), delta(9, "?")])
    live = grownBy(live, piece);
  expect(live).toEqual({ turnId: "t", text: "Hello" });
});

test("C05: offset 0 begins another text, and so does another turn", () => {
  const live = grownBy({ turnId: "t", text: "Before" }, delta(0, "After"));
  expect(live).toEqual({ turnId: "t", text: "After" });
  expect(grownBy(live, delta(0, "New", "u"))).toEqual({ turnId: "u", text: "New" });
  // After a reconnection in mid-turn the first piece is the text so far.
  expect(grownBy(undefined, delta(5, "x"))).toBeUndefined();
});
