import { expect, test } from "@jest/globals";
import { aDevice, aPermission, aSession, aTurn, useBench } from "../fixture.ts";

const bench = useBench();

test("what hangs on an erased session goes with it, and attachments that another one's turns use stay in use", () => {
  const { store, connection } = bench;
  const [gone, kept] = [aSession(), aSession()];
  for (const session of [gone, kept]) store.sessions.insert(session);
  store.turns.insert(aTurn(gone.sessionId, { attachmentIds: ["own", "shared"] }));
  store.turns.insert(aTurn(kept.sessionId, { attachmentIds: ["shared"] }));
  store.permissions.insert(aPermission(gone.sessionId));
  store.devices.insert(aDevice({ deviceId: "phone" }), "hash");
  const { cursor } = store.transaction(() =>
    store.events.append({ sessionId: gone.sessionId, type: "session.crashed", data: { detail: "x" } }),
  );
  store.outbox.insert({
    deliveryId: "d",
    deviceId: "phone",
    cursor,
    kind: "reply",
    state: "sent",
    createdAt: 1,
    nextAttemptAt: null,
    attemptCount: 0,
  });
  store.transaction(() => {
    expect(store.erasures.removeEvents(gone.sessionId)).toEqual(["own"]);
    store.erasures.removeSession(gone.sessionId);
  });
  const rows = (table: string) =>
    connection.prepare(`SELECT count(*) FROM ${table} WHERE session_id = ?`).pluck().get(gone.sessionId);
  expect(["sessions", "turns", "permissions", "leases", "events", "unread"].map(rows)).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
  expect(store.outbox.get("d")).toBeUndefined();
  expect(store.sessions.get(kept.sessionId)).toBeDefined();
  expect(connection.pragma("secure_delete", { simple: true })).toBe(0);
});
