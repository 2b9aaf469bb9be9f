import { type BackOff, backOffMs } from "./circuitBreaker.ts";

/**
 * What a session's process did lately.
 *
 *   (none) -> backing off: 1 to 4 failures in a row, each with a pause -> quarantined: the next try after a longer pause
 *   A turn that is answered forgets it all.
 */
export interface StartFailures {
  failures: number;
  /** Before this instant no process of the session is started. */
  retryAt: number;
  quarantined: boolean;
}

/** So many failures in a row are no accident. */
export const quarantineAfter = 5;
const startBackOff: BackOff = { firstMs: 1_000, mostMs: 60_000 };
/**
 * The quarantine begins where the pauses of the starts end, and is never longer than an hour, so that a mended fault is
 * found out the same morning.
 */
const quarantineBackOff: BackOff = { firstMs: 60_000, mostMs: 3_600_000 };

/**
 * The record after a process did not come up (`start`) or ended by itself in a turn (`crash`). A single crash is mended
 * by the next start, which it does not delay.
 */
export function afterFailure(
  record: StartFailures | undefined,
  kind: "start" | "crash",
  now: number,
): StartFailures {
  const failures = (record?.failures ?? 0) + 1;
  if (failures >= quarantineAfter) {
    const pauseMs = backOffMs(quarantineBackOff, failures - quarantineAfter + 1);
    return { failures, retryAt: now + pauseMs, quarantined: true };
  }
  const pauses = kind === "crash" ? failures - 1 : failures;
  return {
    failures,
    retryAt: pauses === 0 ? now : now + backOffMs(startBackOff, pauses),
    quarantined: false,
  };
}

/** What it means for a start when the system is out of something; `undefined` for every other code. */
export function exhaustionFault(code: string | undefined): string | undefined {
  switch (code) {
    case "EMFILE":
    case "ENFILE":
      return `Too many files are open to start the Claude CLI; raise the limit (ulimit -n) and restart. (${code})`;
    case "EAGAIN":
    case "ENOMEM":
      return `The computer has no room for another process of the Claude CLI now. (${code})`;
    default:
      return undefined;
  }
}
