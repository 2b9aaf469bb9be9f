import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { newDevice } from "../../../server/access/devices.ts";
import { PushRegistration } from "../../../server/access/pushRegistration.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { ManualClock } from "../../support/manualClock.ts";

let folder: string;
let clock: ManualClock;
let store: OpenStore;
let registration: PushRegistration;
/** Of Web Push: its key, and what it says to an endpoint. */
let webPush: { publicKey: string | undefined; refusal: (endpoint: string) => string | undefined };

const phone = { deviceId: "phone", scope: "chat" } as const;
const endpoint = "https://push.example.org/a";
const keys = { p256dh: "p", auth: "a" };
const pushOf = (deviceId: string) => store.devices.get(deviceId)?.push;
const audited = () =>
  store.audit
    .list(undefined, 50)
    .entries.map(({ at, deviceId, action, target, detail }) => ({ at, deviceId, action, target, detail }))
    .reverse();
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "done";
  } catch (error) {
    return error instanceof DaylongError ? error.code : String(error);
  }
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-registration-"));
  clock = new ManualClock();
  store = openStore({ dataDir: folder, clock });
  webPush = { publicKey: "key", refusal: () => undefined };
  registration = new PushRegistration({
    store,
    clock,
    defaultEnvironment: "sandbox",
    webPush: webPush as never,
  });
  for (const deviceId of ["phone", "tablet"]) {
    const device = newDevice({ deviceId, name: deviceId, platform: "ios", scope: "chat", now: clock.now() });
    store.devices.insert(device, `hash-${deviceId}`);
  }
});
afterEach(() => {
  expect(clock.armed).toBe(0);
  store.close();
  rmSync(folder, { recursive: true });
});

describe("D12: an APNs token", () => {
  test("D12: is registered with the server's environment unless it says its own, at the instant it came", () => {
    registration.register("phone", { token: "t1" }, phone);
    expect(pushOf("phone")).toEqual({
      provider: "apns",
      token: "t1",
      environment: "sandbox",
      registeredAt: clock.now(),
    });
    registration.register("phone", { environment: "production" }, phone);
    registration.register("phone", { token: "t2" }, phone);
    expect(pushOf("phone")).toMatchObject({ token: "t2", environment: "production" });
  });

  test("NET-9 D12: that is said again is registered anew: Apple's word about the old registration is older", () => {
    registration.register("phone", { token: "t1" }, phone);
    clock.advance(5_000);
    registration.register("phone", { token: "t1" }, phone);
    expect(pushOf("phone")).toMatchObject({ token: "t1", registeredAt: clock.now() });
    clock.advance(5_000);
    registration.register("phone", { token: "t2" }, phone);
    expect(pushOf("phone")).toMatchObject({ token: "t2", registeredAt: clock.now() });
  });

  test("D12: that is not said keeps the instant of its registration when something else of it changes", () => {
    registration.register("phone", { token: "t1" }, phone);
    const registeredAt = clock.now();
    clock.advance(5_000);
    registration.register("phone", { topic: "org.example.app", encryptionKey: "k1" }, phone);
    expect(pushOf("phone")).toEqual({
      provider: "apns",
      token: "t1",
      environment: "sandbox",
      registeredAt,
      topic: "org.example.app",
      encryptionKey: "k1",
    });
  });

  test("D12: keeps topic and key when they are absent, and loses each with null alone", () => {
    registration.register("phone", { token: "t1", topic: "org.example.app", encryptionKey: "k1" }, phone);
    registration.register("phone", { token: "t2" }, phone);
    expect(pushOf("phone")).toMatchObject({ topic: "org.example.app", encryptionKey: "k1" });
    registration.register("phone", { topic: null }, phone);
    expect(pushOf("phone")).not.toHaveProperty("topic");
    expect(pushOf("phone")).toMatchObject({ encryptionKey: "k1" });
    registration.register("phone", { encryptionKey: null }, phone);
    expect(pushOf("phone")).not.toHaveProperty("encryptionKey");
  });

  test("D12: is needed first, and a device that is not paired has none", () => {
    expect(codeOf(() => registration.register("phone", { topic: "x" }, phone))).toBe("push_not_registered");
    expect(codeOf(() => registration.register("nobody", { token: "t" }, phone))).toBe("device_not_found");
    expect([pushOf("phone"), audited()]).toEqual([null, []]);
  });

  test("D12: belongs to the device that named it last; other tokens stay where they are", () => {
    registration.register("phone", { token: "t1" }, phone);
    registration.register("tablet", { token: "t2" }, phone);
    registration.register("tablet", { token: "t1" }, phone);
    expect([pushOf("phone"), pushOf("tablet")]).toMatchObject([null, { token: "t1" }]);
    registration.register("phone", { token: "t3" }, phone);
    registration.register("phone", { token: "t3" }, phone);
    expect([pushOf("phone"), pushOf("tablet")]).toMatchObject([{ token: "t3" }, { token: "t1" }]);
  });

  test("DOOR-13 A08: taken from another device, is told to that device in an event, and audited", () => {
    registration.register("phone", { token: "t1", encryptionKey: "key" }, phone);
    registration.register("tablet", { token: "t1" }, { deviceId: "tablet", scope: "chat" });
    const told = store.events.after(0, 10).map(({ type, sessionId, data }) => ({ type, sessionId, data }));
    expect(told).toEqual([
      {
        type: "device.push_lost",
        sessionId: null,
        data: { deviceId: "phone", name: "phone", by: "tablet", provider: "apns" },
      },
    ]);
    expect(audited()).toContainEqual({
      at: clock.now(),
      deviceId: "tablet",
      action: "push.take",
      target: "phone",
      detail: "apns, now of tablet",
    });
    // What nobody had is taken from nobody.
    registration.register("phone", { token: "t2" }, phone);
    registration.subscribe("phone", { endpoint, keys }, phone);
    expect(store.events.after(0, 10)).toHaveLength(1);
    registration.subscribe("tablet", { endpoint, keys }, { deviceId: "tablet", scope: "chat" });
    expect(store.events.after(0, 10).at(-1)?.data).toMatchObject({ deviceId: "phone", provider: "webpush" });
  });

  test("A08: is audited without itself, when it changes and not when it is said again", () => {
    const by = { deviceId: "local", scope: "admin" } as const;
    registration.register("phone", { token: "t1" }, by);
    const at = clock.now();
    const entry = {
      at,
      deviceId: "local",
      action: "push.register",
      target: "phone",
      detail: "apns sandbox",
    };
    clock.advance(1);
    registration.register("phone", { token: "t1" }, by);
    expect(audited()).toEqual([entry]);
    for (const change of [
      { token: "t2" },
      { topic: "x" },
      { encryptionKey: "k" },
      { environment: "production" },
    ])
      registration.register("phone", change as never, by);
    expect(audited().map(({ detail }) => detail)).toEqual([
      "apns sandbox",
      "apns sandbox",
      "apns sandbox",
      "apns sandbox",
      "apns production",
    ]);
  });
});

