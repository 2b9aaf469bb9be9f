import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { hashSecret, makeToken } from "../../../server/access/tokens.ts";
import type { Device } from "../../../server/domain/delivery/device.ts";
import { openLease } from "../../../server/domain/sessions/lease.ts";
import type { Session } from "../../../server/domain/sessions/session.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { databaseName, openDatabase } from "../../../server/store/database.ts";
import { storeOver } from "../../../server/store/store.ts";
import { proseOf } from "./prose.ts";

const dayMs = 86_400_000;
/** Rows a transaction. */
const batch = 10_000;

export const seededDevice = (push: Device["push"] = null): Device => ({
  deviceId: randomUUID(),
  name: "Phone",
  platform: "ios",
  scope: "admin",
  createdAt: systemClock.now(),
  lastSeenAt: systemClock.now(),
  ackedCursor: null,
  push,
  preferences: { mutedKinds: [] },
});

export function seededSession(projectPath: string, index = 0): Session {
  const now = systemClock.now();
  return {
    sessionId: randomUUID(),
    projectPath,
    title: `Conversation ${index}`,
    state: "parked",
    model: null,
    permissionMode: "default",
    createdAt: now,
    lastActivityAt: now - index,
    lease: openLease(1, now, {
      sessionTimeoutMs: dayMs,
      sessionWarningMs: 0.8 * dayMs,
      sessionFinalWarningMs: 900_000,
    }),
    turnCount: 0,
    lastSeq: 0,
    costUsd: 0,
    tokens: { input: 0, output: 0 },
    muted: false,
    autoKeepAlive: false,
    options: {},
  };
}

export interface Seeded {
  devices: Array<{ deviceId: string; token: string }>;
  sessionIds: string[];
  /** UTF-8 bytes of the texts of the events. */
  textBytes: number;
}

/**
 * Writes the database of a server that has lived: devices, sessions, and messages of some hundred bytes of prose, spread over
 * the sessions. The server must not run.
 */
export function seed(
  dataDir: string,
  wanted: { projectPath: string; devices?: number; sessions?: number; events?: number; textChars?: number },
): Seeded {
  const { projectPath, devices = 0, sessions = 0, events = 0, textChars = 400 } = wanted;
  const connection = openDatabase({ path: join(dataDir, databaseName) });
  // What is written here need not survive a power loss, only be there when the server starts.
  connection.pragma("synchronous = OFF");
  const store = storeOver(connection, { clock: systemClock });
  const seeded: Seeded = { devices: [], sessionIds: [], textBytes: 0 };
  store.transaction(() => {
    for (let index = 0; index < devices; index += 1) {
      const [device, token] = [seededDevice(), makeToken()];
      store.devices.insert(device, hashSecret(token));
      seeded.devices.push({ deviceId: device.deviceId, token });
    }
    for (let index = 0; index < sessions; index += 1) {
      const session = seededSession(projectPath, index);
      store.sessions.insert(session);
      seeded.sessionIds.push(session.sessionId);
    }
  });
  const insert = connection.prepare(
    "INSERT INTO events (session_id, seq, type, at, turn_id, data) VALUES (?, ?, 'message', ?, ?, ?)",
  );
  const texts = Array.from({ length: 50 }, (_, index) => proseOf(textChars, index * 997));
  const now = systemClock.now();
  const countOf = Math.max(1, sessions);
  for (let from = 0; from < events; from += batch) {
    connection.transaction(() => {
      for (let index = from; index < Math.min(events, from + batch); index += 1) {
        const text = texts[index % texts.length]!;
        const data = JSON.stringify({ messageId: randomUUID(), text });
        const sessionId = seeded.sessionIds[index % countOf]!;
        insert.run(sessionId, Math.floor(index / countOf) + 1, now, randomUUID(), data);
        seeded.textBytes += Buffer.byteLength(text);
      }
    })();
  }
  const count = connection.prepare(
    "UPDATE sessions SET last_seq = coalesce((SELECT max(seq) FROM events WHERE events.session_id = sessions.session_id), 0)",
  );
  if (events > 0) count.run();
  store.close();
  return seeded;
}
