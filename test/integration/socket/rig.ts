import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTokenFailures } from "../../../server/access/bearerToken.ts";
import type { Gatekeeper } from "../../../server/access/gatekeeper.ts";
import { MessageAttachments } from "../../../server/access/messageAttachments.ts";
import { DeliveryPlanner, planned } from "../../../server/delivery/outbox/deliveryPlanner.ts";
import { OutboxSender } from "../../../server/delivery/outbox/outboxSender.ts";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import { EventBroadcaster } from "../../../server/delivery/sockets/eventBroadcaster.ts";
import { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import { Replay } from "../../../server/delivery/sockets/replay.ts";
import type { Caller, Scope } from "../../../server/domain/delivery/device.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { Clock, Log, Store } from "../../../server/domain/ports.ts";
import { DiskAttachmentStorage } from "../../../server/files/attachmentStorage.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { Gateway, type GatewayParts } from "../../../server/socket/gateway.ts";
import { openStore } from "../../../server/store/store.ts";
import { MemoryPush } from "../../support/push/memoryPush.ts";
import { FakePool } from "../../support/server/fakePool.ts";
import { connect, SocketClient, type SocketClientOptions } from "../../support/server/socketClient.ts";

/** A gatekeeper with a list of tokens. */
export class ListedGatekeeper implements Gatekeeper {
  readonly callers = new Map<string, Caller>();
  readonly #listeners = new Set<(deviceId: string) => void>();

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
    if (!path.startsWith("/home/dev/")) throw new DaylongError("project_forbidden", "Outside the roots.");
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

/** The socket edge on a port of its own, over a real database and a pool without processes. */
export class Rig {
  readonly said: Said[] = [];
  readonly push = new MemoryPush();
  readonly gatekeeper = new ListedGatekeeper();
  readonly #clients: SocketClient[] = [];
  readonly #dataDir = mkdtempSync(join(tmpdir(), "daylong-socket-"));
  readonly #http = createServer((_request, response) => response.writeHead(404).end());
  readonly #database: ReturnType<typeof openStore>;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly store: Store;
  readonly feed: DeltaFeed;
  readonly outboxSender: OutboxSender;
  readonly broadcaster: EventBroadcaster;
  readonly pool: FakePool;
  readonly gateway: Gateway;
  port = 0;

  constructor(overrides: Partial<GatewayParts> & { graceMs?: number } = {}) {
    const { graceMs = 3_000, ...gatewayParts } = overrides;
    const clock = gatewayParts.clock ?? systemClock;
    const say = (level: string) => (name: string, fields?: Record<string, unknown>) =>
      void this.said.push({ level, name, fields });
    const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
    this.clock = clock;
    this.#database = openStore({ dataDir: this.#dataDir, clock });
    this.connections = new Connections({ clock });
    const { connections, gatekeeper, push } = this;
    const planner = new DeliveryPlanner({
      store: this.#database,
      connections,
      clock,
      graceMs: () => graceMs,
    });
    this.store = planned(this.#database, planner);
    const { events, devices } = this.store;
    this.feed = new DeltaFeed({ connections });
    // No device of these tests has a Live Activity.
    const activities = { prepare: () => ({ next: { state: "suppressed", nextAttemptAt: null } as const }) };
    this.outboxSender = new OutboxSender({
      store: this.store,
      push,
      activities,
      connections,
      clock,
      log,
      graceMs: () => graceMs,
    });
    const { feed, outboxSender } = this;
    this.broadcaster = new EventBroadcaster({ events, connections, feed, outboxSender });
    this.pool = new FakePool({ store: this.store, clock });
    const replay = new Replay({ events, devices, connections, feed, clock, log });
    const allowUpgrade = (request: IncomingMessage) =>
      request.headers.origin === undefined ? undefined : { status: 403 };
    const dir = join(this.#dataDir, "attachments");
    const storage = new DiskAttachmentStorage({ dir, store: this.store, clock, log, newId: randomUUID });
    const parts = {
      pool: this.pool,
      attachments: new MessageAttachments({ store: this.store, storage }),
      gatekeeper,
      tokenFailures: openTokenFailures(clock),
      connections,
      replay,
      outboxSender,
      devices,
      clock,
      log,
      allowUpgrade,
    };
    this.gateway = new Gateway({ ...parts, ...gatewayParts });
    this.broadcaster.start();
    outboxSender.start();
    this.gateway.attach(this.#http);
  }

  static async open(overrides: Partial<GatewayParts> & { graceMs?: number } = {}): Promise<Rig> {
    const rig = new Rig(overrides);
    await new Promise<void>((resolve) => rig.#http.listen(0, "127.0.0.1", resolve));
    rig.port = (rig.#http.address() as AddressInfo).port;
    return rig;
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

  async session(projectPath = "/home/dev/acme"): Promise<string> {
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
    this.broadcaster.stop();
    await this.outboxSender.stop(0);
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
    this.#database.close();
    rmSync(this.#dataDir, { recursive: true });
  }
}
