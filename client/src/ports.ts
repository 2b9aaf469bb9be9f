/** Time, as the client needs it; replaced in tests. */
/** The server refuses something for now, and it is tried again: a request limit, a full queue. */
export interface Waiting {
  code: string;
  detail: string;
  /** Until the next try. */
  retryAfterMs: number;
  /** Of a message that waits. */
  clientMessageId?: string;
}

export interface Clock {
  now(): number;
  /** Calls back once after `delayMs`; the result cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The part of a WebSocket that is used: a browser's, Node's, or the one of the package `ws`. */
export interface SocketLike {
  /** 1: open. A browser says an error when it is given something to send over a socket that is closing. */
  readonly readyState?: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/**
 * Where the client keeps what must outlive the program: messages that are not accepted yet, and how far events were
 * handled. `get` gives what `set` took last.
 */
export interface KeptStore {
  get(key: string): string | null | undefined | Promise<string | null | undefined>;
  set(key: string, value: string): void | Promise<void>;
}

/** Keeps things as long as the program runs. */
export function memoryStore(): KeptStore {
  const values = new Map<string, string>();
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) };
}

/** Keeps things in a browser: `webStore(localStorage)`. */
export const webStore = (
  storage: { getItem(key: string): string | null; setItem(key: string, value: string): void },
  prefix = "daylong.",
): KeptStore => ({
  get: (key) => storage.getItem(prefix + key),
  set: (key, value) => storage.setItem(prefix + key, value),
});
