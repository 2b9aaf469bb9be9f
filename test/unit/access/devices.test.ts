import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Devices, newDevice } from "../../../server/access/devices.ts";
import { ProjectRoots } from "../../../server/access/projectRoots.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { ManualClock } from "../../support/manualClock.ts";

let folder: string;
let root: string;
let clock: ManualClock;
let store: OpenStore;
let devices: Devices;
let logged: Array<{ level: string; event: string; fields?: Record<string, unknown> }>;

const owner = { deviceId: "local", scope: "admin" } as const;
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "done";
  } catch (error) {
    return error instanceof DaylongError ? error.code : String(error);
  }
};
const audited = () =>
  store.audit
    .list(undefined, 50)
    .entries.map(({ at, deviceId, action, target, detail }) => ({ at, deviceId, action, target, detail }))
    .reverse();
const events = () =>
  store.events.after(0, 100).map(({ type, sessionId, data }) => ({ type, sessionId, data }));
const pair = (name = "Phone", scope: "read" | "chat" | "admin" = "chat") =>
  devices.pair(devices.createPairingCode(scope, owner).code, { name, platform: "ios" });

const ended = {
  cancelledTurns: 2,
  interruptedTurns: 1,
  restrictedSessions: 0,
  stoppedTasks: 3,
  withdrawnRules: 4,
};

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-devices-")));
  root = join(folder, "root");
  mkdirSync(join(root, "alpha"), { recursive: true });
  clock = new ManualClock();
  store = openStore({ dataDir: join(folder, "data"), clock });
  logged = [];
  const say = (level: string) => (event: string, fields?: Record<string, unknown>) =>
    void logged.push({ level, event, fields });
  const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const roots = await ProjectRoots.open({ paths: [root], homeDir: folder, dataDir: join(folder, "data") });
  const endWorkOf = () => ({ ...ended });
  devices = new Devices({ store, clock, log, roots, endWorkOf });
});
afterEach(() => {
  expect(clock.armed).toBe(0);
  store.close();
  rmSync(folder, { recursive: true });
});

describe("A01: pairing", () => {
  test("A01: a code lives ten minutes to the millisecond, and is said in the audit without itself", () => {
    const { code, expiresAt } = devices.createPairingCode("read", owner);
    expect(expiresAt).toBe(clock.now() + 600_000);
    expect(audited()).toEqual([
      { at: clock.now(), deviceId: "local", action: "pairing-code.create", target: "", detail: "read" },
    ]);
    clock.advance(599_999);
    expect(devices.pair(code, { name: "Phone", platform: "ios" }).epoch).toBe(store.events.epoch);
    const late = devices.createPairingCode("read", owner).code;
    clock.advance(600_000);
    expect(codeOf(() => devices.pair(late, { name: "Phone", platform: "ios" }))).toBe("pairing_code_invalid");
  });

  test("A01: the new device is kept, told of, audited and logged with the scope of its code", () => {
    const { deviceId, token } = pair("Phone", "read");
    expect(devices.get(deviceId)).toEqual({
      deviceId,
      name: "Phone",
      platform: "ios",
      scope: "read",
      createdAt: clock.now(),
      lastSeenAt: clock.now(),
      ackedCursor: null,
      push: null,
      preferences: { mutedKinds: [] },
    });
    expect(devices.authenticate(token)).toEqual({ deviceId, scope: "read" });
    const data = { deviceId, name: "Phone", platform: "ios" };
    expect(events()).toEqual([{ type: "device.paired", sessionId: null, data }]);
    expect(audited().at(-1)).toEqual({
      at: clock.now(),
      deviceId,
      action: "device.pair",
      target: deviceId,
      detail: "read",
    });
    expect(logged).toEqual([{ level: "info", event: "device.paired", fields: { deviceId, scope: "read" } }]);
  });

  test("A01: what cannot be a code, is unknown or was used pairs nobody and says nothing", () => {
    const { code } = devices.createPairingCode("chat", owner);
    devices.pair(code, { name: "Phone", platform: "ios" });
    const before = [events(), audited(), devices.list().length, logged.length];
    for (const wrong of [code, "", "short", "0".repeat(10)])
      expect(codeOf(() => devices.pair(wrong, { name: "x", platform: "y" }))).toBe("pairing_code_invalid");
    expect([events(), audited(), devices.list().length, logged.length]).toEqual(before);
  });
});

