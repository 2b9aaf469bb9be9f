/**
 * A lease is a numbered term of a session. Pure arithmetic: the store keeps the terms, and `pool/sessions/leaseTimer`
 * arms the timer for the next deadline.
 *
 *   open --(warnAt)--> warned --(finalWarnAt)--> final --(expiresAt)--> expired
 *     ^------ activity: same term, all instants move ------|
 *   A renewal of a warned term, and every keep-alive, opens the next term, so that it can warn again.
 */
export interface Lease {
  term: number;
  startedAt: number;
  warnAt: number;
  /** Absent: the final warning is off, or would come before the first one. */
  finalWarnAt?: number;
  expiresAt: number;
  warnedAt?: number;
  finalWarnedAt?: number;
  endedAt?: number;
}

export interface LeaseLimits {
  /** Length of a term (`SESSION_TIMEOUT_HOURS`). */
  sessionTimeoutMs: number;
  /** Inactivity after which the owner is warned (`SESSION_WARNING_HOURS`). */
  sessionWarningMs: number;
  /** Time before the end of the last warning (`SESSION_FINAL_WARNING_MINUTES`); 0 = off. */
  sessionFinalWarningMs: number;
}

export function openLease(term: number, nowAt: number, limits: LeaseLimits): Lease {
  // Fractions of hours are allowed; instants are whole milliseconds.
  const expiresAt = Math.round(nowAt + limits.sessionTimeoutMs);
  const warnAt = Math.round(nowAt + Math.min(limits.sessionWarningMs, limits.sessionTimeoutMs));
  const finalWarnAt = Math.round(expiresAt - limits.sessionFinalWarningMs);
  return {
    term,
    startedAt: nowAt,
    warnAt,
    finalWarnAt: limits.sessionFinalWarningMs > 0 && finalWarnAt > warnAt ? finalWarnAt : undefined,
    expiresAt,
  };
}

/** The lease after a sign of activity: the same term moved on, or the next one if this one has warned. */
export function renewLease(lease: Lease, nowAt: number, limits: LeaseLimits): Lease {
  const warned = lease.warnedAt !== undefined || lease.finalWarnedAt !== undefined;
  const spent = warned || lease.endedAt !== undefined || nowAt >= lease.expiresAt;
  return openLease(spent ? lease.term + 1 : lease.term, nowAt, limits);
}

export type LeaseDuty = "warn" | "warn-final" | "expire";

/** The duty of a lease that is due now, the latest only: after a long sleep a lease that is over is not warned of. */
export function leaseDuty(lease: Lease, nowAt: number): LeaseDuty | undefined {
  if (lease.endedAt !== undefined) return undefined;
  if (nowAt >= lease.expiresAt) return "expire";
  if (lease.finalWarnAt !== undefined && lease.finalWarnedAt === undefined && nowAt >= lease.finalWarnAt) {
    return "warn-final";
  }
  // After the final warning the first one is needless.
  const warned = lease.warnedAt !== undefined || lease.finalWarnedAt !== undefined;
  if (!warned && nowAt >= lease.warnAt) return "warn";
  return undefined;
}

/** The next instant at which something is due, or `undefined` for an ended lease. */
export function nextDeadline(lease: Lease): number | undefined {
  if (lease.endedAt !== undefined) return undefined;
  const due = [lease.expiresAt];
  if (lease.warnedAt === undefined && lease.finalWarnedAt === undefined) due.push(lease.warnAt);
  if (lease.finalWarnAt !== undefined && lease.finalWarnedAt === undefined) due.push(lease.finalWarnAt);
  return Math.min(...due);
}