describe("D20: a browser's subscription", () => {
  test("D20: is kept, renewed whenever it is said, and audited by its host when it is new", () => {
    registration.subscribe("phone", { endpoint, keys }, phone);
    const first = clock.now();
    expect(pushOf("phone")).toEqual({ provider: "webpush", endpoint, keys, registeredAt: first });
    clock.advance(5_000);
    registration.subscribe("phone", { endpoint, keys }, phone);
    expect(pushOf("phone")).toMatchObject({ registeredAt: clock.now() });
    const said = { deviceId: "phone", action: "push.register", target: "phone" };
    expect(audited()).toEqual([{ ...said, at: first, detail: "webpush push.example.org" }]);
    registration.subscribe("phone", { endpoint: "https://other.example.org/b", keys }, phone);
    expect(audited().map(({ detail }) => detail)).toEqual([
      "webpush push.example.org",
      "webpush other.example.org",
    ]);
  });

  test("D20: belongs to the device that named it last, and takes no phone's token away", () => {
    registration.subscribe("phone", { endpoint, keys }, phone);
    registration.subscribe("tablet", { endpoint, keys }, phone);
    expect([pushOf("phone"), pushOf("tablet")]).toMatchObject([null, { endpoint }]);
    registration.register("phone", { token: "t1" }, phone);
    registration.subscribe("tablet", { endpoint: "https://push.example.org/b", keys }, phone);
    expect(pushOf("phone")).toMatchObject({ token: "t1" });
    registration.register("phone", { token: "t2" }, phone);
    expect(pushOf("tablet")).toMatchObject({ endpoint: "https://push.example.org/b" });
  });

  test("D20: takes the place of a token, whose parts are not kept for it, and the other way round", () => {
    registration.register("phone", { token: "t1", topic: "x", encryptionKey: "k" }, phone);
    registration.subscribe("phone", { endpoint, keys }, phone);
    expect(pushOf("phone")).toEqual({ provider: "webpush", endpoint, keys, registeredAt: clock.now() });
    expect(codeOf(() => registration.register("phone", { topic: "x" }, phone))).toBe("push_not_registered");
    registration.register("phone", { token: "t2" }, phone);
    expect(pushOf("phone")).toEqual({
      provider: "apns",
      token: "t2",
      environment: "sandbox",
      registeredAt: clock.now(),
    });
  });

  test("D20: is refused with its fault for an endpoint that is not called, and when Web Push is off", () => {
    webPush.refusal = (asked) => (asked === endpoint ? "must be public" : undefined);
    expect(() => registration.subscribe("phone", { endpoint, keys }, phone)).toThrow(
      expect.objectContaining({
        code: "invalid_request",
        faults: [{ path: "push.subscription.endpoint", message: "must be public" }],
      }),
    );
    expect(registration.vapidKey).toBe("key");
    webPush.publicKey = undefined;
    expect(codeOf(() => registration.vapidKey)).toBe("push_disabled");
    expect(codeOf(() => registration.subscribe("phone", { endpoint: `${endpoint}b`, keys }, phone))).toBe(
      "push_disabled",
    );
    expect([pushOf("phone"), audited()]).toEqual([null, []]);
  });
});

describe("D12: a target that is removed", () => {
  test("D12: is gone with the device's Live Activities, said once, and others keep theirs", () => {
    registration.register("phone", { token: "t1" }, phone);
    registration.register("tablet", { token: "t2" }, phone);
    const removed: string[] = [];
    const removeAll = store.activities.removeAll.bind(store.activities);
    store.activities.removeAll = (deviceId) => {
      removed.push(deviceId);
      return removeAll(deviceId);
    };
    registration.remove("phone", phone);
    registration.remove("phone", phone);
    expect([pushOf("phone"), pushOf("tablet")]).toMatchObject([null, { token: "t2" }]);
    expect(removed).toEqual(["phone", "phone"]);
    expect(audited().map(({ action, target }) => [action, target])).toEqual([
      ["push.register", "phone"],
      ["push.register", "tablet"],
      ["push.remove", "phone"],
    ]);
    expect(codeOf(() => registration.remove("nobody", phone))).toBe("device_not_found");
  });
});
