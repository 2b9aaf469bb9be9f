import type { Device, DevicePreferences, Scope } from "../../domain/delivery/device.ts";
import type { PushTarget } from "../../domain/delivery/push.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/ports.ts";
import type { DeviceStore } from "../../domain/stores/delivery.ts";
import { type Connection, jsonOrNull, parsedOrUndefined, Statement } from "../statement.ts";
import type { Transactions } from "../transactions.ts";

interface DeviceRow {
  device_id: string;
  name: string;
  platform: string;
  scope: Scope;
  created_at: number;
  last_seen_at: number;
  acked_cursor: number | null;
  push: string | null;
  preferences: string;
}

function deviceOf(row: DeviceRow): Device {
  return {
    deviceId: row.device_id,
    name: row.name,
    platform: row.platform,
    scope: row.scope,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    ackedCursor: row.acked_cursor,
    push: parsedOrUndefined<PushTarget>(row.push) ?? null,
    preferences: JSON.parse(row.preferences),
  };
}

const selectDevices = `SELECT device_id, name, platform, scope, created_at, last_seen_at, acked_cursor, push, preferences
  FROM devices WHERE revoked_at IS NULL`;

type Named = Record<string, string | number | null>;

/** Paired devices and pairing codes in SQLite; only hashes of tokens and codes are kept. */
export class SqliteDeviceStore implements DeviceStore {
  readonly #clock: Clock;
  readonly #transactions: Transactions;
  readonly #insert: Statement<[Named]>;
  readonly #byTokenHash: Statement<[tokenHash: string], DeviceRow>;
  readonly #get: Statement<[deviceId: string], DeviceRow>;
  readonly #many: Statement<[deviceIds: string], DeviceRow>;
  readonly #list: Statement<[], DeviceRow>;
  readonly #revoke: Statement<[at: number, deviceId: string]>;
  readonly #isRevoked: Statement<[deviceId: string], { one: number }>;
  readonly #giveUpDeliveries: Statement<[deviceId: string]>;
  readonly #seen: Statement<[at: number, deviceId: string]>;
  readonly #ack: Statement<[{ deviceId: string; cursor: number }], { acked_cursor: number }>;
  readonly #syncedAt: Statement<[deviceId: string], { synced_at: number | null }>;
  readonly #setSynced: Statement<[at: number, deviceId: string]>;
  readonly #setPush: Statement<[push: string | null, deviceId: string]>;
  readonly #setPreferences: Statement<[preferences: string, deviceId: string]>;
  readonly #rename: Statement<[name: string, deviceId: string]>;
  readonly #forgetCodes: Statement<[before: number]>;
  readonly #addCode: Statement<[codeHash: string, scope: string, expiresAt: number, by: string | null]>;
  readonly #notePairing: Statement<[codeHash: string, deviceId: string]>;
  readonly #pairedBy: Statement<[deviceId: string], DeviceRow>;
  readonly #useCode: Statement<[at: number, codeHash: string, at: number], { scope: Scope }>;

