import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Recorder } from "../server/recorder.ts";
import { prepareApnsFiles } from "./apnsCertificates.ts";
import {
  type BrowserKeys,
  findHeaderFault,
  makeBrowserKeys,
  openWebPush,
  readVapid,
  type VapidClaims,
} from "./webPushRules.ts";

/**
 * One answer in place of the rules' own. `reset`: the connection breaks. `silence`: never answered. `flood`: an answer
 * that does not end.
 */
export type WebPushScript =
  | { status: number; retryAfter?: string | number; body?: string; location?: string }
  | "reset"
  | "silence"
  | "flood";

/** A push as it arrived, opened with the browser's keys. */
export interface RecordedWebPush {
  /** Instant of the stand-in's clock. */
  at: number;
  subscriptionId: string;
  headers: Record<string, string>;
  bodyBytes: number;
  claims?: VapidClaims;
  /** The decrypted JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of every shape
  payload?: any;
  /** What the rules found; what a script answered does not matter to it. */
  fault?: string;
  /** What was answered; absent when nothing was. */
  status?: number;
}

/** What a page sends to the server: `PushSubscription.toJSON()`. */
export interface BrowserSubscription {
  id: string;
  endpoint: string;
  expirationTime: null;
  keys: { p256dh: string; auth: string };
}

export interface WebPushStandIn {
  caPath: string;
  origin: string;
  requests: RecordedWebPush[];
  /** What `pushManager.subscribe` does: a subscription that only pushes signed with this key may use. */
  subscribe(applicationServerKey: string): BrowserSubscription;
  /** From now on the subscription is unknown (404), or known to be over (410). */
  end(subscriptionId: string, status: 404 | 410): void;
  /** Queues answers for the next requests, first come, first served. */
  script(...answers: WebPushScript[]): void;
  /** Decides the answer of each request that no queued one takes; `undefined`: by the rules. */
  answerWith(decide: ((request: RecordedWebPush) => WebPushScript | undefined) | undefined): void;
  waitForRequest(fits: (request: RecordedWebPush) => boolean, deadlineMs: number): Promise<RecordedWebPush>;
  close(): Promise<void>;
}

interface Subscribed {
  keys: BrowserKeys;
  boundKey: string;
  endedWith?: 404 | 410;
}

/**
 * Starts a push service on 127.0.0.1, over TLS with a CA of its own: checks headers and signature as RFC 8030 and RFC
 * 8292 tell a push service to, and, what no push service can, opens the payload with the browser's keys.
 */
export async function startWebPushStandIn(parts: {
  /** Folder for the certificates; reused when it holds them. */
  tlsDir: string;
  clock?: { now(): number };
}): Promise<WebPushStandIn> {
  const files = prepareApnsFiles(parts.tlsDir);
  const clock = parts.clock ?? Date;
  const recorder = new Recorder<RecordedWebPush>();
  const subscriptions = new Map<string, Subscribed>();
  const queue: WebPushScript[] = [];
  let decide: ((request: RecordedWebPush) => WebPushScript | undefined) | undefined;
  let origin = "";

  function judge(request: RecordedWebPush, body: Buffer): number {
    const subscribed = subscriptions.get(request.subscriptionId);
    if (!subscribed) return refuse(request, 404, "unknown subscription");
    if (subscribed.endedWith) return refuse(request, subscribed.endedWith, "subscription is over");
    const broken = findHeaderFault(request.headers, body);
    if (broken) return refuse(request, broken.status, broken.fault);
    const { authorization } = request.headers;
    const read = readVapid(authorization, { origin, now: clock.now(), boundKey: subscribed.boundKey });
    if ("fault" in read) return refuse(request, read.status, read.fault);
    request.claims = read;
    try {
      request.payload = JSON.parse(openWebPush(body, subscribed.keys));
    } catch {
      // A browser would throw it away in silence; here it is told.
      return refuse(request, 400, "does not open");
    }
    return 201;
  }

  function receive(incoming: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const request: RecordedWebPush = {
      at: clock.now(),
      subscriptionId: incoming.url?.replace(/^\/push\//, "") ?? "",
      headers: incoming.headers as Record<string, string>,
      bodyBytes: body.length,
      payload: undefined,
      fault: undefined,
    };
    const byRules = incoming.method === "POST" ? judge(request, body) : 405;
    const scripted = queue.shift() ?? decide?.(request) ?? { status: byRules };
    if (scripted === "reset") incoming.socket.destroy();
    else if (scripted === "flood") flood(response);
    else if (scripted !== "silence") {
      const { status, retryAfter, location, body: text = "" } = scripted;
      request.status = status;
      response.writeHead(status, {
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
        ...(location === undefined ? {} : { location }),
      });
      response.end(text);
    }
    recorder.add(request);
  }

  const server = createServer(
    { cert: readFileSync(files.certPath), key: readFileSync(files.certKeyPath) },
    (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => receive(incoming, response, Buffer.concat(chunks)));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    caPath: files.caPath,
    origin,
    requests: recorder.items,
    subscribe: (applicationServerKey) => {
      const id = randomUUID();
      const { p256dh, ...keys } = makeBrowserKeys();
      subscriptions.set(id, { keys, boundKey: applicationServerKey });
      const auth = keys.auth.toString("base64url");
      return { id, endpoint: `${origin}/push/${id}`, expirationTime: null, keys: { p256dh, auth } };
    },
    end: (subscriptionId, status) => {
      const subscribed = subscriptions.get(subscriptionId);
      if (subscribed) subscribed.endedWith = status;
    },
    script: (...answers) => void queue.push(...answers),
    answerWith: (next) => {
      decide = next;
    },
    waitForRequest: (fits, deadlineMs) => recorder.waitFor(fits, deadlineMs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(request: RecordedWebPush, status: number, fault: string): number {
  request.fault = fault;
  return status;
}

/** Writes as fast as it is read, until the other side has had enough. */
function flood(response: ServerResponse): void {
  response.writeHead(500);
  const chunk = Buffer.alloc(65_536, "x");
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
}
