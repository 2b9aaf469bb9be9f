import { describe, expect, test } from "@jest/globals";
import type { PushTarget } from "../../../../server/domain/delivery/push.ts";
import { aDelivery, aDevice, useBench } from "../fixture.ts";

const bench = useBench();
const target: PushTarget = { provider: "apns", token: "ab12", environment: "sandbox", registeredAt: 5 };
const notFound = expect.objectContaining({ code: "device_not_found" });

describe("the device directory", () => {
  test("gives a device back as it was put in, by id and by its token's hash, after a restart too", () => {
    const device = aDevice({
      push: { ...target, topic: "org.example", encryptionKey: "key" },
      preferences: {
        mutedKinds: ["reply"],
        quietHours: { startMinute: 1, endMinute: 2, timeZone: "Europe/Berlin" },
      },
      ackedCursor: 3,
    });
    bench.store.devices.insert(device, "hash-1");
    bench.reopen();
    expect(bench.store.devices.get(device.deviceId)).toEqual(device);
    expect(bench.store.devices.byTokenHash("hash-1")).toEqual(device);
    expect(bench.store.devices.byTokenHash("hash-2")).toBeUndefined();
  });

  test("changes the name, the preferences and the push target", () => {
    const device = aDevice();
    const { devices } = bench.store;
    devices.insert(device, "hash");
    devices.rename(device.deviceId, "Tablet");
    devices.setPush(device.deviceId, target);
    devices.setPreferences(device.deviceId, { mutedKinds: ["failed"] });
    expect(devices.get(device.deviceId)).toEqual({
      ...device,
      name: "Tablet",
      push: target,
      preferences: { mutedKinds: ["failed"] },
    });
    devices.setPush(device.deviceId, null);
    expect(devices.get(device.deviceId)?.push).toBeNull();
  });

  test("an ack moves forward only, and so does the instant of the last sight", () => {
    const { deviceId } = aDevice();
    const { devices } = bench.store;
    devices.insert(aDevice({ deviceId, lastSeenAt: 50 }), "hash");
    expect(devices.get(deviceId)?.ackedCursor).toBeNull();
    expect(devices.ack(deviceId, 0)).toBe(0);
    expect(devices.ack(deviceId, 7)).toBe(7);
    expect(devices.ack(deviceId, 5)).toBe(7);
    expect(devices.get(deviceId)?.ackedCursor).toBe(7);
    devices.seen(deviceId, 60);
    devices.seen(deviceId, 40);
    expect(devices.get(deviceId)?.lastSeenAt).toBe(60);
  });

  test("an ack that moves nothing writes nothing, however often it is repeated", () => {
    const { devices, outbox, reads } = bench.store;
    const { deviceId } = aDevice();
    devices.insert(aDevice({ deviceId }), "hash");
    devices.ack(deviceId, 7);
    const written = () => bench.connection.prepare("SELECT total_changes()").pluck().get();
    const before = written();
    for (const cursor of [7, 3, 7]) {
      expect(devices.ack(deviceId, cursor)).toBe(7);
      outbox.ackUpTo(deviceId, 0, cursor);
      reads.readUpTo(null, cursor);
    }
    expect(written()).toBe(before);
    expect(() => devices.ack("nobody", 1)).toThrow(notFound);
  });

  test("remembers the last silent push over a restart", () => {
    const { deviceId } = aDevice();
    bench.store.devices.insert(aDevice({ deviceId }), "hash");
    expect(bench.store.devices.syncedAt(deviceId)).toBeUndefined();
    bench.store.devices.setSynced(deviceId, 99);
    bench.reopen();
    expect(bench.store.devices.syncedAt(deviceId)).toBe(99);
  });

  test("a revoked device is not to be found any more, and gets nothing more", () => {
    const device = aDevice({ push: target });
    const { devices, outbox } = bench.store;
    devices.insert(device, "hash");
    devices.insert(aDevice({ deviceId: "other" }), "other-hash");
    const delivery = aDelivery(device.deviceId, 1);
    outbox.insert(delivery);
    expect(devices.revoke(device.deviceId, 9)).toBe(true);
    expect(devices.revoke(device.deviceId, 10)).toBe(false);
    expect(devices.revoke("nobody", 10)).toBe(false);
    expect(devices.get(device.deviceId)).toBeUndefined();
    expect(devices.byTokenHash("hash")).toBeUndefined();
    expect(devices.list().map((each) => each.deviceId)).toEqual(["other"]);
    const named = [device.deviceId, "other", "unknown", "other"];
    expect(devices.many(named)).toEqual([devices.get("other")]);
    expect(outbox.get(delivery.deliveryId)).toMatchObject({ state: "gone", nextAttemptAt: null });
    expect(
      bench.connection.prepare("SELECT revoked_at, push FROM devices WHERE token_hash = 'hash'").get(),
    ).toEqual({
      revoked_at: 9,
      push: null,
    });
    expect(() => devices.ack(device.deviceId, 1)).toThrow(notFound);
    expect(() => devices.setPush(device.deviceId, target)).toThrow(notFound);
    expect(() => devices.rename(device.deviceId, "x")).toThrow(notFound);
    expect(() => devices.setPreferences("nobody", { mutedKinds: [] })).toThrow(notFound);
  });

  test("a revoked id can be paired anew; one in use, or a token in use, cannot", () => {
    const local = aDevice({ deviceId: "local", platform: "cli", scope: "admin" });
    const { devices } = bench.store;
    devices.insert(local, "old");
    expect(() => devices.insert(local, "new")).toThrow(/paired already/);
    expect(devices.byTokenHash("new")).toBeUndefined();
    expect(() => devices.insert(aDevice(), "old")).toThrow(
      expect.objectContaining({ code: "SQLITE_CONSTRAINT_UNIQUE" }),
    );
    devices.revoke("local", 5);
    devices.insert(local, "new");
    expect(devices.byTokenHash("new")).toEqual(local);
    expect(devices.byTokenHash("old")).toBeUndefined();
  });
});

describe("pairing codes", () => {
  test("give their scope once, and only in time", () => {
    const { devices } = bench.store;
    const nowAt = bench.clock.nowAt;
    devices.addPairingCode("code", "admin", nowAt + 100);
    expect(devices.usePairingCode("other", nowAt)).toBeUndefined();
    expect(devices.usePairingCode("code", nowAt + 99)).toBe("admin");
    expect(devices.usePairingCode("code", nowAt + 99)).toBeUndefined();
    devices.addPairingCode("late", "chat", nowAt + 100);
    expect(devices.usePairingCode("late", nowAt + 100)).toBeUndefined();
  });

  test("can be drawn again, and old ones are forgotten", () => {
    const { devices } = bench.store;
    const nowAt = bench.clock.nowAt;
    devices.addPairingCode("code", "chat", nowAt + 100);
    devices.usePairingCode("code", nowAt);
    devices.addPairingCode("code", "read", nowAt + 200);
    expect(devices.usePairingCode("code", nowAt)).toBe("read");
    bench.clock.nowAt = nowAt + 200;
    devices.addPairingCode("new", "chat", nowAt + 300);
    expect(bench.connection.prepare("SELECT code_hash FROM pairing_codes").pluck().all()).toEqual(["new"]);
  });
});
