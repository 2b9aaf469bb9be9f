import { describe, expect, test } from "@jest/globals";
import { spareBytes, sparesWanted } from "../../../../server/domain/processes/spare.ts";

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
