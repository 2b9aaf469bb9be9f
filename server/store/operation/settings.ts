import type { SettingsStore } from "../../domain/stores/operation.ts";
import { type Connection, Statement } from "../statement.ts";

/** Limits that the owner set while the server ran, in SQLite. */
export class SqliteSettingsStore implements SettingsStore {
  readonly #all: Statement<[], { key: string; value: string }>;
  readonly #set: Statement<[key: string, value: string]>;
  readonly #remove: Statement<[key: string]>;

  constructor(connection: Connection) {
    this.#all = new Statement(connection, "SELECT key, value FROM settings");
    this.#set = new Statement(
      connection,
      "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    this.#remove = new Statement(connection, "DELETE FROM settings WHERE key = ?");
  }

  all(): Map<string, number> {
    const settings = new Map<string, number>();
    for (const { key, value } of this.#all.all()) settings.set(key, Number(value));
    return settings;
  }

  set(name: string, value: number): void {
    this.#set.run(name, String(value));
  }

  remove(name: string): void {
    this.#remove.run(name);
  }
}
