import type { TLSSocket } from "node:tls";
import { connect } from "node:tls";
import { type ClientOptions as SocketOptions, WebSocket } from "ws";
import { DaylongClient } from "../../../client/src/index.ts";
import { withoutTrailing } from "../../domain/trimText.ts";
import { requestLocally } from "../localRequest.ts";
import { findRunningServer, proveServer, type RunningServer } from "../runningServer.ts";

/** Where the server of a data folder is, now and after each restart of it. */
export interface ServerAddress {
  /** Throws when no server runs there. */
  find(): RunningServer;
  /** Throws unless the server that was found still holds its folder: then a connection just opened leads to it. */
  prove(server: RunningServer): void;
}

export function serverAddress(dataDir: string | undefined): ServerAddress {
  let found = findRunningServer(dataDir);
  return {
    find: () => {
      try {
        // Once found, the folder is known: another default folder's server is another server.
        found = findRunningServer(found.dataDir);
      } catch {
        // Between an end and the next start the old address is as good as any: what answers there has to prove itself.
      }
      return found;
    },
    prove: proveServer,
  };
}

/**
 * A client of the server on this computer, as the command line: with the admin token of the data folder. A server that comes
 * back under another port is found again, and the token is shown to nothing else that answers at its address.
 */
export function localClient(address: ServerAddress, onFault: (error: unknown) => void): DaylongClient {
  const server = address.find();
  return new DaylongClient({
    url: originOf(server),
    token: server.adminToken,
    WebSocket: localSocket(address),
    fetch: localFetch(address),
    onFault,
  });
}

const originOf = ({ url, localUrl }: RunningServer): string => withoutTrailing(localUrl ?? url, "/");

/** The requests of the client, to the server as it is found now. */
function localFetch(address: ServerAddress): typeof globalThis.fetch {
  return async (target, { method = "GET", headers, body } = {}) => {
    const server = address.find();
    const { pathname, search } = new URL(String(target));
    const said = await requestLocally({
      method,
      url: new URL(pathname + search, originOf(server)),
      headers: Object.fromEntries(new Headers(headers)),
      body: body === undefined || body === null ? undefined : String(body),
      fingerprint: server.fingerprint,
      prove: () => address.prove(server),
    });
    return new Response(said.body === "" ? null : said.body, { status: said.status });
  };
}

/** The sockets of the client. The hello, which holds the token, is sent only when the server has proved itself. */
function localSocket(address: ServerAddress) {
  return class LocalSocket extends WebSocket {
    readonly #server: RunningServer;
    #isProven = false;

    constructor(_url: string, protocols: string[]) {
      const server = address.find();
      super(`${originOf(server).replace(/^http/, "ws")}/ws`, protocols, pinned(server.fingerprint));
      this.#server = server;
    }

    override send(data: string): void {
      try {
        if (!this.#isProven) address.prove(this.#server);
        this.#isProven = true;
        super.send(data);
      } catch {
        this.terminate();
      }
    }
  };
}

/** A certificate of the server's own is signed by nobody: it is known by its fingerprint, and by nothing else. */
function pinned(fingerprint: string | undefined): SocketOptions {
  if (fingerprint === undefined) return {};
  return {
    createConnection: (options) => {
      const { host, port } = options as { host: string; port: number };
      const socket: TLSSocket = connect({ host, port, rejectUnauthorized: false });
      socket.once("secureConnect", () => {
        const found = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(":", "").toLowerCase();
        if (found !== fingerprint) socket.destroy(new Error("What answers is not this server."));
      });
      return socket;
    },
  };
}
