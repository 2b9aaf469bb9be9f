import type { IncomingMessage } from "node:http";

/** Below the 60 s after which nginx and many a load balancer give up an answer that has not begun. */
const forwardedWaitSeconds = 50;

/** Headers by which a proxy says that it stands in front (RFC 7239; RFC 9110, 7.6.3; the others by custom). */
const proxyHeaders = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

/**
 * Whether a request came through a proxy, by its headers or by its version: nginx speaks HTTP/1.0 to its upstream unless it is told
 * not to, and clients of our own do not.
 */
export const isForwarded = ({
  headers,
  httpVersion,
}: Pick<IncomingMessage, "headers" | "httpVersion">): boolean =>
  httpVersion === "1.0" || proxyHeaders.some((name) => headers[name] !== undefined);

/** The longest wait of a request: a forwarded one has to be answered before the proxy gives it up. */
export const longestWaitSeconds = (isForwarded: boolean, mostSeconds: number): number =>
  isForwarded ? Math.min(forwardedWaitSeconds, mostSeconds) : mostSeconds;

/**
 * The seconds a client would wait for, from a Prefer header (RFC 7240, 4.3), cut to `mostSeconds`. `undefined` when it
 * would not wait; a preference that cannot be read is no error, by the RFC.
 */
export function preferredWaitSeconds(header: string | undefined, mostSeconds: number): number | undefined {
  for (const preference of (header ?? "").split(",")) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference);
    if (match !== null) return Math.min(Number(match[1]), mostSeconds);
  }
  return undefined;
}

/** Whether the client would also wait for the tasks that its turn begins: the preference `tasks`, of our own. */
export const prefersTasks = (header: string | undefined): boolean =>
  (header ?? "").split(",").some((preference) => /^\s*tasks\s*(?:;.*)?$/i.test(preference));
