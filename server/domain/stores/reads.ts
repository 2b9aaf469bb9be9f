import type { LoggedEvent } from "../delivery/event.ts";
import type { Failure } from "../errors.ts";

/** What a list of sessions shows of each without asking for its events. */
export interface ReadMarks {
  /** The owner has read the session's events up to this number, on any device. */
  readSeq: number;
  /** Events beyond it that call for the owner: replies, failures, permissions. */
  unread: number;
  /** The beginning of what Claude said last. */
  lastText?: string;
  /** Why the last turn failed, until another one is completed. */
  lastError?: Failure & { at: number };
}

/**
 * Repository of what the owner has read: what a device in the foreground, with the session on its screen, has acked; or what
 * a device said so of. All devices share it: it makes the badges.
 */
export interface ReadStore {
  marksOf(sessionIds: readonly string[]): Map<string, ReadMarks>;
  /** Inside a transaction: a push rings of an event that does not always call for the owner. Counts it once, unless it was read. */
  noteRung(event: LoggedEvent): void;
  /** Moves forward only. Returns the devices that were pushed about something that is read by it: their badges are out of date. */
  read(sessionId: string, throughSeq: number): string[];
  /** The same by cursor; `null`: events about no session. */
  readUpTo(sessionId: string | null, cursor: number): string[];
}
