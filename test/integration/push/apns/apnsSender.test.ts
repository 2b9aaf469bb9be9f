import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ApnsTarget, PushOutcome, PushRequest } from "../../../../server/domain/delivery/push.ts";
import { systemClock } from "../../../../server/platform/clock.ts";
import { ApnsSender, type ApnsSenderParts } from "../../../../server/push/apns/apnsSender.ts";
import { type ApnsStandIn, startApnsStandIn } from "../../../support/push/apnsStandIn.ts";
import { steadyPort } from "../../../support/server/steadyPort.ts";

const DEADLINE_MS = 30_000;
const MINUTE_MS = 60_000;
const deviceToken = "ab".repeat(32);

let folder: string;
let apple: ApnsStandIn;
let offsetMs: number;
let events: string[];
let onNextEvent: (() => void) | undefined;
const senders: ApnsSender[] = [];
const clock = { now: () => Date.now() + offsetMs, monotonic: () => systemClock.monotonic() };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-apns-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  offsetMs = 0;
  onNextEvent = undefined;
  events = [];
  apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock });
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop(0)));
  await apple.close();
});

function makeSender(parts: Partial<ApnsSenderParts> = {}): ApnsSender {
  const endpoint = { host: apple.host, port: apple.port };
  const sender = new ApnsSender({
    clock,
    key: { path: apple.keyPath, keyId: apple.keyId, teamId: apple.teamId },
    topic: apple.topic,
    production: endpoint,
    sandbox: endpoint,
    caPath: apple.caPath,
    dataDir: join(folder, randomUUID()),
    log: {
      info: (name) => {
        events.push(name);
        onNextEvent?.();
      },
    },
    ...parts,
  });
  senders.push(sender);
  return sender;
}

function makePush(body = "Done.", target: Partial<ApnsTarget> = {}): PushRequest<ApnsTarget> {
  return {
    deliveryId: randomUUID(),
    target: { provider: "apns", token: deviceToken, environment: "production", registeredAt: 1, ...target },
    content: {
      kind: "reply",
      cursor: 1,
      sessionId: randomUUID(),
      turnId: randomUUID(),
      messageId: randomUUID(),
      title: "api",
      body,
      badge: 1,
    },
    at: Date.now(),
  };
}

const outcomes = (results: PushOutcome[]): string[] => results.map((result) => result.outcome);

