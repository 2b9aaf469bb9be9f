import type { LiveActivity, PushToStart } from "../../domain/delivery/liveActivity.ts";
import type { ActivityStore } from "../../domain/stores/delivery.ts";
import { type Connection, Statement } from "../statement.ts";

interface StartRow {
  device_id: string;
  token: string;
  registered_at: number;
}
interface ActivityRow extends StartRow {
  session_id: string;
  turn_id: string;
}

const startOf = (row: StartRow): PushToStart => ({
  deviceId: row.device_id,
  token: row.token,
  registeredAt: row.registered_at,
});
const activityOf = (row: ActivityRow): LiveActivity => ({
  ...startOf(row),
  sessionId: row.session_id,
  turnId: row.turn_id,
});

const selectActivities = "SELECT device_id, session_id, turn_id, token, registered_at FROM live_activities";

/** Push tokens of Live Activities in SQLite: to start one on a device, and to update and end those that run. */
export class SqliteActivityStore implements ActivityStore {
  readonly #putStart: Statement<[deviceId: string, token: string, at: number]>;
  readonly #removeStart: Statement<[deviceId: string, token: string | null]>;
  readonly #start: Statement<[deviceId: string], StartRow>;
  readonly #starts: Statement<[], StartRow>;
  readonly #put: Statement<[deviceId: string, sessionId: string, turnId: string, token: string, at: number]>;
  readonly #get: Statement<[deviceId: string, sessionId: string, turnId: string], ActivityRow>;
  readonly #ofTurn: Statement<[sessionId: string, turnId: string], ActivityRow>;
  readonly #remove: Statement<[deviceId: string, sessionId: string, token: string | null]>;
  readonly #removeAll: Statement<[deviceId: string]>;

  constructor(connection: Connection) {
    this.#putStart = new Statement(
      connection,
      `INSERT INTO push_to_start (device_id, token, registered_at) VALUES (?, ?, ?)
       ON CONFLICT (device_id) DO UPDATE SET token = excluded.token, registered_at = excluded.registered_at`,
    );
    this.#removeStart = new Statement(
      connection,
      "DELETE FROM push_to_start WHERE device_id = ? AND token = coalesce(?, token)",
    );
    this.#start = new Statement(
      connection,
      "SELECT device_id, token, registered_at FROM push_to_start WHERE device_id = ?",
    );
    this.#starts = new Statement(connection, "SELECT device_id, token, registered_at FROM push_to_start");
    this.#put = new Statement(
      connection,
      `INSERT INTO live_activities (device_id, session_id, turn_id, token, registered_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (session_id, turn_id, device_id)
       DO UPDATE SET token = excluded.token, registered_at = excluded.registered_at`,
    );
    this.#get = new Statement(
      connection,
      `${selectActivities} WHERE device_id = ? AND session_id = ? AND turn_id = ?`,
    );
    this.#ofTurn = new Statement(connection, `${selectActivities} WHERE session_id = ? AND turn_id = ?`);
    this.#remove = new Statement(
      connection,
      "DELETE FROM live_activities WHERE device_id = ? AND session_id = ? AND token = coalesce(?, token)",
    );
    this.#removeAll = new Statement(connection, "DELETE FROM live_activities WHERE device_id = ?");
  }

  putStart({ deviceId, token, registeredAt }: PushToStart): void {
    this.#putStart.run(deviceId, token, registeredAt);
  }

  removeStart(deviceId: string, token?: string): boolean {
    return this.#removeStart.run(deviceId, token ?? null) > 0;
  }

  start(deviceId: string): PushToStart | undefined {
    const row = this.#start.get(deviceId);
    return row && startOf(row);
  }

  starts(): PushToStart[] {
    return this.#starts.all().map(startOf);
  }

  put({ deviceId, sessionId, turnId, token, registeredAt }: LiveActivity): void {
    this.#put.run(deviceId, sessionId, turnId, token, registeredAt);
  }

  get(deviceId: string, sessionId: string, turnId: string): LiveActivity | undefined {
    const row = this.#get.get(deviceId, sessionId, turnId);
    return row && activityOf(row);
  }

  ofTurn(sessionId: string, turnId: string): LiveActivity[] {
    return this.#ofTurn.all(sessionId, turnId).map(activityOf);
  }

  remove(deviceId: string, sessionId: string, token?: string): boolean {
    return this.#remove.run(deviceId, sessionId, token ?? null) > 0;
  }

  removeAll(deviceId: string): void {
    this.#removeStart.run(deviceId, null);
    this.#removeAll.run(deviceId);
  }
}
