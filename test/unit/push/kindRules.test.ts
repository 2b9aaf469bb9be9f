import { describe, expect, test } from "@jest/globals";
import {
  type PushContent,
  type PushKind,
  type PushRequest,
  pushKinds,
} from "../../../server/domain/delivery/push.ts";
import { describeEvent, kindRules, worthlessAt } from "../../../server/push/kindRules.ts";

const day = 86_400_000;
const content = (kind: PushKind, change: Partial<PushContent> = {}): PushContent => ({
  ...{ kind, cursor: 7, sessionId: "s", turnId: "t", permissionId: "p", expiresAt: 5_000 },
  ...{ title: "T", body: "B", badge: 1, ...change },
});

/** The contract's table: category, level, what its end is, what it replaces. */
const table: Array<[PushKind, string, string, number, string]> = [
  ["reply", "REPLY", "active", 1_000 + day, "turn-t"],
  ["failed", "REPLY", "active", 1_000 + day, "turn-t"],
  ["permission", "PERMISSION", "time-sensitive", 5_000, "perm-p"],
  ["question", "QUESTION", "time-sensitive", 5_000, "perm-p"],
  ["plan", "PERMISSION", "time-sensitive", 5_000, "perm-p"],
  ["expiring", "EXPIRING", "time-sensitive", 5_000, "lease-s"],
  ["expired", "SESSION", "active", 1_000 + day, "expired-s"],
  ["crashed", "SESSION", "active", 1_000 + day, "crashed-s"],
  ["limit", "SESSION", "active", 1_000 + day, "limit-s"],
  ["login", "SESSION", "active", 1_000 + day, "login-s"],
  ["resource", "SESSION", "active", 1_000 + day, "resource-s"],
];

describe("D09 the contract's table", () => {
  test("has every kind there is", () => expect(table.map(([kind]) => kind)).toEqual([...pushKinds]));

  test.each(table)("of %s", (kind, category, level, endsAt, collapse) => {
    const rule = kindRules[kind];
    expect([rule.category, rule.level, rule.collapse(content(kind))]).toEqual([category, level, collapse]);
    expect(worthlessAt({ content: content(kind), at: 1_000 } as PushRequest)).toBe(endsAt);
  });
});

test("without its own end a push is worthless a day after its event", () => {
  const request = { content: content("permission", { expiresAt: undefined }), at: 1_000 } as PushRequest;
  expect(worthlessAt(request)).toBe(1_000 + day);
});

test("without a turn or a permission the newer push of its kind replaces the older one of its session", () => {
  const bare = { turnId: undefined, permissionId: undefined };
  expect(kindRules.reply.collapse(content("reply", bare))).toBe("reply-s");
  expect(kindRules.question.collapse(content("question", bare))).toBe("question-s");
});

test("what an app is told of the event is its ids, its end, and whether the text was cut", () => {
  const told = { ...content("permission"), messageId: "m" };
  expect(describeEvent(told, true)).toEqual({
    ...{ v: 1, kind: "permission", cursor: 7, sessionId: "s", turnId: "t", messageId: "m" },
    ...{ permissionId: "p", expiresAt: 5_000, truncated: true },
  });
});
