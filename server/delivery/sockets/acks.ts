import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { BadgeSync } from "../outbox/badgeSync.ts";
import type { Connections } from "./connections.ts";

/** Acks that ask for no answer are gathered for so long and written in one commit: far below any grace (3 s). */
const gatherMs = 25;
/** Pause after the database refused to be written. */
const storageRetryMs = 5_000;

export interface AcksParts {
  store: Pick<Store, "transaction" | "events" | "devices" | "outbox">;
  connections: Pick<Connections, "isWatched">;
  badgeSync: Pick<BadgeSync, "request">;
  clock: Clock;
  log: Log;
}

interface Ack {
  cursor: number;
  /** Up to here somebody was looking: an app in the background acks without anybody reading. */
  readCursor: number;
}

/**
 * What the devices say that they hold. An ack that is answered is written before its answer; one that is not waits a
 * moment for others, because a phone that comes back to a thousand events may ack each of them, and a commit each would
 * hold up everybody else for as long as the disk takes.
 */
export class Acks {
  readonly #parts: AcksParts;
  readonly #noted = new Map<string, Ack>();
  #disarm: (() => void) | undefined;
  #isOver = false;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  /** Written when it returns. The cursor in force. Throws `invalid_request` for one after the end of the log. */
  take(deviceId: string, cursor: number): number {
    const ack = this.#joined(deviceId, cursor);
    const inForce = this.#parts.store.transaction(() => this.#write(deviceId, ack));
    this.#noted.delete(deviceId);
    for (const other of inForce.stale) this.#parts.badgeSync.request(other);
    return inForce.cursor;
  }

  /** Written a moment later. Throws `invalid_request` for one after the end of the log. */
  note(deviceId: string, cursor: number): void {
    this.#noted.set(deviceId, this.#joined(deviceId, cursor));
    this.#disarm ??= this.#arm(gatherMs);
  }

  /** Writes what was noted, once. What the database refuses now is lost; the device says it again when it comes back. */
  stop(): void {
    this.#isOver = true;
    this.flush();
  }

  /** Writes what was noted; what the database refuses is tried again. */
  flush(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    if (this.#noted.size === 0) return;
    const { store, badgeSync, log } = this.#parts;
    const stale = new Set<string>();
    try {
      store.transaction(() => {
        for (const [deviceId, ack] of this.#noted) {
          // Revoked in the meantime: it holds nothing any more.
          if (store.devices.get(deviceId) === undefined) continue;
          for (const other of this.#write(deviceId, ack).stale) stale.add(other);
        }
      });
      this.#noted.clear();
    } catch (error) {
      this.#disarm = this.#arm(storageRetryMs);
      const retryMs = this.#isOver ? undefined : storageRetryMs;
      log.error("acks.not_written", { devices: this.#noted.size, error, retryMs });
      return;
    }
    for (const deviceId of stale) badgeSync.request(deviceId);
  }

  /** Nothing is armed any more after the stop: the database is closed soon after. */
  #arm(delayMs: number): (() => void) | undefined {
    return this.#isOver ? undefined : this.#parts.clock.after(delayMs, () => this.flush());
  }

  #joined(deviceId: string, cursor: number): Ack {
    const tip = this.#parts.store.events.tip();
    if (cursor > tip) {
      throw new DaylongError("invalid_request", `The cursor ${cursor} is after the last event, ${tip}.`);
    }
    const before = this.#noted.get(deviceId);
    const readCursor = this.#parts.connections.isWatched(deviceId) ? cursor : 0;
    return {
      cursor: Math.max(cursor, before?.cursor ?? 0),
      readCursor: Math.max(readCursor, before?.readCursor ?? 0),
    };
  }

  /** Only within a transaction. The cursor in force, and the devices whose badge is out of date by it. */
  #write(deviceId: string, { cursor, readCursor }: Ack): { cursor: number; stale: string[] } {
    const { devices, outbox } = this.#parts.store;
    const inForce = devices.ack(deviceId, cursor);
    outbox.ackUpTo(deviceId, inForce);
    const stale = readCursor > 0 ? outbox.readElsewhere(deviceId, readCursor) : [];
    return { cursor: inForce, stale };
  }
}
