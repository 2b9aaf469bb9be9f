import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Headers of a request that speak of the protocol it would change to (RFC 9110, 7.8; RFC 7540, 3.2.1). */
const upgradeHeaders = new Set(["upgrade", "http2-settings"]);
/** Options of a Connection header that go with them. */
const upgradeOptions = new Set(["upgrade", "http2-settings"]);

/**
 * Upgrade requests that the server does not take. A server may ignore an `Upgrade` header and answer the request as any other
 * (RFC 9110, 7.8), as it must for clients that send `Upgrade: h2c` with each plain request. Node takes the connection out of HTTP
 * as soon as anything listens for upgrades: such a request is given back to the server without the header, in front of what
 * follows it on the connection.
 */
export class IgnoredUpgrades {
  readonly #server: Pick<Server, "emit">;
  /** Of each connection, the response to its latest request. */
  readonly #latest = new WeakMap<Duplex, ServerResponse>();

  constructor(server: Pick<Server, "on" | "emit">) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#latest.set(request.socket, response),
    );
  }

  /** Has the request served as if it had no Upgrade header. `head` is what was read after its own head. */
  serve(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the server takes it back nothing else hears of a reset, and an unheard one would end the program.
    socket.on("error", ignore);
    const latest = this.#latest.get(socket);
    // Answers go out in the order of the requests: an earlier one on the connection comes first.
    if (latest !== undefined && !latest.closed)
      latest.once("close", () => this.#giveBack(request, socket, head));
    else this.#giveBack(request, socket, head);
  }

  #giveBack(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (socket.destroyed) return;
    // The idle time of the connection may be running since an earlier answer; the server arms its own again.
    (socket as Socket).setTimeout(0);
    socket.off("error", ignore);
    socket.unshift(Buffer.concat([plainHead(request), head]));
    this.#server.emit(socket instanceof TLSSocket ? "secureConnection" : "connection", socket);
  }
}

const ignore = (): void => {};

/** The head of the request as it came, without the headers of an upgrade. */
function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const value = rawHeaders[index + 1]!;
    const kept = name.toLowerCase() === "connection" ? withoutUpgrade(value) : value;
    if (!upgradeHeaders.has(name.toLowerCase()) && kept !== undefined) lines.push(`${name}: ${kept}`);
  }
  // Node reads header bytes as Latin-1.
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** The options of a Connection header without those of an upgrade; `undefined` when nothing is left. */
function withoutUpgrade(options: string): string | undefined {
  const left = options
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option !== "" && !upgradeOptions.has(option.toLowerCase()));
  return left.length === 0 ? undefined : left.join(", ");
}
