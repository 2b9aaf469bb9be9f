import type { DaylongEvent } from "./connection/protocol.ts";
import type { Clock, KeptStore, SocketConstructor } from "./ports.ts";

export interface ClientOptions {
  /** `http://127.0.0.1:3000`, say. */
  url: string;
  /** The device's token, from pairing. */
  token: string;
  /** Where there is no global one (Node 20): `import { WebSocket } from "ws"`. */
  WebSocket?: SocketConstructor;
  fetch?: typeof globalThis.fetch;
  /** Where unsent messages and the position outlive the program; by default they do not. */
  store?: KeptStore;
  /** Told of what handlers throw; `event` comes again. By default it is thrown where nobody catches it. */
  onFault?: (error: unknown, event: DaylongEvent | undefined) => void;
  clock?: Clock;
  /** 0 to 1, for the jitter of pauses. */
  random?: () => number;
}

/** 128 random bits. Not `randomUUID`: browsers keep that from pages that come over plain HTTP. */
export function newMessageId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Without the slashes at its end. What no try could ever reach is told at once. */
export function addressOf({ url, token }: ClientOptions): string {
  if (!/^https?:\/\/[^/]/.test(url ?? ""))
    throw new TypeError("`url` has to be the server's address, such as http://127.0.0.1:3000.");
  if (!token) throw new TypeError("`token` is missing: a device gets its token by pairing.");
  return url.replace(/\/+$/, "");
}

export function socketConstructor(given: SocketConstructor | undefined): SocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  if (found) return found;
  throw new Error('There is no global WebSocket here: give one, such as that of the package "ws".');
}
