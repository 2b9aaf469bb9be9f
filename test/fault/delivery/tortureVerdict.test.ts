import { expect, test } from "@jest/globals";
import { aDelivery, aDevice, aSession, useBench } from "../../integration/store/fixture.ts";
import type { PushTrails } from "../../torture/pushes.ts";
import { Sightings } from "../../torture/sightings.ts";
import { judge } from "../../torture/verdict.ts";

const bench = useBench();
const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };

/** What the torture says of a delivery that Apple got `requests` times and that met `kills` kills on its way. */
function judged({ requests, kills }: { requests: number; kills: number }) {
  const { outbox, devices } = bench.store;
  devices.insert(aDevice({ deviceId: "phone" }), "hash");
  const delivery = aDelivery("phone", 1);
  outbox.insert(delivery);
  const { deliveryId } = delivery;
  for (let kill = 0; kill < kills; kill += 1) {
    const attempt = { at: kill, reason: "server_stopped", latencyMs: 0 };
    outbox.record(deliveryId, attempt, { state: "pending", nextAttemptAt: 1 });
  }
  outbox.record(deliveryId, { at: 9, status: 200, latencyMs: 1 }, { state: "sent", nextAttemptAt: null });
  const trail = { apnsId: deliveryId, deviceToken: "", cursor: 1, requests, accepted: 1 };
  return judge({
    databasePath: bench.path,
    accepted: [],
    sightings: new Sightings(),
    pushes: { trails: new Map([[deliveryId, trail]]) } as unknown as PushTrails,
    silentDevices: new Set(["phone"]),
    prompts: [],
  });
}

test.each([
  { requests: 1, kills: 0, tooOften: 0 },
  { requests: 2, kills: 1, tooOften: 0 },
  { requests: 1, kills: 1, tooOften: 0 },
  { requests: 4, kills: 3, tooOften: 0 },
  { requests: 2, kills: 0, tooOften: 1 },
  { requests: 3, kills: 1, tooOften: 1 },
  { requests: 5, kills: 1, tooOften: 3 },
])(
  "V10: scripts/torture takes a push for one too many unless a kill met the one before: $requests requests, $kills kills",
  ({ requests, kills, tooOften }) => {
    expect(judged({ requests, kills })).toMatchObject({
      pushedTooOften: tooOften,
      mostPushes: requests,
      undelivered: 0,
      neverSent: 0,
    });
  },
);

test.each([
  ["its own words", "You said: m1", 0],
  ["another's words", "You said: m2", 2],
  ["a task's words", "Own: m1", 2],
])("V16 a message that is answered with %s", (_what, text, foreignReplies) => {
  const { store } = bench;
  const session = aSession();
  store.sessions.insert(session);
  const { sessionId } = session;
  const reply = { messageId: "r", text, costUsd: 0, usage, durationMs: 1, numTurns: 1 };
  const accepted = { messageId: "t1", message: "m1", clientMessageId: "c", deviceId: "d", attachments: [] };
  const own = { ...reply, text: "Own: m1", origin: "task" as const };
  store.transaction(() => {
    store.events.append({ sessionId, turnId: "t1", type: "turn.accepted", data: accepted });
    store.events.append({ sessionId, turnId: "t1", type: "message", data: { messageId: "r", text } });
    store.events.append({ sessionId, turnId: "t1", type: "turn.completed", data: reply });
    store.events.append({ sessionId, turnId: "o1", type: "turn.started", data: { origin: "task" } });
    store.events.append({ sessionId, turnId: "o1", type: "turn.completed", data: own });
  });
  const verdict = judge({
    databasePath: bench.path,
    accepted: [],
    sightings: new Sightings(),
    pushes: { trails: new Map() } as unknown as PushTrails,
    silentDevices: new Set(),
    prompts: ["m1"],
  });
  expect([verdict.foreignReplies, verdict.ownNotEndedOnce]).toEqual([foreignReplies, 0]);
  expect([verdict.ends, verdict.ownEnds]).toEqual([{ "turn.completed": 1 }, { "turn.completed": 1 }]);
});