describe("A02: a token", () => {
  test("A02: that is none of ours is nobody's", () => {
    for (const token of ["", "x", "x".repeat(43), `${"x".repeat(42)}!`])
      expect(devices.authenticate(token)).toBeUndefined();
  });

  test("A02: shows that its device was there, once a minute and not before", () => {
    const { deviceId, token } = pair();
    const pairedAt = clock.now();
    clock.advance(59_999);
    devices.authenticate(token);
    expect(devices.get(deviceId).lastSeenAt).toBe(pairedAt);
    clock.advance(1);
    devices.authenticate(token);
    expect(devices.get(deviceId).lastSeenAt).toBe(pairedAt + 60_000);
    clock.advance(1);
    devices.authenticate(token);
    expect(devices.get(deviceId).lastSeenAt).toBe(pairedAt + 60_000);
  });

  test("O06: lets its owner in though the disk is full, and the log says that this was not kept", () => {
    const { deviceId, token } = pair();
    store.devices.seen = () => {
      throw new DaylongError("storage_failed", "The disk is full.");
    };
    clock.advance(60_000);
    expect(devices.authenticate(token)).toEqual({ deviceId, scope: "chat" });
    expect(logged.at(-1)).toMatchObject({ level: "warn", event: "device.seen_failed", fields: { deviceId } });
  });
});

describe("A02: a device that is revoked", () => {
  test("A02: is out with its target and activities, told of, audited and logged; others stay", () => {
    const { deviceId, token } = pair("Phone");
    const other = pair("Tablet");
    const target = { provider: "apns", token: "t", environment: "production", registeredAt: 1 } as const;
    for (const id of [deviceId, other.deviceId]) store.devices.setPush(id, { ...target, token: id });
    const pushes: unknown[] = [];
    const setPush = store.devices.setPush.bind(store.devices);
    store.devices.setPush = (...parts) => {
      pushes.push(parts);
      setPush(...parts);
    };
    const activities: string[] = [];
    store.activities.removeAll = (id) => void activities.push(id);
    devices.revoke(deviceId, owner);
    expect(devices.authenticate(token)).toBeUndefined();
    expect([devices.isPaired(deviceId), devices.isPaired(other.deviceId)]).toEqual([false, true]);
    expect(codeOf(() => devices.get(deviceId))).toBe("device_not_found");
    expect(devices.get(other.deviceId).push).toMatchObject({ token: other.deviceId });
    expect([pushes, activities]).toEqual([[[deviceId, null]], [deviceId]]);
    expect(events().at(-1)).toEqual({
      type: "device.revoked",
      sessionId: null,
      data: { deviceId, name: "Phone", ...ended, pairedDevices: [], trustedProjects: [] },
    });
    expect(audited().at(-1)).toEqual({
      at: clock.now(),
      deviceId: "local",
      action: "device.revoke",
      target: deviceId,
      detail:
        "Phone; turns cancelled: 2, interrupted: 1; tasks stopped: 3; sessions restricted: 0; rules withdrawn: 4",
    });
    expect(logged.at(-1)).toEqual({
      level: "info",
      event: "device.revoked",
      fields: { deviceId, by: "local" },
    });
  });

  test("DOOR-7 A12: names what it set up and what stays: devices paired with its codes, and projects that it trusted", () => {
    const admin = pair("Old phone", "admin");
    const by = { deviceId: admin.deviceId, scope: "admin" } as const;
    const paired = ["Spy", "Gone"].map((name) => {
      const { code } = devices.createPairingCode("admin", by);
      return devices.pair(code, { name, platform: "ios" });
    });
    const mine = pair("Mine");
    devices.revoke(paired[1]!.deviceId, owner);
    store.trust.add({ projectPath: "/p/evil", trustedAt: 1, deviceId: admin.deviceId });
    store.trust.add({ projectPath: "/p/mine", trustedAt: 1, deviceId: "local" });
    devices.revoke(admin.deviceId, owner);
    expect(events().at(-1)).toMatchObject({
      data: {
        pairedDevices: [{ deviceId: paired[0]!.deviceId, name: "Spy" }],
        trustedProjects: ["/p/evil"],
      },
    });
    expect(audited().at(-1)?.detail).toMatch(/it paired: Spy; it trusted: \/p\/evil$/);
    // They stay: the owner decides.
    expect([paired[0]!, mine].map(({ deviceId }) => devices.isPaired(deviceId))).toEqual([true, true]);
    expect(store.trust.has("/p/evil")).toBe(true);
  });

  test("A02: is told to all who listen, after the commit, though one of them throws", () => {
    const { deviceId } = pair();
    const heard: string[] = [];
    devices.onRevoked(() => {
      throw new Error("A listener broke.");
    });
    devices.onRevoked((id) => heard.push(`${id} paired: ${devices.isPaired(id)}`));
    const leave = devices.onRevoked(() => heard.push("left"));
    leave();
    devices.revoke(deviceId, owner);
    expect(heard).toEqual([`${deviceId} paired: false`]);
    expect(logged.at(-1)).toMatchObject({
      level: "error",
      event: "device.revocation_listener_failed",
      fields: { deviceId },
    });
  });

  test("A12: takes the pairing codes with it that an admin's device may have made", () => {
    const stolen = pair("Stolen", "admin");
    const { code } = devices.createPairingCode("admin", { deviceId: stolen.deviceId, scope: "admin" });
    devices.revoke(stolen.deviceId, owner);
    expect(codeOf(() => devices.pair(code, { name: "Back", platform: "ios" }))).toBe("pairing_code_invalid");
    const phone = pair("Phone");
    const { code: owners } = devices.createPairingCode("chat", owner);
    devices.revoke(phone.deviceId, owner);
    expect(devices.pair(owners, { name: "New", platform: "ios" }).deviceId).toHaveLength(36);
  });

  test("A02: is never this computer, nor one that there is not, and then nothing is told", () => {
    store.devices.insert(
      newDevice({ deviceId: "local", name: "x", platform: "cli", scope: "admin", now: 1 }),
      "h",
    );
    const heard: string[] = [];
    devices.onRevoked((id) => heard.push(id));
    expect(codeOf(() => devices.revoke("local", owner))).toBe("invalid_request");
    expect(codeOf(() => devices.revoke("nobody", owner))).toBe("device_not_found");
    expect([devices.isPaired("local"), heard, events(), audited()]).toEqual([true, [], [], []]);
  });
});

