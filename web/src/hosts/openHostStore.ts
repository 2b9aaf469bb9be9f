import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Host, HostStore } from "./host.ts";
import { memoryStorage, StorageHostStore } from "./storageHostStore.ts";

interface Schema extends DBSchema {
  hosts: { key: string; value: Host };
  values: { key: [string, string]; value: string };
}

/** Private windows and full disks let the opening hang or fail. */
const openingMs = 2_000;

/** IndexedDB, else `localStorage`, else memory: the page works with each of them. */
export async function openHostStore(): Promise<HostStore> {
  const database = await openDatabase();
  if (database) return new DatabaseHostStore(database);
  try {
    localStorage.setItem("daylong.probe", "1");
    localStorage.removeItem("daylong.probe");
    return new StorageHostStore(localStorage, "storage");
  } catch {
    return new StorageHostStore(memoryStorage(), "memory");
  }
}

async function openDatabase(): Promise<IDBPDatabase<Schema> | undefined> {
  if (typeof indexedDB === "undefined") return undefined;
  const opening = openDB<Schema>("daylong", 1, {
    upgrade(database) {
      database.createObjectStore("hosts", { keyPath: "hostId" });
      database.createObjectStore("values");
    },
  }).catch(() => undefined);
  const giveUp = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), openingMs));
  return Promise.race([opening, giveUp]);
}

class DatabaseHostStore implements HostStore {
  readonly kind = "database";
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  hosts(): Promise<Host[]> {
    return this.#database.getAll("hosts");
  }

  async saveHost(host: Host): Promise<void> {
    await this.#database.put("hosts", host);
  }

  async removeHost(hostId: string): Promise<void> {
    const transaction = this.#database.transaction(["hosts", "values"], "readwrite");
    await transaction.objectStore("hosts").delete(hostId);
    // Arrays sort behind every text.
    await transaction.objectStore("values").delete(IDBKeyRange.bound([hostId, ""], [hostId, []]));
    await transaction.done;
  }

  get(hostId: string, key: string): Promise<string | undefined> {
    return this.#database.get("values", [hostId, key]);
  }

  async set(hostId: string, key: string, value: string): Promise<void> {
    await this.#database.put("values", value, [hostId, key]);
  }

  async remove(hostId: string, key: string): Promise<void> {
    await this.#database.delete("values", [hostId, key]);
  }
}
