import { randomUUID } from "node:crypto";
import type { Caller, Device, DevicePreferences, QuietHours, Scope } from "../domain/delivery/device.ts";
import type { EndedWork, LeftBehind } from "../domain/delivery/event.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { makePairingCode, normalisePairingCode, pairingCodeLifeMs } from "./pairingCode.ts";
import type { ProjectRoots } from "./projectRoots.ts";
import { hashSecret, looksLikeToken, makeToken } from "./tokens.ts";

/** Device id of this computer's own command line, whose token is the file `admin-token`. */
export const localDeviceId = "local";

/** How exact `lastSeenAt` is: a write a minute at most, however busy the device. */
const seenEveryMs = 60_000;

export interface DevicesParts {
  store: Store;
  clock: Clock;
  log: Log;
  roots: ProjectRoots;
  /** Ends what a device that is revoked has left to be done; called in the transaction of the revocation. */
  endWorkOf(deviceId: string, by: Caller): EndedWork;
}

/** Absent: unchanged; `quietHours: null`: none any more. */
export interface PreferencesChange {
  mutedKinds?: string[];
  quietHours?: QuietHours | null;
}

/** What a newly paired device gets; the token is not stored and cannot be asked for again. */
export interface Pairing {
  deviceId: string;
  token: string;
  epoch: string;
}

/** Registry of devices: pairs them, authenticates their tokens, revokes them. */
export class Devices implements Gatekeeper {
  readonly #parts: DevicesParts;
  readonly #revocationListeners = new Set<(deviceId: string) => void>();

  constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  /** A code that pairs one device with `scope`, once, within 10 minutes. */
  createPairingCode(scope: Scope, by: Caller): { code: string; expiresAt: number } {
    const { store, clock } = this.#parts;
    const code = makePairingCode();
    const expiresAt = clock.now() + pairingCodeLifeMs;
    store.transaction(() => {
      store.devices.addPairingCode(hashSecret(code), scope, expiresAt, by.deviceId);
      this.#audit(by.deviceId, "pairing-code.create", "", scope);
    });
    return { code, expiresAt };
  }

  /** Uses up a pairing code; throws `pairing_code_invalid`, the same for wrong, used and old codes. */
  pair(typedCode: string, device: { name: string; platform: string }): Pairing {
    const { store, clock, log } = this.#parts;
    const code = normalisePairingCode(typedCode);
    const token = makeToken();
    const deviceId = randomUUID();
    const now = clock.now();
    const scope = store.transaction(() => {
      const granted = code === undefined ? undefined : store.devices.usePairingCode(hashSecret(code), now);
      if (granted === undefined) return undefined;
      const { name, platform } = device;
      store.devices.insert(newDevice({ deviceId, name, platform, scope: granted, now }), hashSecret(token));
      if (code !== undefined) store.devices.notePairing(deviceId, hashSecret(code));
      store.events.append({ sessionId: null, type: "device.paired", data: { deviceId, name, platform } });
      this.#audit(deviceId, "device.pair", deviceId, granted);
      return granted;
    });
    if (scope === undefined) {
      throw new DaylongError(
        "pairing_code_invalid",
        "The pairing code is wrong, used, or older than 10 minutes. Make a new one with `daylong pair` on the computer.",
      );
    }
    log.info("device.paired", { deviceId, scope });
    return { deviceId, token, epoch: store.events.epoch };
  }

  authenticate(token: string): Caller | undefined {
    if (!looksLikeToken(token)) return undefined;
    const { store, clock, log } = this.#parts;
    const device = store.devices.byTokenHash(hashSecret(token));
    if (device === undefined) return undefined;
    const now = clock.now();
    // Also when the clock was set back since.
    if (Math.abs(now - device.lastSeenAt) >= seenEveryMs) {
      try {
        store.devices.seen(device.deviceId, now);
      } catch (error) {
        // A full disk must not lock the owner out of looking.
        log.warn("device.seen_failed", { deviceId: device.deviceId, error });
      }
    }
    return { deviceId: device.deviceId, scope: device.scope };
  }

  onRevoked(listener: (deviceId: string) => void): () => void {
    this.#revocationListeners.add(listener);
    return () => this.#revocationListeners.delete(listener);
  }

  resolveProject(path: string): Promise<string> {
    return this.#parts.roots.resolve(path);
  }

