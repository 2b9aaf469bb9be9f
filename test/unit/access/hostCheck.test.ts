import { networkInterfaces } from "node:os";
import { describe, expect, test } from "@jest/globals";
import { HostCheck, type HostCheckParts } from "../../../server/access/hostCheck.ts";

const namesOf = (parts: Partial<HostCheckParts> = {}): HostCheck =>
  new HostCheck({
    bindHost: "127.0.0.1",
    port: () => 3000,
    hostname: "Studio.local",
    publicNames: [],
    ...parts,
  });

describe("A04: the Host header", () => {
  test("A04: loopback names and the machine's own are known with the bound port", () => {
    const names = namesOf();
    for (const host of [
      "localhost:3000",
      "LOCALHOST:3000",
      "127.0.0.1:3000",
      "[::1]:3000",
      "studio:3000",
      "studio.local:3000",
      "localhost.:3000",
    ]) {
      expect([host, names.knowsHost(host)]).toEqual([host, true]);
    }
  });

  test("A04: other names, other ports and anything that is no authority are foreign", () => {
    const names = namesOf();
    for (const host of [
      undefined,
      "",
      "evil.example",
      "evil.example:3000",
      "localhost",
      "localhost:3001",
      "localhost.evil.example:3000",
      "evil-localhost:3000",
      "user@localhost:3000",
      "localhost:3000/path",
      "localhost:3000, evil.example",
      "127.0.0.1:3000:3000",
      "127.0.0.2:3000",
      "10.0.0.5:3000",
    ]) {
      expect([host, names.knowsHost(host)]).toEqual([host, false]);
    }
  });

  test("A04: a port left out stands for the scheme's own", () => {
    expect(namesOf({ port: () => 80 }).knowsHost("localhost")).toBe(true);
    expect(namesOf({ port: () => 443 }).knowsHost("localhost")).toBe(true);
  });

  test("A04: nothing but public names is known before the server listens", () => {
    const names = namesOf({ port: () => undefined, publicNames: ["day.example"] });
    expect(names.knowsHost("localhost:3000")).toBe(false);
    expect(names.knowsHost("day.example")).toBe(true);
  });

  test("A04: an address the server is bound to is known", () => {
    expect(namesOf({ bindHost: "192.168.1.5" }).knowsHost("192.168.1.5:3000")).toBe(true);
    expect(namesOf({ bindHost: "fe80::1" }).knowsHost("[fe80::1]:3000")).toBe(true);
  });

  test("A04: bound to all addresses, those of the machine are known and no others", () => {
    const addresses = () => ["192.168.1.5", "fe80::1%en0"];
    for (const bindHost of ["0.0.0.0", "::"]) {
      const names = namesOf({ bindHost, addresses });
      expect(names.knowsHost("192.168.1.5:3000")).toBe(true);
      expect(names.knowsHost("[FE80::1]:3000")).toBe(true);
      expect(names.knowsHost("192.168.1.6:3000")).toBe(false);
      expect(names.knowsHost("0.0.0.0:3000")).toBe(false);
    }
  });

  test("A04: bound to all addresses without a list of them, those that the system has are known", () => {
    const names = namesOf({ bindHost: "", hostname: "" });
    expect(names.knowsHost("127.0.0.1:3000")).toBe(true);
    for (const entry of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
      if (entry.family === "IPv4") expect(names.knowsHost(`${entry.address}:3000`)).toBe(true);
    expect([names.knowsHost(".local:3000"), names.knowsHost("203.0.113.9:3000")]).toEqual([false, false]);
  });

  test("A04: a configured name that is no authority is passed over", () => {
    const names = namesOf({ publicNames: ["https://day.example/", "", "other.example"] });
    expect(names.knowsHost("other.example")).toBe(true);
    expect(names.knowsHost("day.example")).toBe(false);
  });

  test("A04: a public name counts with any port, or with its own when it has one", () => {
    const names = namesOf({ publicNames: ["Day.example", "other.example:8443"] });
    expect(names.knowsHost("day.example")).toBe(true);
    expect(names.knowsHost("day.example:8080")).toBe(true);
    expect(names.knowsHost("other.example:8443")).toBe(true);
    expect(names.knowsHost("other.example")).toBe(false);
    expect(names.knowsHost("sub.day.example")).toBe(false);
  });
});

describe("A04: the Origin header", () => {
  test("A04: no origin, and pages of the server's own names, may ask", () => {
    const names = namesOf({ publicNames: ["day.example"] });
    for (const origin of [
      undefined,
      "http://localhost:3000",
      "https://127.0.0.1:3000",
      "http://[::1]:3000",
      "https://day.example",
    ]) {
      expect([origin, names.knowsOrigin(origin)]).toEqual([origin, true]);
    }
  });

  test("A04: foreign pages, pages of other local servers and opaque origins may not", () => {
    const names = namesOf();
    for (const origin of [
      "",
      "null",
      "http://localhost",
      "http://localhost:5173",
      "https://evil.example",
      "http://evil.example:3000",
      "ftp://localhost:3000",
      "file://",
      "http://localhost:3000@evil.example",
      "chrome-extension://abc",
    ]) {
      expect([origin, names.knowsOrigin(origin)]).toEqual([origin, false]);
    }
  });

  test("A04: a port left out of an origin stands for that of its scheme alone", () => {
    const known = (port: number, origin: string) => namesOf({ port: () => port }).knowsOrigin(origin);
    expect([known(443, "https://localhost"), known(443, "HTTPS://LOCALHOST")]).toEqual([true, true]);
    expect([known(80, "http://localhost"), known(80, "HTTP://localhost")]).toEqual([true, true]);
    expect([known(443, "http://localhost"), known(80, "https://localhost")]).toEqual([false, false]);
    const names = namesOf({ publicNames: ["day.example:443"] });
    expect(names.knowsOrigin("https://day.example")).toBe(true);
    expect(names.knowsOrigin("http://day.example")).toBe(false);
  });

  test("A04: the host is judged before the origin", () => {
    const names = namesOf();
    expect(names.judge({ host: "evil.example", origin: "http://evil.example" })).toBe("host_forbidden");
    expect(names.judge({ host: "localhost:3000", origin: "http://evil.example" })).toBe("origin_forbidden");
    expect(names.judge({ host: "localhost:3000" })).toBeUndefined();
  });
});
