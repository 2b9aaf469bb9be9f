import { randomUUID } from "node:crypto";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { Chance } from "../../support/chance.ts";
import { type ApnsStandIn, startApnsStandIn } from "../../support/push/apnsStandIn.ts";
import {
  type Bench,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { promptsGiven, quickEnvironment } from "../../support/server/quickServer.ts";
import { runDaylong } from "../../support/server/runDaylong.ts";
import { type DeviceHabit, TortureDevice } from "../../torture/device.ts";
import { PushTrails } from "../../torture/pushes.ts";
import { Sightings } from "../../torture/sightings.ts";
import { Traffic } from "../../torture/traffic.ts";
import { judge, openWork } from "../../torture/verdict.ts";

const habits: readonly DeviceHabit[] = ["acking", "silent", "polling", "away", "away", "away"];
const conversations = 4;
let bench: Bench;
let apple: ApnsStandIn;
let server: DaylongServer | undefined;
let devices: Array<{ device: TortureDevice; token: string; deviceId: string }>;

beforeEach(async () => {
  bench = makeBench();
  apple = await startApnsStandIn({ tlsDir: bench.dir });
  devices = [];
});
afterEach(async () => {
  for (const { device } of devices) await device.stop();
  await server?.kill("SIGKILL");
  await apple.close();
  for (const pid of processesOf(bench)) process.kill(pid, "SIGKILL");
  bench.remove();
});

const environment = (dataDir: string) => ({
  ...quickEnvironment(bench, apple),
  DATA_DIR: dataDir,
  MAX_CONCURRENT_SESSIONS: String(conversations + 1),
  MAX_QUEUED_TURNS: "1000",
  PUSH_GRACE_MS: "300",
});
const pluck = (dataDir: string, sql: string): unknown[] => {
  const database = new Database(join(dataDir, "daylong.db"), { readonly: true });
  try {
    return database.prepare(sql).pluck().all();
  } finally {
    database.close();
  }
};
const atRest = async (dataDir: string) => {
  const open = () => pluck(dataDir, openWork) as string[];
  await eventually("every message has its end, and every push is settled", () => open().length === 0).catch(
    (error: Error) => {
      throw new Error(`${error.message}\n${open().join("\n")}\n${server?.lines.slice(-40).join("\n")}`);
    },
  );
};

/** The devices of the cast, each with a socket, a poll or nothing; those that never ack are pushed to. */
async function pairAll(of: DaylongServer, sightings: Sightings): Promise<void> {
  for (const [index, habit] of habits.entries()) {
    const { token, epoch, deviceId } = await of.pair(`${habit} ${index}`);
    const target = {
      provider: "apns",
      token: index.toString(16).padStart(64, "0"),
      environment: "production",
    };
    await of.ask("PATCH", "/api/devices/me", { push: target }, { token });
    const device = new TortureDevice({ server: async () => of, token, epoch, habit, sightings });
    device.start();
    devices.push({ device, token, deviceId });
  }
}

test("O05 V1 V5 V7 V10 V16: a backup taken in a storm, restored elsewhere: each message ends once with its own words, each push owed is sent, and each device is told", async () => {
  const { dataDir } = bench;
  const first = await startServer(environment(dataDir));
  server = first;
  const seen = new Sightings();
  await pairAll(first, seen);
  const { epoch } = (await first.ask("GET", "/api/events?after=0&limit=1")).body;
  const traffic = new Traffic({
    chance: new Chance(11),
    senders: devices,
    server: async () => first,
    projectPath: bench.project,
    rate: 20,
    conversations,
  });
  traffic.start();
  await eventually("the storm blows", () => traffic.accepted.length >= 40);
  // Queued while the backup is taken: it begins a task on the restored server, and no turn is open while that runs.
  const { sessionId } = traffic.accepted[0]!;
  for (const message of ["wait 3000 before it", "task 1500 after the restore"]) {
    const body = { clientMessageId: randomUUID(), message, sessionId };
    const answer = await first.ask("POST", "/api/chat", body, { token: devices[0]!.token });
    expect(answer.status).toBe(202);
    traffic.accepted.push({ text: message, turnId: answer.body.turnId, sessionId });
  }
  const acceptedBefore = [...traffic.accepted];
  const seenBefore = seen.lastCursor;
  const file = join(bench.dir, "storm.tar");
  expect(await runDaylong(["backup", file, "--data-dir", dataDir])).toMatchObject({ code: 0, stderr: "" });
  // The owner keeps Claude's own folder too: it is a moment newer.
  const home = join(bench.dir, "other-home");
  cpSync(join(bench.home, ".claude"), join(home, ".claude"), { recursive: true });
  const promptsCopied = promptsGiven({ ...bench, home });
  const acceptedMeanwhile = traffic.accepted.length;
  await eventually("the storm goes on", () => traffic.accepted.length >= acceptedMeanwhile + 20);
  await traffic.stop();
  await atRest(dataDir);
  for (const { device } of devices) await device.stop();
  expect(await first.kill("SIGTERM")).toBe(0);
  const pushes = new PushTrails(apple);
  pushes.sweep(true);

  const elsewhere = join(bench.dir, "elsewhere");
  expect(await runDaylong(["restore", file, "--data-dir", elsewhere])).toMatchObject({ code: 0, stderr: "" });
  const tip = pluck(elsewhere, "SELECT max(cursor) FROM events")[0] as number;
  // Devices had seen more than the backup holds, and the backup holds what was open when it was taken.
  expect(seen.lastCursor).toBeGreaterThan(tip);
  expect(tip).toBeGreaterThanOrEqual(seenBefore);
  // What the first server told Apple of later events is of a log that is no more.
  for (const [apnsId, { cursor }] of [...pushes.trails]) if (cursor > tip) pushes.trails.delete(apnsId);
  const openThen = new Set(
    pluck(elsewhere, "SELECT message FROM turns WHERE state IN ('queued', 'running')"),
  );
  const known = new Set(pluck(elsewhere, "SELECT turn_id FROM turns"));
  // V1: what was acknowledged before the backup began is in it.
  expect(acceptedBefore.filter(({ turnId }) => !known.has(turnId))).toEqual([]);

  const second = await startServer({
    ...environment(elsewhere),
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, ".claude"),
  });
  server = second;
  await atRest(elsewhere);
  // V5: every device is told, by the long poll and by the socket.
  for (const { token } of devices) {
    const path = `/api/events?after=${seen.lastCursor}&epoch=${epoch}`;
    const { body } = await second.ask("GET", path, undefined, { token });
    expect(body.recovered).toBe(false);
    expect(body.epoch).not.toBe(epoch);
  }
  // V7: a repeat names the turn that the backup knows, and no second one is begun.
  const kept = traffic.accepted.filter(({ turnId }) => known.has(turnId));
  const repeatable = `SELECT json_object('turnId', turn_id, 'deviceId', device_id, 'body', json_object(
    'clientMessageId', client_message_id, 'message', message, 'sessionId', session_id))
    FROM turns WHERE ordinal NOT IN (SELECT min(ordinal) FROM turns GROUP BY session_id) ORDER BY ordinal DESC LIMIT 40`;
  let repeated = 0;
  // Claude may begin turns by itself meanwhile.
  const requested = () =>
    pluck(elsewhere, "SELECT device_id FROM turns").filter((id) =>
      devices.some(({ deviceId }) => deviceId === id),
    );
  const requestedBefore = requested().length;
  for (const row of pluck(elsewhere, repeatable) as string[]) {
    const { turnId, deviceId, body } = JSON.parse(row);
    const sender = devices.find((one) => one.deviceId === deviceId);
    // Turns that Claude began by itself are nobody's request.
    if (sender === undefined) continue;
    repeated += 1;
    const answer = await second.ask("POST", "/api/chat", body, { token: sender.token });
    expect(answer.body).toMatchObject({ turnId, duplicate: true });
  }
  expect(repeated).toBeGreaterThan(0);
  expect(requested()).toHaveLength(requestedBefore);
  const again = new Sightings();
  const renewed = (await second.ask("GET", "/api/events?after=0&limit=1")).body.epoch;
  const late = devices.map(
    ({ token }) =>
      new TortureDevice({
        server: async () => second,
        token,
        epoch: renewed,
        habit: "acking",
        sightings: again,
      }),
  );
  const last = () => pluck(elsewhere, "SELECT max(cursor) FROM events")[0] as number;
  for (const device of late) {
    await device.readFrom(0);
    await eventually("the device has the whole log", () => device.cursor >= last());
    await device.stop();
    expect([device.gaps, device.doubles, device.losses]).toEqual([0, 0, 0]);
  }
  // V1: what a device was shown before is what it is shown now, up to where the backup ends.
  const changed = Array.from({ length: tip }, (_, at) => at + 1).filter(
    (cursor) => seen.at(cursor) !== undefined && seen.at(cursor) !== again.at(cursor),
  );
  expect(changed).toEqual([]);
  pushes.sweep(true);
  expect(await second.kill("SIGTERM")).toBe(0);
  server = undefined;
  const silent = devices.filter(({ device }) => device.habit === "silent" || device.habit === "away");
  // What was open when the backup was taken is run by both servers; nothing else is.
  const given = [...promptsGiven(bench), ...promptsGiven({ ...bench, home })];
  const copied = new Set(promptsCopied);
  const rerun = given.filter(
    (text, at) => given.indexOf(text) !== at && !openThen.has(text) && !copied.has(text),
  );
  expect(rerun).toEqual([]);
  const verdict = judge({
    databasePath: join(elsewhere, "daylong.db"),
    accepted: kept,
    sightings: again,
    pushes,
    silentDevices: new Set(silent.map(({ deviceId }) => deviceId)),
    prompts: given,
  });
  expect(verdict).toMatchObject({
    acceptedNotKept: 0,
    shownNotKept: 0,
    pushedNotKept: 0,
    notEndedOnce: 0,
    repeatedTurns: 0,
    cursorGaps: 0,
    seqGaps: 0,
    undelivered: 0,
    neverSent: 0,
    changedIds: 0,
    inventedReplies: 0,
    foreignReplies: 0,
    ownNotEndedOnce: 0,
    foreignAgentWords: 0,
    tasksNotEndedOnce: 0,
  });
  expect(processesOf(bench)).toEqual([]);
}, 300_000);
