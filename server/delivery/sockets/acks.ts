import type { DeliveryWatch } from "../../domain/delivery/deliveryWatch.ts";
import { scopeAllows } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { BadgeSync } from "../outbox/badgeSync.ts";
import type { Connections } from "./connections.ts";

/** Acks that ask for no answer are gathered for so long and written in one commit: far below any grace (3 s). */
const gatherMs = 25;
/** Pause after the database refused to be written. */
const storageRetryMs = 5_000;

export interface AcksParts {
  store: Pick<Store, "transaction" | "events" | "devices" | "outbox" | "reads">;
  connections: Pick<Connections, "isWatched" | "sessionsInView">;
  badgeSync: Pick<BadgeSync, "request">;
  clock: Clock;
  log: Log;
  watch?: Pick<DeliveryWatch, "acked">;
}

interface Ack {
  cursor: number;
  /** The device was watched up to here: an app in the background acks without being read. */
  readCursor: number;
  /** The sessions that were on its screen, each with the cursor up to which it was. */
  inView: Map<string, number>;
}

/**
 * Writes the acks of devices. An ack that is answered is written before its answer; the others are gathered for a moment and
 * written in one commit, because a phone that comes back to a thousand events may ack each of them, and a commit each would
 * hold up everything else for as long as the disk takes.
 */
export class Acks {
  readonly #parts: AcksParts;
  readonly #gathered = new Map<string, Ack>();
  #disarm: (() => void) | undefined;
  #isOver = false;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  /** Written when it returns. The cursor in force. Throws `invalid_request` for one after the end of the log. */
  take(deviceId: string, cursor: number): number {
    const ack = this.#merged(deviceId, cursor);
    const inForce = this.#parts.store.transaction(() => this.#write(deviceId, ack));
    this.#gathered.delete(deviceId);
    for (const other of inForce.stale) this.#parts.badgeSync.request(other);
    return inForce.cursor;
  }

  /** Written a moment later. Throws `invalid_request` for one after the end of the log. */
  note(deviceId: string, cursor: number): void {
    this.#gathered.set(deviceId, this.#merged(deviceId, cursor));
    this.#disarm ??= this.#arm(gatherMs);
  }

  /** The device has another session on its screen: what it holds of that is read now. */
  noteView(deviceId: string): void {
    const held = this.#parts.store.devices.get(deviceId)?.ackedCursor;
    if (typeof held === "number" && this.#parts.connections.sessionsInView(deviceId).length > 0)
      this.note(deviceId, held);
  }

  /** A device says that the owner has read the session up to here. */
  read(deviceId: string, sessionId: string, throughSeq: number): void {
    const pushed = this.#parts.store.reads.read(sessionId, throughSeq);
    for (const other of pushed) if (other !== deviceId) this.#parts.badgeSync.request(other);
  }

  /** Writes the gathered acks, once. An ack that the database refuses is lost; the device repeats it when it comes back. */
  stop(): void {
    this.#isOver = true;
    this.flush();
  }

  /** Writes the gathered acks; when the database refuses them, again later. */
  flush(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    if (this.#gathered.size === 0) return;
    const { store, badgeSync, log } = this.#parts;
    const stale = new Set<string>();
    try {
      const work = () => {
        for (const [deviceId, ack] of this.#gathered) {
          // Revoked in the meantime: it holds nothing any more.
          if (store.devices.get(deviceId) === undefined) continue;
          for (const other of this.#write(deviceId, ack).stale) stale.add(other);
        }
      };
      // A lost ack is a repeated event: no phone is kept waiting for the disk by it, and no turn that ends meanwhile.
      store.transaction(work, undefined, "later");
      this.#gathered.clear();
    } catch (error) {
      this.#disarm = this.#arm(storageRetryMs);
      const retryMs = this.#isOver ? undefined : storageRetryMs;
      log.error("acks.not_written", { devices: this.#gathered.size, error, retryMs });
      return;
    }
    for (const deviceId of stale) badgeSync.request(deviceId);
  }

  /** Nothing is armed any more after the stop: the database is closed soon after. */
  #arm(delayMs: number): (() => void) | undefined {
    return this.#isOver ? undefined : this.#parts.clock.after(delayMs, () => this.flush());
  }

  #merged(deviceId: string, cursor: number): Ack {
    const tip = this.#parts.store.events.tip();
    if (cursor > tip) {
      throw new DaylongError("invalid_request", `The cursor ${cursor} is after the last event, ${tip}.`);
    }
    const before = this.#gathered.get(deviceId);
    const { connections } = this.#parts;
    const readCursor = connections.isWatched(deviceId) ? cursor : 0;
    const inView = new Map(before?.inView);
    for (const sessionId of connections.sessionsInView(deviceId))
      inView.set(sessionId, Math.max(cursor, inView.get(sessionId) ?? 0));
    return {
      inView,
      cursor: Math.max(cursor, before?.cursor ?? 0),
      readCursor: Math.max(readCursor, before?.readCursor ?? 0),
    };
  }

  /**
   * Only within a transaction. The cursor in force, and the devices whose badge is out of date by it. What a device that may
   * only look holds, or shows, is not read by the owner: it moves its own cursor, and silences no other device.
   */
  #write(deviceId: string, { cursor, readCursor, inView }: Ack): { cursor: number; stale: string[] } {
    const { devices, outbox, reads } = this.#parts.store;
    const device = devices.get(deviceId);
    const inForce = devices.ack(deviceId, cursor);
    outbox.ackUpTo(deviceId, device?.ackedCursor ?? 0, inForce);
    // A device that acks for the first time held nothing before that it was sent.
    this.#parts.watch?.acked(device?.ackedCursor ?? inForce - 1, inForce);
    if (device === undefined || !scopeAllows(device.scope, "chat")) return { cursor: inForce, stale: [] };
    const pushed = readCursor > 0 ? reads.readUpTo(null, readCursor) : [];
    for (const [sessionId, through] of inView) pushed.push(...reads.readUpTo(sessionId, through));
    return { cursor: inForce, stale: pushed.filter((other) => other !== deviceId) };
  }
}
