import type { Clock } from "../domain/ports.ts";
import { AttemptWindow } from "./attemptWindow.ts";

/**
 * The token of an Authorization header of the scheme Bearer (RFC 6750, 2.1: one or more spaces, then a `b64token`), and
 * `undefined` for any other header. HTTP requests and socket upgrades are read by this grammar. A token in the address is
 * never looked at: it would end up in histories, in the logs of proxies and in referrers.
 */
export const bearerToken = (header: string | undefined): string | undefined =>
  /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header ?? "")?.[1];

/** Requests and hellos without a valid token that an address may send in a minute. */
const failuresPerMinute = 60;

/** The window of failed authentications by caller's address, shared by HTTP and the socket. */
export const openTokenFailures = (clock: Clock): AttemptWindow =>
  new AttemptWindow({ clock, windowMs: 60_000, limit: failuresPerMinute });
