import { expect, test } from "@jest/globals";
import type { PushContent } from "../../../server/domain/delivery/push.ts";
import { describeEvent } from "../../../server/push/describeEvent.ts";

test("what an app is told of the event is its ids, its end, and whether the text was cut", () => {
  const ids = { cursor: 7, sessionId: "s", turnId: "t", messageId: "m", permissionId: "p", expiresAt: 5_000 };
  const content: PushContent = { kind: "permission", ...ids, title: "T", body: "B", badge: 1 };
  expect(describeEvent(content, true)).toEqual({ v: 1, kind: "permission", ...ids, truncated: true });
});
