import { describe, expect, test } from "@jest/globals";
import { isMoot, isWanted, wantsActivities } from "../../../../server/delivery/outbox/pushEligibility.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import { type PushSubject, pushOf } from "../../../../server/domain/delivery/pushRules.ts";
import { openLease } from "../../../../server/domain/sessions/lease.ts";
import type { SessionState } from "../../../../server/domain/sessions/session.ts";

const limits = { sessionTimeoutMs: 1_000, sessionWarningMs: 800, sessionFinalWarningMs: 0 };
const session = (expiresFrom = 0, term = 1, state: SessionState = "idle") => ({
  state,
  lease: openLease(term, expiresFrom, limits),
});
const event = (type: string, data: object, sessionId: string | null = "s") =>
  ({ cursor: 1, seq: 1, at: 0, sessionId, type, data }) as LoggedEvent;
const permission = undefined;

describe("what is moot is not pushed", () => {
  const requested = event("permission.requested", { permissionId: "p" });
  const expiring = event("session.expiring", { expiresAt: 1_000 });
  const expired = event("session.expired", { term: 1, expiredAt: 1_000 });
  const failed = event("turn.failed", {});
  const login = event("login.required", {}, null);
  const open = { state: "open" } as const;

  test.each<[string, LoggedEvent, PushSubject, boolean]>([
    ["an open permission", requested, { session: session(), permission: open }, false],
    ["an answered permission", requested, { session: session(), permission: { state: "resolved" } }, true],
    [
      "a permission that timed out",
      requested,
      { session: session(), permission: { state: "expired" } },
      true,
    ],
    ["an expiring lease", expiring, { session: session(), permission }, false],
    ["a lease that was renewed", expiring, { session: session(50), permission }, true],
    ["an expired lease", expired, { session: session(), permission }, false],
    ["an expired lease that was revived", expired, { session: session(0, 2), permission }, true],
    ["a failure", failed, { session: session(), permission }, false],
    ["a failure in a deleted session", failed, { session: undefined, permission }, true],
    ["a failure in a closed session", failed, { session: session(0, 1, "closed"), permission }, true],
    ["a lost login, which has no session", login, { session: undefined, permission }, false],
  ])("%s", (_name, about, subject, moot) => {
    expect(isMoot(about, pushOf(about)!, subject)).toBe(moot);
  });
});

test("D19 mutes by kind and by session hold back everything but what Claude waits for", () => {
  const none = { mutedKinds: [] };
  const all = { mutedKinds: ["reply", "permission", "question", "plan"] };
  expect(isWanted("reply", { muted: false }, none)).toBe(true);
  expect(isWanted("reply", { muted: true }, none)).toBe(false);
  expect(isWanted("reply", undefined, all)).toBe(false);
  expect(isWanted("failed", undefined, all)).toBe(true);
  for (const kind of ["permission", "question", "plan"] as const) {
    expect(isWanted(kind, { muted: true }, all)).toBe(true);
  }
});

test("D19 activities are wanted for a session that is there and not muted, unless the device mutes them", () => {
  const none = { mutedKinds: [] };
  expect(wantsActivities({ muted: false }, none)).toBe(true);
  expect(wantsActivities({ muted: false }, { mutedKinds: ["reply"] })).toBe(true);
  expect(wantsActivities({ muted: false }, { mutedKinds: ["activity"] })).toBe(false);
  expect(wantsActivities({ muted: true }, none)).toBe(false);
  expect(wantsActivities(undefined, none)).toBe(false);
});

test("an expiry is moot when a lease of a later term holds, or when the session is gone", () => {
  const expired = event("session.expired", { term: 2, expiredAt: 1_000 });
  expect(isMoot(expired, pushOf(expired)!, { session: session(0, 1), permission })).toBe(false);
  expect(isMoot(expired, pushOf(expired)!, { session: session(0, 2), permission })).toBe(false);
  expect(isMoot(expired, pushOf(expired)!, { session: session(0, 3), permission })).toBe(true);
  const requested = event("permission.requested", { permissionId: "p" });
  expect(isMoot(requested, pushOf(requested)!, { session: session(), permission: undefined })).toBe(true);
});
