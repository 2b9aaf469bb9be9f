import { beforeEach, describe, expect, jest, test } from "@jest/globals";

type Found = Array<{ address: string; family: number }>;
/** What the system's resolver finds; an error is what it fails with. */
let found: Found | Error;
let asked: unknown[];
jest.unstable_mockModule("node:dns", () => ({
  lookup: (hostname: string, options: object, told: (error: Error | null, found?: Found) => void) => {
    asked.push([hostname, options]);
    if (found instanceof Error) told(found);
    else told(null, found);
  },
}));
const { isPublicAddress, lookupPublic } = await import("../../../../server/push/webPush/publicAddress.ts");

const last6 = "ffff:ffff:ffff:ffff:ffff:ffff";
/** First and last address of each range of the registries, and the neighbours that are of the Internet. */
const ranges: ReadonlyArray<readonly [first: string, last: string, neighbours: readonly string[]]> = [
  ["0.0.0.0", "0.255.255.255", ["1.0.0.0"]],
  ["10.0.0.0", "10.255.255.255", ["9.255.255.255", "11.0.0.0"]],
  ["100.64.0.0", "100.127.255.255", ["100.63.255.255", "100.128.0.0"]],
  ["127.0.0.0", "127.255.255.255", ["126.255.255.255", "128.0.0.0"]],
  ["169.254.0.0", "169.254.255.255", ["169.253.255.255", "169.255.0.0"]],
  ["172.16.0.0", "172.31.255.255", ["172.15.255.255", "172.32.0.0"]],
  ["192.0.0.0", "192.0.0.255", ["191.255.255.255", "192.0.1.0"]],
  ["192.0.2.0", "192.0.2.255", ["192.0.1.255", "192.0.3.0"]],
  ["192.88.99.0", "192.88.99.255", ["192.88.98.255", "192.88.100.0"]],
  ["192.168.0.0", "192.168.255.255", ["192.167.255.255", "192.169.0.0"]],
  ["198.18.0.0", "198.19.255.255", ["198.17.255.255", "198.20.0.0"]],
  ["198.51.100.0", "198.51.100.255", ["198.51.99.255", "198.51.101.0"]],
  ["203.0.113.0", "203.0.113.255", ["203.0.112.255", "203.0.114.0"]],
  ["224.0.0.0", "239.255.255.255", ["223.255.255.255"]],
  ["240.0.0.0", "255.255.255.255", []],
  ["2001::", `2001:1ff:${last6}`, [`2000:ffff:${last6}`, "2001:200::"]],
  ["2001:db8::", `2001:db8:${last6}`, [`2001:db7:${last6}`, "2001:db9::"]],
  ["2002::", `2002:ffff:${last6}`, [`2001:ffff:${last6}`, "2003::"]],
  ["3fff::", `3fff:fff:${last6}`, [`3ffe:ffff:${last6}`, "3fff:1000::"]],
  ["::", `1fff:ffff:${last6}`, ["2000::"]],
  ["4000::", `ffff:ffff:${last6}`, [`3fff:ffff:${last6}`]],
];

describe("D17 A08: the ranges that no push may go to", () => {
  test.each(ranges)("from %s to %s and not beyond", (first, last, neighbours) => {
    expect([isPublicAddress(first), isPublicAddress(last)]).toEqual([false, false]);
    for (const neighbour of neighbours)
      expect([neighbour, isPublicAddress(neighbour)]).toEqual([neighbour, true]);
  });

  test.each(ranges.filter(([first]) => first.includes(".")))(
    "from %s to %s also as IPv6 addresses",
    (first, last, neighbours) => {
      for (const prefix of ["::ffff:", "64:ff9b::"]) {
        expect([first, last].map((address) => isPublicAddress(prefix + address))).toEqual([false, false]);
        for (const neighbour of neighbours) expect(isPublicAddress(prefix + neighbour)).toBe(true);
      }
    },
  );

  test("an IPv4 address behind another prefix is none", () => {
    for (const address of ["::fffe:808:808", "::1:ffff:808:808", "64:ff9b::1:808:808", "64:ff9a::808:808"])
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });
});

describe("D17 A08: the addresses of a name", () => {
  beforeEach(() => {
    asked = [];
  });
  const look = (options: object) =>
    new Promise<unknown[]>((resolve) =>
      lookupPublic("push.example", options as never, (...told) => resolve(told)),
    );
  const [here, ours] = [
    { address: "127.0.0.1", family: 4 },
    { address: "fd00::1", family: 6 },
  ];
  const [first, second] = [
    { address: "2607:f8b0:4005::200e", family: 6 },
    { address: "8.8.8.8", family: 4 },
  ];

  test("are looked up all, and those that are public are given, or the first of them", async () => {
    found = [here, first, ours, second];
    expect(await look({ all: true, family: 0 })).toEqual([null, [first, second]]);
    expect(await look({ family: 0 })).toEqual([null, first.address, 6]);
    expect(asked).toEqual([
      ["push.example", { all: true, family: 0 }],
      ["push.example", { all: true, family: 0 }],
    ]);
  });

  test("are none when none is public, and what the system fails with is told", async () => {
    found = [here, ours];
    expect((await look({ all: true }))[0]).toMatchObject({
      name: "PrivateAddressError",
      code: "ERR_PRIVATE_ADDRESS",
    });
    found = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    expect((await look({ all: false }))[0]).toBe(found);
  });
});
