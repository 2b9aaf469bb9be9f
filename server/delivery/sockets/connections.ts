import type { DeliveryWatch } from "../../domain/delivery/deliveryWatch.ts";
import type { LoggedEvent } from "../../domain/delivery/event.ts";
import { frameText } from "../../domain/delivery/frameText.ts";
import type { Clock, Durability } from "../../domain/ports.ts";
import { DurableGate, type FrameQueue } from "../durableGate.ts";
import { isTooSlow, tooSlowCode, unsentBytesOf } from "./backpressure.ts";

/** A live socket of a device, as delivery sees it. */
export interface Connection {
  readonly deviceId: string;
  /** Whether the app is in the foreground, by its own word; absent: it did not say. */
  readonly foreground?: boolean;
  /** The session on its screen, by its own word. */
  readonly sessionInView?: string;
  send(text: string): void;
  /** Bytes handed over and not yet taken by the operating system. */
  bufferedBytes(): number;
  close(code: number, reason: string): void;
}

/** Pause between two long polls of a device, within which it still counts as live. */
const pollGapMs = 1_000;

export interface ConnectionsParts {
  clock: Clock;
  /** Absent: commits are durable at once. */
  durability?: Durability;
  watch?: Pick<DeliveryWatch, "written" | "repeated">;
}

/** Where an event stands in the log, and the turn that it is about. */
type EventPlace = Pick<LoggedEvent, "cursor" | "turnId">;

/** The registry's entry for one connection. */
interface Entry {
  readonly connection: Connection;
  /** The frames that wait for the disk. */
  readonly frames: FrameQueue;
  /** Caught up with the log: live events, deltas and activity go to it. */
  caughtUp: boolean;
  /** The last event that was sent on it; nothing up to here is sent again. */
  cursor: number;
  /** The last event whose frame was handed to it, from the history or live: only measured. */
  handedCursor: number;
  /** The last event that was broadcast while it was not caught up. */
  missedCursor: number;
}

/**
 * Registry of the live connections of each device.
 *
 *   added (replay runs, live frames are not sent to it) -> caught up (gets everything) -> removed
 *
 * The cursor that is kept with each connection makes a double impossible, in whichever order an event is replayed and
 * announced.
 */
export class Connections {
  readonly #clock: Clock;
  readonly #gate: DurableGate;
  readonly #watch: ConnectionsParts["watch"];
  readonly #entries = new Map<Connection, Entry>();
  readonly #byDevice = new Map<string, Set<Connection>>();
  readonly #pollsByDevice = new Map<string, { pending: number; endedAt: number }>();

  constructor({ clock, durability, watch }: ConnectionsParts) {
    this.#watch = watch;
    this.#clock = clock;
    this.#gate = new DurableGate(durability);
  }

