import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "@jest/globals";
import type { Delivery } from "../../../server/domain/delivery/delivery.ts";
import type { Device } from "../../../server/domain/delivery/device.ts";
import type { LoggedEvent, NewEvent } from "../../../server/domain/delivery/event.ts";
import type { Clock } from "../../../server/domain/ports.ts";
import type { Lease } from "../../../server/domain/sessions/lease.ts";
import type { Permission } from "../../../server/domain/sessions/permission.ts";
import type { Session, WrongSessionChange } from "../../../server/domain/sessions/session.ts";
import type { Turn } from "../../../server/domain/sessions/turn.ts";
import { openDatabase } from "../../../server/store/database.ts";
import type { Connection } from "../../../server/store/statement.ts";
import { type OpenStore, storeOver } from "../../../server/store/store.ts";

/** A clock that stands until it is moved. */
export class StandingClock implements Clock {
  nowAt = 1_700_000_000_000;
  now(): number {
    return this.nowAt;
  }
  monotonic(): number {
    return this.nowAt;
  }
  after(): () => void {
    throw new Error("The store arms no timers.");
  }
}

/** What every test of a file works with: a new database in a folder of its own. */
export interface Bench {
  folder: string;
  path: string;
  clock: StandingClock;
  connection: Connection;
  store: OpenStore;
  /** Changes of sessions' states that were reported as wrong. */
  wrongChanges: WrongSessionChange[];
  /** What subscribers threw. */
  subscriberErrors: unknown[];
  /** Closes the database and opens the same file again, as a restart does. */
  reopen(): void;
}

/** Gives each test a fresh bench, and leaves no file behind. */
export function useBench(): Bench {
  const bench = {} as Bench;
  const open = (): void => {
    bench.connection = openDatabase({ path: bench.path });
    bench.store = storeOver(bench.connection, {
      clock: bench.clock,
      onWrongSessionChange: (wrong) => bench.wrongChanges.push(wrong),
      onSubscriberError: (error) => bench.subscriberErrors.push(error),
    });
  };
  beforeEach(() => {
    bench.folder = mkdtempSync(join(tmpdir(), "daylong-store-"));
    bench.path = join(bench.folder, "daylong.db");
    bench.clock = new StandingClock();
    bench.subscriberErrors = [];
    bench.wrongChanges = [];
    bench.reopen = () => {
      bench.store.close();
      open();
    };
    open();
  });
  afterEach(() => {
    bench.store.close();
    rmSync(bench.folder, { recursive: true, force: true });
  });
  return bench;
}

export const aLease = (lease: Partial<Lease> = {}): Lease => ({
  term: 1,
  startedAt: 1_000,
  warnAt: 20_000,
  finalWarnAt: 23_000,
  expiresAt: 24_000,
  ...lease,
});

export const aSession = (session: Partial<Session> = {}): Session => ({
  sessionId: randomUUID(),
  projectPath: "/projects/alpha",
  title: "Alpha",
  state: "idle",
  model: null,
  permissionMode: "default",
  createdAt: 1_000,
  lastActivityAt: 1_000,
  lease: aLease(),
  turnCount: 0,
  lastSeq: 0,
  costUsd: 0,
  tokens: { input: 0, output: 0 },
  muted: false,
  autoKeepAlive: false,
  options: {},
  ...session,
});

export const aTurn = (sessionId: string, turn: Partial<Turn> = {}): Turn => ({
  turnId: randomUUID(),
  sessionId,
  origin: "user",
  deviceId: "phone",
  clientMessageId: randomUUID(),
  requestHash: "hash",
  message: "Hello",
  attachmentIds: [],
  state: "queued",
  acceptedAt: 1_000,
  ...turn,
});

export const aPermission = (sessionId: string, permission: Partial<Permission> = {}): Permission => ({
  permissionId: randomUUID(),
  sessionId,
  turnId: randomUUID(),
  kind: "tool",
  toolName: "Bash",
  title: "Run a command",
  input: { command: "ls" },
  suggestions: [],
  scopes: ["once"],
  lookFirst: false,
  truncated: false,
  requestedAt: 1_000,
  expiresAt: 9_000,
  state: "open",
  ...permission,
});

export const aDevice = (device: Partial<Device> = {}): Device => ({
  deviceId: randomUUID(),
  name: "Phone",
  platform: "ios",
  scope: "chat",
  createdAt: 1_000,
  lastSeenAt: 1_000,
  ackedCursor: null,
  push: null,
  preferences: { mutedKinds: [] },
  ...device,
});

export const aDelivery = (deviceId: string, cursor: number, delivery: Partial<Delivery> = {}): Delivery => ({
  deliveryId: randomUUID(),
  deviceId,
  cursor,
  kind: "reply",
  state: "pending",
  createdAt: 1_000,
  nextAttemptAt: 2_000,
  attemptCount: 0,
  ...delivery,
});

export const aMessage = (sessionId: string, messageId: string = randomUUID(), text = "Hi"): NewEvent => ({
  sessionId,
  type: "message",
  data: { messageId, text },
});

/** Appends in a transaction of its own. */
export const append = (store: OpenStore, event: NewEvent): LoggedEvent =>
  store.transaction(() => store.events.append(event));
