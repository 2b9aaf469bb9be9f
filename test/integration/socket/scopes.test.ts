import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { clientFrameTypes } from "../../../server/wire/delivery/clientFrames.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open();
  rig.pair("reader", "read");
  rig.pair("phone", "chat");
});
afterEach(() => rig.close());

const sessionId = "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11";

/** Every frame that a client may send, with the scope it needs; a new type fails until it has its entry here. */
const needed = {
  hello: { scope: "read", fields: {} },
  ack: { scope: "read", fields: { cursor: 0 } },
  presence: { scope: "read", fields: { foreground: true } },
  ping: { scope: "read", fields: {} },
  send: { scope: "chat", fields: { sessionId, clientMessageId: "m1", message: "Hi" } },
  permission: { scope: "chat", fields: { permissionId: "p1", decision: "allow" } },
  interrupt: { scope: "chat", fields: { sessionId } },
  keepalive: { scope: "chat", fields: { sessionId, action: "extend" } },
} as const;
const changing = Object.entries(needed).filter(([, { scope }]) => scope === "chat");

test("A02: every frame of the protocol has its scope in this table", () => {
  expect(Object.keys(needed).sort()).toEqual([...clientFrameTypes].sort());
});

test("NET-2 A02: a token of the scope read changes nothing by any frame, and is told why", async () => {
  const reader = await rig.connect({ token: "reader" });
  for (const [type, { fields }] of changing) {
    reader.send({ type, ref: type, ...fields });
    expect(await reader.waitForRef(type)).toMatchObject({ type: "error", code: "scope_forbidden" });
  }
  reader.send({ type: "keepalive", ref: "recap", sessionId, action: "recap" });
  expect(await reader.waitForRef("recap")).toMatchObject({ type: "error", code: "scope_forbidden" });
  expect(rig.pool.calls).toEqual([]);
  // It is still heard: a refusal is no reason to close.
  reader.send({ type: "ack", ref: "ack", cursor: 0 });
  expect(await reader.waitForRef("ack")).toMatchObject({ type: "result", cursor: 0 });
  reader.send({ type: "presence", ref: "presence", foreground: true });
  expect(await reader.waitForRef("presence")).toMatchObject({ type: "result", foreground: true });
});

test("A02: a token of the scope chat reaches the pool by each of them", async () => {
  const phone = await rig.connect({ token: "phone" });
  for (const [type, { fields }] of changing) {
    phone.send({ type, ref: type, ...fields });
    expect((await phone.waitForRef(type)).code).not.toBe("scope_forbidden");
  }
  expect(rig.pool.calls.map(({ name }) => name)).toEqual([
    "submit",
    "answerPermission",
    "interrupt",
    "keepAlive",
  ]);
});

test("DOOR-7 A12: of the frames that came together with its revocation none has an effect", async () => {
  const phone = await rig.connect({ token: "phone" });
  const { store, gatekeeper } = rig;
  let seen = 0;
  const revoked = new Promise<void>((resolve) => {
    const note = rig.outboxSender.noteView.bind(rig.outboxSender);
    rig.outboxSender.noteView = (deviceId) => {
      note(deviceId);
      seen = store.events.tip();
      gatekeeper.revoke("device-phone");
      resolve();
    };
  });
  // The presence is the word at which the owner revokes the device; all of it is one write.
  phone.send({ type: "presence", ref: "presence", foreground: true });
  for (const [type, { fields }] of changing) phone.send({ type, ref: type, ...fields });
  const message = { clientMessageId: "m2", message: "Hi", projectPath: rig.project };
  phone.send({ type: "send", ref: "new", ...message });
  phone.send({ type: "ack", ref: "ack", cursor: 0 });
  await revoked;
  expect(await phone.waitForClose()).toMatchObject({ code: 4401 });
  expect(rig.pool.calls).toEqual([]);
  expect(store.events.tip()).toBe(seen);
});
