import { expect, test } from "@jest/globals";
import type { Session } from "../../../../client/src/index.ts";
import { inboxGroups } from "../../../../web/src/home/inboxGroups.ts";

const session = (sessionId: string, fields: Partial<Session> = {}): Session => ({
  sessionId,
  projectPath: `/home/me/${sessionId}`,
  title: sessionId,
  state: "idle",
  model: null,
  permissionMode: "default",
  createdAt: 0,
  lastActivityAt: 0,
  lease: { term: 1, startedAt: 0, warnAt: 1, expiresAt: 2 },
  timeRemainingMs: 2,
  turnCount: 0,
  queuedTurns: 0,
  lastSeq: 1,
  costUsd: 0,
  tokens: { input: 0, output: 0 },
  muted: false,
  autoKeepAlive: false,
  openPermissions: 0,
  readSeq: 0,
  unread: 0,
  runningTasks: 0,
  suggestedPrompts: [],
  compacting: false,
  ...fields,
});
const told = (sessions: Session[], search = "") =>
  inboxGroups(sessions, search).map(({ name, sessions: members }) => [
    name,
    members.map((one) => one.sessionId),
  ]);
const lastError = { code: "claude_error", detail: "It failed.", at: 1 } as const;

test("C05: sessions stand in the order in which they need their owner", () => {
  expect(
    told([
      session("idle", { lastActivityAt: 9 }),
      session("done", { unread: 2 }),
      session("busy", { state: "busy", unread: 3 }),
      session("asks", { state: "busy", openPermissions: 1 }),
    ]),
  ).toEqual([
    ["needs", ["asks"]],
    ["working", ["busy"]],
    ["unread", ["done"]],
    ["idle", ["idle"]],
  ]);
});

test("C05: a failure needs its owner until it was read, an ending lease until it was kept alive", () => {
  const warned = { term: 1, startedAt: 0, warnAt: 1, expiresAt: 2, warnedAt: 1 };
  expect(told([session("failed", { lastError, unread: 1 }), session("ending", { lease: warned })])).toEqual([
    ["needs", ["failed", "ending"]],
  ]);
  expect(
    told([session("known", { lastError }), session("ended", { lease: warned, state: "expired" })]),
  ).toEqual([["idle", ["known", "ended"]]]);
});

test("C05: a session with a running task works; in a group the latest comes first", () => {
  expect(
    told([
      session("old", { runningTasks: 1, lastActivityAt: 1 }),
      session("new", { queuedTurns: 1, lastActivityAt: 2 }),
    ]),
  ).toEqual([["working", ["new", "old"]]]);
});

test("C05: every word of the search has to be there; closed sessions are found, not listed", () => {
  const sessions = [
    session("a", { title: "Login fails", lastText: "The token is old." }),
    session("b", { state: "closed", title: "Login page" }),
  ];
  expect(told(sessions)).toEqual([["idle", ["a"]]]);
  expect(told(sessions, "LOGIN")).toEqual([["idle", ["a", "b"]]]);
  expect(told(sessions, "login token")).toEqual([["idle", ["a"]]]);
  expect(told(sessions, "nothing")).toEqual([]);
});
