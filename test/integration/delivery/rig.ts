import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiveActivities } from "../../../server/delivery/activities/liveActivities.ts";
import { DeliveryPlanner, planned } from "../../../server/delivery/outbox/deliveryPlanner.ts";
import { OutboxSender, type OutboxSenderParts } from "../../../server/delivery/outbox/outboxSender.ts";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import { EventBroadcaster } from "../../../server/delivery/sockets/eventBroadcaster.ts";
import { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import type { Delivery, DeliveryAttempt } from "../../../server/domain/delivery/delivery.ts";
import type { Device } from "../../../server/domain/delivery/device.ts";
import type { LoggedEvent, NewEvent } from "../../../server/domain/delivery/event.ts";
import type { ApnsTarget } from "../../../server/domain/delivery/push.ts";
import type { Log, Store } from "../../../server/domain/ports.ts";
import { openLease } from "../../../server/domain/sessions/lease.ts";
import type { Permission } from "../../../server/domain/sessions/permission.ts";
import { openStore } from "../../../server/store/store.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemoryPush } from "../../support/push/memoryPush.ts";

export const graceMs = 3_000;
export const leaseLimits = {
  sessionTimeoutMs: 86_400_000,
  sessionWarningMs: 72_000_000,
  sessionFinalWarningMs: 900_000,
};

/** A log that keeps the names of what it is told. */
export class Words implements Log {
  readonly names: string[] = [];
  debug(): void {}
  info(name: string): void {
    this.names.push(name);
  }
  warn(name: string): void {
    this.names.push(name);
  }
  error(name: string): void {
    this.names.push(name);
  }
}

/** The delivery floor over a real database, a clock that stands still and a scripted Apple. */
export class Rig {
  readonly clock = new ManualClock();
  readonly words = new Words();
  readonly push = new MemoryPush();
  readonly #dataDir = mkdtempSync(join(tmpdir(), "daylong-delivery-"));
  readonly #overrides: Partial<OutboxSenderParts>;
  #database: ReturnType<typeof openStore>;
  connections!: Connections;
  store!: Store;
  outboxSender!: OutboxSender;
  broadcaster!: EventBroadcaster;
  activities!: LiveActivities;

  constructor(overrides: Partial<OutboxSenderParts> = {}) {
    this.#overrides = overrides;
    this.#database = this.#open();
  }

  /** A crash: nothing is stopped or flushed; the parts are built anew over the same file. */
  restart(): void {
    this.broadcaster.stop();
    this.activities.stop();
    this.#database.close();
    this.#database = this.#open();
  }

  async close(): Promise<void> {
    this.broadcaster.stop();
    this.activities.stop();
    await this.outboxSender.stop(0);
    this.#database.close();
    rmSync(this.#dataDir, { recursive: true });
  }

  device(change: Partial<Device> = {}, deviceId: string = randomUUID()): Device {
    const now = this.clock.now();
    const device: Device = {
      deviceId,
      name: "Phone",
      platform: "ios",
      scope: "chat",
      createdAt: now,
      lastSeenAt: now,
      ackedCursor: null,
      push: this.target(`token-of-${deviceId}`),
      preferences: { mutedKinds: [] },
      ...change,
    };
    this.store.devices.insert(device, `hash-of-${deviceId}`);
    return device;
  }

  target(token: string): ApnsTarget {
    return { provider: "apns", token, environment: "production", registeredAt: this.clock.now() };
  }

  session(title = "Tidy up", projectPath = "/home/dev/acme"): string {
    const sessionId = randomUUID();
    const now = this.clock.now();
    this.store.sessions.insert({
      sessionId,
      projectPath,
      title,
      state: "idle",
      model: null,
      permissionMode: "default",
      createdAt: now,
      lastActivityAt: now,
      lease: openLease(1, now, leaseLimits),
      turnCount: 0,
      lastSeq: 0,
      costUsd: 0,
      tokens: { input: 0, output: 0 },
      muted: false,
      autoKeepAlive: false,
      options: {},
    });
    return sessionId;
  }

  append(event: NewEvent): LoggedEvent {
    return this.store.transaction(() => this.store.events.append(event));
  }

  /** A finished turn. */
  reply(sessionId: string, text = "Done.", turnId: string = randomUUID()): LoggedEvent {
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
    const data = { messageId: randomUUID(), text, costUsd: 0, usage, durationMs: 1, numTurns: 1 };
    return this.append({ sessionId, type: "turn.completed", turnId, data });
  }

  /** An open permission, for an hour. */
  permission(sessionId: string): Permission {
    const { state, ...asked } = {
      permissionId: randomUUID(),
      sessionId,
      turnId: randomUUID(),
      kind: "tool",
      toolName: "Bash",
      title: "Run touch x",
      input: {},
      suggestions: [],
      scopes: ["once"],
      lookFirst: false,
      truncated: false,
      requestedAt: this.clock.now(),
      expiresAt: this.clock.now() + 3_600_000,
      state: "open",
    } satisfies Permission;
    this.store.transaction(() => {
      this.store.permissions.insert({ ...asked, state });
      this.store.events.append({
        sessionId,
        type: "permission.requested",
        turnId: asked.turnId,
        data: asked,
      });
    });
    return { ...asked, state };
  }

  /** The device's deliveries, oldest first. */
  deliveries(deviceId: string): Array<Delivery & { attempts: DeliveryAttempt[] }> {
    return this.store.outbox.ofDevice(deviceId, 10_000).reverse();
  }

  states(deviceId: string): string[] {
    return this.deliveries(deviceId).map((delivery) => delivery.state);
  }

  /** A socket of the device, caught up. */
  watch(deviceId: string, foreground?: boolean, sessionInView?: string): () => void {
    const connection = {
      deviceId,
      foreground,
      sessionInView,
      send: () => {},
      bufferedBytes: () => 0,
      close: () => {},
    };
    this.connections.add(connection);
    this.connections.attach(connection, this.store.events.tip());
    return () => this.connections.remove(connection);
  }

  #open(): ReturnType<typeof openStore> {
    const { clock, push, words: log } = this;
    const database = openStore({ dataDir: this.#dataDir, clock });
    const connections = new Connections({ clock });
    const noteDue = (dueAt: number) => this.outboxSender.noteDue(dueAt);
    const planner = new DeliveryPlanner({
      store: database,
      connections,
      clock,
      graceMs: () => graceMs,
      noteDue,
    });
    const activities = new LiveActivities({
      store: database,
      push,
      connections,
      clock,
      log,
      graceMs: () => graceMs,
      defaultEnvironment: "production",
      noteDue,
    });
    const store = planned(database, planner, activities);
    const random = () => 0.5;
    this.outboxSender = new OutboxSender({
      store,
      push,
      activities: activities.pushes,
      connections,
      clock,
      log,
      graceMs: () => graceMs,
      random,
      ...this.#overrides,
    });
    this.broadcaster = new EventBroadcaster({
      events: store.events,
      connections,
      feed: new DeltaFeed({ connections }),
    });
    this.store = store;
    this.connections = connections;
    this.activities = activities;
    this.activities.start();
    this.broadcaster.start();
    this.outboxSender.start();
    return database;
  }
}