describe("D19: what a device says of itself", () => {
  test("D19: a new name is kept and audited, the same one again is not", () => {
    const { deviceId } = pair("Phone");
    devices.rename(deviceId, "Phone", owner);
    expect(audited().map(({ action }) => action)).not.toContain("device.rename");
    devices.rename(deviceId, "Mine", owner);
    expect(devices.get(deviceId).name).toBe("Mine");
    expect(audited().at(-1)).toMatchObject({ action: "device.rename", target: deviceId, detail: "Mine" });
    expect(codeOf(() => devices.rename("nobody", "x", owner))).toBe("device_not_found");
  });

  test("D19: preferences merge: what is absent stays, null takes the quiet hours away", () => {
    const { deviceId } = pair();
    const quietHours = { startMinute: 60, endMinute: 120, timeZone: "UTC" };
    const change = (wanted: object) => {
      devices.changePreferences(deviceId, wanted, owner);
      return devices.get(deviceId).preferences;
    };
    expect(change({ quietHours })).toEqual({ mutedKinds: [], quietHours });
    expect(change({ mutedKinds: ["done"] })).toEqual({ mutedKinds: ["done"], quietHours });
    expect(change({})).toEqual({ mutedKinds: ["done"], quietHours });
    expect(change({ quietHours: null })).toEqual({ mutedKinds: ["done"] });
    expect(change({ mutedKinds: [], quietHours })).toEqual({ mutedKinds: [], quietHours });
    expect(audited().at(-1)).toMatchObject({
      deviceId: "local",
      action: "preferences.change",
      target: deviceId,
      detail: "mutedKinds,quietHours",
    });
  });
});

describe("S20: a project's directory", () => {
  test("S20: is resolved by the roots, and its making is audited once", async () => {
    expect(await devices.resolveProject(join(root, "alpha"))).toBe(join(root, "alpha"));
    await expect(devices.resolveProject("/etc")).rejects.toMatchObject({ code: "project_forbidden" });
    const path = join(root, "beta");
    expect(await devices.createProject(root, "beta", owner)).toMatchObject({
      created: true,
      project: { path },
    });
    expect(await devices.createProject(root, "beta", owner)).toMatchObject({ created: false });
    expect(audited()).toEqual([
      { at: clock.now(), deviceId: "local", action: "project.create", target: path, detail: "" },
    ]);
  });
});
