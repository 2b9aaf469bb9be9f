import { expect, test } from "@jest/globals";
import { SharedReads } from "../../../../server/delivery/outbox/sharedReads.ts";
import type { Device } from "../../../../server/domain/delivery/device.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";

/** The reads of one step for a phone and a tablet; `read` has the reads of the store, in order. */
function rig() {
  const read: unknown[] = [];
  const badges = new Map([["phone", 3]]);
  const note = <T>(value: T, ...asked: unknown[]): T => {
    read.push(...asked);
    return value;
  };
  const disk = { refuses: false };
  const refuse = <T>(value: T): T => {
    if (disk.refuses) throw new Error("database disk image is malformed");
    return value;
  };
  const reads = new SharedReads(
    {
      events: { after: (cursor) => note([], cursor) },
      sessions: { get: (sessionId) => note(undefined, sessionId) },
      devices: {
        get: (deviceId) => note(deviceId === "phone" ? ({ deviceId } as Device) : undefined, deviceId),
        many: (ids) => note([{ deviceId: refuse("phone") } as Device], ids),
      },
      outbox: {
        unreadCount: (deviceId) => note(badges.get(deviceId) ?? 0, deviceId),
        unreadCounts: (ids) => note(refuse(new Map(badges)), ids),
      },
    },
    ["phone", "tablet"],
  );
  return { reads, read, badges, disk };
}

test("a row is read once for all the pushes of a step, also one that is not there", () => {
  const { reads, read } = rig();
  for (let device = 0; device < 3; device += 1)
    expect([reads.event(8), reads.event(9), reads.session("s")]).toEqual([undefined, undefined, undefined]);
  expect(read).toEqual([7, 8, "s"]);
});

test("the devices of a step and their badges are read together, and a device that is revoked is not there", () => {
  const { reads, read } = rig();
  for (let time = 0; time < 2; time += 1) {
    expect([reads.device("phone")?.deviceId, reads.device("tablet")]).toEqual(["phone", undefined]);
    expect([reads.unreadCount("phone"), reads.unreadCount("tablet")]).toEqual([3, 0]);
  }
  expect(read).toEqual([
    ["phone", "tablet"],
    ["phone", "tablet"],
  ]);
});

test("what cannot be read together is read one by one, so that one device stops no other", () => {
  const { reads, read, disk } = rig();
  disk.refuses = true;
  expect([reads.device("phone")?.deviceId, reads.device("tablet")]).toEqual(["phone", undefined]);
  expect([reads.unreadCount("phone"), reads.unreadCount("tablet")]).toEqual([3, 0]);
  expect(read).toEqual(["phone", "tablet", "phone", "tablet"]);
});

test("badges are read anew when the step itself has changed what is unread", () => {
  const { reads, badges } = rig();
  expect(reads.unreadCount("phone")).toBe(3);
  badges.set("phone", 4);
  reads.forgetUnreadCounts();
  expect(reads.unreadCount("phone")).toBe(4);
});

test("what a push says of an event is put together once, and each device has its own badge in it", () => {
  const { reads } = rig();
  const event = { cursor: 8, sessionId: "s", turnId: "t" } as LoggedEvent;
  const push = { kind: "reply", body: "Done." } as const;
  const about = (title: string, badge: number) =>
    reads.content(event, push, { title, projectName: "acme" }, badge);
  expect(about("Tidy up", 3)).toMatchObject({ cursor: 8, title: "Tidy up", body: "Done.", badge: 3 });
  expect(about("not looked at", 5)).toEqual({ ...about("Tidy up", 3), badge: 5 });
  const other = reads.content({ ...event, cursor: 9 }, { ...push, body: "More." }, undefined, 3);
  expect(other).toMatchObject({ cursor: 9, title: "Daylong", body: "More.", badge: 3 });
});
