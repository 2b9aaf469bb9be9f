import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../domain/ports.ts";

/** Of all connections, the part that strangers may hold: the rest is for devices. */
const strangersShare = 1 / 2;
/** Of the strangers' part, the part of one address. */
const addressShare = 1 / 4;
/** HTTP connections of one device; a browser opens six, an app a few. */
export const maxDeviceConnections = 32;
/** Beyond the limit the system's own queue is left to the listener, which drops what comes. */
const burst = 32;

interface Entry {
  readonly socket: Socket;
  readonly address: string;
  /** The device that has shown its token on it; `undefined`: a stranger's. */
  deviceId: string | undefined;
  /** Requests that are being answered; an upgraded connection stays busy. */
  busy: number;
}

export interface ConnectionLimitsParts {
  log: Log;
  /** The address that connections are counted by. */
  addressOf(socket: Socket): string;
  /** Whether everybody may come from this address: the loopback has a tunnel or a proxy behind it. */
  isShared(address: string): boolean;
  /** Connections at once, over all callers. */
  most: number;
}

/**
 * Limits of the listener's connections: in all, of strangers, of one address, and of one device. A connection is a stranger's
 * until a valid token has been shown on it. One too many closes the oldest of its kind, idle ones first, and not the new one:
 * a caller who opens idle connections must not lock the devices out, and an honest client sends its request as soon as it is
 * connected. An address that may be everybody's has no limit of its own.
 */
export class ConnectionLimits {
  readonly #parts: ConnectionLimitsParts;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #server: Server;
  /** One function for all: there are many connections, and they last. */
  readonly #forget: (this: Socket) => void;
  #most: number;
  #closed = 0;

  constructor(server: Server, parts: ConnectionLimitsParts) {
    this.#parts = parts;
    this.#server = server;
    this.#most = parts.most;
    const entries = this.#entries;
    this.#forget = function (this: Socket) {
      const key = keyOf(this);
      if (entries.get(key)?.socket === this) entries.delete(key);
    };
    this.setMost(parts.most);
    server.on("connection", (socket: Socket) => this.#add(socket));
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const entry = this.#entryOf(request.socket);
      if (entry === undefined) return;
      entry.busy += 1;
      response.once("close", () => {
        entry.busy -= 1;
      });
    });
  }

  /** Connections that are open now. */
  get count(): number {
    return this.#entries.size;
  }

  setMost(most: number): void {
    this.#most = most;
    this.#server.maxConnections = most + burst;
  }

  /** A valid token was shown on the connection. */
  noteDevice(socket: Socket, deviceId: string): void {
    const entry = this.#entryOf(socket);
    if (entry === undefined || entry.deviceId === deviceId) return;
    entry.deviceId = deviceId;
    const own = this.#those((one) => one.deviceId === deviceId && one !== entry);
    if (own.length >= maxDeviceConnections) this.#close(oldestOf(own), "device");
  }

  /** The connection was upgraded, and stays busy. */
  noteUpgrade(socket: Socket): void {
    const entry = this.#entryOf(socket);
    if (entry !== undefined) entry.busy += 1;
  }

  #add(socket: Socket): void {
    const { addressOf, isShared } = this.#parts;
    const key = keyOf(socket);
    // It comes a second time when it is given back to the server after an upgrade that is ignored.
    if (this.#entries.get(key)?.socket === socket) return;
    const entry: Entry = { socket, address: addressOf(socket), deviceId: undefined, busy: 0 };
    const strangersMost = Math.max(4, Math.floor(this.#most * strangersShare));
    const addressMost = Math.max(2, Math.floor(strangersMost * addressShare));
    const strangers = this.#those(({ deviceId }) => deviceId === undefined);
    const neighbours = isShared(entry.address)
      ? []
      : strangers.filter(({ address }) => address === entry.address);
    if (neighbours.length >= addressMost) this.#close(oldestStranger(neighbours), "address");
    else if (strangers.length >= strangersMost) this.#close(oldestStranger(strangers), "strangers");
    else if (this.#entries.size >= this.#most)
      this.#close(strangers.length > 0 ? oldestStranger(strangers) : oldestOf(this.#those()), "all");
    this.#entries.set(key, entry);
    socket.on("close", this.#forget);
  }

  #close(oldest: Entry | undefined, limit: string): void {
    if (oldest === undefined) return;
    this.#entries.delete(keyOf(oldest.socket));
    oldest.socket.destroy();
    this.#closed += 1;
    // A flood must not fill the log as well.
    if (Number.isInteger(Math.log2(this.#closed)))
      this.#parts.log.warn("connections.closed", { limit, address: oldest.address, closed: this.#closed });
  }

  #those(predicate: (entry: Entry) => boolean = () => true): Entry[] {
    return [...this.#entries.values()].filter(predicate);
  }

  #entryOf(socket: Socket): Entry | undefined {
    return this.#entries.get(keyOf(socket));
  }
}

/** The oldest that is idle, or the oldest of all. */
const oldestOf = (entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ busy }) => busy === 0) ?? entries[0];

/**
 * The same, but the oldest request of a stranger's goes once they hold more than half of the places: with requests that never
 * end a caller would have each new connection closed in the moment in which it is idle, before its head is there.
 */
function oldestStranger(entries: readonly Entry[]): Entry | undefined {
  const busy = entries.filter((one) => one.busy > 0);
  return busy.length > entries.length / 2 ? busy[0] : oldestOf(entries);
}

/** The same for a TLS socket and the connection under it. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
