import { expect, test } from "@jest/globals";
import { aDelivery, aDevice, aPermission, aSession, useBench } from "../fixture.ts";

const bench = useBench();
const day = 86_400_000;

test.each([-day, day])(
  "V17: the ends of spans that are live are moved by %d ms, and what is history stays",
  (byMs) => {
    const { store } = bench;
    const session = aSession();
    const closed = aSession({ state: "closed" });
    for (const one of [session, closed]) store.sessions.insert(one);
    const open = aPermission(session.sessionId);
    const resolved = aPermission(session.sessionId, { state: "resolved" });
    for (const one of [open, resolved]) store.permissions.insert(one);
    const device = aDevice();
    store.devices.insert(device, "hash");
    store.devices.addPairingCode("code", "chat", 600_000);
    const pending = aDelivery(device.deviceId, 1, {
      state: "pending",
      createdAt: 5_000,
      nextAttemptAt: 7_000,
    });
    const sent = aDelivery(device.deviceId, 2, { state: "sent", createdAt: 5_000, nextAttemptAt: null });
    for (const one of [pending, sent]) store.outbox.insert(one);

    store.moveInstants(byMs);

    const { lease } = session;
    expect(store.sessions.get(session.sessionId)?.lease).toMatchObject({
      startedAt: lease.startedAt,
      warnAt: lease.warnAt + byMs,
      finalWarnAt: lease.finalWarnAt! + byMs,
      expiresAt: lease.expiresAt + byMs,
    });
    expect(store.sessions.nextLeaseDeadline()).toBe(lease.warnAt + byMs);
    expect(store.sessions.get(closed.sessionId)?.lease).toMatchObject({ expiresAt: lease.expiresAt });
    expect(store.permissions.get(open.permissionId)?.expiresAt).toBe(open.expiresAt + byMs);
    expect(store.permissions.get(resolved.permissionId)?.expiresAt).toBe(resolved.expiresAt);
    expect(store.outbox.get(pending.deliveryId)).toMatchObject({
      createdAt: 5_000 + byMs,
      nextAttemptAt: 7_000 + byMs,
    });
    expect(store.outbox.get(sent.deliveryId)).toMatchObject({ createdAt: 5_000, nextAttemptAt: null });
    expect(store.devices.usePairingCode("code", 600_000 + byMs)).toBeUndefined();
    expect(store.devices.usePairingCode("code", 600_000 + byMs - 1)).toBe("chat");
  },
);
