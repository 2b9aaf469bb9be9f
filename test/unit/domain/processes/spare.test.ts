import { describe, expect, test } from "@jest/globals";
import { spareBytes, spareStandings, sparesWanted } from "../../../../server/domain/processes/spare.ts";

const calm = {
  limit: 3,
  current: 0,
  waitingSessions: 0,
  freePlaces: 5,
  memoryUsedBytes: 0,
  memoryLimitBytes: 10 * spareBytes,
};

describe("S17: how many spares there are", () => {
  test("as many as were asked for while there is room", () => {
    expect(sparesWanted(calm)).toBe(3);
    expect(sparesWanted({ ...calm, limit: 0 })).toBe(0);
  });
  test("no more than fit into the memory that sessions leave, down to none", () => {
    expect(sparesWanted({ ...calm, current: 3, memoryUsedBytes: 8.5 * spareBytes })).toBe(1);
    expect(sparesWanted({ ...calm, current: 3, memoryUsedBytes: 9.5 * spareBytes })).toBe(0);
    expect(sparesWanted({ ...calm, current: 3, memoryUsedBytes: 20 * spareBytes })).toBe(0);
  });
  test("none is started while sessions wait or the pool is full, and none is ended for that", () => {
    expect(sparesWanted({ ...calm, waitingSessions: 1 })).toBe(0);
    expect(sparesWanted({ ...calm, current: 2, freePlaces: 0 })).toBe(2);
  });
});

describe("S16: for which projects spares are", () => {
  const hourMs = 3_600_000;

  test("S16: plain ones, as long as no session has begun", () => {
    expect(spareStandings(2, new Map(), 0)).toEqual(["plain", "plain"]);
    expect(spareStandings(0, new Map(), 0)).toEqual([]);
  });
  test("S16: a single spare is for such projects as that of the latest session", () => {
    expect(spareStandings(1, new Map([["trusted", 5]]), 5)).toEqual(["trusted"]);
    const beganAt = new Map([["trusted", 5] as const, ["plain", 6] as const]);
    expect(spareStandings(1, beganAt, 6)).toEqual(["plain"]);
    expect(spareStandings(1, new Map([...beganAt].reverse()), 6)).toEqual(["plain"]);
  });
  test("S16: several are shared with the other projects in which a session began within a day", () => {
    const beganAt = new Map([["trusted", 2 * hourMs] as const, ["plain", hourMs] as const]);
    expect(spareStandings(3, beganAt, 25 * hourMs)).toEqual(["trusted", "plain", "trusted"]);
    expect(spareStandings(3, beganAt, 25 * hourMs + 1)).toEqual(["trusted", "trusted", "trusted"]);
    expect(spareStandings(1, beganAt, 100 * hourMs)).toEqual(["trusted"]);
  });
});
