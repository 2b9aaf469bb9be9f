import { describe, expect, test } from "@jest/globals";
import {
  type InterfaceAddress,
  isLoopbackUrl,
  phoneAddress,
} from "../../../../server/platform/network/addresses.ts";

const card = (name: string, address: string, internal = false): InterfaceAddress => ({
  name,
  address,
  family: address.includes(":") ? "IPv6" : "IPv4",
  internal,
});
const loopback = [card("lo", "127.0.0.1", true), card("lo", "::1", true)];
const found = (host: string, addresses: InterfaceAddress[], publicUrl?: string) =>
  phoneAddress({ host, port: 3000, isSecure: true, publicUrl, addresses: () => [...loopback, ...addresses] });

describe("START-3: the address that phones are told", () => {
  test("START-3: is the owner's own word where there is one, without the last slash", () => {
    expect(found("127.0.0.1", [], "https://daylong.example.org/")).toBe("https://daylong.example.org");
  });

  test.each([
    ["a home's network", "192.168.1.20", [card("eth0", "192.168.1.20")]],
    [
      "a home's before a container's",
      "192.168.1.20",
      [card("docker0", "172.17.0.1"), card("wlan0", "192.168.1.20")],
    ],
    [
      "a private one before a public one",
      "10.0.0.7",
      [card("eth0", "203.0.113.9"), card("eth1", "10.0.0.7")],
    ],
    ["a tailnet's where there is no other private one", "100.101.2.3", [card("tailscale0", "100.101.2.3")]],
    [
      "not one that a card gave itself",
      "192.168.7.7",
      [card("en1", "169.254.9.9"), card("en0", "192.168.7.7")],
    ],
    ["the other private ranges", "172.20.1.5", [card("eth0", "203.0.113.9"), card("en5", "172.20.1.5")]],
    [
      "a home's before a bridge's of virtual machines",
      "192.168.1.30",
      [card("br-4f1c", "172.18.0.1"), card("virbr0", "192.168.122.1"), card("enp3s0", "192.168.1.30")],
    ],
    ["a home's before a tailnet's", "10.1.1.2", [card("utun4", "100.64.0.9"), card("en0", "10.1.1.2")]],
    ["a public one where there is nothing else", "203.0.113.9", [card("eth0", "203.0.113.9")]],
    [
      "IPv6, in brackets, where there is nothing else",
      "[2001:db8::7]",
      [card("en0", "fe80::1"), card("en0", "2001:db8::7")],
    ],
  ])("START-3: of a server that is bound to every address: %s", (_case, address, addresses) => {
    expect(found("0.0.0.0", addresses)).toBe(`https://${address}:3000`);
    expect(found("::", addresses)).toBe(`https://${address}:3000`);
  });

  test("START-3: is the address that is bound, also the loopback's, which is known as such", () => {
    expect(found("192.168.1.20", [card("eth0", "10.0.0.7")])).toBe("https://192.168.1.20:3000");
    expect(found("127.0.0.1", [card("eth0", "10.0.0.7")])).toBe("https://127.0.0.1:3000");
    for (const url of ["http://127.0.0.1:3000/pair#code=A", "http://localhost:1", "https://[::1]:3000"])
      expect([url, isLoopbackUrl(url)]).toEqual([url, true]);
    for (const url of ["http://192.168.1.20:3000", "https://localhost.example.org"])
      expect([url, isLoopbackUrl(url)]).toEqual([url, false]);
  });
});
