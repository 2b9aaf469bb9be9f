import type { Host, HostStore } from "./host.ts";

/** The part of `Storage` that is used. */
export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key(index: number): string | null;
  readonly length: number;
}

const hostsKey = "daylong.hosts";
const valueKey = (hostId: string, key: string) => `daylong.value.${hostId}.${key}`;

/** Keeps hosts in texts by key: in `localStorage` where there is no IndexedDB, in memory where there is neither. */
export class StorageHostStore implements HostStore {
  readonly kind: "storage" | "memory";
  readonly #storage: TextStorage;

  constructor(storage: TextStorage, kind: "storage" | "memory") {
    this.#storage = storage;
    this.kind = kind;
  }

  async hosts(): Promise<Host[]> {
    const kept = this.#storage.getItem(hostsKey);
    return kept === null ? [] : (JSON.parse(kept) as Host[]);
  }

  async saveHost(host: Host): Promise<void> {
    const others = (await this.hosts()).filter(({ hostId }) => hostId !== host.hostId);
    this.#storage.setItem(hostsKey, JSON.stringify([...others, host]));
  }

  async removeHost(hostId: string): Promise<void> {
    const others = (await this.hosts()).filter((host) => host.hostId !== hostId);
    this.#storage.setItem(hostsKey, JSON.stringify(others));
    const prefix = valueKey(hostId, "");
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index));
    for (const key of keys) if (key?.startsWith(prefix)) this.#storage.removeItem(key);
  }

  async get(hostId: string, key: string): Promise<string | undefined> {
    return this.#storage.getItem(valueKey(hostId, key)) ?? undefined;
  }

  async set(hostId: string, key: string, value: string): Promise<void> {
    this.#storage.setItem(valueKey(hostId, key), value);
  }

  async remove(hostId: string, key: string): Promise<void> {
    this.#storage.removeItem(valueKey(hostId, key));
  }
}

/** A storage that is gone with the page. */
export function memoryStorage(): TextStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    key: (index) => [...values.keys()][index] ?? null,
    get length() {
      return values.size;
    },
  };
}
