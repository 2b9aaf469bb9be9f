import type { ClientHttp2Session } from "node:http2";
import { createRequire } from "node:module";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Provider, ProviderOptions } from "@parse/node-apn";
import type { Log } from "../../domain/ports.ts";
import { type NodeApnRequest, sendApnsRequest } from "./apnsRequest.ts";
import { ApnsSession, type ApnsSessionTiming } from "./apnsSession.ts";
import type { ApnsExchange, ApnsFault } from "./apnsVerdict.ts";
import type { ProviderToken } from "./providerToken.ts";
import { nameFault } from "./transportFault.ts";

/** Megabytes nghttp2 may hold for a session; Node's 10 fail a burst of some 10,000 pushes as a whole. */
const maxSessionMemoryMb = 64;

/** node-apn's inner client, as of 8.1; the package's declarations stop at `Provider`. */
interface NodeApnClient {
  session?: ClientHttp2Session;
  config: { token: unknown };
  connect(): Promise<void>;
  request: NodeApnRequest;
  closeAndDestroySession(session: ClientHttp2Session): Promise<void>;
  shutdown(): Promise<void>;
}

export interface ApnsConnectionParts {
  host: string;
  port: number;
  /** PEM of the authorities to trust instead of the system's. */
  ca?: string;
  key: { pem: string; keyId: string; teamId: string };
  token: ProviderToken;
  /** Longest wait for a place on the connection, and again for the answer, ms. */
  requestTimeoutMs: number;
  timing: ApnsSessionTiming;
  log: Pick<Log, "info">;
}

/**
 * Loads node-apn, which brings a whole TLS of its own with it: megabytes that a server without a key need not have. One with
 * a key loads it at its start, because loading holds the event loop.
 */
export const loadNodeApn = (): { Provider: typeof Provider } =>
  createRequire(import.meta.url)("@parse/node-apn") as { Provider: typeof Provider };

/** A push that waits for room on a session. */
interface WaitingPush {
  start(session: ApnsSession): void;
  fail(fault: ApnsFault): void;
}

/**
 * Connection to one APNs environment, through node-apn's client: its configuration, headers, authorization and response
 * parsing are used; its retries, time-outs and session handling are not, for they lose pushes (GOAWAY, half-open
 * connections, shutdown) and hide Retry-After. Opens lazily, keeps one session, queues the pushes that have no room on it.
 */
export class ApnsConnection {
  readonly #parts: ApnsConnectionParts;
  readonly #client: NodeApnClient;
  readonly #sessions = new Set<ApnsSession>();
  #current: ApnsSession | undefined;
  #opening = false;
  #stopped = false;
  readonly #waiting = new Set<WaitingPush>();
  #socket: Socket | undefined;

