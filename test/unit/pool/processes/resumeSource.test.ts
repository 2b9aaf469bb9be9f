import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import { seedText, seedUnits } from "../../../../server/pool/processes/resumeSource.ts";

const event = (type: string, data: unknown) =>
  ({ cursor: 1, sessionId: "s", seq: 1, at: 0, type, data }) as unknown as LoggedEvent;
const user = (message: string) => event("turn.accepted", { message });
const claude = (text: string) => event("message", { text });
const recapLine = "Recap of what came before: R";

describe("what a new conversation is told", () => {
  test("is what was said, oldest first, without what is no word of anybody", () => {
    const text = seedText([claude("4"), event("turn.started", {}), user("2+2?")], "R");
    const lines = text.split("\n\n");
    expect([lines[0], ...lines.slice(2)]).toEqual([
      "<earlier-conversation>",
      "User: 2+2?",
      "Assistant: 4",
      "</earlier-conversation>",
    ]);
    expect(lines[1]).toContain("record of this conversation was lost");
  });

  test("is nothing where nothing was said, with a recap or without", () => {
    expect([seedText([], "R"), seedText([event("turn.started", {})], "R")]).toEqual(["", ""]);
  });

  test("that does not fit is the end of it, behind the recap", () => {
    const long = `${"a".repeat(seedUnits)}end`;
    const lines = seedText([claude("last"), user(long), user("never")], "R").split("\n\n");
    expect(lines.slice(2, 3)).toEqual([recapLine]);
    expect(lines[3]).toBe(`… ${long.slice(-(seedUnits - "Assistant: last".length))}`);
    expect(lines[4]).toBe("Assistant: last");
    expect(lines).toHaveLength(6);
  });

  test("that fits to the last unit leaves out what is older, and has the recap for that", () => {
    const exact = "a".repeat(seedUnits - "User: ".length);
    const lines = seedText([user(exact), user("older")], "R").split("\n\n");
    expect(lines.slice(2)).toEqual([recapLine, `User: ${exact}`, "</earlier-conversation>"]);
    expect(seedText([user(exact.slice(1))], "R")).not.toContain("Recap");
    expect(seedText([user(`${exact}a`)], undefined)).not.toContain("Recap");
  });

  test("is not cut in the middle of a character", () => {
    const text = seedText([claude(`😀${"a".repeat(seedUnits - 1)}`)], undefined);
    expect(text.isWellFormed()).toBe(true);
    expect(text).toContain(`… ${"a".repeat(seedUnits - 1)}`);
  });
});
