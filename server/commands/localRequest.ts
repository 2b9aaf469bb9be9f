import { request } from "node:http";
import { connect as connectPlain, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";

export interface LocalRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** SHA-256 of the certificate that the server has, lower-case hex; none of one without TLS. */
  fingerprint?: string;
  /**
   * Called when the connection is open and nothing was sent yet. Throws when what answers there may be another program than the
   * server that is meant.
   */
  prove?(): void;
}

/**
 * Request to a server of this computer. The server is known by its certificate and by nothing else: a certificate of its
 * own is signed by no authority, and the owner's is for the name that phones use. Nothing is sent to a server with another
 * certificate.
 */
export async function requestLocally(wanted: LocalRequest): Promise<{ status: number; body: string }> {
  const { method, url, headers, body, fingerprint, prove } = wanted;
  const socket = url.protocol === "https:" ? await openKnown(url, fingerprint) : await open(url);
  try {
    prove?.();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return new Promise((resolve, reject) => {
    const sent = request(url.href.replace(/^https:/, "http:"), {
      method,
      headers: { host: url.host, ...headers },
      createConnection: () => socket,
    });
    sent.once("error", reject);
    sent.once("response", (answer) =>
      text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, body: said }), reject),
    );
    sent.end(body);
  });
}

/** Host and port of an address, as a connection wants them. */
const endOf = (url: URL, usualPort: number) => ({
  host: url.hostname.replace(/^\[|\]$/g, ""),
  port: Number(url.port || usualPort),
});

function open(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain(endOf(url, 80));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function openKnown(url: URL, fingerprint: string | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endOf(url, 443), rejectUnauthorized: false });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const found = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(":", "").toLowerCase();
      if (found !== undefined && found === fingerprint) {
        socket.off("error", reject);
        resolve(socket);
      } else {
        socket.destroy(
          new Error(`What answers at ${url.origin} is not this server: it has another certificate.`),
        );
      }
    });
  });
}
