import { describe, expect, test } from "@jest/globals";
import { type AdmissionFacts, admit } from "../../../../server/domain/processes/admission.ts";

const facts = (change: Partial<AdmissionFacts>): AdmissionFacts => ({
  own: "none",
  processCount: 3,
  processLimit: 3,
  comingPlaces: 0,
  idleSessionIds: [],
  queuedTurns: 0,
  queueLimit: 5,
  ...change,
});
const full = { queuedTurns: 5 };

describe("S14 a message of a session", () => {
  test.each<[string, Partial<AdmissionFacts>, ReturnType<typeof admit>]>([
    ["whose process is ready uses it", { own: "ready" }, { action: "use" }],
    ["whose process is ready uses it though the queue is full", { own: "ready", ...full }, { action: "use" }],
    ["whose process is at work waits", { own: "busy" }, { action: "wait" }],
    ["whose process is on its way out waits", { own: "stopping" }, { action: "wait" }],
    ["without a process starts one where there is a place", { processCount: 2 }, { action: "start" }],
    ["starts one though the queue is full", { processCount: 2, ...full }, { action: "start" }],
    [
      "starts one in a free place rather than evict",
      { processCount: 2, idleSessionIds: ["a"] },
      { action: "start" },
    ],
    [
      "evicts the longest idle where there is no place",
      { idleSessionIds: ["oldest", "newer"] },
      { action: "evict", sessionId: "oldest" },
    ],
    [
      "evicts though the queue is full",
      { idleSessionIds: ["oldest"], ...full },
      { action: "evict", sessionId: "oldest" },
    ],
    [
      "waits for a place that is coming rather than evict",
      { comingPlaces: 1, idleSessionIds: ["a"] },
      { action: "wait" },
    ],
    [
      "evicts where the places that come are fewer than the sessions that wait for them",
      { comingPlaces: -1, idleSessionIds: ["a"] },
      { action: "evict", sessionId: "a" },
    ],
    ["waits where all are at work", {}, { action: "wait" }],
    ["takes the last place in the queue", { queuedTurns: 4 }, { action: "wait" }],
    ["is refused where all are at work and the queue is full", full, { action: "refuse" }],
    ["is refused behind its own work when the queue is full", { own: "busy", ...full }, { action: "refuse" }],
    [
      "is refused behind its own end when the queue is full",
      { own: "stopping", ...full },
      { action: "refuse" },
    ],
    ["waits where the limit was lowered below what lives", { processCount: 7 }, { action: "wait" }],
  ])("%s", (_what, change, admission) => {
    expect(admit(facts(change))).toEqual(admission);
  });
});