  /** Makes a project directory; `created` is false when it was there already. */
  async createProject(root: string, name: string, by: Caller) {
    const made = await this.#parts.roots.create(root, name, () => {
      if (this.#parts.store.devices.isRevoked(by.deviceId))
        throw new DaylongError("unauthenticated", "The device was revoked.");
    });
    if (made.created) this.#audit(by.deviceId, "project.create", made.project.path, "");
    return made;
  }

  /** A device by its id; throws `device_not_found`. */
  get(deviceId: string): Device {
    const device = this.#parts.store.devices.get(deviceId);
    if (device === undefined) {
      throw new DaylongError("device_not_found", "No device with this id is paired with this server.");
    }
    return device;
  }

  /** Whether the device is known and not revoked. */
  isPaired(deviceId: string): boolean {
    return this.#parts.store.devices.get(deviceId) !== undefined;
  }

  list(): Device[] {
    return this.#parts.store.devices.list();
  }

  /**
   * Takes a device's token, push target and Live Activities away, and ends its work, at once; its sockets close through
   * `onRevoked`.
   */
  revoke(deviceId: string, by: Caller): void {
    const { store, clock, log } = this.#parts;
    if (deviceId === localDeviceId) {
      throw new DaylongError(
        "invalid_request",
        "This computer's own token cannot be revoked. To replace it, delete the file admin-token in the data folder and restart.",
      );
    }
    store.transaction(() => {
      const { name, scope } = this.get(deviceId);
      // It may have made them, and used them to come back.
      if (scope === "admin") store.devices.forgetPairingCodes();
      const ended = this.#parts.endWorkOf(deviceId, by);
      // What it set up for the computer is the owner's to judge: it stays, and is named.
      const pairedDevices = store.devices
        .pairedBy(deviceId)
        .map((one) => ({ deviceId: one.deviceId, name: one.name }));
      const left = { pairedDevices, trustedProjects: store.trust.projectsOf(deviceId) };
      store.devices.setPush(deviceId, null);
      store.activities.removeAll(deviceId);
      store.devices.revoke(deviceId, clock.now());
      store.events.append({
        sessionId: null,
        type: "device.revoked",
        data: { deviceId, name, ...ended, ...left },
      });
      this.#audit(by.deviceId, "device.revoke", deviceId, revocationDetail(name, ended, left));
    });
    log.info("device.revoked", { deviceId, by: by.deviceId });
    for (const listener of this.#revocationListeners) {
      try {
        listener(deviceId);
      } catch (error) {
        log.error("device.revocation_listener_failed", { deviceId, error });
      }
    }
  }

  rename(deviceId: string, name: string, by: Caller): void {
    const { store } = this.#parts;
    store.transaction(() => {
      if (this.get(deviceId).name === name) return;
      store.devices.rename(deviceId, name);
      this.#audit(by.deviceId, "device.rename", deviceId, name);
    });
  }

  changePreferences(deviceId: string, change: PreferencesChange, by: Caller): void {
    const { store } = this.#parts;
    store.transaction(() => {
      const { mutedKinds, quietHours } = this.get(deviceId).preferences;
      const next: DevicePreferences = { mutedKinds: change.mutedKinds ?? mutedKinds };
      const hours = change.quietHours === undefined ? quietHours : change.quietHours;
      if (hours) next.quietHours = hours;
      store.devices.setPreferences(deviceId, next);
      this.#audit(by.deviceId, "preferences.change", deviceId, Object.keys(change).join(","));
    });
  }

  #audit(deviceId: string, action: string, target: string, detail: string): void {
    this.#parts.store.audit.add({ at: this.#parts.clock.now(), deviceId, action, target, detail });
  }
}

const revocationDetail = (
  name: string,
  ended: EndedWork,
  { pairedDevices, trustedProjects }: LeftBehind,
): string =>
  [
    name,
    `turns cancelled: ${ended.cancelledTurns}, interrupted: ${ended.interruptedTurns}`,
    `tasks stopped: ${ended.stoppedTasks}`,
    `sessions restricted: ${ended.restrictedSessions}`,
    `rules withdrawn: ${ended.withdrawnRules}`,
    ...(pairedDevices.length === 0 ? [] : [`it paired: ${pairedDevices.map((one) => one.name).join(", ")}`]),
    ...(trustedProjects.length === 0 ? [] : [`it trusted: ${trustedProjects.join(", ")}`]),
  ].join("; ");

/** A device as it is before it did anything. */
export const newDevice = (parts: {
  deviceId: string;
  name: string;
  platform: string;
  scope: Scope;
  now: number;
}): Device => ({
  deviceId: parts.deviceId,
  name: parts.name,
  platform: parts.platform,
  scope: parts.scope,
  createdAt: parts.now,
  lastSeenAt: parts.now,
  ackedCursor: null,
  push: null,
  preferences: { mutedKinds: [] },
});
