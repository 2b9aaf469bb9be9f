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

  test("A04: other names and anything that is no authority are foreign", () => {
    const names = namesOf();
    for (const host of [
      undefined,
      "",
      "evil.example",
      "evil.example:3000",
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

  test.each([
    ["day.test", "day.test:8443"],
    ["DAY.test.", "day.test:8443"],
    ["day.test:443", "day.test:8443"],
    ["day.test:8443", "day.test"],
    ["day.test:65535", "day.test"],
    ["localhost", undefined],
    ["localhost:8080", undefined],
    ["127.0.0.1:1", undefined],
    ["127.0.0.1", undefined],
    ["[::1]:443", undefined],
    ["[::1]", undefined],
    ["studio.local:80", undefined],
    ["Studio", undefined],
  ])("REPORT-19: a proxy's %s is a known name, whatever the port (public name: %s)", (host, publicName) => {
    const names = namesOf({ publicNames: publicName === undefined ? [] : [publicName] });
    expect(names.judge({ host })).toBeUndefined();
    expect(namesOf({ publicNames: ["other.test"] }).knowsHost(host)).toBe(publicName === undefined);
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

  test("A04: a public name is known by itself, not its subdomains nor what ends in it", () => {
    const names = namesOf({ publicNames: ["Day.example", "other.example:8443"] });
    for (const host of ["day.example", "day.example:8080", "other.example:8443", "other.example"])
      expect([host, names.knowsHost(host)]).toEqual([host, true]);
    for (const host of ["sub.day.example", "notday.example", "day.example.evil.test", "day"])
      expect([host, names.knowsHost(host)]).toEqual([host, false]);
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
      expect([origin, names.knowsOrigin({ origin })]).toEqual([origin, true]);
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
      expect([origin, names.knowsOrigin({ origin })]).toEqual([origin, false]);
    }
  });

  test("A04: a port left out of an origin stands for that of its scheme alone", () => {
    const known = (port: number, origin: string) => namesOf({ port: () => port }).knowsOrigin({ origin });
    expect([known(443, "https://localhost"), known(443, "HTTPS://LOCALHOST")]).toEqual([true, true]);
    expect([known(80, "http://localhost"), known(80, "HTTP://localhost")]).toEqual([true, true]);
    expect([known(443, "http://localhost"), known(80, "https://localhost")]).toEqual([false, false]);
    const names = namesOf({ publicNames: ["day.example:443"] });
    expect(names.knowsOrigin({ origin: "https://day.example" })).toBe(true);
    expect(names.knowsOrigin({ origin: "http://day.example" })).toBe(false);
  });

  test("A04: the host is judged before the origin", () => {
    const names = namesOf();
    expect(names.judge({ host: "evil.example", origin: "http://evil.example" })).toBe("host_forbidden");
    expect(names.judge({ host: "localhost:3000", origin: "http://evil.example" })).toBe("origin_forbidden");
    expect(names.judge({ host: "localhost:3000" })).toBeUndefined();
  });

  test.each([
    // Starscream writes the address of the socket, SocketRocket and websocket-client its web form.
    "ws://localhost:3000",
    "wss://localhost:3000",
    "WS://127.0.0.1:3000",
    "wss://[::1]:3000",
    "ws://studio.local:3000",
    "wss://day.example",
    "wss://day.example:443",
    "http://localhost:3000/",
    "https://127.0.0.1:3000/",
    "http://STUDIO:3000/",
    "ws://localhost:3000/ws",
    "wss://day.example/ws",
    "https://day.example/",
  ])("REPORT-3: %s, as socket libraries spell this server's own origin, may ask", (origin) => {
    const names = namesOf({ publicNames: ["day.example"] });
    expect(names.judge({ host: "localhost:3000", origin })).toBeUndefined();
  });

  test.each([
    "null",
    "",
    "capacitor://localhost",
    "ionic://localhost",
    "app://x",
    "app://obsidian.md",
    "vscode-webview://x",
    "vscode-webview://0f5k3d2s1a",
    "vscode-file://vscode-app",
    "tauri://localhost",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "moz-extension://c3b1f0a0",
    "electron://altair",
  ])("REPORT-3: the origin %j is no website's: with a token it may ask, without one it may not", (origin) => {
    const names = namesOf();
    const host = "localhost:3000";
    expect(names.judge({ host, origin, authorization: "Bearer abc" })).toBeUndefined();
    for (const authorization of [undefined, "", "Bearer", "Bearer ", "Basic abc", "Bearer a b"])
      expect(names.judge({ host, origin, authorization })).toBe("origin_forbidden");
  });

  test.each([
    "http://localhost:5173",
    "ws://localhost:5173",
    "wss://evil.example",
    "ws://evil.example:3000",
    "wss://localhost.evil.example:3000/ws",
    "http://localhost:3000@evil.example/",
    "ws://evil.example/localhost:3000",
    "https://tauri.localhost",
    "http://capacitor.example",
    "https://",
    "https:capacitor",
    "http://localhost:3000, http://evil.example",
  ])("REPORT-3: %s is another website's, and a token changes nothing", (origin) => {
    expect(namesOf().judge({ host: "localhost:3000", origin, authorization: "Bearer abc" })).toBe(
      "origin_forbidden",
    );
  });

  test.each([
    // A tunnel with a port of its own (`ssh -L 8080:localhost:3000`), and proxies that pass the name on with or without its port.
    ["localhost:8080", "http://localhost:8080", true],
    ["localhost", "http://localhost", true],
    ["localhost", "https://localhost", true],
    ["[::1]:9000", "ws://[::1]:9000", true],
    ["day.test:8443", "https://day.test:8443", true],
    ["day.test", "https://day.test:8443", true],
    ["day.test", "https://day.test", true],
    ["localhost:3000", "https://day.test:8443", true],
    ["localhost:8080", "http://localhost:5173", false],
    ["localhost:3000", "http://localhost", false],
    ["localhost", "http://localhost:5173", false],
    ["day.test", "https://day.test:9000", false],
    ["localhost:8080", "http://127.0.0.1:8080", false],
  ])("REPORT-19: through a proxy that says Host: %s a page of %s may ask: %s", (host, origin, isKnown) => {
    const names = namesOf({ publicNames: ["day.test:8443"] });
    expect(names.judge({ host, origin })).toBe(isKnown ? undefined : "origin_forbidden");
  });
});
