import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import type { ServerCertificate } from "./certificate.ts";

/** Answers under way get this long when the server closes. */
const closeGraceMs = 500;

/** A connection shows the whole head of its first request, and of each later one that it has begun, within this time. */
const headersTimeoutMs = 10_000;
/**
 * An idle connection is kept for so long: longer than proxies keep theirs (60 s nginx, 75 s its clients', 120 s Caddy), so that the
 * side which sends is the one that closes, and no request meets a connection that is just going away (RFC 9112, 9.3.1).
 */
export const keepAliveTimeoutMs = 150_000;
/** How often Node looks for those that did not. */
const connectionsCheckingInterval = 2_000;

/** A server that speaks TLS when there is a certificate. */
export function createServer(certificate: ServerCertificate | undefined, app: RequestListener): Server {
  const options = {
    headersTimeout: headersTimeoutMs,
    // The time of a body is the application's to judge: a file over a slow line takes as long as it takes.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval,
  };
  if (certificate === undefined) return createHttpServer(options, app);
  const { cert, key } = certificate;
  const tls = { cert, key, minVersion: "TLSv1.2", handshakeTimeout: headersTimeoutMs } as const;
  return createHttpsServer(Object.assign(tls, options), app) as Server;
}

/** What to write into a URL for an address that is bound. */
export function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return hostname();
  return host.includes(":") ? `[${host}]` : host;
}

/** The address at which a command on this computer reaches a server that is bound to the host. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "[::1]" : urlHost(host);
}

/** Resolves to the port; rejects when it is taken. */
export function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  /** Told of faults after that: a connection that could not be accepted, for want of files, say. */
  onFault: (error: Error) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      // An unheard one would end the program.
      server.on("error", onFault);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Resolves when no connection is left, or after the grace and as much again: an upgraded one is not Node's to close. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // Then the sockets go, so that a client cannot hold the server up.
    setTimeout(() => {
      server.closeAllConnections();
      setTimeout(resolve, closeGraceMs).unref();
    }, closeGraceMs).unref();
  });
}

/** Whether only this computer reaches a socket that is bound to the host. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\./.test(host);
