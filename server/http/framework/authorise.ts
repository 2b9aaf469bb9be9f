import type { Request } from "express";
import type { AttemptWindow } from "../../access/attemptWindow.ts";
import { bearerToken } from "../../access/bearerToken.ts";
import type { Devices } from "../../access/devices.ts";
import { type Caller, scopeAllows } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { RouteScope } from "./route.ts";

/**
 * Authenticates a request by its Authorization header, and authorises it for the route's scope. Throws
 * `unauthenticated`, `rate_limited` (too many of these from the address) or `scope_forbidden`.
 */
export function authorise(
  request: Request,
  scope: RouteScope,
  parts: { access: Devices; tokenFailures: AttemptWindow; address: string },
): Caller | undefined {
  const token = bearerToken(request.headers.authorization);
  if (scope === "open") return callerIfKnown(parts.access, token);
  const caller = token === undefined ? undefined : parts.access.authenticate(token);
  if (caller === undefined) {
    // A valid token is never held up by the failures of others behind the same address.
    parts.tokenFailures.take(parts.address, "requests without a valid token from this address");
    throw unauthenticated();
  }
  if (!scopeAllows(caller.scope, scope)) {
    throw new DaylongError(
      "scope_forbidden",
      `This needs the scope ${scope}; the token has ${caller.scope}.`,
    );
  }
  return caller;
}

/** On an open route a database that cannot be read is no refusal: `/health` answers, and reports it. */
function callerIfKnown(access: Devices, token: string | undefined): Caller | undefined {
  try {
    return token === undefined ? undefined : access.authenticate(token);
  } catch (error) {
    if (error instanceof DaylongError && error.code === "storage_failed") return undefined;
    throw error;
  }
}

const unauthenticated = (): DaylongError =>
  new DaylongError(
    "unauthenticated",
    "Send a device's token as Authorization: Bearer TOKEN. A device gets its token by pairing.",
  );

/**
 * Refuses a device that was revoked since its token was checked (`unauthenticated`): after everything that a request waits
 * for, before it changes something and before it is answered.
 */
export function refuseUnpaired(access: Pick<Devices, "isPaired">, caller: Caller | undefined): void {
  if (caller !== undefined && !access.isPaired(caller.deviceId)) throw unauthenticated();
}

/**
 * Runs a wait on behalf of a device and ends it when the device is revoked or when `gone` aborts. Throws
 * `unauthenticated` after a revocation, because a revoked device may not see the result.
 */
export async function waitWhilePaired<T>(
  parts: { access: Devices; caller: Caller; gone: AbortSignal },
  wait: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const { access, caller, gone } = parts;
  refuseUnpaired(access, caller);
  const over = new AbortController();
  const end = () => over.abort();
  const unsubscribe = access.onRevoked((deviceId) => deviceId === caller.deviceId && end());
  gone.addEventListener("abort", end);
  if (gone.aborted) end();
  try {
    const found = await wait(over.signal);
    refuseUnpaired(access, caller);
    return found;
  } finally {
    unsubscribe();
    gone.removeEventListener("abort", end);
    // One part of the work may have thrown while others run on: their results are not needed any more.
    end();
  }
}

/** The device that a path names: `me` is the caller, and only admin may name others. Throws `scope_forbidden`. */
export function ownDeviceId(idOrMe: string, caller: Caller): string {
  const deviceId = idOrMe === "me" ? caller.deviceId : idOrMe;
  if (deviceId !== caller.deviceId && caller.scope !== "admin") {
    throw new DaylongError(
      "scope_forbidden",
      "Other devices can be seen and changed with the scope admin only.",
    );
  }
  return deviceId;
}
