import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeliveryPlanner, planned } from "../../../server/delivery/outbox/deliveryPlanner.ts";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { openDatabase } from "../../../server/store/database.ts";
import { openStore } from "../../../server/store/store.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { proseOf } from "../sides/prose.ts";
import { seededDevice, seededSession } from "../sides/seed.ts";

const usualRounds = 12;
/** Turns a round. */
const turnsARound = 100;
/** Sessions that work at once. */
const atOnce = 10;
/** Devices that are pushed to. */
const deviceCount = 2;
const usage = { inputTokens: 900, outputTokens: 120, cacheReadTokens: 0, cacheCreationTokens: 0 };
const message = "Tidy the imports of the server, please.";

const pushTarget = () => ({
  provider: "apns" as const,
  token: randomUUID(),
  environment: "production" as const,
  registeredAt: systemClock.now(),
});
const acceptedData = (turnId: string, clientMessageId: string, deviceId: string) => ({
  messageId: turnId,
  message,
  clientMessageId,
  deviceId,
  attachments: [],
});

interface Side {
  /** Two durable commits: the turn is accepted, the turn is completed with its deliveries. */
  turn(session: number): Promise<void>;
  close(): void;
}

/** The store as the server has it: synced beside the event loop, deliveries planned with each event. */
function storeSide(folder: string, reply: string): Side {
  const database = openStore({
    path: join(folder, "ours.db"),
    clock: systemClock,
    beside: {
      onFault: (error) => {
        throw error;
      },
    },
  });
  const connections = new Connections({ clock: systemClock });
  const planner = new DeliveryPlanner({
    store: database,
    connections,
    clock: systemClock,
    graceMs: () => 0,
    noteDue: () => {},
  });
  const store = planned(database, planner);
  const devices = Array.from({ length: deviceCount }, () => seededDevice(pushTarget()));
  const sessions = Array.from({ length: atOnce }, (_, index) => seededSession("/home/dev/acme", index));
  store.transaction(() => {
    for (const device of devices) store.devices.insert(device, device.deviceId);
    for (const session of sessions) store.sessions.insert(session);
  });
  const durable = () => new Promise<void>((resolve) => store.whenDurable(resolve));
  return {
    async turn(session) {
      const { sessionId } = sessions[session]!;
      const [turnId, clientMessageId] = [randomUUID(), randomUUID()];
      const { deviceId } = devices[0]!;
      const now = systemClock.now();
      store.transaction(() => {
        store.turns.insert({
          turnId,
          sessionId,
          origin: "user",
          deviceId,
          clientMessageId,
          requestHash: "",
          message,
          attachmentIds: [],
          state: "running",
          acceptedAt: now,
          givenAt: now,
          startedAt: now,
        });
        const data = acceptedData(turnId, clientMessageId, deviceId);
        store.events.append({ sessionId, turnId, type: "turn.accepted", data });
      });
      await durable();
      store.transaction(() => {
        const told = { messageId: randomUUID(), text: reply, costUsd: 0, usage, durationMs: 1, numTurns: 1 };
        store.turns.settle(turnId, { state: "completed", endedAt: systemClock.now(), reply: told });
        store.events.append({ sessionId, turnId, type: "turn.completed", data: told });
      });
      await durable();
    },
    close: () => database.close(),
  };
}