  constructor(parts: ApnsConnectionParts) {
    this.#parts = parts;
    const { host, port, ca, key, requestTimeoutMs } = parts;
    const options: ProviderOptions & Record<string, unknown> = {
      address: host,
      port,
      token: { key: key.pem, keyId: key.keyId, teamId: key.teamId },
      rejectUnauthorized: true,
      connectionRetryLimit: 0,
      // Our own time-out comes first; this one only ends a request that ours might have missed.
      requestTimeout: requestTimeoutMs * 2,
      maxSessionMemory: maxSessionMemoryMb,
      // node-apn hands its options to http2.connect. Our own socket can be destroyed for good when it is half-open.
      createConnection: () => {
        this.#socket = connectTls({
          host,
          port,
          ca,
          rejectUnauthorized: true,
          ALPNProtocols: ["h2"],
          ...(isIP(host) === 0 ? { servername: host } : {}),
        });
        // The session tells of it; a socket that fails before it has one must not end the server.
        this.#socket.on("error", () => {});
        return this.#socket;
      },
    };
    this.#client = innerClient(new (loadNodeApn().Provider)(options));
    this.#client.config.token = parts.token;
    // node-apn calls this on GOAWAY and errors, and so kills requests that Apple would still answer. Sessions end themselves.
    this.#client.closeAndDestroySession = async () => {};
  }

  /** Sends one push. Never rejects: a fault is in the exchange. */
  post(deviceToken: string, headers: object, body: string): Promise<ApnsExchange> {
    return new Promise((resolve) => {
      if (this.#stopped) {
        resolve({ kind: "fault", fault: "stopping" });
        return;
      }
      const push: WaitingPush = {
        start: (session) => {
          clearTimeout(timer);
          resolve(this.#send(session, deviceToken, { headers, body }));
        },
        fail: (fault) => {
          clearTimeout(timer);
          resolve(fault);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(push);
        push.fail({ kind: "fault", fault: "timeout" });
      }, this.#parts.requestTimeoutMs);
      this.#waiting.add(push);
      this.#startWaiting();
    });
  }

  /** Takes no more pushes and fails those that wait for room; those in flight go on. Idempotent. */
  refuseNew(): void {
    this.#stopped = true;
    this.#failWaiting({ kind: "fault", fault: "stopping" });
  }

  /** Drops the connections and node-apn's timers. Idempotent. */
  async destroy(): Promise<void> {
    this.refuseNew();
    const closed = [...this.#sessions].map(
      (session) =>
        new Promise<void>((resolve) => (session.closed ? resolve() : session.http2.once("close", resolve))),
    );
    for (const session of this.#sessions) session.destroy();
    await Promise.all([...closed, this.#client.shutdown()]);
  }

  #startWaiting(): void {
    if (this.#stopped) return;
    for (const push of this.#waiting) {
      const session = this.#current;
      if (!session?.isUsable) {
        this.#open();
        return;
      }
      if (!session.hasRoom) return;
      this.#waiting.delete(push);
      push.start(session);
    }
  }

  #open(): void {
    if (this.#opening) return;
    this.#opening = true;
    this.#client
      .connect()
      .then(() => this.#adopt())
      .catch((error: Error) => this.#failWaiting({ kind: "fault", fault: nameFault(error) }))
      .finally(() => {
        this.#opening = false;
        this.#startWaiting();
      });
  }

  /** Takes over the session that node-apn has just begun to open. */
  #adopt(): void {
    const { session: http2 } = this.#client;
    const socket = this.#socket;
    if (http2 === undefined || socket === undefined) throw new Error("node-apn opened no session.");
    const { timing, log, host } = this.#parts;
    const session = new ApnsSession({
      http2,
      socket,
      timing,
      log: { info: (event, fields) => log.info(event, { host, ...fields }) },
      onChange: () => {
        if (session.closed) this.#sessions.delete(session);
        // Apple cannot be reached: fail all that wait, instead of connecting again for each of them.
        if (session.closed && !session.connected && this.#current === session) {
          this.#current = undefined;
          this.#failWaiting({ kind: "fault", fault: nameFault(session.error, session) });
        }
        this.#startWaiting();
      },
    });
    this.#sessions.add(session);
    this.#current = session;
    if (this.#stopped) session.destroy();
  }

  #send(
    session: ApnsSession,
    deviceToken: string,
    push: { headers: object; body: string },
  ): Promise<ApnsExchange> {
    return sendApnsRequest({
      session,
      request: (...args) => this.#client.request(...args),
      address: this.#parts.host,
      deviceToken,
      push,
      timeoutMs: this.#parts.requestTimeoutMs,
      currentToken: () => this.#parts.token.current,
    });
  }

  #failWaiting(fault: ApnsFault): void {
    for (const push of this.#waiting) push.fail(fault);
    this.#waiting.clear();
  }
}

function innerClient(provider: Provider): NodeApnClient {
  const { client } = provider as unknown as { client?: Partial<NodeApnClient> };
  const missing = (["connect", "request", "closeAndDestroySession", "shutdown"] as const).filter(
    (name) => typeof client?.[name] !== "function",
  );
  if (client?.config === undefined || missing.length > 0) {
    throw new Error(`This version of @parse/node-apn lacks ${missing.join(", ") || "config"}; use 8.1.`);
  }
  return client as NodeApnClient;
}