/** Resolves when the sender has told of `name`; rejects after the deadline. */
function waitForEvent(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No ${name} within ${DEADLINE_MS} ms.`)), DEADLINE_MS);
    onNextEvent = () => {
      if (!events.includes(name)) return;
      clearTimeout(timer);
      resolve();
    };
    onNextEvent();
  });
}
/** Soon enough to wait for, late enough for an answer on a busy machine. */
const fast = { requestTimeoutMs: 1_500, pingAfterMs: 50, pongWithinMs: 1_000 };

describe("a push that Apple accepts", () => {
  test("D14: arrives over verified TLS with a valid provider token, and breaks none of Apple's rules", async () => {
    const sender = makeSender();
    const push = makePush("Grüße 👋");
    const outcome = await sender.send(push);
    expect(outcome).toMatchObject({ outcome: "sent", status: 200, apnsId: push.deliveryId });
    const request = await apple.waitForRequest(({ apnsId }) => apnsId === push.deliveryId, DEADLINE_MS);
    expect(request).toMatchObject({ token: deviceToken, status: 200, fault: undefined });
    expect(request.headers).toMatchObject({ "apns-push-type": "alert", "apns-topic": apple.topic });
    expect(request.payload).toMatchObject({
      aps: { alert: { body: "Grüße 👋" } },
      daylong: { kind: "reply" },
    });
    expect(sender.health()).toEqual({ state: "ok" });
  });

  test("D20: a silent push is a background one that breaks none of Apple's rules", async () => {
    const { target } = makePush();
    const outcome = await makeSender().sync({ deliveryId: randomUUID(), target, unread: 3, cursor: 9 });
    expect(outcome.outcome).toBe("sent");
    const { headers, payload } = apple.requests[0]!;
    expect(headers).toMatchObject({
      "apns-push-type": "background",
      "apns-priority": "5",
      "apns-expiration": "0",
      "apns-collapse-id": "sync",
    });
    expect(payload).toEqual({
      aps: { "content-available": 1 },
      daylong: { v: 1, kind: "sync", cursor: 9, unread: 3 },
    });
  });

  test("V10: every attempt of a delivery carries the same apns-id", async () => {
    const sender = makeSender();
    const push = makePush();
    apple.script({ status: 503, reason: "ServiceUnavailable" }, "refuse");
    expect(outcomes([await sender.send(push), await sender.send(push), await sender.send(push)])).toEqual([
      "retry",
      "retry",
      "sent",
    ]);
    expect(apple.requests.map(({ apnsId }) => apnsId)).toEqual(Array(3).fill(push.deliveryId));
  });

  test("D15, V15: a megabyte, plain or sealed, arrives in at most 4,096 bytes and says that it was cut", async () => {
    const sender = makeSender();
    const encryptionKey = Buffer.alloc(32, 1).toString("base64");
    const body = 'Ä\u0000😀"'.repeat(200_000);
    const results = await Promise.all([
      sender.send(makePush(body)),
      sender.send(makePush(body, { encryptionKey })),
    ]);
    expect(outcomes(results)).toEqual(["sent", "sent"]);
    for (const { payloadBytes, fault } of apple.requests) {
      expect(payloadBytes).toBeLessThanOrEqual(4096);
      expect(payloadBytes).toBeGreaterThan(4000);
      expect(fault).toBeUndefined();
    }
    expect(apple.requests[0]?.payload).toMatchObject({ daylong: { truncated: true } });
  });

  test("D14: 2,000 pushes at once share one connection, each environment having its own", async () => {
    const sender = makeSender();
    const pushes = Array.from({ length: 2000 }, () => makePush());
    const results = await Promise.all(pushes.map((push) => sender.send(push)));
    expect(results.every(({ outcome }) => outcome === "sent")).toBe(true);
    expect(apple.connections()).toBe(1);
    expect(new Set(apple.requests.map(({ apnsId }) => apnsId)).size).toBe(2000);
    await sender.send(makePush("x", { environment: "sandbox" }));
    expect(apple.connections()).toBe(2);
  });
});

describe("Apple's refusals", () => {
  test("V12: a 410 keeps Apple's timestamp", async () => {
    const timestamp = 1_780_000_000_000;
    apple.script({ status: 410, reason: "Unregistered", timestamp });
    expect(await makeSender().send(makePush())).toMatchObject({
      outcome: "gone",
      status: 410,
      reason: "Unregistered",
      sinceAt: timestamp,
    });
  });

  test("V12: 20 BadDeviceToken at once carry no date that could prove a death", async () => {
    apple.answerWith(() => ({ status: 400, reason: "BadDeviceToken" }));
    const sender = makeSender();
    const results = await Promise.all(Array.from({ length: 20 }, () => sender.send(makePush())));
    for (const result of results) {
      expect(result).toMatchObject({ outcome: "gone", reason: "BadDeviceToken", status: 400 });
      expect(result).not.toHaveProperty("sinceAt");
    }
    expect(sender.health().state).toBe("ok");
  });

  test("V14: a 429 and a 503 keep Retry-After, which node-apn itself does not see", async () => {
    apple.script(
      { status: 429, reason: "TooManyRequests", retryAfter: 30 },
      { status: 503, reason: "Shutdown", retryAfter: 5 },
      { status: 500, reason: "InternalServerError" },
      { status: 503 },
    );
    const sender = makeSender();
    const before = Date.now();
    const first = await sender.send(makePush());
    const after = Date.now();
    expect(first).toMatchObject({ outcome: "retry", status: 429, reason: "TooManyRequests" });
    const notBeforeAt = first.outcome === "retry" ? (first.notBeforeAt ?? 0) : 0;
    expect(notBeforeAt - before).toBeGreaterThanOrEqual(30_000);
    expect(notBeforeAt - after).toBeLessThanOrEqual(30_000);
    expect(await sender.send(makePush())).toMatchObject({
      outcome: "retry",
      status: 503,
      reason: "Shutdown",
    });
    const third = await sender.send(makePush());
    expect(third).toMatchObject({ outcome: "retry", status: 500, reason: "InternalServerError" });
    expect(third).not.toHaveProperty("notBeforeAt");
    expect(await sender.send(makePush())).toMatchObject({
      outcome: "retry",
      status: 503,
      reason: "HTTP 503",
    });
    // One request an attempt: node-apn's own retries are off.
    expect(apple.requests).toHaveLength(4);
    expect(apple.connections()).toBe(1);
  });

  test("a 500 leaves the other pushes in flight alone", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    apple.script({ delayMs: 60 }, { delayMs: 60 }, { status: 500, reason: "InternalServerError" });
    const results = await Promise.all([1, 2, 3].map(() => sender.send(makePush())));
    expect(outcomes(results)).toEqual(["sent", "sent", "retry"]);
  });

  test("a configuration fault shows in health until a push is accepted again", async () => {
    const sender = makeSender({ topic: "dev.somebody.else" });
    expect(await sender.send(makePush())).toMatchObject({ outcome: "config", reason: "TopicDisallowed" });
    expect(sender.health()).toEqual({ state: "failing", detail: "TopicDisallowed" });
    expect((await sender.send(makePush("x", { topic: apple.topic }))).outcome).toBe("sent");
    expect(sender.health()).toEqual({ state: "ok" });
  });

  test("a key that Apple does not know is a configuration fault", async () => {
    const sender = makeSender({ key: { path: apple.keyPath, keyId: "OTHERKEY01", teamId: apple.teamId } });
    expect(await sender.send(makePush())).toMatchObject({
      outcome: "config",
      reason: "InvalidProviderToken",
    });
    expect(sender.health()).toEqual({ state: "failing", detail: "InvalidProviderToken" });
  });

  test("a device token or an id that no request can carry is dead or refused, and never throws", async () => {
    const sender = makeSender();
    expect(await sender.send(makePush("x", { token: "../../x y" }))).toMatchObject({
      reason: "BadDeviceToken",
    });
    expect(await sender.send({ ...makePush(), deliveryId: "no-uuid" })).toMatchObject({
      outcome: "dead",
      reason: "BadMessageId",
    });
    expect(await sender.send(makePush("x", { encryptionKey: "AAAA" }))).toMatchObject({
      outcome: "dead",
      reason: "encryption_key_invalid",
    });
    expect((await sender.send(makePush())).outcome).toBe("sent");
  });
});

describe("the provider token", () => {
  test("V13: is the same for both environments and over a restart within 50 minutes", async () => {
    const dataDir = join(folder, randomUUID());
    const first = makeSender({ dataDir });
    await first.send(makePush());
    await first.send(makePush("x", { environment: "sandbox" }));
    await first.stop(1000);
    offsetMs = 45 * MINUTE_MS;
    const second = makeSender({ dataDir });
    await second.send(makePush());
    expect(new Set(apple.requests.map(({ headers }) => headers.authorization)).size).toBe(1);
    offsetMs = 55 * MINUTE_MS;
    expect((await second.send(makePush())).outcome).toBe("sent");
    expect(new Set(apple.requests.map(({ headers }) => headers.authorization)).size).toBe(2);
  });

  test("V13: 500 concurrent ExpiredProviderToken make one refresh, and may be retried at once", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    offsetMs = 25 * MINUTE_MS;
    apple.answerWith(() => ({ status: 403, reason: "ExpiredProviderToken" }));
    const pushes = Array.from({ length: 500 }, () => makePush());
    const results = await Promise.all(pushes.map((push) => sender.send(push)));
    for (const result of results) {
      expect(result).toMatchObject({ outcome: "retry", reason: "ExpiredProviderToken" });
    }
    apple.answerWith(undefined);
    const again = await Promise.all(pushes.map((push) => sender.send(push)));
    expect(again.every(({ outcome }) => outcome === "sent")).toBe(true);
    expect(new Set(apple.requests.map(({ headers }) => headers.authorization)).size).toBe(2);
    expect(events.filter((name) => name === "push.token.renewed")).toHaveLength(2);
  });

  test("V13: a token that Apple calls expired too early is kept, and health names the clock", async () => {
    apple.script({ status: 403, reason: "ExpiredProviderToken" });
    const sender = makeSender();
    const result = await sender.send(makePush());
    const waitMs = result.outcome === "retry" ? (result.notBeforeAt ?? 0) - clock.now() : 0;
    expect(waitMs).toBeGreaterThan(19 * MINUTE_MS);
    expect(waitMs).toBeLessThanOrEqual(20 * MINUTE_MS);
    expect(sender.health()).toMatchObject({ state: "failing", detail: expect.stringContaining("clock") });
  });
});

describe("connections that end", () => {
  test("V11: a graceful GOAWAY lets pushes in flight be answered; the one left out is retried at once", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    apple.script(...Array(10).fill({ delayMs: 80 }), "goaway");
    const inFlight = Array.from({ length: 10 }, () => sender.send(makePush()));
    await apple.waitForRequest(() => apple.requests.length === 11, DEADLINE_MS);
    const leftOut = makePush();
    const refused = await sender.send(leftOut);
    expect(refused).toMatchObject({ outcome: "retry", reason: "goaway" });
    expect(refused).toHaveProperty("notBeforeAt");
    expect(outcomes(await Promise.all(inFlight))).toEqual(Array(10).fill("sent"));
    expect((await sender.send(leftOut)).outcome).toBe("sent");
    expect(apple.connections()).toBe(2);
  });

  test("V11: a push that a GOAWAY includes is sent, while the next one already takes a new connection", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    apple.script("goaway-answered");
    const included = sender.send(makePush());
    await waitForEvent("push.goaway");
    expect(outcomes(await Promise.all([included, sender.send(makePush())]))).toEqual(["sent", "sent"]);
    expect((await sender.send(makePush())).outcome).toBe("sent");
    expect(apple.connections()).toBe(2);
  });

  test("V11: a slow answer after a GOAWAY is waited for, though no ping can ask after the connection", async () => {
    await apple.close();
    // Later than a connection is given up that no ping comes back over.
    apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock, answerAfterGoawayMs: 1_500 });
    const sender = makeSender({ timing: { pingAfterMs: 5, pongWithinMs: 1_000 } });
    await sender.send(makePush());
    apple.script("goaway-answered");
    expect((await sender.send(makePush())).outcome).toBe("sent");
    expect(events).not.toContain("push.half_open");
  });

  test("V11: 500 pushes through GOAWAYs, resets, refusals and 503 all arrive, each under its own id", async () => {
    const sender = makeSender();
    const faults = ["goaway", "reset", "refuse", "goaway-answered", { status: 503 }] as const;
    let count = 0;
    // Every 17th request fares badly: all kinds in turn, in the midst of what else is in flight.
    apple.answerWith(() => {
      count += 1;
      return count % 17 === 0 ? faults[(count / 17) % faults.length] : undefined;
    });
    const deliver = async (push: PushRequest<ApnsTarget>): Promise<number> => {
      for (let attempts = 1; attempts < 100; attempts += 1) {
        const { outcome } = await sender.send(push);
        if (outcome === "sent") return attempts;
        expect(outcome).toBe("retry");
      }
      throw new Error(`${push.deliveryId} was not sent in 100 attempts.`);
    };
    const pushes = Array.from({ length: 500 }, () => makePush());
    const attempts = await Promise.all(pushes.map(deliver));
    const accepted = new Set(
      apple.requests.filter(({ status }) => status === 200).map(({ apnsId }) => apnsId),
    );
    expect(pushes.every(({ deliveryId }) => accepted.has(deliveryId))).toBe(true);
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    expect(apple.requests.every(({ fault }) => fault === undefined)).toBe(true);
    expect(apple.connections()).toBeGreaterThan(5);
  });

  test("V11: a server that only says goodbye is not hammered: no retry at once", async () => {
    apple.script("goaway");
    const result = await makeSender().send(makePush());
    expect(result).toMatchObject({ outcome: "retry" });
    expect(result).not.toHaveProperty("notBeforeAt");
  });

  test("V11: a reset fails what is in flight as retry, and the next push takes a new connection", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    apple.script("silence", "silence", "reset");
    const results = await Promise.all([1, 2, 3].map(() => sender.send(makePush())));
    for (const result of results) expect(result).toMatchObject({ outcome: "retry", reason: "reset" });
    expect((await sender.send(makePush())).outcome).toBe("sent");
    expect(apple.connections()).toBe(2);
  });

  test("V11: a push that is never answered is retried after the time-out, over a new connection", async () => {
    const sender = makeSender({ timing: fast });
    await sender.send(makePush());
    apple.script("silence");
    const result = await sender.send(makePush());
    expect(result).toMatchObject({ outcome: "retry", reason: "timeout" });
    expect(result.latencyMs).toBeGreaterThanOrEqual(1_490);
    expect((await sender.send(makePush())).outcome).toBe("sent");
    expect(apple.connections()).toBe(2);
  });

  test("NET-6 V11: a push that waited for a place in vain is not sent after its time-out", async () => {
    await apple.close();
    apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock, maxConcurrentStreams: 1 });
    const sender = makeSender({ timing: fast });
    const [unanswered, waiting, later] = [makePush(), makePush(), makePush()];
    apple.script("silence");
    for (const result of await Promise.all([sender.send(unanswered), sender.send(waiting)])) {
      expect(result).toMatchObject({ outcome: "retry", reason: "timeout" });
    }
    expect((await sender.send(later)).outcome).toBe("sent");
    expect(apple.requests.map(({ apnsId }) => apnsId)).toEqual([unanswered.deliveryId, later.deliveryId]);
  });

  test("V11: a push that leaves the queue takes no other with it", async () => {
    await apple.close();
    apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock, maxConcurrentStreams: 1 });
    const sender = makeSender({ timing: fast });
    apple.script({ delayMs: 200 });
    const pushes = [makePush(), makePush(), makePush()];
    // The first holds the only place for a second; those behind it then follow one after the other.
    const results = await Promise.all(pushes.map((push) => sender.send(push)));
    expect(outcomes(results)).toEqual(["sent", "sent", "sent"]);
    expect(apple.requests.map(({ apnsId }) => apnsId)).toEqual(pushes.map(({ deliveryId }) => deliveryId));
    expect(apple.connections()).toBe(1);
  });

  test("V11: a half-open connection is found by a ping long before the time-out, and replaced", async () => {
    const timing = { requestTimeoutMs: 60_000, pingAfterMs: 50, pongWithinMs: 1_000 };
    const sender = makeSender({ timing });
    await sender.send(makePush());
    apple.blackhole();
    const results = await Promise.all([1, 2, 3].map(() => sender.send(makePush())));
    for (const result of results) {
      expect(result).toMatchObject({ outcome: "retry", reason: "half_open" });
      expect(result.latencyMs).toBeLessThan(timing.requestTimeoutMs / 2);
    }
    expect(events).toContain("push.half_open");
    expect((await sender.send(makePush())).outcome).toBe("sent");
  });

  test("D14: a slow answer is no dead connection: pings that come back keep it", async () => {
    const sender = makeSender({ timing: { requestTimeoutMs: 20_000, pingAfterMs: 20, pongWithinMs: 5_000 } });
    apple.script({ delayMs: 300 });
    expect((await sender.send(makePush())).outcome).toBe("sent");
    expect(apple.connections()).toBe(1);
  });

  test("nobody listening is retry for all who wait, with one dial", async () => {
    await apple.close();
    // Nobody else may listen there meanwhile.
    apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock, port: await steadyPort() });
    const { port } = apple;
    await apple.close();
    const sender = makeSender();
    const results = await Promise.all(Array.from({ length: 50 }, () => sender.send(makePush())));
    for (const result of results) expect(result).toMatchObject({ outcome: "retry", reason: "unreachable" });
    apple = await startApnsStandIn({ tlsDir: join(folder, "tls"), clock, port });
    expect((await sender.send(makePush())).outcome).toBe("sent");
  });

  test("a server that never finishes the handshake is a time-out, and does not hold up a stop", async () => {
    const mute = createServer((socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as AddressInfo;
    const sender = makeSender({ production: { host: "127.0.0.1", port }, timing: { requestTimeoutMs: 100 } });
    const results = await Promise.all([1, 2, 3].map(() => sender.send(makePush())));
    for (const result of results) expect(result).toMatchObject({ outcome: "retry", reason: "timeout" });
    const last = sender.send(makePush());
    await sender.stop(10);
    expect((await last).outcome).toBe("retry");
    await new Promise((resolve) => mute.close(resolve));
  });

  test("a certificate that is not trusted is never sent to, and health says so", async () => {
    const sender = makeSender({ caPath: undefined });
    expect(await sender.send(makePush())).toMatchObject({ outcome: "retry", reason: "untrusted" });
    expect(apple.requests).toHaveLength(0);
    expect(sender.health()).toEqual({ state: "failing", detail: "untrusted" });
  });
});

describe("a sender without what it needs", () => {
  test("without a key every send says so and health is disabled", async () => {
    const sender = makeSender({ key: undefined });
    expect(await sender.send(makePush())).toEqual({
      outcome: "config",
      reason: "apns_not_configured",
      latencyMs: 0,
    });
    expect(sender.health()).toEqual({ state: "disabled", detail: "apns_not_configured" });
    await sender.stop(0);
  });

  test.each([
    ["apns_key_unreadable", { key: { path: "/nonexistent.p8", keyId: "K", teamId: "T" } }],
    ["apns_key_invalid", { key: { pem: "no key at all", keyId: "K", teamId: "T" } }],
    ["apns_ca_unreadable", { caPath: "/nonexistent.pem" }],
  ])("%s is known from the start and named in each outcome", async (reason, parts) => {
    const sender = makeSender(parts);
    expect(sender.health()).toEqual({ state: "failing", detail: reason });
    expect(await sender.send(makePush())).toEqual({ outcome: "config", reason, latencyMs: 0 });
  });
});

describe("stopping", () => {
  test("waits for pushes in flight, gives back those that come later, and is one promise", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    apple.script({ delayMs: 150 });
    const inFlight = sender.send(makePush());
    await apple.waitForRequest(() => apple.requests.length === 2, DEADLINE_MS);
    const stopped = sender.stop(30_000);
    expect(sender.stop(1)).toBe(stopped);
    expect(await sender.send(makePush())).toMatchObject({ outcome: "retry", reason: "stopping" });
    expect((await inFlight).outcome).toBe("sent");
    await stopped;
  });

  test("does not wait beyond the grace: what is still unanswered becomes retry", async () => {
    // Whoever waited for the answer would wait longer than the test.
    const sender = makeSender({ timing: { requestTimeoutMs: 600_000 } });
    apple.script("silence");
    const inFlight = sender.send(makePush());
    await apple.waitForRequest(() => apple.requests.length === 1, DEADLINE_MS);
    await sender.stop(50);
    expect((await inFlight).outcome).toBe("retry");
  });

  test("ends in time even on a half-open connection", async () => {
    const sender = makeSender();
    await sender.send(makePush());
    apple.blackhole();
    const inFlight = sender.send(makePush());
    await sender.stop(20);
    expect((await inFlight).outcome).toBe("retry");
  });
});
