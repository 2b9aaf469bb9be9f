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
