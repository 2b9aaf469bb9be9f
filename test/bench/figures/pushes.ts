import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import apn from "@parse/node-apn";
import { DeliveryPlanner, planned } from "../../../server/delivery/outbox/deliveryPlanner.ts";
import { durablePush } from "../../../server/delivery/outbox/durablePush.ts";
import { OutboxSender } from "../../../server/delivery/outbox/outboxSender.ts";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import type { Log } from "../../../server/domain/ports.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { ApnsSender } from "../../../server/push/apns/apnsSender.ts";
import { PushRouter } from "../../../server/push/pushRouter.ts";
import { openStore } from "../../../server/store/store.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { proseOf } from "../sides/prose.ts";
import { seededDevice, seededSession } from "../sides/seed.ts";

const usualRounds = 8;
/** Devices that are pushed to, and events a round: each device takes its pushes one after another. */
const deviceCount = 100;
const eventsARound = 20;
/** Pushes in flight at once, on both sides: the outbox's own limit. */
const inFlight = 100;

interface StandInPlace {
  caPath: string;
  keyPath: string;
  keyId: string;
  teamId: string;
  topic: string;
  host: string;
  port: number;
}

async function startStandIn(tlsDir: string): Promise<{ place: StandInPlace; stop(): Promise<void> }> {
  const program = fileURLToPath(new URL("../sides/apnsProgram.js", import.meta.url));
  const child = spawn(process.execPath, [program, tlsDir], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return {
    place: JSON.parse(String(line)) as StandInPlace,
    stop: async () => {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const deviceToken = () => randomBytes(32).toString("hex");

/** The outbox as the server has it, down to node-apn, without Web Push. */
function outboxSide(
  folder: string,
  { host, port, keyPath, keyId, teamId, topic, caPath }: StandInPlace,
  text: string,
) {
  const clock = systemClock;
  const database = openStore({
    path: join(folder, "outbox.db"),
    clock,
    beside: {
      onFault: (error) => {
        throw error;
      },
    },
  });
  const apns = new ApnsSender({
    clock,
    key: { path: keyPath, keyId, teamId },
    topic,
    production: { host, port },
    sandbox: { host, port },
    caPath,
    dataDir: folder,
    log: silent,
  });
  let sent = 0;
  let awaited: { count: number; resolve(): void } | undefined;
  const webpush = {
    send: unused,
    sync: unused,
    health: () => ({ state: "disabled" as const }),
    stop: async () => {},
  };
  const push = durablePush(new PushRouter({ apns, webpush }), database, clock);
  const counted = {
    send: async (request: Parameters<typeof push.send>[0]) => {
      const outcome = await push.send(request);
      if (outcome.outcome !== "sent") throw new Error(`A push was not sent: ${JSON.stringify(outcome)}`);
      sent += 1;
      if (sent === awaited?.count) awaited.resolve();
      return outcome;
    },
    sync: (request: Parameters<typeof push.sync>[0]) => push.sync(request),
    activity: (request: Parameters<typeof push.activity>[0]) => push.activity(request),
    health: (provider: Parameters<typeof push.health>[0]) => push.health(provider),
    stop: (graceMs: number) => push.stop(graceMs),
  };
  const connections = new Connections({ clock });
  const noteDue = (dueAt: number) => sender.noteDue(dueAt);
  const planner = new DeliveryPlanner({ store: database, connections, clock, graceMs: () => 0, noteDue });
  const store = planned(database, planner);
  const sender: OutboxSender = new OutboxSender({
    store,
    push: counted,
    activities: { prepare: unused },
    connections,
    clock,
    log: silent,
    graceMs: () => 0,
    concurrency: inFlight,
  });
  const session = seededSession("/home/dev/acme");
  store.transaction(() => {
    store.sessions.insert(session);
    for (let index = 0; index < deviceCount; index += 1) {
      const target = {
        provider: "apns" as const,
        token: deviceToken(),
        environment: "production" as const,
        registeredAt: clock.now(),
      };
      store.devices.insert(seededDevice(target), String(index));
    }
  });
  sender.start();
  return {
    /** From the commit of the events to Apple's answer to the last push. */
    async push(events: number): Promise<void> {
      const done = new Promise<void>((resolve) => {
        awaited = { count: sent + events * deviceCount, resolve };
      });
      store.transaction(() => {
        for (let index = 0; index < events; index += 1) {
          const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
          const data = { messageId: randomUUID(), text, costUsd: 0, usage, durationMs: 1, numTurns: 1 };
          const { sessionId } = session;
          store.events.append({ sessionId, turnId: randomUUID(), type: "turn.completed", data });
        }
      });
      await done;
    },
    /** The owner reads the events that were pushed: the badges of the next round count as few. */
    settle: () => void store.reads.readUpTo(session.sessionId, store.events.tip()),
    async stop(): Promise<void> {
      await sender.stop(2_000);
      await push.stop(2_000);
      database.close();
    },
  };
}

const unused = (): never => {
  throw new Error("Only alerts to Apple are measured.");
};

/** node-apn alone, with pushes of the same size. */
function bareSide({ host, port, keyPath, keyId, teamId, topic, caPath }: StandInPlace, text: string) {
  const provider = new apn.Provider({
    token: { key: keyPath, keyId, teamId },
    address: host,
    port,
    ca: readFileSync(caPath, "utf8"),
    production: true,
    connectionRetryLimit: 3,
  } as unknown as ConstructorParameters<typeof apn.Provider>[0]);
  const tokens = Array.from({ length: deviceCount }, deviceToken);
  const sessionId = randomUUID();
  const one = async (token: string) => {
    const notification = new apn.Notification();
    notification.topic = topic;
    notification.id = randomUUID();
    notification.pushType = "alert";
    notification.priority = 10;
    notification.rawPayload = {
      aps: {
        alert: { title: "Conversation", body: text },
        badge: 1,
        sound: "default",
        "thread-id": sessionId,
        category: "reply",
        "interruption-level": "active",
        "mutable-content": 1,
      },
      daylong: { v: 1, kind: "reply", sessionId, turnId: randomUUID(), messageId: randomUUID(), cursor: 1 },
    };
    const { failed } = await provider.send(notification, token);
    if (failed.length > 0) throw new Error(`node-apn could not send: ${JSON.stringify(failed[0])}`);
  };
  return {
    /** Apple allows one stream until the first push of a connection is accepted. */
    begin: () => one(tokens[0]!),
    async push(events: number): Promise<void> {
      let left = events * deviceCount;
      await Promise.all(
        Array.from({ length: inFlight }, async () => {
          while (left > 0) {
            left -= 1;
            await one(tokens[left % tokens.length]!);
          }
        }),
      );
    },
    settle() {},
    stop: () => provider.shutdown(),
  };
}

/** Pushes a second, through the outbox and with node-apn alone, to stand-ins of Apple in processes of their own. */
export async function pushes(run: BenchRun): Promise<Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), "daylong-pushes-"));
  const text = proseOf(160);
  // One for each side: Apple takes a second provider token of a key within 20 minutes for an abuse.
  const standIns = [
    await startStandIn(join(folder, "tls")),
    await startStandIn(join(folder, "tls")),
  ] as const;
  const [ours, bare] = [outboxSide(folder, standIns[0].place, text), bareSide(standIns[1].place, text)];
  const rates = { ours: [] as number[], bare: [] as number[] };
  const round = async (side: { push(events: number): Promise<void>; settle(): void }, into: number[]) => {
    const beganAt = performance.now();
    await side.push(eventsARound);
    into.push((eventsARound * deviceCount) / ((performance.now() - beganAt) / 1_000));
    side.settle();
  };
  try {
    // As many as in a round: less leaves the first rounds to code that is not compiled yet.
    await ours.push(eventsARound);
    ours.settle();
    await bare.begin();
    await bare.push(eventsARound);
    await inTurns(run, roundsOf(run, usualRounds), [
      () => round(ours, rates.ours),
      () => round(bare, rates.bare),
    ]);
  } finally {
    await ours.stop();
    bare.stop();
    for (const standIn of standIns) await standIn.stop();
    rmSync(folder, { recursive: true });
  }
  return [
    {
      figure: "pushes a second through the outbox",
      unit: "1/s",
      ours: rates.ours,
      floorName: "node-apn alone",
      floor: rates.bare,
      reach: { ratio: 0.8, better: "higher" },
    },
  ];
}
