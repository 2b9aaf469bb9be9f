import { randomUUID } from "node:crypto";

/**
 * Makes the id of a delivery: a UUID of version 7 (RFC 9562, 5.7), which begins with the instant in milliseconds. Rows that are
 * written together then lie together in the indexes by id: with random ids each push of a burst changed pages of its own.
 */
export function newDeliveryId(at: number): string {
  const instant = Math.max(0, Math.trunc(at)).toString(16).padStart(12, "0");
  return `${instant.slice(0, 8)}-${instant.slice(8, 12)}-7${randomUUID().slice(15)}`;
}
