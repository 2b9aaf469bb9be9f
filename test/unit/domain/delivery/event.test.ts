import { expect, test } from "@jest/globals";
import { leaseView, terminalTurnEvents } from "../../../../server/domain/delivery/event.ts";
import { isTerminal, turnStates } from "../../../../server/domain/sessions/turn.ts";

test("a turn ends in one of four ways, each with its event", () => {
  const ends = turnStates.filter(isTerminal);
  expect(ends).toEqual(["completed", "failed", "interrupted", "cancelled"]);
  expect([...terminalTurnEvents]).toEqual(ends.map((state) => `turn.${state}`));
});

test("clients see of a lease its term and instants, and the warning only when it was given", () => {
  const lease = { term: 2, startedAt: 1, warnAt: 2, finalWarnAt: 3, expiresAt: 4, finalWarnedAt: 3 };
  expect(leaseView(lease)).toEqual({ term: 2, startedAt: 1, warnAt: 2, expiresAt: 4 });
  expect(leaseView({ ...lease, warnedAt: 0 })).toEqual({
    term: 2,
    startedAt: 1,
    warnAt: 2,
    expiresAt: 4,
    warnedAt: 0,
  });
});
