import type { LiveFeed } from "../ports.ts";
import type { LoggedEvent } from "./event.ts";

/** The first frame: where the device stands. `cursor` is the tip of the log. */
export interface WelcomeFrame {
  type: "welcome";
  ref?: string;
  deviceId: string;
  epoch: string;
  cursor: number;
  /** False: events may be missing; the client starts over from `GET /api/sessions`. */
  recovered: boolean;
}

/** A row of the log, missed or live; only committed ones are sent. */
export interface EventFrame {
  type: "event";
  event: LoggedEvent;
}

/**
 * A piece of the text being written. `offset` counts UTF-16 units into it, as `string.length` does in Swift's and JS's
 * interop.
 */
export interface DeltaFrame {
  type: "delta";
  sessionId: string;
  turnId: string;
  offset: number;
  text: string;
}

/** The activity of Claude in a running turn. */
export type ActivityFrame = { type: "activity"; sessionId: string; turnId: string } & Parameters<
  LiveFeed["activity"]
>[2];
