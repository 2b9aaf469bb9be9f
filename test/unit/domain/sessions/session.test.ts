import { describe, expect, test } from "@jest/globals";
import {
  mayBecome,
  sessionStates,
  statesBefore,
  titleFrom,
} from "../../../../server/domain/sessions/session.ts";

/** Rows: from; columns: to, both in the order idle, busy, waiting, parked, expired, quarantined, closed. */
const changes = {
  idle: "- busy waiting parked expired quarantined closed",
  busy: "idle - waiting parked expired quarantined closed",
  waiting: "idle busy waiting parked expired quarantined closed",
  parked: "idle busy - - expired quarantined closed",
  expired: "- busy - parked - - closed",
  quarantined: "idle busy waiting parked expired quarantined closed",
  closed: "- - - - - - -",
};

describe("a session's state", () => {
  const pairs = sessionStates.flatMap((from) =>
    sessionStates.map((to, column) => ({ from, to, may: changes[from].split(" ")[column] === to })),
  );
  test.each(pairs)("may become $to from $from: $may", ({ from, to, may }) => {
    expect(mayBecome(from, to)).toBe(may);
    expect(statesBefore(to).includes(from)).toBe(may);
  });
});

describe("S25 a title from the first message", () => {
  test("is its first line, with its white space made plain", () => {
    expect(titleFrom("  Fix\tthe   tests\r\nand then rest")).toBe("Fix the tests");
  });
  test("is there for a message of white space, too", () => {
    expect(titleFrom(" \n ")).toBe("New session");
  });
  test("is left whole up to 60 characters and cut at a word beyond", () => {
    expect(titleFrom("a".repeat(60))).toBe("a".repeat(60));
    const cut = titleFrom("Please look at the reason why the build of the second package fails today");
    expect(cut).toBe("Please look at the reason why the build of the second…");
  });
  test("is cut within a word that is too long itself", () => {
    expect(titleFrom("x".repeat(100))).toMatch(/^x{30,60}…$/);
  });
  test("ends in no white space, wherever it is cut", () => {
    for (let lead = 20; lead < 62; lead += 1) {
      expect(titleFrom(`${"x".repeat(lead)} ${"🙂".repeat(60)}`)).not.toMatch(/\s…?$/);
    }
    expect(titleFrom("First line \nSecond")).toBe("First line");
  });
  test("never ends in half a character", () => {
    for (let lead = 0; lead < 4; lead += 1) {
      const title = titleFrom("x".repeat(lead) + "🙂".repeat(60));
      expect(title.isWellFormed()).toBe(true);
      expect(title).not.toContain("\ufffd");
      expect(title.length).toBeLessThanOrEqual(61);
    }
  });
});
