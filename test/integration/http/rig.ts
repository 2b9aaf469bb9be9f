import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import type { Devices } from "../../../server/access/devices.ts";
import { pageBefore } from "../../../server/claude/transcripts/transcriptPages.ts";
import type { LiveActivities } from "../../../server/delivery/activities/liveActivities.ts";
import type { Connections } from "../../../server/delivery/sockets/connections.ts";
import type { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import type { Scope } from "../../../server/domain/delivery/device.ts";
import type { DaylongError } from "../../../server/domain/errors.ts";
import type { Log, Store } from "../../../server/domain/ports.ts";
import {
  type ClaudeHistory,
  isListedAfter,
  latestFirst,
  type PastConversation,
  type PastConversationPage,
  type PastMessage,
  type ToolRecord,
} from "../../../server/domain/sessions/history.ts";
import { createHttpApp, routeTable } from "../../../server/http/app.ts";
import type { HealthReport, HttpDependencies } from "../../../server/http/dependencies.ts";
import { openApiDocument } from "../../../server/http/documents/openapi.ts";
import { WebPushSender } from "../../../server/push/webPush/webPushSender.ts";
import type { ScriptedHost } from "../../support/claude/scriptedHost.ts";
import { ManualClock } from "../../support/manualClock.ts";
import type { MemoryPush } from "../../support/push/memoryPush.ts";
import { Conformance, type SeenAnswer } from "../../support/server/conformance.ts";
import type { DrivenPool } from "../../support/server/drivenPool.ts";
import { assembleForTest, type TestAssembly } from "../../support/server/testAssembly.ts";

/** Keeps what was logged, so that tests can look for what must not be in it. */
export class KeptLog implements Log {
  readonly lines: Array<{ level: string; event: string; fields?: Record<string, unknown> }> = [];
  debug = (event: string, fields?: Record<string, unknown>) => this.#keep("debug", event, fields);
  info = (event: string, fields?: Record<string, unknown>) => this.#keep("info", event, fields);
  warn = (event: string, fields?: Record<string, unknown>) => this.#keep("warn", event, fields);
  error = (event: string, fields?: Record<string, unknown>) => this.#keep("error", event, fields);
  #keep(level: string, event: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level, event, fields });
  }
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Transcripts that a test wrote down, paged as the real ones are. */
export class KeptHistory implements ClaudeHistory {
  readonly kept: PastConversation[] = [];
  readonly said = new Map<string, PastMessage[]>();
  /** Conversations that terminals hold. */
  readonly held = new Map<string, number>();
  fault: DaylongError | undefined;
  /** Uses of tools, each under the id of its conversation and its own. */
  readonly tools = new Map<string, ToolRecord>();

  async conversations(
    projectPath?: string,
    { before, limit }: PastConversationPage = {},
  ): Promise<PastConversation[]> {
    if (this.fault) throw this.fault;
    return this.kept
      .filter((one) => projectPath === undefined || one.projectPath === projectPath)
      .filter((one) => before === undefined || isListedAfter(one, before))
      .sort(latestFirst)
      .slice(0, limit);
  }

  async messages(
    conversation: { sessionId: string; projectPath: string },
    before: string | undefined,
    limit: number,
  ) {
    if (this.fault) throw this.fault;
    const { sessionId, projectPath } = conversation;
    const isKept = this.kept.some((one) => one.sessionId === sessionId && one.projectPath === projectPath);
    return isKept ? pageBefore(this.said.get(sessionId) ?? [], before, limit) : undefined;
  }

  async tool({ sessionId }: { sessionId: string }, toolUseId: string) {
    if (this.fault) throw this.fault;
    return this.tools.get(`${sessionId} ${toolUseId}`);
  }
}

/** The HTTP edge on a real socket, over the server's own assembly, with processes that do what the test says. */
export interface Rig {
  folder: string;
  /** The project root, and a project in it. */
  root: string;
  project: string;
  clock: ManualClock;
  log: KeptLog;
  store: Store;
  feed: DeltaFeed;
  /** The live connections; no socket is served here, so that a test adds its own. */
  connections: Connections;
  host: ScriptedHost;
  push: MemoryPush;
  pool: DrivenPool;
  history: KeptHistory;
  access: Devices;
  parts: HttpDependencies;
  server: Server;
  port: number;
  url: string;
  adminToken: string;
  stopping: AbortController;
  health: HealthReport;
  webPush: WebPushSender;
  /** What the settings are read from. */
  environment: Record<string, string>;
  activities: LiveActivities;
  acked: Array<{ deviceId: string; cursor: number }>;
  polls: Map<string, number>;
  /** Told whenever a poll begins or ends. */
  onPoll: () => void;
  /** Stops the parts behind the edge with their timers: every timer still armed after that belongs to the edge. */
  stopParts(): Promise<void>;
  /** Pairs a device and returns its id and token. */
  device(scope?: Scope): { deviceId: string; token: string };
  /** Asks with JSON, as the admin unless said otherwise; `token: null` sends none. */
  ask(method: string, path: string, options?: AskOptions): Promise<Asked>;
  /** Asks without any help: for requests that fetch would not send. */
  raw(options: RawOptions): Promise<RawAnswer>;
}
export interface AskOptions {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}
export interface RawOptions {
  /** The answer is the page's, which the document of the interface does not describe. */
  isPage?: boolean;
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}
export interface Asked {
  status: number;
  headers: Headers;
  // Tests look into answers of all shapes.
  body: Record<string, unknown> & { errors?: Array<{ path: string; message: string }> };
  text: string;
}

let conformance: Conformance | undefined;

/** Every answer of every test is what the API document says. */
function expectConformance(rig: Rig, seen: SeenAnswer): void {
  // The document is the same for every rig.
  conformance ??= new Conformance(openApiDocument(routeTable(rig.parts), rig.parts.version));
  expect(conformance.faultOf(seen)).toBeUndefined();
}

/** Gives each test a server of its own, and leaves no socket and no file behind. */
export function useRig(change: (parts: HttpDependencies) => Partial<HttpDependencies> = () => ({})): Rig {
  const rig = {} as Rig;
  const sockets = new Set<Socket>();
  let assembly: TestAssembly;
  beforeEach(async () => {
    rig.folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-http-")));
    rig.root = join(rig.folder, "root");
    rig.project = join(rig.root, "alpha");
    mkdirSync(rig.project, { recursive: true });
    rig.clock = new ManualClock();
    rig.log = new KeptLog();
    rig.history = new KeptHistory();
    rig.health = { status: "ok", checks: { database: { state: "ok" } } };
    rig.environment = { MAX_QUEUED_TURNS: "7", PROJECT_ROOTS: rig.root };
    rig.acked = [];
    rig.polls = new Map();
    rig.onPoll = () => {};
    const { clock, log, history, environment } = rig;
    rig.webPush = new WebPushSender({
      clock,
      subject: "mailto:owner@example.org",
      pageUrl: () => "https://daylong.example",
      dataDir: rig.folder,
      log,
    });
    assembly = await assembleForTest({
      dataDir: rig.folder,
      environment,
      clock,
      log,
      history,
      webPush: rig.webPush,
      port: () => rig.port,
    });
    const { store, feed, host, push, pool, access, activities, stopping, connections } = assembly;
    Object.assign(rig, { store, feed, connections, host, push, pool, access, activities, stopping });
    rig.adminToken = readFileSync(join(rig.folder, "admin-token"), "utf8").trim();
    const parts: HttpDependencies = {
      ...assembly.http,
      heldElsewhere: async () => rig.history.held,
      serverName: "Studio",
      startedAt: clock.now() - 5_000,
      uptimeMs: () => clock.monotonic() + 5_000,
      health: () => rig.health,
      acknowledge: (deviceId, cursor) => {
        rig.acked.push({ deviceId, cursor });
        return assembly.http.acknowledge(deviceId, cursor);
      },
      beginPoll: (deviceId) => {
        const add = (count: number) => {
          rig.polls.set(deviceId, (rig.polls.get(deviceId) ?? 0) + count);
          rig.onPoll();
        };
        const end = connections.beginPoll(deviceId);
        add(1);
        return () => {
          end();
          add(-1);
        };
      },
    };
    rig.parts = { ...parts, ...change(parts) };
    rig.server = createServer(createHttpApp(rig.parts));
    rig.server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    rig.server.listen(0, "127.0.0.1");
    await once(rig.server, "listening");
    rig.port = (rig.server.address() as AddressInfo).port;
    rig.url = `http://127.0.0.1:${rig.port}`;
  });
  afterEach(async () => {
    rig.server.closeAllConnections();
    rig.server.close();
    await once(rig.server, "close");
    // Node tells the server of its end before it tells the sockets.
    await Promise.all([...sockets].map((socket) => once(socket, "close")));
    await rig.stopParts();
    expect(rig.clock.armed).toBe(0);
    assembly.database.close();
    rmSync(rig.folder, { recursive: true, force: true });
  });

  rig.stopParts = async () => {
    await assembly.stop();
    // What was said last was held for a commit with more; that timer still fires, for nothing, when the more has come.
    rig.clock.advance(20);
  };
  rig.device = (scope = "chat") => {
    const { code } = rig.access.createPairingCode(scope, { deviceId: "local", scope: "admin" });
    return rig.access.pair(code, { name: "Phone", platform: "ios" });
  };
  rig.ask = async (method, path, options = {}) => {
    const token = options.token === undefined ? rig.adminToken : options.token;
    const response = await fetch(`${rig.url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: options.signal,
    });
    const text = await response.text();
    const contentType = response.headers.get("content-type");
    expectConformance(rig, { method, path, status: response.status, contentType, text });
    const isJson = /json$|json;/.test(response.headers.get("content-type") ?? "") && text !== "";
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && !text.includes("\n") ? JSON.parse(text) : {},
    };
  };
  rig.raw = (options) =>
    new Promise((resolve, reject) => {
      const { method = "GET", path, headers, body, isPage = false } = options;
      const sent = httpRequest({ host: "127.0.0.1", port: rig.port, method, path, headers, agent: false });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          const { statusCode: status = 0, headers: received } = response;
          try {
            if (!isPage)
              expectConformance(rig, { method, path, status, contentType: received["content-type"], text });
            resolve({ status, headers: received, text });
          } catch (error) {
            reject(error);
          }
        });
        response.on("error", reject);
      });
      sent.end(body);
    });
  return rig;
}

/** Asserts that an answer is the problem document of a code. */
export function expectProblem(asked: Asked, status: number, code: string): void {
  expect({ status: asked.status, code: asked.body.code }).toEqual({ status, code });
  expect(asked.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(asked.body).toMatchObject({
    type: `urn:daylong:problem:${code}`,
    status,
    title: expect.any(String),
    detail: expect.any(String),
    requestId: asked.headers.get("x-request-id"),
  });
}