  add(connection: Connection): void {
    if (this.#entries.has(connection)) return;
    const frames = this.#gate.frameQueue(connection);
    this.#entries.set(connection, {
      connection,
      frames,
      caughtUp: false,
      cursor: 0,
      handedCursor: 0,
      missedCursor: 0,
    });
    const siblings = this.#byDevice.get(connection.deviceId);
    if (siblings) siblings.add(connection);
    else this.#byDevice.set(connection.deviceId, new Set([connection]));
  }

  remove(connection: Connection): void {
    const entry = this.#entries.get(connection);
    if (!entry) return;
    this.#entries.delete(connection);
    entry.frames.close();
    const siblings = this.#byDevice.get(connection.deviceId);
    siblings?.delete(connection);
    if (siblings?.size === 0) this.#byDevice.delete(connection.deviceId);
  }

  has(connection: Connection): boolean {
    return this.#entries.has(connection);
  }

  get count(): number {
    return this.#entries.size;
  }

  /**
   * From now on live frames go to it. `cursor`: the last event it was sent, or from which it counts. False: a later
   * event has been announced by now, which has to be read from the log first.
   */
  attach(connection: Connection, cursor: number): boolean {
    const entry = this.#entries.get(connection);
    if (!entry || entry.missedCursor > cursor) return false;
    entry.cursor = cursor;
    entry.caughtUp = true;
    entry.frames.endHistory();
    return true;
  }

  /** Whether the device has a socket or a long poll. */
  isLive(deviceId: string): boolean {
    return this.#byDevice.has(deviceId) || this.#isPolling(deviceId);
  }

  /**
   * Whether the owner may see a frame at once: the device is live, and not known to be in the background. An app in the
   * background takes events, and even acks them, unseen.
   */
  isWatched(deviceId: string): boolean {
    const siblings = this.#byDevice.get(deviceId);
    if (siblings) for (const connection of siblings) if (connection.foreground !== false) return true;
    return this.#isPolling(deviceId);
  }

  /** The sessions that the owner looks at on the device: of connections that said so, and are in the foreground. */
  sessionsInView(deviceId: string): string[] {
    const seen = new Set<string>();
    for (const { foreground, sessionInView } of this.#byDevice.get(deviceId) ?? [])
      if (foreground === true && sessionInView !== undefined) seen.add(sessionInView);
    return [...seen];
  }

  /** A long poll has begun; the result ends it, once. */
  beginPoll(deviceId: string): () => void {
    const polls = this.#pollsByDevice.get(deviceId) ?? { pending: 0, endedAt: 0 };
    polls.pending += 1;
    this.#pollsByDevice.set(deviceId, polls);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      polls.pending -= 1;
      polls.endedAt = this.#clock.monotonic();
    };
  }

  /**
   * Sends one frame as soon as everything committed by now is durable, after the frames that wait already; unless the
   * connection is too slow: then it is closed, and resumes by its cursor. `turnId`: the turn that the frame is about.
   */
  deliver(connection: Connection, text: string, turnId?: string): boolean {
    const entry = this.#entries.get(connection);
    if (!entry || !this.#hasRoom(entry)) return false;
    entry.frames.send(text, turnId);
    return true;
  }

  /** The same for the frame of an event. */
  deliverEvent(connection: Connection, text: string, { cursor, turnId }: EventPlace): boolean {
    const entry = this.#entries.get(connection);
    if (!entry || !this.deliver(connection, text, turnId)) return false;
    if (cursor <= entry.handedCursor) this.#watch?.repeated(cursor);
    entry.handedCursor = Math.max(entry.handedCursor, cursor);
    return true;
  }

  /** Sends one frame that tells of no commit: it does not wait for the disk. */
  deliverNow(connection: Connection, text: string): boolean {
    const entry = this.#entries.get(connection);
    if (!entry || !this.#hasRoom(entry)) return false;
    connection.send(text);
    return true;
  }

  /** Bytes not yet taken by the operating system, plus the characters that wait for the disk. */
  unsentBytes(connection: Connection): number {
    return unsentBytesOf(connection, this.#entries.get(connection)?.frames);
  }

  /** Sends a logged event to every connection that is caught up and does not have it; serialised once for all. */
  broadcastEvent(event: LoggedEvent): void {
    let text: string | undefined;
    let isSent = false;
    for (const entry of this.#entries.values()) {
      if (!entry.caughtUp) {
        entry.missedCursor = Math.max(entry.missedCursor, event.cursor);
        continue;
      }
      if (event.cursor <= entry.cursor) continue;
      entry.cursor = event.cursor;
      text ??= frameText({ type: "event", event });
      const isWritten = this.deliverEvent(entry.connection, text, event);
      // What waits for the disk passes in its order: the frame has been written when this is called.
      const watch = this.#watch;
      if (isWritten && !isSent && watch) this.#gate.whenDurable(() => watch.written(event.cursor));
      isSent ||= isWritten;
    }
  }

  /**
   * Sends an ephemeral frame of a turn (a delta, activity) to every connection that is caught up; serialised once for all,
   * or not at all. `FrameQueue` says when it waits for the disk.
   */
  broadcastEphemeral(frame: { readonly turnId: string }): void {
    let text: string | undefined;
    for (const entry of this.#entries.values()) {
      if (!entry.caughtUp) continue;
      text ??= frameText(frame);
      this.#sendEphemeral(entry, text, frame.turnId);
    }
  }

  /** Sends an ephemeral frame to one connection: the text so far of a turn, right after the connection was attached. */
  sendEphemeral(connection: Connection, frame: { readonly turnId: string }): void {
    const entry = this.#entries.get(connection);
    if (entry) this.#sendEphemeral(entry, frameText(frame), frame.turnId);
  }

  /** Closes the oldest connections of a device until it has fewer than `most`: the share of each device. */
  makeRoom(deviceId: string, most: number, code: number, reason: string): void {
    const own = [...(this.#byDevice.get(deviceId) ?? [])];
    for (const oldest of own.slice(0, Math.max(0, own.length - most + 1))) this.drop(oldest, code, reason);
  }

  /** Closes one connection and forgets it at once: nothing more is sent on it. */
  drop(connection: Connection, code: number, reason: string): void {
    this.remove(connection);
    connection.close(code, reason);
  }

  closeDevice(deviceId: string, code: number, reason: string): void {
    for (const connection of [...(this.#byDevice.get(deviceId) ?? [])]) this.drop(connection, code, reason);
    this.#pollsByDevice.delete(deviceId);
  }

  closeAll(code: number, reason: string): void {
    this.#pollsByDevice.clear();
    for (const connection of [...this.#entries.keys()]) this.drop(connection, code, reason);
  }

  #sendEphemeral(entry: Entry, text: string, turnId: string): void {
    if (this.#hasRoom(entry)) entry.frames.sendEphemeral(text, turnId);
  }

  /** Before the send, not after: one frame larger than the limit must pass on an empty socket. */
  #hasRoom({ connection, frames }: Entry): boolean {
    if (!isTooSlow(connection, frames)) return true;
    this.drop(connection, tooSlowCode, "More than 1 MB is unsent: resume by cursor.");
    return false;
  }

  #isPolling(deviceId: string): boolean {
    const polls = this.#pollsByDevice.get(deviceId);
    if (!polls) return false;
    if (polls.pending > 0 || this.#clock.monotonic() < polls.endedAt + pollGapMs) return true;
    this.#pollsByDevice.delete(deviceId);
    return false;
  }
}
