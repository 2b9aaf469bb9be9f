import { expect, test } from "@jest/globals";
import { projectUse } from "../../../server/access/projectUse.ts";
import type { SessionUse } from "../../../server/domain/stores/sessions.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Sessions of a few projects, of which each read is noted with the turns that the event loop has had by then. */
function manySessions(count: number) {
  const rows: SessionUse[] = Array.from({ length: count }, (_, index) => ({
    row: index + 1,
    projectPath: `/projects/${index % 7}`,
    conversationId: `c${index}`,
    lastActivityAt: index,
  }));
  const reads: Array<{ rows: number; turn: number }> = [];
  let turn = 0;
  const loop = setInterval(() => {}, 1_000);
  const next = () => {
    turn += 1;
    immediate = setImmediate(next);
  };
  let immediate = setImmediate(next);
  const uses = (afterRow: number, limit: number) => {
    const page = rows.slice(afterRow, afterRow + limit);
    reads.push({ rows: page.length, turn });
    return page;
  };
  const stop = () => {
    clearImmediate(immediate);
    clearInterval(loop);
  };
  return { store: { sessions: { uses } } as never, reads, stop };
}

test("DOOR-21: ten thousand sessions are read in pieces, between which the event loop goes on", async () => {
  const { store, reads, stop } = manySessions(10_000);
  const history = { conversations: async () => [] };
  const use = await projectUse({ store, history, log }).finally(stop);
  expect(use.size).toBe(7);
  expect([...use.values()].reduce((sum, { sessionIds }) => sum + sessionIds.size, 0)).toBe(10_000);
  expect(use.get("/projects/3")?.lastActivityAt).toBe(9_999 - ((9_999 - 3) % 7));
  expect(Math.max(...reads.map(({ rows }) => rows))).toBeLessThanOrEqual(1_000);
  expect(new Set(reads.map(({ turn }) => turn)).size).toBe(reads.length);
});

test("a conversation of a terminal that is a session too is counted once", async () => {
  const { store, stop } = manySessions(1);
  const conversation = { projectPath: "/projects/0", sessionId: "c0", lastActivityAt: 50 };
  const other = { projectPath: "/projects/0", sessionId: "other", lastActivityAt: 20 };
  const history = { conversations: async () => [conversation, other] as never };
  const use = await projectUse({ store, history, log }).finally(stop);
  expect(use.get("/projects/0")).toEqual({ sessionIds: new Set(["c0", "other"]), lastActivityAt: 50 });
});
