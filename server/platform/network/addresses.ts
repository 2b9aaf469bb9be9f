import { networkInterfaces } from "node:os";
import { isLoopback, urlHost } from "../listener.ts";

/** An address of this computer, with the interface that has it. */
export interface InterfaceAddress {
  name: string;
  address: string;
  family: "IPv4" | "IPv6";
  internal: boolean;
}

export interface PhoneAddressParts {
  /** What the server binds to. */
  host: string;
  port: number | undefined;
  isSecure: boolean;
  /** The address that its owner says phones use (`PUBLIC_URL`). */
  publicUrl: string | undefined;
  /** The machine's by default. */
  addresses?: () => InterfaceAddress[];
}

/** Networks of containers, virtual machines and the like, which no phone is in. */
const virtualNames =
  /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|flannel|podman|awdl|llw|bridge|utun|tun|zt)/i;
const privateRanges = /^(192\.168\.|10\.|172\.(1[6-9]|2\d|3[01])\.)/;
/** Of Tailscale and carriers (RFC 6598): reached by phones in the same tailnet. */
const sharedRange = /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

/**
 * The address under which a phone finds the server: the owner's word, the address that is bound, or for a server that is bound
 * to all of them the one of the local network. A server on the loopback alone is found by nothing but this computer.
 */
export function phoneAddress(parts: PhoneAddressParts): string {
  const { host, port, isSecure, publicUrl, addresses = machineAddresses } = parts;
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, "");
  const isWildcard = host === "0.0.0.0" || host === "::";
  const name = (isWildcard ? localAddress(addresses()) : undefined) ?? host;
  return `${isSecure ? "https" : "http"}://${urlHost(name)}:${port}`;
}

/** Whether only this computer reaches an address. */
export const isLoopbackUrl = (url: string): boolean =>
  isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""));

/** The address of the local network; of several the likeliest to be a home's or an office's. */
function localAddress(addresses: readonly InterfaceAddress[]): string | undefined {
  const outer = addresses.filter(
    ({ internal, address }) => !internal && !/^fe80:|^169\.254\./i.test(address),
  );
  const rank = ({ name, address, family }: InterfaceAddress): number => {
    const ofNetwork = privateRanges.test(address)
      ? 0
      : sharedRange.test(address)
        ? 1
        : family === "IPv4"
          ? 2
          : 3;
    return ofNetwork + (virtualNames.test(name) && !sharedRange.test(address) ? 10 : 0);
  };
  return [...outer].sort((a, b) => rank(a) - rank(b))[0]?.address;
}

const machineAddresses = (): InterfaceAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.map(({ address, family, internal }) => ({ name, address, family, internal })),
  );
