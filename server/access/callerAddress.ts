import { isIPv4, isIPv6 } from "node:net";

/**
 * The address of a connection as a key for counting attempts. An IPv6 address counts by its /64, which belongs to one
 * customer as a whole (RFC 6177); an IPv4 address counts alike in its own form and mapped into IPv6 (RFC 4291, 2.5.5.2).
 */
export function callerAddress({ remoteAddress }: { remoteAddress?: string | undefined }): string {
  // A zone names an interface of this computer, not the caller.
  const address = (remoteAddress ?? "").replace(/%.*/, "");
  if (!isIPv6(address)) return address === "" ? "unknown" : address;
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return bytesOf(groups.slice(6)).join(".");
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const before = parsedGroups(head);
  if (tail === undefined) return before;
  const after = parsedGroups(tail);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after];
}

/** Groups between colons; a dotted quad at the end is two groups. */
const parsedGroups = (text: string): number[] =>
  text
    .split(":")
    .filter((part) => part !== "")
    .flatMap((part) => {
      if (!isIPv4(part)) return [Number.parseInt(part, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
      return [a * 256 + b, c * 256 + d];
    });

const bytesOf = (groups: number[]): number[] => groups.flatMap((group) => [group >> 8, group & 0xff]);
