import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { ensureAdminToken } from "../../../server/access/adminToken.ts";
import { openTokenFailures } from "../../../server/access/bearerToken.ts";
import { ConversationFolders } from "../../../server/access/conversationFolders.ts";
import { Devices } from "../../../server/access/devices.ts";
import { HostCheck } from "../../../server/access/hostCheck.ts";
import { MessageAttachments } from "../../../server/access/messageAttachments.ts";
import { pairingLink } from "../../../server/access/pairingCode.ts";
import { ProjectRoots } from "../../../server/access/projectRoots.ts";
import { OwnersTrust } from "../../../server/access/projectTrust.ts";
import { PushRegistration } from "../../../server/access/pushRegistration.ts";
import { Metrics } from "../../../server/app/metrics.ts";
import { Settings } from "../../../server/app/settings.ts";
import { pageBefore } from "../../../server/claude/transcripts/transcriptMessages.ts";
import { LiveActivities } from "../../../server/delivery/activities/liveActivities.ts";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import type { Scope } from "../../../server/domain/delivery/device.ts";
import type { DaylongError } from "../../../server/domain/errors.ts";
import type { Log } from "../../../server/domain/ports.ts";
import type {
  ClaudeHistory,
  PastConversation,
  PastMessage,
} from "../../../server/domain/sessions/history.ts";
import { DiskAttachmentStorage } from "../../../server/files/attachmentStorage.ts";
import { createHttpApp, routeTable } from "../../../server/http/app.ts";
import {
  defaultHttpLimits,
  type HealthReport,
  type HttpDependencies,
} from "../../../server/http/dependencies.ts";
import { openApiDocument } from "../../../server/http/documents/openapi.ts";
import { LifecycleCounters } from "../../../server/pool/health/lifecycleCounters.ts";
import { WebPushSender } from "../../../server/push/webPush/webPushSender.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemoryPush } from "../../support/push/memoryPush.ts";
import { Conformance, type SeenAnswer } from "../../support/server/conformance.ts";
import { FakePool } from "../../support/server/fakePool.ts";

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

  async conversations(projectPath?: string): Promise<PastConversation[]> {
    if (this.fault) throw this.fault;
    return this.kept.filter((one) => projectPath === undefined || one.projectPath?.startsWith(projectPath));
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
}

/** The HTTP edge on a real socket, over a real store, with a pool without processes. */
export interface Rig {
  folder: string;
  /** The project root, and a project in it. */
  root: string;
  project: string;
  clock: ManualClock;
  log: KeptLog;
  store: OpenStore;
  feed: DeltaFeed;
  pool: FakePool;
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
  // The document is the same for every rig of a file.
  conformance ??= new Conformance(openApiDocument(routeTable(rig.parts), rig.parts.version));
  expect(conformance.faultOf(seen)).toBeUndefined();
}

