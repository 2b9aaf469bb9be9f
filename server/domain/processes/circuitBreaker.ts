/**
 * A circuit breaker for a trouble that all sessions share. Pure: the pool says what happened and when.
 *
 *   closed -> open (nothing begins) -> half-open (from `retryAt`: one at a time) -> closed | open, for longer
 *   `undefined` is closed; half-open is an open circuit whose `retryAt` has come.
 */
export interface OpenCircuit {
  /** The instant of the incident's first failure. */
  openedAt: number;
  /** Failures in a row. What the crowd says that was under way before `retryAt` is one and the same failure. */
  failures: number;
  /** The instant of the next try. */
  retryAt: number;
}
export type Circuit = OpenCircuit | undefined;

export interface BackOff {
  firstMs: number;
  mostMs: number;
}

/** Pause after the failure with this number, from 1: doubled each time, up to the most. */
export const backOffMs = ({ firstMs, mostMs }: BackOff, failures: number): number =>
  Math.min(firstMs * 2 ** Math.min(Math.max(0, failures - 1), 30), mostMs);

/** The circuit after a failure; `resetsAt` is the instant from which the other side says it will answer again. */
export function failed(circuit: Circuit, now: number, backOff: BackOff, resetsAt?: number): OpenCircuit {
  const isKnown = resetsAt !== undefined && resetsAt > now;
  if (circuit !== undefined && now < circuit.retryAt) {
    return isKnown && resetsAt > circuit.retryAt ? { ...circuit, retryAt: resetsAt } : circuit;
  }
  const failures = (circuit?.failures ?? 0) + 1;
  const retryAt = isKnown ? resetsAt : now + backOffMs(backOff, failures);
  return { openedAt: circuit?.openedAt ?? now, failures, retryAt };
}
