import { beforeEach, expect, test } from "@jest/globals";
import { aPermission, aSession, useBench } from "../fixture.ts";

const bench = useBench();
const session = aSession();
const other = aSession();
beforeEach(() => {
  bench.store.sessions.insert(session);
  bench.store.sessions.insert(other);
});

test("gives a permission back as it was put in, after a restart too", () => {
  const plain = aPermission(session.sessionId);
  const full = aPermission(session.sessionId, {
    kind: "plan",
    description: "Why",
    plan: "1. Do it",
    questions: [{ question: "Which?" }],
    suggestions: [{ type: "addRules" }],
    state: "resolved",
    decision: { decision: "allow", scope: "always", updatedInput: { command: "ls -l" } },
  });
  bench.store.permissions.insert(plain);
  bench.store.permissions.insert(full);
  bench.reopen();
  expect(bench.store.permissions.get(plain.permissionId)).toEqual(plain);
  expect(bench.store.permissions.get(full.permissionId)).toEqual(full);
  expect(bench.store.permissions.get("none")).toBeUndefined();
});

test("lists the open ones in the order of asking, of all sessions and of one", () => {
  const { permissions } = bench.store;
  const late = aPermission(session.sessionId, { requestedAt: 9 });
  const early = aPermission(other.sessionId, { requestedAt: 1 });
  const middle = aPermission(session.sessionId, { requestedAt: 5 });
  for (const permission of [late, early, middle]) permissions.insert(permission);
  expect(permissions.open()).toEqual([early, middle, late]);
  expect(permissions.openOf(session.sessionId)).toEqual([middle, late]);
  expect(permissions.openCountOf(session.sessionId)).toBe(2);
  permissions.expire(middle.permissionId);
  expect(permissions.openOf(session.sessionId)).toEqual([late]);
  expect(permissions.openCountOf(session.sessionId)).toBe(1);
});

test("the first answer is the answer, and an expired request takes none", () => {
  const { permissions } = bench.store;
  const asked = aPermission(session.sessionId);
  const missed = aPermission(session.sessionId);
  permissions.insert(asked);
  permissions.insert(missed);
  expect(permissions.resolve(asked.permissionId, { decision: "deny", message: "No" })).toBe(true);
  expect(permissions.resolve(asked.permissionId, { decision: "allow" })).toBe(false);
  expect(permissions.expire(asked.permissionId)).toBe(false);
  expect(permissions.get(asked.permissionId)).toEqual({
    ...asked,
    state: "resolved",
    decision: { decision: "deny", message: "No" },
  });
  expect(permissions.expire(missed.permissionId)).toBe(true);
  expect(permissions.resolve(missed.permissionId, { decision: "allow" })).toBe(false);
  expect(permissions.get(missed.permissionId)).toEqual({ ...missed, state: "expired" });
  expect(permissions.resolve("none", { decision: "allow" })).toBe(false);
});
