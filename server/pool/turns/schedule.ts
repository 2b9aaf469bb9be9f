import { DaylongError } from "../../domain/errors.ts";
import type { Store } from "../../domain/ports.ts";

/** Farthest instant of a `sendAt`, from now on: nobody plans further, and a slip in the unit is a thousand years away. */
export const maxAheadMs = 366 * 24 * 3_600_000;
/** Messages that one device may have waiting for their instant: all of them may become due together. */
export const maxScheduledTurns = 50;
/** When the next try of a device makes sense that has scheduled too many. */
const retryAfterMs = 60_000;

/**
 * Inside a transaction: throws what a message for a later instant may be refused with, `invalid_request` and `pool_full`.
 * It takes no waiting place before that instant, so it has a bound of its own.
 */
export function refuseSchedule(
  { turns }: Pick<Store, "turns">,
  deviceId: string,
  sendAt: number,
  nowAt: number,
): void {
  if (sendAt - nowAt > maxAheadMs) {
    const latest = new Date(nowAt + maxAheadMs).toISOString();
    throw new DaylongError(
      "invalid_request",
      `sendAt is too late: a message can be scheduled until ${latest}. It is in milliseconds since 1970.`,
    );
  }
  const scheduled = turns.scheduledCountOf(deviceId, nowAt);
  if (scheduled >= maxScheduledTurns) {
    throw new DaylongError("pool_full", `This device has ${scheduled} messages scheduled already.`, {
      retryAfterMs,
    });
  }
}
