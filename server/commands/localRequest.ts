import { request } from "node:http";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";

export interface LocalRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** SHA-256 of the certificate that the server has, lower-case hex; none of one without TLS. */
  fingerprint?: string;
}

/**
 * Request to a server of this computer. The server is known by its certificate and by nothing else: a certificate of its
 * own is signed by no authority, and the owner's is for the name that phones use. Nothing is sent to a server with another
 * certificate.
 */
export async function requestLocally(wanted: LocalRequest): Promise<{ status: number; body: string }> {
  const { method, url, headers, body, fingerprint } = wanted;
  const secure = url.protocol === "https:" ? await openKnown(url, fingerprint) : undefined;
  return new Promise((resolve, reject) => {
    const sent = request(url.href.replace(/^https:/, "http:"), {
      method,
      headers: { host: url.host, ...headers },
      // With an agent, even a false one, the connection would be the agent's.
      ...(secure ? { createConnection: (): Duplex => secure } : { agent: false }),
    });
    sent.once("error", reject);
    sent.once("response", (answer) =>
      text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, body: said }), reject),
    );
    sent.end(body);
  });
}

function openKnown(url: URL, fingerprint: string | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false });
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
