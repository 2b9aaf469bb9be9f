import { expect, test } from "@jest/globals";
import { aSession, useBench } from "../fixture.ts";

const bench = useBench();

function named(conversationId: string): string {
  const session = aSession();
  const { sessionId } = session;
  bench.store.transaction(() => {
    bench.store.sessions.insert(session);
    bench.store.conversations.insert({ conversationId, sessionId, createdAt: 1_000, earlier: "" });
  });
  return sessionId;
}

test("C03: a conversation finds its session again after a restart, by its name and by the session", () => {
  const sessionId = named("any / string ü");
  bench.reopen();
  const expected = { conversationId: "any / string ü", sessionId, createdAt: 1_000, earlier: "" };
  expect(bench.store.conversations.get("any / string ü")).toEqual(expected);
  expect(bench.store.conversations.ofSession(sessionId)).toEqual(expected);
  expect(bench.store.conversations.get("ANY / STRING Ü")).toBeUndefined();
});

test("C03: conversations are listed by pages, the newest first, and a name that is gone has nothing after it", () => {
  for (const name of ["a", "b", "c"]) named(name);
  const names = (after?: string) => bench.store.conversations.list(after, 2).map((one) => one.conversationId);
  expect(names()).toEqual(["c", "b"]);
  expect(names("b")).toEqual(["a"]);
  expect(names("gone")).toEqual([]);
});

test("C03: a name belongs to one session until it is given up", () => {
  const first = named("once");
  expect(() => named("once")).toThrow(/UNIQUE/);
  expect(bench.store.conversations.removeOf(first)).toBe(true);
  expect(bench.store.conversations.removeOf(first)).toBe(false);
  expect(named("once")).not.toBe(first);
});
