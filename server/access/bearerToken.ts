import type { Clock } from "../domain/ports.ts";
import { AttemptWindow } from "./attemptWindow.ts";

/**
 * The token of an Authorization header of the scheme Bearer (RFC 6750, 2.1: one or more spaces, then a `b64token`). Empty when
 * the scheme is Bearer and what follows is no token, so that it is refused as a wrong one; `undefined` for any other header.
 * HTTP requests and socket upgrades are read by this grammar. A token in the address is never looked at: it would end up in
 * histories, in the logs of proxies and in referrers.
 */
export function bearerToken(header: string | undefined): string | undefined {
  const credentials = /^Bearer(?: +(.*))?$/i.exec(header ?? "");
  if (credentials === null) return undefined;
  return /^([A-Za-z0-9._~+/-]+=*) *$/.exec(credentials[1] ?? "")?.[1] ?? "";
}

/** Requests and hellos without a valid token that an address may send in a minute. */
const failuresPerMinute = 60;

/** The window of failed authentications by caller's address, shared by HTTP and the socket. */
export const openTokenFailures = (clock: Clock): AttemptWindow =>
  new AttemptWindow({ clock, windowMs: 60_000, limit: failuresPerMinute });