  constructor(parts: { connection: Connection; clock: Clock; transactions: Transactions }) {
    const { connection } = parts;
    this.#clock = parts.clock;
    this.#transactions = parts.transactions;
    // Only a revoked device may be paired again under its id (the command line's `local` with a new token).
    this.#insert = new Statement(
      connection,
      `INSERT INTO devices (device_id, token_hash, name, platform, scope, created_at, last_seen_at, acked_cursor, push, preferences)
       VALUES (@deviceId, @tokenHash, @name, @platform, @scope, @createdAt, @lastSeenAt, @ackedCursor, @push, @preferences)
       ON CONFLICT (device_id) DO UPDATE SET token_hash = excluded.token_hash, name = excluded.name,
         platform = excluded.platform, scope = excluded.scope, created_at = excluded.created_at,
         last_seen_at = excluded.last_seen_at, acked_cursor = excluded.acked_cursor, push = excluded.push,
         preferences = excluded.preferences, revoked_at = NULL
       WHERE revoked_at IS NOT NULL`,
    );
    this.#byTokenHash = new Statement(connection, `${selectDevices} AND token_hash = ?`);
    this.#get = new Statement(connection, `${selectDevices} AND device_id = ?`);
    this.#many = new Statement(
      connection,
      `${selectDevices} AND device_id IN (SELECT value FROM json_each(?))`,
    );
    this.#list = new Statement(connection, `${selectDevices} ORDER BY created_at, rowid`);
    // The push token and its key are the owner's secrets; the row itself stays for the audit.
    this.#revoke = new Statement(
      connection,
      "UPDATE devices SET revoked_at = ?, push = NULL WHERE device_id = ? AND revoked_at IS NULL",
    );
    this.#isRevoked = new Statement(
      connection,
      "SELECT 1 AS one FROM devices WHERE device_id = ? AND revoked_at IS NOT NULL",
    );
    this.#giveUpDeliveries = new Statement(
      connection,
      "UPDATE deliveries SET state = 'gone', next_attempt_at = NULL WHERE device_id = ? AND state = 'pending'",
    );
    this.#seen = new Statement(
      connection,
      "UPDATE devices SET last_seen_at = max(last_seen_at, ?) WHERE device_id = ?",
    );
    // An ack that moves nothing writes nothing: a phone may repeat itself as often as it likes without a sync of the disk.
    this.#ack = new Statement(
      connection,
      `UPDATE devices SET acked_cursor = @cursor WHERE device_id = @deviceId AND revoked_at IS NULL
         AND (acked_cursor IS NULL OR acked_cursor < @cursor) RETURNING acked_cursor`,
    );
    this.#syncedAt = new Statement(connection, "SELECT synced_at FROM devices WHERE device_id = ?");
    this.#setSynced = new Statement(connection, "UPDATE devices SET synced_at = ? WHERE device_id = ?");
    this.#setPush = new Statement(
      connection,
      "UPDATE devices SET push = ? WHERE device_id = ? AND revoked_at IS NULL",
    );
    this.#setPreferences = new Statement(
      connection,
      "UPDATE devices SET preferences = ? WHERE device_id = ? AND revoked_at IS NULL",
    );
    this.#rename = new Statement(
      connection,
      "UPDATE devices SET name = ? WHERE device_id = ? AND revoked_at IS NULL",
    );
    this.#forgetCodes = new Statement(connection, "DELETE FROM pairing_codes WHERE expires_at <= ?");
    this.#addCode = new Statement(
      connection,
      `INSERT INTO pairing_codes (code_hash, scope, expires_at, device_id) VALUES (?, ?, ?, ?)
       ON CONFLICT (code_hash) DO UPDATE SET scope = excluded.scope, expires_at = excluded.expires_at, used_at = NULL,
         device_id = excluded.device_id`,
    );
    this.#notePairing = new Statement(
      connection,
      "UPDATE devices SET paired_by = (SELECT device_id FROM pairing_codes WHERE code_hash = ?) WHERE device_id = ?",
    );
    this.#pairedBy = new Statement(connection, `${selectDevices} AND paired_by = ? ORDER BY created_at`);
    this.#useCode = new Statement(
      connection,
      `UPDATE pairing_codes SET used_at = ? WHERE code_hash = ? AND used_at IS NULL AND expires_at > ? RETURNING scope`,
    );
  }

  insert(device: Device, tokenHash: string): void {
    const inserted = this.#insert.run({
      deviceId: device.deviceId,
      tokenHash,
      name: device.name,
      platform: device.platform,
      scope: device.scope,
      createdAt: device.createdAt,
      lastSeenAt: device.lastSeenAt,
      ackedCursor: device.ackedCursor,
      push: jsonOrNull(device.push),
      preferences: JSON.stringify(device.preferences),
    });
    if (inserted === 0) throw new Error(`Device ${device.deviceId} is paired already; revoke it first.`);
  }

  byTokenHash(tokenHash: string): Device | undefined {
    return deviceOrUndefined(this.#byTokenHash.get(tokenHash));
  }

  get(deviceId: string): Device | undefined {
    return deviceOrUndefined(this.#get.get(deviceId));
  }

  many(deviceIds: readonly string[]): Device[] {
    return this.#many.all(JSON.stringify(deviceIds)).map(deviceOf);
  }

  list(): Device[] {
    return this.#list.all().map(deviceOf);
  }

  revoke(deviceId: string, at: number): boolean {
    return this.#transactions.run(() => {
      if (this.#revoke.run(at, deviceId) === 0) return false;
      this.#giveUpDeliveries.run(deviceId);
      return true;
    });
  }

  isRevoked(deviceId: string): boolean {
    return this.#isRevoked.get(deviceId) !== undefined;
  }

  seen(deviceId: string, at: number): void {
    this.#seen.run(at, deviceId);
  }

  ack(deviceId: string, cursor: number): number {
    const moved = this.#ack.get({ deviceId, cursor });
    if (moved) return moved.acked_cursor;
    const device = this.#get.get(deviceId);
    if (!device) throw notFound(deviceId);
    return device.acked_cursor ?? 0;
  }

  syncedAt(deviceId: string): number | undefined {
    return this.#syncedAt.get(deviceId)?.synced_at ?? undefined;
  }

  setSynced(deviceId: string, at: number): void {
    this.#setSynced.run(at, deviceId);
  }

  setPush(deviceId: string, push: PushTarget | null): void {
    mustExist(this.#setPush.run(jsonOrNull(push), deviceId), deviceId);
  }

  setPreferences(deviceId: string, preferences: DevicePreferences): void {
    mustExist(this.#setPreferences.run(JSON.stringify(preferences), deviceId), deviceId);
  }

  rename(deviceId: string, name: string): void {
    mustExist(this.#rename.run(name, deviceId), deviceId);
  }

  addPairingCode(codeHash: string, scope: Scope, expiresAt: number, by?: string): void {
    this.#transactions.run(() => {
      this.#forgetCodes.run(this.#clock.now());
      this.#addCode.run(codeHash, scope, expiresAt, by ?? null);
    });
  }

  forgetPairingCodes(): void {
    this.#forgetCodes.run(Number.MAX_SAFE_INTEGER);
  }

  notePairing(deviceId: string, codeHash: string): void {
    this.#notePairing.run(codeHash, deviceId);
  }

  pairedBy(deviceId: string): Device[] {
    return this.#pairedBy.all(deviceId).map(deviceOf);
  }

  usePairingCode(codeHash: string, at: number): Scope | undefined {
    return this.#useCode.get(at, codeHash, at)?.scope;
  }
}

const deviceOrUndefined = (row: DeviceRow | undefined): Device | undefined => row && deviceOf(row);

function mustExist(changes: number, deviceId: string): void {
  if (changes === 0) throw notFound(deviceId);
}

const notFound = (deviceId: string): DaylongError =>
  new DaylongError("device_not_found", `There is no device ${deviceId}, or it was revoked.`);