/** better-sqlite3 with the same tables and rows, each commit synced within it. */
function bareSide(folder: string, reply: string): Side {
  // The schema, its indexes and the FULL level are the same; nothing else of the store is used.
  const connection = openDatabase({ path: join(folder, "bare.db") });
  const seeding = openStore({ path: join(folder, "bare.db"), clock: systemClock });
  const devices = Array.from({ length: deviceCount }, () => seededDevice(pushTarget()));
  const sessions = Array.from({ length: atOnce }, (_, index) => seededSession("/home/dev/acme", index));
  seeding.transaction(() => {
    for (const device of devices) seeding.devices.insert(device, device.deviceId);
    for (const session of sessions) seeding.sessions.insert(session);
  });
  seeding.close();
  const insertTurn = connection.prepare(
    `INSERT INTO turns (turn_id, session_id, origin, device_id, client_message_id, request_hash, message, attachment_ids, state,
       accepted_at, given_at, started_at) VALUES (?, ?, 'user', ?, ?, '', ?, '[]', 'running', ?, ?, ?)`,
  );
  const nextSeq = connection.prepare<[string], { last_seq: number }>(
    "UPDATE sessions SET last_seq = last_seq + 1 WHERE session_id = ? RETURNING last_seq",
  );
  const insertEvent = connection.prepare(
    "INSERT INTO events (session_id, seq, type, at, turn_id, data) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const settle = connection.prepare(
    "UPDATE turns SET state = 'completed', ended_at = ?, reply = ? WHERE turn_id = ?",
  );
  const insertDelivery = connection.prepare(
    `INSERT INTO deliveries (delivery_id, device_id, cursor, kind, state, created_at, next_attempt_at, attempt_count)
     VALUES (?, ?, ?, 'reply', 'pending', ?, ?, 0)`,
  );
  const append = (sessionId: string, turnId: string, type: string, data: unknown) => {
    const seq = nextSeq.get(sessionId)!.last_seq;
    return insertEvent.run(sessionId, seq, type, Date.now(), turnId, JSON.stringify(data)).lastInsertRowid;
  };
  const accept = connection.transaction((sessionId: string, turnId: string) => {
    const [{ deviceId }, clientMessageId, now] = [devices[0]!, randomUUID(), Date.now()];
    insertTurn.run(turnId, sessionId, deviceId, clientMessageId, message, now, now, now);
    append(sessionId, turnId, "turn.accepted", acceptedData(turnId, clientMessageId, deviceId));
  });
  const complete = connection.transaction((sessionId: string, turnId: string) => {
    const told = { messageId: randomUUID(), text: reply, costUsd: 0, usage, durationMs: 1, numTurns: 1 };
    settle.run(Date.now(), JSON.stringify(told), turnId);
    const cursor = append(sessionId, turnId, "turn.completed", told);
    for (const { deviceId } of devices)
      insertDelivery.run(randomUUID(), deviceId, cursor, Date.now(), Date.now());
  });
  return {
    async turn(session) {
      const { sessionId } = sessions[session]!;
      const turnId = randomUUID();
      accept.immediate(sessionId, turnId);
      // As the store's side does between its two commits.
      await Promise.resolve();
      complete.immediate(sessionId, turnId);
    },
    close: () => connection.close(),
  };
}

/** `f_type` of a file system in memory (statfs(2)): a sync there costs nothing, and the figure would say nothing. */
const tmpfs = 0x01021994;

/** Durable commits a second: of one session after another, and of ten at once, which share their syncs. */
export async function commits(run: BenchRun): Promise<Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), "daylong-commits-"));
  if (statfsSync(folder).type === tmpfs) {
    rmSync(folder, { recursive: true });
    throw new Error(`${folder} is no disk: set TMPDIR to a folder on one.`);
  }
  const reply = proseOf(400);
  const [ours, bare] = [storeSide(folder, reply), bareSide(folder, reply)];
  const rates = { one: [] as number[], ten: [] as number[], bare: [] as number[] };
  const perSecond = (beganAt: number) => (2 * turnsARound) / ((performance.now() - beganAt) / 1_000);
  const oneByOne = async (side: Side, into: number[]) => {
    const beganAt = performance.now();
    for (let turn = 0; turn < turnsARound; turn += 1) await side.turn(turn % atOnce);
    into.push(perSecond(beganAt));
  };
  const together = async (side: Side, into: number[]) => {
    const beganAt = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async (_, session) => {
        for (let turn = 0; turn < turnsARound / atOnce; turn += 1) await side.turn(session);
      }),
    );
    into.push(perSecond(beganAt));
  };
  try {
    await inTurns(run, roundsOf(run, usualRounds), [
      () => oneByOne(ours, rates.one),
      () => oneByOne(bare, rates.bare),
      () => together(ours, rates.ten),
    ]);
  } finally {
    ours.close();
    bare.close();
    rmSync(folder, { recursive: true });
  }
  const row = (how: string, mine: number[]): Measured => ({
    figure: `durable commits a second, ${how}`,
    unit: "1/s",
    ours: mine,
    floorName: "better-sqlite3, FULL",
    floor: rates.bare,
    reach: { ratio: 0.8, better: "higher" },
  });
  return [row("one session", rates.one), row("ten sessions at once", rates.ten)];
}
