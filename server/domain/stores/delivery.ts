import type { Delivery, DeliveryAttempt, DeliveryKind, DeliveryState } from "../delivery/delivery.ts";
import type { Device, DevicePreferences, Scope } from "../delivery/device.ts";
import type { LoggedEvent, NewEvent } from "../delivery/event.ts";
import type { LiveActivity, PushToStart } from "../delivery/liveActivity.ts";
import type { PushTarget } from "../delivery/push.ts";

/** The frame of an event as text, and what a connection has to know of it. */
export interface EventFrameText {
  cursor: number;
  turnId: string | undefined;
  text: string;
}

/** The append-only event log: the truth that every device is brought up to. */
export interface EventStore {
  /** Only inside `Store.transaction`; listeners hear of it after the commit, in order. */
  append(event: NewEvent): LoggedEvent;
  /** Changes when the log is not the one clients knew. */
  readonly epoch: string;
  /** The last cursor, 0 for an empty log. */
  tip(): number;
  /** The cursor below which events have been cut by retention; 0 when nothing was. */
  floor(): number;
  /**
   * At most `limit` events; with `maxChars` no more than so many characters of data either, but always one if there is
   * one: a thousand short events and a thousand replies of a megabyte are not the same page.
   */
  after(cursor: number, limit: number, maxChars?: number): LoggedEvent[];
  /** The same page as the texts of its frames, for a device that comes back. */
  framesAfter(cursor: number, limit: number, maxChars: number): EventFrameText[];
  ofSession(sessionId: string, afterSeq: number, limit: number, maxChars?: number): LoggedEvent[];
  /** Messages of both sides, newest first, before a cursor; `maxChars` as in `after`. */
  transcript(
    sessionId: string,
    beforeCursor: number | undefined,
    limit: number,
    maxChars?: number,
  ): LoggedEvent[];
  message(messageId: string): LoggedEvent | undefined;
  /** Whether the end of this use of a tool was told since that instant, within the session's newest 2,000 events. */
  hasToolEndSince(sessionId: string, toolUseId: string, at: number): boolean;
  /** Whether a turn of the session has ended after the event of this `seq`. */
  hasTurnEndAfter(sessionId: string, seq: number): boolean;
  /** The events of `lifecycleEvents`, newest first, before a cursor. */
  lifecycle(beforeCursor: number | undefined, limit: number): LoggedEvent[];
  /** Calls back after every commit that appended, with what it appended; the result unsubscribes. */
  subscribe(listener: (events: LoggedEvent[]) => void): () => void;
}

/** Repository of paired devices, their tokens, cursors and push targets, and of pairing codes. */
export interface DeviceStore {
  insert(device: Device, tokenHash: string): void;
  byTokenHash(tokenHash: string): Device | undefined;
  get(deviceId: string): Device | undefined;
  /** Those of the devices that are paired, in any order. */
  many(deviceIds: readonly string[]): Device[];
  list(): Device[];
  revoke(deviceId: string, at: number): boolean;
  /** Whether the device was paired once and is not any more. */
  isRevoked(deviceId: string): boolean;
  seen(deviceId: string, at: number): void;
  /** Moves forward only; returns the cursor in force. */
  ack(deviceId: string, cursor: number): number;
  /** Instant of the last silent push to the device, which Apple allows few of. */
  syncedAt(deviceId: string): number | undefined;
  setSynced(deviceId: string, at: number): void;
  setPush(deviceId: string, push: PushTarget | null): void;
  setPreferences(deviceId: string, preferences: DevicePreferences): void;
  rename(deviceId: string, name: string): void;
  addPairingCode(codeHash: string, scope: Scope, expiresAt: number, by?: string): void;
  /** The device was paired with this code. */
  notePairing(deviceId: string, codeHash: string): void;
  /** The paired devices whose codes the device made. */
  pairedBy(deviceId: string): Device[];
  /** Codes that were not used are good no more. */
  forgetPairingCodes(): void;
  /** Compare-and-set: the scope for the one caller that uses the code in time. */
  usePairingCode(codeHash: string, at: number): Scope | undefined;
}

/** The outbox: deliveries of events to devices, and the attempts that were made. */
export interface OutboxStore {
  insert(delivery: Delivery): void;
  /** Pending deliveries that are due, oldest first; of each device at most so many. */
  due(at: number, limit: number, perDevice: number): Delivery[];
  /**
   * Deliveries of the device that are due before `untilAt` become due then. Those of events that the device holds already stay
   * as they are: they are settled, or held back by themselves, when they are taken.
   */
  hold(deviceId: string, untilAt: number): void;
  /** The earliest instant after `at` at which something falls due. */
  nextDueAfter(at: number): number | undefined;
  /**
   * Marks deliveries as being sent from now on: until `record` says what became of them, they may have been sent. Returns those
   * that were pending.
   */
  claim(deliveryIds: readonly string[], at: number): Delivery[];
  /** Pending deliveries that are marked: at the start, those that the last run had in hand when it died. */
  claimed(): Array<Delivery & { claimedAt: number }>;
  /** Books an attempt and the state after it; ends the claim. */
  record(
    deliveryId: string,
    attempt: DeliveryAttempt | undefined,
    next: { state: DeliveryState; nextAttemptAt: number | null },
  ): void;
  /** Makes a delivery pending and due at `at`, from any state; false when there is none. */
  reopen(deviceId: string, cursor: number, kind: DeliveryKind, at: number): boolean;
  /** Settles what the device holds up to the cursor. `heldBefore`: the cursor that it acked before, up to which all is settled. */
  ackUpTo(deviceId: string, heldBefore: number, cursor: number): void;
  get(deliveryId: string): Delivery | undefined;
  ofDevice(deviceId: string, limit: number): Array<Delivery & { attempts: DeliveryAttempt[] }>;
  /** Of all devices, the newest first. */
  newest(limit: number): Array<Delivery & { attempts: DeliveryAttempt[] }>;
  /** The device's badge: events that it was to be pushed, and that the owner has not read on any device. */
  unreadCount(deviceId: string): number;
  /** The badges of the devices. */
  unreadCounts(deviceIds: readonly string[]): Map<string, number>;
}

/** Repository of the tokens by which Live Activities are reached. A token given with a removal is the only one that is removed. */
export interface ActivityStore {
  putStart(start: PushToStart): void;
  removeStart(deviceId: string, token?: string): boolean;
  start(deviceId: string): PushToStart | undefined;
  starts(): PushToStart[];
  /** In place of the one that the device had for this turn. */
  put(activity: LiveActivity): void;
  get(deviceId: string, sessionId: string, turnId: string): LiveActivity | undefined;
  ofTurn(sessionId: string, turnId: string): LiveActivity[];
  remove(deviceId: string, sessionId: string, token?: string): boolean;
  removeAll(deviceId: string): void;
}
