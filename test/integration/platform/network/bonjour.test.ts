import { createSocket } from "node:dgram";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Bonjour, type Service } from "bonjour-service";
import type { Log } from "../../../../server/domain/ports.ts";
import { systemClock } from "../../../../server/platform/clock.ts";
import { isLoopback } from "../../../../server/platform/listener.ts";
import { announce, serviceOf } from "../../../../server/platform/network/bonjour.ts";
import { eventually } from "../../../support/server/daylongServer.ts";

/** A port of our own on the loopback, so that nobody else on this machine hears it. */
const freeUdpPort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createSocket("udp4").bind(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const said: string[] = [];
const note = (event: string) => void said.push(event);
const log: Log = { debug: note, info: note, warn: note, error: note };
const parts = {
  host: "0.0.0.0",
  port: 3000,
  hostname: "studio.local",
  fingerprint: "ab".repeat(32),
  clock: systemClock,
  log,
};

const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe("A07: Bonjour", () => {
  test("A07: an app on the network finds the server, its port and its certificate, and hears when it is gone", async () => {
    const network = { interface: "127.0.0.1", port: await freeUdpPort() };
    const stop = announce({ ...parts, network });
    closers.push(stop);
    const app = new Bonjour({ ...network, bind: "0.0.0.0" } as object);
    closers.push(() => app.destroy());
    const found: Service[] = [];
    const gone: Service[] = [];
    const browser = app.find({ type: "daylong" });
    browser.on("up", (service: Service) => found.push(service));
    browser.on("down", (service: Service) => gone.push(service));
    const service = await eventually("the server", () => found[0]);
    expect(service).toMatchObject({
      name: "Daylong on studio",
      type: "daylong",
      protocol: "tcp",
      port: 3000,
      host: "studio.local",
      txt: { v: "1", tls: "1", fp: "ab".repeat(32) },
    });
    expect(said).toContain("bonjour.announced");
    await Promise.all([stop(), stop()]);
    await eventually("the farewell", () => gone[0]);
  });

  test("A07: a server that only this computer reaches tells nobody", async () => {
    expect(["127.0.0.1", "127.8.0.1", "::1", "localhost"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["0.0.0.0", "::", "192.168.1.5", "studio.local"].map(isLoopback)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const network = { interface: "127.0.0.1", port: await freeUdpPort() };
    const before = said.length;
    const stop = announce({ ...parts, host: "127.0.0.1", network });
    await stop();
    expect(said).toHaveLength(before);
  });

  test("A07: a network port that cannot be had is told, and the server goes on", async () => {
    const taken = createSocket({ type: "udp4", reuseAddr: false });
    await new Promise<void>((resolve) => taken.bind(0, "0.0.0.0", resolve));
    closers.push(() => taken.close());
    const stop = announce({ ...parts, network: { interface: "127.0.0.1", port: taken.address().port } });
    await eventually("the fault", () => said.includes("bonjour.failed"));
    await stop();
  });

  test("A07: names fit into the records, tell servers of one computer apart, and are under .local", () => {
    const long = serviceOf({ ...parts, hostname: "ü".repeat(60), port: 8080 });
    expect(Buffer.byteLength(long.name)).toBeLessThanOrEqual(63);
    expect(serviceOf({ ...parts, port: 3001, fingerprint: undefined })).toMatchObject({
      name: "Daylong on studio (3001)",
      txt: { v: "1", tls: "0" },
      disableIPv6: true,
    });
    expect(serviceOf({ ...parts, hostname: "studio.example.org" }).host).toBe("studio.local");
    expect(serviceOf({ ...parts, host: "::", hostname: "" })).toMatchObject({
      host: "computer.local",
      disableIPv6: false,
    });
  });
});