/** Gives each test a server of its own, and leaves no socket and no file behind. */
export function useRig(change: (parts: HttpDependencies) => Partial<HttpDependencies> = () => ({})): Rig {
  const rig = {} as Rig;
  beforeEach(async () => {
    rig.folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-http-")));
    rig.root = join(rig.folder, "root");
    rig.project = join(rig.root, "alpha");
    mkdirSync(rig.project, { recursive: true });
    rig.clock = new ManualClock();
    rig.log = new KeptLog();
    rig.store = openStore({ dataDir: rig.folder, clock: rig.clock });
    rig.pool = new FakePool(rig);
    rig.feed = new DeltaFeed({ connections: new Connections(rig) });
    rig.history = new KeptHistory();
    rig.stopping = new AbortController();
    rig.health = { status: "ok", checks: { database: { state: "ok" } } };
    rig.environment = { MAX_QUEUED_TURNS: "7" };
    rig.acked = [];
    rig.polls = new Map();
    rig.onPoll = () => {};
    const { store, clock, log, pool } = rig;
    rig.webPush = new WebPushSender({ clock, subject: "mailto:owner@example.org", dataDir: rig.folder, log });
    const roots = await ProjectRoots.open({ paths: [rig.root], homeDir: rig.folder });
    rig.access = new Devices({ store, clock, log, roots });
    rig.adminToken = ensureAdminToken({ dataDir: rig.folder, store, clock, log });
    const dir = join(rig.folder, "attachments");
    const storage = new DiskAttachmentStorage({ dir, store, clock, log, newId: randomUUID });
    const bindHost = "127.0.0.1";
    const names = new HostCheck({ bindHost, port: () => rig.port, hostname: "studio", publicNames: [] });
    rig.activities = new LiveActivities({
      store,
      push: new MemoryPush(),
      connections: new Connections({ clock }),
      clock,
      log,
      graceMs: () => 3_000,
      defaultEnvironment: "production",
      planned: () => {},
    });
    const counters = new LifecycleCounters({ events: store.events, stats: () => pool.stats() });
    const sessionMetrics = () => ({
      sinceAt: clock.now(),
      ...pool.stats(),
      spares: 0,
      ...counters.counts(),
    });
    const parts: HttpDependencies = {
      store,
      pool,
      access: rig.access,
      tokenFailures: openTokenFailures(clock),
      attachments: new MessageAttachments({ store, storage }),
      pushRegistration: new PushRegistration({
        store,
        clock,
        defaultEnvironment: "production",
        webPush: rig.webPush,
      }),
      activityRegistrations: rig.activities.registrations,
      roots,
      history: rig.history,
      heldElsewhere: async () => rig.history.held,
      trust: new OwnersTrust({
        store,
        clock,
        log,
        homeDir: rig.folder,
        claudeConfigDir: join(rig.folder, ".claude"),
        acceptedInTerminal: async () => false,
      }),
      folders: new ConversationFolders({ dir: join(rig.folder, "conversations") }),
      names,
      clock,
      log,
      version: "9.9.9",
      serverName: "Studio",
      startedAt: clock.now() - 5_000,
      limits: defaultHttpLimits,
      stopping: rig.stopping.signal,
      health: () => rig.health,
      metrics: sessionMetrics,
      prometheus: new Metrics({ store, sessionMetrics, socketCount: () => 2, version: "9.9.9" }),
      models: () => [],
      listen: (sessionId, listener) => rig.feed.listen(sessionId, listener),
      deliveryMethods: () => ["websocket", "apns"],
      connected: (deviceId) => (rig.polls.get(deviceId) ?? 0) > 0,
      acknowledge: (deviceId, cursor) => {
        rig.acked.push({ deviceId, cursor });
        return store.devices.ack(deviceId, cursor);
      },
      beginPoll: (deviceId) => {
        const add = (count: number) => {
          rig.polls.set(deviceId, (rig.polls.get(deviceId) ?? 0) + count);
          rig.onPoll();
        };
        add(1);
        return () => add(-1);
      },
      settings: new Settings({ store, clock, log, environment: rig.environment }),
      testPush: async () => ({ outcome: "sent", apnsId: "apns-1", status: 200, latencyMs: 12 }),
      pairingUrl: (code) => pairingLink({ url: rig.url, code }),
    };
    rig.parts = { ...parts, ...change(parts) };
    rig.server = createServer(createHttpApp(rig.parts));
    rig.server.listen(0, bindHost);
    await once(rig.server, "listening");
    rig.port = (rig.server.address() as AddressInfo).port;
    rig.url = `http://127.0.0.1:${rig.port}`;
  });
  afterEach(async () => {
    rig.server.closeAllConnections();
    rig.server.close();
    await once(rig.server, "close");
    rig.activities.stop();
    expect(rig.clock.armed).toBe(0);
    rig.store.close();
    rmSync(rig.folder, { recursive: true, force: true });
  });

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
      const { method = "GET", path, headers, body } = options;
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
