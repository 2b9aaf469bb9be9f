import { createPublicKey, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import http2, { type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { startRelay } from "../server/relay.ts";
import { prepareApnsFiles, readPrivateKey } from "./apnsCertificates.ts";
import { type ApnsIncoming, type ApnsRuleBook, findApnsFault } from "./apnsRules.ts";
import { type RecordedRequest, respond, type ScriptedAnswer, type ScriptedReply } from "./apnsScript.ts";

export type { RecordedRequest, ScriptedAnswer, ScriptedReply } from "./apnsScript.ts";

export interface ApnsStandInParts {
  /** Folder for certificates and key; reused when it holds them. */
  tlsDir: string;
  port?: number;
  keyId?: string;
  teamId?: string;
  topics?: string[];
  clock?: { now(): number };
  /** Streams allowed on a connection after its first valid request; before it Apple allows one. */
  maxConcurrentStreams?: number;
  /** How late what a GOAWAY includes is answered; 50 unless given. */
  answerAfterGoawayMs?: number;
  /** The device tokens of this environment, if it is to refuse those of the other one. */
  knows?(deviceToken: string): boolean;
}

export interface ApnsStandIn {
  caPath: string;
  keyPath: string;
  keyId: string;
  teamId: string;
  /** The first of the topics it accepts. */
  topic: string;
  host: string;
  port: number;
  requests: RecordedRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** Queues answers for the next requests, first come, first served. */
  script(...answers: ScriptedAnswer[]): void;
  /** Decides the answer of each request that no queued one takes; undefined = by the rules. */
  answerWith(decide: ((request: RecordedRequest) => ScriptedAnswer | undefined) | undefined): void;
  /** From now on nothing passes over the connections that stand; new ones work. What a phone network does. */
  blackhole(): void;
  /** The first recorded or coming request that fits; rejects after `deadlineMs`. */
  waitForRequest(
    predicate: (request: RecordedRequest) => boolean,
    deadlineMs: number,
  ): Promise<RecordedRequest>;
  close(): Promise<void>;
}

interface ConnectionState {
  number: number;
  /** A valid request has come over it. */
  trusted: boolean;
  /** The promise of a GOAWAY: later streams are not processed. */
  lastStreamId: number;
}

const HOST = "127.0.0.1";

/** Starts a TLS HTTP/2 server on 127.0.0.1 that judges pushes as Apple does. For Jest and for plain scripts. */
export async function startApnsStandIn(parts: ApnsStandInParts): Promise<ApnsStandIn> {
  const files = prepareApnsFiles(parts.tlsDir);
  const { keyId = "STANDIN001", teamId = "TEAM000001", topics = ["dev.daylong.ios"] } = parts;
  const clock = parts.clock ?? Date;
  const publicKey = createPublicKey(readPrivateKey(files.keyPath));
  const processStore: ApnsRuleBook = { publicKey, keyId, teamId, topics, now: 0, knows: parts.knows };
  const requests: RecordedRequest[] = [];
  const queue: ScriptedAnswer[] = [];
  const watchers = new Set<(request: RecordedRequest) => void>();
  const sessions = new Map<Http2Session, ConnectionState>();
  const timers = new Set<NodeJS.Timeout>();
  let decide: ((request: RecordedRequest) => ScriptedAnswer | undefined) | undefined;
  let connectionCount = 0;

  const later = (delayMs: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, delayMs);
    timers.add(timer);
  };

  const server = http2.createSecureServer({
    cert: readFileSync(files.certPath),
    key: readFileSync(files.certKeyPath),
    settings: { maxConcurrentStreams: 1 },
  });
  server.on("session", (session) => {
    connectionCount += 1;
    sessions.set(session, {
      number: connectionCount,
      trusted: false,
      lastStreamId: Number.POSITIVE_INFINITY,
    });
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  server.on("sessionError", () => {});
  type Headers = http2.IncomingHttpHeaders;
  server.on("stream", (stream: ServerHttp2Stream, headers: Headers, _flags: number, raw?: string[]) => {
    const chunks: Buffer[] = [];
    const incoming = { headers: toStrings(headers), repeated: repeatedIn(raw ?? []) };
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    // Out of nghttp2's own callback: to end a session inside of it corrupted memory (Node 20.20).
    stream.on("end", () => setImmediate(receive, stream, incoming, Buffer.concat(chunks)));
  });

  function receive(
    stream: ServerHttp2Stream,
    { headers, repeated }: Pick<ApnsIncoming, "headers" | "repeated">,
    body: Buffer,
  ): void {
    const session = stream.session;
    if (session === undefined || session.destroyed) return;
    const state = sessions.get(session);
    // What a GOAWAY has left out is not processed, as it was promised.
    if (state === undefined || (stream.id ?? 0) > state.lastStreamId) return;
    const incoming: ApnsIncoming = {
      method: headers[":method"] ?? "",
      path: headers[":path"] ?? "",
      headers,
      repeated,
      body,
    };
    processStore.now = clock.now();
    const fault = findApnsFault(incoming, processStore);
    if (fault === undefined && !state.trusted) {
      state.trusted = true;
      session.settings({ maxConcurrentStreams: parts.maxConcurrentStreams ?? 1000 });
    }
    const request: RecordedRequest = {
      at: clock.now(),
      headers,
      payload: parse(body),
      payloadBytes: body.length,
      token: incoming.path.replace(/^\/3\/device\//, ""),
      apnsId: headers["apns-id"] ?? randomUUID(),
      connection: state.number,
      fault: fault?.reason,
    };
    const scripted = queue.shift() ?? decide?.(request) ?? {};
    requests.push(request);
    if (typeof scripted === "string") act(scripted, stream, state, request);
    else {
      const byRules = fault ?? { status: 200 };
      const reply = scripted.status === undefined ? { ...scripted, ...byRules } : scripted;
      if (reply.delayMs === undefined) respond(stream, request, reply);
      else later(reply.delayMs, () => respond(stream, request, reply));
    }
    for (const watcher of watchers) watcher(request);
  }

  function act(
    name: Exclude<ScriptedAnswer, ScriptedReply>,
    stream: ServerHttp2Stream,
    state: ConnectionState,
    request: RecordedRequest,
  ): void {
    const { NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;
    const leave = (lastStreamId: number): void => {
      state.lastStreamId = lastStreamId;
      stream.session?.goaway(NGHTTP2_NO_ERROR, Math.max(0, lastStreamId));
    };
    switch (name) {
      case "goaway":
        // Node takes a lastStreamID of 0 for "the newest": the first stream of a connection has to be refused as well.
        leave((stream.id ?? 1) - 2);
        if (stream.id === 1) stream.close(NGHTTP2_REFUSED_STREAM);
        break;
      case "goaway-answered":
        leave(stream.id ?? 1);
        later(parts.answerAfterGoawayMs ?? 50, () => respond(stream, request, { status: 200 }));
        break;
      case "refuse":
        stream.close(NGHTTP2_REFUSED_STREAM);
        break;
      case "reset":
        stream.session?.destroy();
        break;
      case "silence":
        break;
      default: {
        const unknown: never = name;
        throw new Error(`No such answer: ${String(unknown)}`);
      }
    }
  }

  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const relay = await startRelay((server.address() as AddressInfo).port, parts.port ?? 0);
  return {
    caPath: files.caPath,
    keyPath: files.keyPath,
    keyId,
    teamId,
    topic: topics[0] ?? "",
    host: HOST,
    port: relay.port,
    requests,
    connections: () => connectionCount,
    script: (...answers) => void queue.push(...answers),
    answerWith: (next) => {
      decide = next;
    },
    blackhole: relay.blackhole,
    waitForRequest: (predicate, deadlineMs) =>
      new Promise((resolve, reject) => {
        const known = requests.find(predicate);
        if (known !== undefined) {
          resolve(known);
          return;
        }
        const watcher = (request: RecordedRequest): void => {
          if (!predicate(request)) return;
          clearTimeout(timer);
          watchers.delete(watcher);
          resolve(request);
        };
        const timer = setTimeout(() => {
          watchers.delete(watcher);
          reject(new Error(`No such push within ${deadlineMs} ms; ${requests.length} others came.`));
        }, deadlineMs);
        watchers.add(watcher);
      }),
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const session of sessions.keys()) session.destroy();
      await Promise.all([relay.close(), new Promise<void>((resolve) => server.close(() => resolve()))]);
    },
  };
}

function toStrings(headers: http2.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** Names that stand more than once in the list of names and values as they came. */
function repeatedIn(rawHeaders: readonly string[]): string[] {
  const names = rawHeaders.filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return body.toString("utf8");
  }
}
