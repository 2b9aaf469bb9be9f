import { expect, test } from "@jest/globals";
import { callerAddress } from "../../../server/access/callerAddress.ts";

const keyOf = (remoteAddress: string | undefined) => callerAddress({ remoteAddress });

test("A04: an IPv4 address is one key in its own form and in both mapped ones", () => {
  expect(keyOf("192.0.2.7")).toBe("192.0.2.7");
  expect(keyOf("::ffff:192.0.2.7")).toBe("192.0.2.7");
  expect(keyOf("::ffff:c000:207")).toBe("192.0.2.7");
  expect(keyOf("0:0:0:0:0:ffff:192.0.2.7")).toBe("192.0.2.7");
});

test("A04: all addresses of an IPv6 /64 are one key, and the next /64 is another", () => {
  const key = keyOf("2001:db8:1:2:3:4:5:6");
  expect(key).toBe("2001:db8:1:2::/64");
  for (const same of [
    "2001:db8:1:2::",
    "2001:DB8:1:2::ffff",
    "2001:0db8:0001:0002::1",
    "2001:db8:1:2::1.2.3.4",
  ]) {
    expect([same, keyOf(same)]).toEqual([same, key]);
  }
  expect(keyOf("2001:db8:1:3::6")).not.toBe(key);
});

test("A04: short forms and zones of IPv6 addresses are understood", () => {
  expect(keyOf("::1")).toBe("0:0:0:0::/64");
  expect(keyOf("2001:db8::5")).toBe("2001:db8:0:0::/64");
  expect(keyOf("64:ff9b::192.0.2.7")).toBe("64:ff9b:0:0::/64");
  expect(keyOf("fe80::1%eth0")).toBe(keyOf("fe80::2%wlan0"));
  // Not mapped: the sixth group is another one.
  expect(keyOf("::fffe:192.0.2.7")).toBe("0:0:0:0::/64");
});

test("A04: a connection that has no address any more counts under one key", () => {
  expect([keyOf(undefined), keyOf("")]).toEqual(["unknown", "unknown"]);
});
