import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ApnsTarget, PushRequest } from "../../../../server/domain/delivery/push.ts";
import { systemClock } from "../../../../server/platform/clock.ts";
import { ApnsSender } from "../../../../server/push/apns/apnsSender.ts";
import { type ApnsStandIn, startApnsStandIn } from "../../../support/push/apnsStandIn.ts";

let folder: string;
let apple: ApnsStandIn;
let sender: ApnsSender;
let told: Array<{ name: string; fields: Record<string, unknown> }>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "daylong-apns-"));
  told = [];
  // One place on each connection: every other push waits for it.
  apple = await startApnsStandIn({
    tlsDir: join(folder, "tls"),
    clock: systemClock,
    maxConcurrentStreams: 1,
  });
  const endpoint = { host: apple.host, port: apple.port };
  sender = new ApnsSender({
    clock: systemClock,
    key: { path: apple.keyPath, keyId: apple.keyId, teamId: apple.teamId },
    topic: apple.topic,
    production: endpoint,
    sandbox: endpoint,
    caPath: apple.caPath,
    dataDir: folder,
    log: { info: (name, fields = {}) => void told.push({ name, fields }) },
  });
});
afterEach(async () => {
  await sender.stop(0);
  await apple.close();
  rmSync(folder, { recursive: true });
});

const push = (target: Partial<ApnsTarget> = {}): PushRequest<ApnsTarget> => ({
  deliveryId: randomUUID(),
  target: {
    provider: "apns",
    token: "ab".repeat(32),
    environment: "production",
    registeredAt: 1,
    ...target,
  },
  content: { kind: "reply", cursor: 1, sessionId: "s", turnId: "t", title: "api", body: "Done.", badge: 1 },
  at: Date.now(),
});
const sendAll = (count: number) => Promise.all(Array.from({ length: count }, () => sender.send(push())));

test("V11: what waits for a place when the connection breaks is sent over the next one", async () => {
  await sender.send(push());
  apple.script("reset");
  const [first, ...others] = await sendAll(4);
  expect(first?.outcome).toBe("retry");
  expect(others.map(({ outcome }) => outcome)).toEqual(["sent", "sent", "sent"]);
  expect(apple.connections()).toBe(2);
});

test("V11: what waits for a place when Apple says goodbye is sent over the next one", async () => {
  await sender.send(push());
  apple.script("goaway-answered");
  expect((await sendAll(4)).map(({ outcome }) => outcome)).toEqual(["sent", "sent", "sent", "sent"]);
  expect(apple.connections()).toBe(2);
});

test("the topic that a device named for itself is that device's fault, and the server is well", async () => {
  expect(await sender.send(push({ topic: "dev.somebody.else" }))).toMatchObject({
    outcome: "config",
    reason: "TopicDisallowed",
  });
  expect(sender.health()).toEqual({ state: "ok" });
  expect(told.at(-1)).toMatchObject({ name: "push.not_sent", fields: { reason: "TopicDisallowed" } });
});

test("what connections tell is told with the environment that they lead to", async () => {
  await sender.send(push());
  await sender.send(push({ environment: "sandbox" }));
  const connected = told.filter(({ name }) => name === "push.connected").map(({ fields }) => fields);
  expect(connected).toEqual([
    { environment: "production", host: apple.host },
    { environment: "sandbox", host: apple.host },
  ]);
});
