import { cutJson, jsonBytes } from "../cutJson.ts";
import type { LoggedEvent } from "./event.ts";

/**
 * Most bytes of UTF-8 in a frame of the server: the sockets of phones (URLSession, OkHttp) take messages of 1 MiB unless
 * their program says otherwise, and close at a longer one; a client that comes back would be sent it again, for ever.
 */
export const maxServerFrameBytes = 1_048_576;

/** Bytes that `"truncated":true,` and an empty value take, with a margin. */
const markBytes = 32;

/** A UTF-16 unit takes at most so many bytes. */
const mostBytesOfUnit = 3;

/** A field of so many bytes, or fewer, is kept whole as long as there is room: ids, names, instants, figures. */
const shortBytes = 1_024;

/**
 * The text of a frame of the server. What would be too long is cut at a code point, and `truncated` says so beside it: in the
 * event, else in the frame. The whole is there over HTTP. What a client needs to go on (its type, `ref`, cursor, ids) is
 * never cut, however long, or however many, the other values are.
 */
export function frameText(frame: object): string {
  const text = JSON.stringify(frame);
  if (fits(text)) return text;
  const { event, ...envelope } = frame as { event?: unknown };
  if (typeof event !== "object" || event === null)
    return JSON.stringify({ ...cutFields(frame, 0), truncated: true });
  const { data, ...row } = event as { data?: object };
  const around = { ...envelope, event: { ...row, truncated: true, data: {} } };
  const cut = cutFields(data ?? {}, jsonBytes(around));
  return JSON.stringify({ ...around, event: { ...around.event, data: cut } });
}

/** The object with its long fields cut, so that with `aroundBytes` beside it the bound is kept. */
function cutFields(object: object, aroundBytes: number): Record<string, unknown> {
  const room = maxServerFrameBytes - aroundBytes - markBytes;
  const kept: Record<string, unknown> = {};
  const long: Record<string, unknown> = {};
  let usedBytes = 0;
  for (const [name, value] of Object.entries(object)) {
    const bytes = value === undefined ? 0 : jsonBytes({ [name]: value });
    const isShort = bytes <= shortBytes && usedBytes + bytes <= room / 2;
    if (isShort) usedBytes += bytes;
    (isShort ? kept : long)[name] = value;
  }
  // In the order of the original, as far as that is still there.
  const { value } = cutJson(long, room - usedBytes);
  const all = { ...kept, ...value };
  const inOrder = Object.keys(object).flatMap((name) => (name in all ? [[name, all[name]] as const] : []));
  return Object.fromEntries(inOrder);
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
