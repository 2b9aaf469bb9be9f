import { cutJson } from "../cutJson.ts";
import type { LoggedEvent } from "./event.ts";

/**
 * Most bytes of UTF-8 in a frame of the server: the sockets of phones (URLSession, OkHttp) take messages of 1 MiB unless
 * their program says otherwise, and close at a longer one; a client that comes back would be sent it again, for ever.
 */
export const maxServerFrameBytes = 1_048_576;

/** Bytes that `"truncated":true,` takes, with a margin. */
const markBytes = 32;

/** A UTF-16 unit takes at most so many bytes. */
const mostBytesOfUnit = 3;

/**
 * The text of a frame of the server. What would be too long is cut at a code point, and `truncated` says so beside it: in the
 * event, else in the frame. The whole is there over HTTP.
 */
export function frameText(frame: object): string {
  const text = JSON.stringify(frame);
  if (fits(text)) return text;
  const { value } = cutJson(frame as Record<string, unknown>, maxServerFrameBytes - markBytes);
  const { event } = value;
  if (typeof event !== "object" || event === null) return JSON.stringify({ ...value, truncated: true });
  return JSON.stringify({ ...value, event: { ...event, truncated: true } });
}

/**
 * The text of the frame of an event whose data is JSON already, as it is kept: the same as `frameText` of the event, without
 * reading the data.
 */
export function eventFrameText(head: Omit<LoggedEvent, "data">, data: string): string {
  const text = JSON.stringify({ type: "event", event: head });
  // Two brackets end it: the event's, before which the data belongs as its last member, and the frame's.
  const whole = `${text.slice(0, -2)},"data":${data}}}`;
  if (fits(whole)) return whole;
  return frameText({ type: "event", event: { ...head, data: JSON.parse(data) } });
}

const fits = (text: string): boolean =>
  text.length * mostBytesOfUnit <= maxServerFrameBytes || Buffer.byteLength(text) <= maxServerFrameBytes;
