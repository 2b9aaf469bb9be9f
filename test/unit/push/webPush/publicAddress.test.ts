import { describe, expect, test } from "@jest/globals";
import { isPublicAddress, lookupPublic } from "../../../../server/push/webPush/publicAddress.ts";

const inside = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:a00:1",
  "64:ff9b::10.0.0.1",
  "64:ff9b::",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "ff02::1",
  "2001:db8::1",
  "2001::1",
  "2002:7f00:1::",
  "not an address",
  "",
];
const outside = [
  "8.8.8.8",
  "172.32.0.1",
  "100.128.0.1",
  "17.57.146.1",
  "2607:f8b0:4005::200e",
  "2a00:1450::1",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
];

describe("D17 A08: addresses that a push may go to", () => {
  test.each(inside)("%s is no public address", (address) => expect(isPublicAddress(address)).toBe(false));
  test.each(outside)("%s is a public address", (address) => expect(isPublicAddress(address)).toBe(true));

  test("a name that leads to this computer is not connected to", async () => {
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => lookupPublic("localhost", { all }, resolve));
      expect(error).toMatchObject({ code: "ERR_PRIVATE_ADDRESS" });
    }
  });
});
