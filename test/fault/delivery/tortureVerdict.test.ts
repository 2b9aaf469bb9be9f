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

/** What the torture says of a session in which the message "agent 5 m1" was answered and then these events came. */
function judgedLog(rest: (log: ReturnType<typeof useBench>["store"]["events"], sessionId: string) => void) {
  const { store } = bench;
  const session = aSession();
  store.sessions.insert(session);
  const { sessionId } = session;
  const message = "agent 5 m1";
  const accepted = { messageId: "t1", message, clientMessageId: "c", deviceId: "d", attachments: [] };
  store.transaction(() => {
    store.events.append({ sessionId, turnId: "t1", type: "turn.accepted", data: accepted });
    store.events.append({ sessionId, turnId: "t1", type: "turn.cancelled", data: { by: "d" } });
    rest(store.events, sessionId);
  });
  return judge({
    databasePath: bench.path,
    accepted: [],
    sightings: new Sightings(),
    pushes: { trails: new Map() } as unknown as PushTrails,
    silentDevices: new Set(["phone"]),
    prompts: [message],
  });
}

test.each([
  ["the turn that started it", "t1", "Agent: agent 5 m1", 0, 0],
  ["a turn that never began", "t2", "Agent: agent 5 m1", 1, 1],
  ["a turn of Claude's own about something else", "o1", "Agent: m2", 1, 0],
  ["a turn of Claude's own about its task", "o1", "Agent: m1", 0, 0],
])("V16 words of a subagent that stand in %s", (_where, turnId, text, foreignAgentWords, strayEvents) => {
  const verdict = judgedLog((log, sessionId) => {
    log.append({ sessionId, turnId: "o1", type: "turn.started", data: { origin: "task" } });
    log.append({ sessionId, turnId: "o1", type: "message", data: { messageId: "o", text: "Own: m1" } });
    log.append({ sessionId, turnId, type: "agent.message", data: { agent: { agentId: "a1" }, text } });
  });
  expect(verdict).toMatchObject({ foreignAgentWords, strayEvents, foreignReplies: 0, agentWords: 1 });
  expect(verdict.misplaced).toEqual(
    foreignAgentWords === 0 ? [] : [expect.stringContaining(`"${text}" in turn ${turnId}`)],
  );
});

test.each([
  ["once", 1, 0],
  ["never", 0, 1],
  ["twice", 2, 1],
])("T03 F22: the end of a task is told %s", (_often, times, tasksNotEndedOnce) => {
  const task = { taskId: "b1", kind: "command", description: "Build it" } as const;
  const verdict = judgedLog((log, sessionId) => {
    log.append({ sessionId, type: "task.started", data: { ...task, state: "running" } });
    for (let count = 0; count < times; count += 1)
      log.append({ sessionId, type: "task.finished", data: { ...task, state: "stopped", cutOff: true } });
  });
  expect(verdict).toMatchObject({
    tasksNotEndedOnce,
    taskEnds: times === 0 ? {} : { "stopped, cut off": times },
  });
});

test.each([
  ["Claude spoke of it", true, false, 0],
  ["nothing came after it", false, false, 1],
  ["it was cut off", true, true, 1],
])("T03: the end of a task rings nowhere although %s", (_why, spoken, isCut, undelivered) => {
  const task = { taskId: "b1", kind: "command", description: "Build it" } as const;
  bench.store.devices.insert(aDevice({ deviceId: "phone" }), "hash");
  const verdict = judgedLog((log, sessionId) => {
    const data = { ...task, state: "completed" as const, cutOff: isCut ? true : undefined };
    const { cursor } = log.append({ sessionId, type: "task.finished", data });
    bench.store.outbox.insert(aDelivery("phone", cursor, { state: "suppressed" }));
    if (spoken) log.append({ sessionId, turnId: "o1", type: "turn.cancelled", data: { by: "d" } });
  });
  expect(verdict.undelivered).toBe(undelivered);
});
