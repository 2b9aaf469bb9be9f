import { createRequire } from "node:module";
import { isIPv6 } from "node:net";
import type bonjour from "bonjour-service";
import type { Bonjour } from "bonjour-service";
import type { Clock, Log } from "../../domain/ports.ts";
import { isLoopback } from "../listener.ts";

/** How long the farewell may take: a network that is gone must not hold the stop up. */
const farewellMs = 1_000;
/** DNS-SD allows an instance name 63 bytes (RFC 6763, 4.1.1). */
const maxNameBytes = 63;
const defaultPort = 3000;

export interface AnnouncementParts {
  /** What the server binds to, and the port in use. */
  host: string;
  port: number;
  /** `os.hostname()`. */
  hostname: string;
  /** Of the certificate, when the server speaks TLS. */
  fingerprint: string | undefined;
  clock: Clock;
  log: Log;
  /** Another network than the machine's own, for tests: an interface's address, a port of multicast DNS. */
  network?: { interface: string; port: number };
}

/**
 * Tells the local network where the server is (`_daylong._tcp`), so that an app that is paired finds it at a new
 * address. Nothing for a server that only this computer reaches. Resolves the returned stop when the name is taken
 * back.
 *
 * Any computer on the network can make the same announcement: an app takes an address from it, and believes only the
 * certificate that it was paired with.
 */
export function announce(parts: AnnouncementParts): () => Promise<void> {
  if (isLoopback(parts.host)) return () => Promise.resolve();
  const { clock, log } = parts;
  const tell = (error: unknown) => log.warn("bonjour.failed", { error: String(error) });
  let responder: Bonjour;
  try {
    responder = openResponder(parts, tell);
  } catch (error) {
    // The server is reachable all the same.
    tell(error);
    return () => Promise.resolve();
  }
  const service = serviceOf(parts);
  responder.publish(service).on("up", () => log.info("bonjour.announced", { name: service.name }));
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= new Promise((resolve) => {
      const cancel = clock.after(farewellMs, end);
      function end(): void {
        cancel();
        // Its socket may have gone by itself.
        try {
          responder.destroy(resolve);
        } catch {
          resolve();
        }
      }
      responder.unpublishAll(end);
    });
    return stopped;
  };
}

/** The announced service: the name people see, its address, and whether it speaks TLS. */
export function serviceOf({ host, port, hostname, fingerprint }: AnnouncementParts) {
  const bare = hostname.replace(/\.local$/i, "").replace(/\.$/, "") || "computer";
  const name = `Daylong on ${bare}${port === defaultPort ? "" : ` (${port})`}`;
  return {
    name: cutBytes(name, maxNameBytes),
    type: "daylong",
    port,
    // Multicast DNS knows names under .local only (RFC 6762, 3).
    host: `${bare.split(".", 1)[0]}.local`,
    txt: { v: "1", tls: fingerprint === undefined ? "0" : "1", ...(fingerprint ? { fp: fingerprint } : {}) },
    // "::" takes both kinds of addresses, as Node binds it.
    disableIPv6: !isIPv6(host),
  };
}

/** Loads the responder, which a server on the loopback has no use for. */
const loadBonjour = (): typeof bonjour => createRequire(import.meta.url)("bonjour-service") as typeof bonjour;

function openResponder({ host, network }: AnnouncementParts, tell: (error: unknown) => void): Bonjour {
  const isAnyAddress = host === "0.0.0.0" || host === "::" || isIPv6(host);
  const options = network ?? (isAnyAddress ? {} : { interface: host });
  // Bound to all addresses: a socket bound to one of them hears no multicast on Linux.
  const { Bonjour } = loadBonjour();
  const responder = new Bonjour({ ...options, bind: "0.0.0.0" } as object, tell);
  // An error event without a listener would end the server, and the library installs none.
  const { mdns } = (responder as unknown as { server: { mdns: NodeJS.EventEmitter } }).server;
  mdns.on("error", tell);
  mdns.on("warning", () => {});
  return responder;
}

function cutBytes(text: string, most: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > most) cut = cut.slice(0, -1);
  return cut.toWellFormed();
}
