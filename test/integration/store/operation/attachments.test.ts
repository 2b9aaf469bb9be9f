import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Attachment } from "../../../../server/domain/sessions/attachment.ts";
import { aSession, aTurn, useBench } from "../fixture.ts";

const bench = useBench();
const session = aSession();
const insert = (attachmentId: string, change: Partial<Attachment> = {}): Attachment => {
  const attachment = {
    attachmentId,
    deviceId: "phone",
    name: "a.png",
    mimeType: "image/png",
    sizeBytes: 10,
    sha256: "0".repeat(64),
    createdAt: 1_000,
    ...change,
  };
  bench.store.attachments.insert(attachment);
  return attachment;
};
const unneeded = (beforeAt: number, limit = 10) =>
  bench.store.attachments.unneeded(beforeAt, limit).map(({ attachmentId }) => attachmentId);

beforeEach(() => bench.store.sessions.insert(session));

describe("the attachment processStore", () => {
  test("gives an attachment back as it was put in, and says when a message took it", () => {
    const attachment = insert("a");
    bench.reopen();
    const { attachments } = bench.store;
    expect(attachments.get("a")).toEqual(attachment);
    expect(attachments.get("b")).toBeUndefined();
    expect(attachments.use("a", 5_000)).toBe(true);
    expect(attachments.use("b", 5_000)).toBe(false);
    expect(attachments.get("a")).toEqual({ ...attachment, usedAt: 5_000 });
    attachments.release("a");
    expect(attachments.get("a")).toEqual(attachment);
  });

  test("counts what is kept of each device", () => {
    insert("a");
    insert("b", { sizeBytes: 32 });
    insert("c", { deviceId: "tablet", sizeBytes: 500 });
    const { attachments } = bench.store;
    expect(attachments.keptOf("phone")).toEqual({ count: 2, bytes: 42 });
    expect(attachments.keptOf("watch")).toEqual({ count: 0, bytes: 0 });
    attachments.remove("a");
    attachments.remove("a");
    expect(attachments.keptOf("phone")).toEqual({ count: 1, bytes: 32 });
    expect(attachments.get("a")).toBeUndefined();
  });

  test("what was sent or last taken before an instant is needed no more, oldest first, so many at once", () => {
    insert("new", { createdAt: 3_000 });
    insert("old", { createdAt: 1_000 });
    insert("middle", { createdAt: 2_000 });
    insert("taken", { createdAt: 500 });
    bench.store.attachments.use("taken", 3_000);
    expect(unneeded(1_000)).toEqual([]);
    expect(unneeded(3_000)).toEqual(["old", "middle"]);
    expect(unneeded(3_001)).toEqual(["taken", "old", "middle", "new"]);
    expect(unneeded(3_001, 2)).toEqual(["taken", "old"]);
    bench.store.attachments.release("taken");
    expect(unneeded(1_000)).toEqual(["taken"]);
  });

  test("what a turn names that waits or runs is needed, and no more when the turn has ended", () => {
    insert("a");
    insert("b");
    insert("c");
    const { turns } = bench.store;
    const waits = aTurn(session.sessionId, { attachmentIds: ["a"] });
    const runs = aTurn(session.sessionId, { attachmentIds: ["b", "gone"] });
    for (const turn of [waits, runs]) turns.insert(turn);
    turns.markRunning(runs.turnId, 1);
    expect(unneeded(9_000)).toEqual(["c"]);
    turns.settle(runs.turnId, { state: "completed", endedAt: 2 });
    expect(unneeded(9_000)).toEqual(["b", "c"]);
    turns.settle(waits.turnId, { state: "cancelled", endedAt: 2 });
    expect(unneeded(9_000)).toEqual(["a", "b", "c"]);
  });
});
