import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Gatekeeper } from "../../../server/access/gatekeeper.ts";
import type { OutboxSender } from "../../../server/delivery/outbox/outboxSender.ts";
import type { Connections } from "../../../server/delivery/sockets/connections.ts";
import type { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import type { Caller, Scope } from "../../../server/domain/delivery/device.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { Clock, Log, Store } from "../../../server/domain/ports.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { Gateway, type GatewayParts } from "../../../server/socket/gateway.ts";
import type { ScriptedHost } from "../../support/claude/scriptedHost.ts";
import type { MemoryPush } from "../../support/push/memoryPush.ts";
import type { DrivenPool } from "../../support/server/drivenPool.ts";
import { connect, SocketClient, type SocketClientOptions } from "../../support/server/socketClient.ts";
import { assembleForTest, type TestAssembly } from "../../support/server/testAssembly.ts";

/** A gatekeeper with a list of tokens. */
export class ListedGatekeeper implements Gatekeeper {
  readonly callers = new Map<string, Caller>();
  readonly #root: string;
  readonly #listeners = new Set<(deviceId: string) => void>();

  constructor(root: string) {
    this.#root = root;
  }

  authenticate(token: string): Caller | undefined {
    return this.callers.get(token);
  }

  onRevoked(listener: (deviceId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async resolveProject(path: string): Promise<string> {
    if (!path.startsWith(`${this.#root}/`)) throw new DaylongError("project_forbidden", "Outside the roots.");
    return path.replace(/\/$/, "");
  }

  revoke(deviceId: string): void {
    for (const [token, caller] of this.callers) if (caller.deviceId === deviceId) this.callers.delete(token);
    for (const listener of this.#listeners) listener(deviceId);
  }
}

export interface Said {
  level: string;
  name: string;
  fields?: Record<string, unknown>;
}

/** No push services but the one that is kept, and no transcripts of terminals. */
const absent = {
  webPush: { publicKey: undefined, refusal: () => "Web Push is off." },
  history: { conversations: async () => [], messages: async () => undefined, tool: async () => undefined },
};

type RigOptions = Partial<GatewayParts> & { graceMs?: number; requestsPerMinute?: number };

/** The socket edge on a port of its own, over the server's own assembly, with processes that do what the test says. */
export class Rig {
  readonly said: Said[];
  readonly gatekeeper: ListedGatekeeper;
  readonly clock: Clock;
  /** A directory that sessions can be in. */
  readonly project: string;
  readonly gateway: Gateway;
  readonly #assembly: TestAssembly;
  readonly #clients: SocketClient[] = [];
  readonly #dataDir: string;
  readonly #http = createServer((_request, response) => response.writeHead(404).end());
  port = 0;

  private constructor(parts: {
    assembly: TestAssembly;
    clock: Clock;
    said: Said[];
    dataDir: string;
    project: string;
    gatewayParts: Partial<GatewayParts>;
  }) {
    const { assembly, clock, gatewayParts } = parts;
    this.#assembly = assembly;
    this.#dataDir = parts.dataDir;
    this.clock = clock;
    this.said = parts.said;
    this.project = parts.project;
    this.gatekeeper = new ListedGatekeeper(join(parts.project, ".."));
    this.gateway = new Gateway({
      ...assembly.gateway,
      gatekeeper: this.gatekeeper,
      // Of the Host header nothing is asked: some clients come through a relay, which has a port of its own.
      allowUpgrade: ({ headers }) => (headers.origin === undefined ? undefined : { status: 403 }),
      ...gatewayParts,
    });
    this.gateway.attach(this.#http);
  }

  static async open(overrides: RigOptions = {}): Promise<Rig> {
    const { graceMs = 3_000, requestsPerMinute = 300, ...gatewayParts } = overrides;
    const clock = gatewayParts.clock ?? systemClock;
    const dataDir = realpathSync(mkdtempSync(join(tmpdir(), "daylong-socket-")));
    const root = join(dataDir, "root");
    const project = join(root, "acme");
    mkdirSync(project, { recursive: true });
    const said: Said[] = [];
    const say = (level: string) => (name: string, fields?: Record<string, unknown>) =>
      void said.push({ level, name, fields });
    const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
    const environment = {
      PROJECT_ROOTS: root,
      PUSH_GRACE_MS: String(graceMs),
      REQUESTS_PER_MINUTE: String(requestsPerMinute),
    };
    const port = () => rig?.port;
    let rig: Rig | undefined;
    const assembly = await assembleForTest({ dataDir, environment, clock, log, port, ...absent });
    const opened = new Rig({ assembly, clock, said, dataDir, project, gatewayParts });
    rig = opened;
    await new Promise<void>((resolve) => opened.#http.listen(0, "127.0.0.1", resolve));
    opened.port = (opened.#http.address() as AddressInfo).port;
    return opened;
  }

  get connections(): Connections {
    return this.#assembly.connections;
  }

  get store(): Store {
    return this.#assembly.store;
  }

  get feed(): DeltaFeed {
    return this.#assembly.feed;
  }

  get outboxSender(): OutboxSender {
    return this.#assembly.outboxSender;
  }

  get host(): ScriptedHost {
    return this.#assembly.host;
  }

  get push(): MemoryPush {
    return this.#assembly.push;
  }

  get pool(): DrivenPool {
    return this.#assembly.pool;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** Pairs a device; its token is its name. */
  pair(token: string, scope: Scope = "chat", hasPush = false): string {
    const now = this.clock.now();
    const deviceId = `device-${token}`;
    this.store.devices.insert(
      {
        deviceId,
        name: token,
        platform: "ios",
        scope,
        createdAt: now,
        lastSeenAt: now,
        ackedCursor: null,
        push: hasPush
          ? { provider: "apns", token: `apns-${token}`, environment: "production", registeredAt: now }
          : null,
        preferences: { mutedKinds: [] },
      },
      `hash-${token}`,
    );
    this.gatekeeper.callers.set(token, { deviceId, scope });
    return deviceId;
  }

  async connect(options: Partial<SocketClientOptions> = {}): Promise<SocketClient> {
    const client = await connect({ url: this.url, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client that is expected to be refused. */
  knock(options: Partial<SocketClientOptions> = {}): SocketClient {
    const client = new SocketClient({ url: this.url, ...options });
    this.#clients.push(client);
    return client;
  }

  async session(projectPath = this.project): Promise<string> {
    const caller = { deviceId: "local", scope: "admin" } as const;
    const { sessionId } = await this.pool.createSession({ caller, projectPath, options: {} });
    return sessionId;
  }

  /** Appends finished texts, one commit each; the last cursor. */
  say(sessionId: string, count = 1, text = "Hello."): number {
    for (let index = 0; index < count; index += 1) {
      this.store.transaction(() =>
        this.store.events.append({
          sessionId,
          type: "message",
          turnId: "turn",
          data: { messageId: `message-${index}`, text },
        }),
      );
    }
    return this.store.events.tip();
  }

  async close(): Promise<void> {
    await this.gateway.stop();
    await Promise.all(this.#clients.map((client) => client.kill()));
    await this.#assembly.stop();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
    this.#assembly.database.close();
    rmSync(this.#dataDir, { recursive: true });
  }
}
