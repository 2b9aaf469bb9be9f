import { lookup as lookupAny } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Not of the Internet at large: IANA's IPv4 special-purpose registry (RFC 6890) and multicast. */
const ipv4Special: ReadonlyArray<[address: string, prefix: number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
/** Inside 2000::/3, and yet of no public network: IETF protocols (Teredo among them), documentation, 6to4. */
const ipv6Special: ReadonlyArray<[address: string, prefix: number]> = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const special = new BlockList();
for (const [address, prefix] of ipv4Special) special.addSubnet(address, prefix, "ipv4");
for (const [address, prefix] of ipv6Special) special.addSubnet(address, prefix, "ipv6");
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");
/** An IPv4 address written as an IPv6 one: mapped (RFC 4291), or translated on the way (RFC 6052). */
const embedding = new BlockList();
embedding.addSubnet("::ffff:0:0", 96, "ipv6");
embedding.addSubnet("64:ff9b::", 96, "ipv6");

/** Whether an IP address is one of the public Internet: not this computer, not its network, not a made-up range. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, "ipv4");
    case 6:
      // With a zone it is of a link of ours.
      if (address.includes("%")) return false;
      if (embedding.check(address, "ipv6")) return isPublicAddress(embeddedIpv4(address));
      return globalUnicast.check(address, "ipv6") && !special.check(address, "ipv6");
    default:
      return false;
  }
}

/** The last 32 bits of an IPv6 address, as an IPv4 one. */
function embeddedIpv4(address: string): string {
  // The URL parser writes every form of an address in one way, the last two groups always there.
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(":");
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || "0", 16));
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

export class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";
  readonly code = "ERR_PRIVATE_ADDRESS";
}

/**
 * A resolver for connections that must leave this network: gives public addresses only. The check is on the very
 * answer that is connected to, so that a name which changes its mind (DNS rebinding) gains nothing.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookupAny(hostname, { ...options, all: true }, (error, found) => {
    if (error) {
      callback(error, "");
      return;
    }
    const [first, ...others] = found.filter(({ address }) => isPublicAddress(address));
    if (first === undefined) callback(new PrivateAddressError("The name leads to no public address."), "");
    else if (options.all) callback(null, [first, ...others]);
    else callback(null, first.address, first.family);
  });
};
