import { expect, test } from "@jest/globals";
import type { Health, LifecycleEvent } from "../../../../web/src/monitor/answers.ts";
import { healthWords, incidentsOf } from "../../../../web/src/monitor/incidentRules.ts";

const health = (checks: Health["checks"]): Health => ({ status: "ok", version: "1", uptimeMs: 1, checks });
const event = (at: number, type: string, detail: string, sessionId: string | null = null) =>
  ({
    cursor: at,
    seq: null,
    at,
    type,
    sessionId,
    data: { kind: "memory", detail },
  }) as unknown as LifecycleEvent;
const quarantined = { sessionId: "s", title: "api", state: "quarantined" } as Parameters<
  typeof incidentsOf
>[0]["sessions"][number];

test("C06: what is weak or fails is an incident, the failing first, since the event that tells the same", () => {
  const found = incidentsOf({
    health: health({
      pool: { state: "degraded", detail: "The pool uses 3 GB. 4 turns are waiting." },
      database: { state: "failing", detail: "No space." },
      apns: { state: "disabled" },
      claude: { state: "ok" },
    }),
    sessions: [],
    lifecycle: [
      event(50, "resource.warning", "Another."),
      event(40, "resource.warning", "The pool uses 3 GB."),
    ],
  });
  expect(found).toMatchObject([
    { title: "Database fails", tone: "bad", since: undefined },
    { title: "Sessions is weak", tone: "need", since: 40 },
  ]);
  expect(found.every(({ done }) => done !== "")).toBe(true);
});

test("C06: a quarantined session is an incident since it was put there", () => {
  const lifecycle = [event(9, "session.quarantined", "Crashed five times.", "s")];
  expect(incidentsOf({ health: undefined, sessions: [quarantined], lifecycle })).toMatchObject([
    { title: "api is quarantined", detail: "Crashed five times.", since: 9, sessionId: "s" },
  ]);
});

test("O06: each part of the server is said in words", () => {
  expect(
    healthWords(
      health({ database: { state: "ok" }, webPush: { state: "disabled" }, other: { state: "new" } }),
    ),
  ).toEqual([
    { name: "Database", words: "works", tone: "good" },
    { name: "Web Push", words: "off: VAPID_SUBJECT is not set", tone: "" },
    { name: "other", words: "new", tone: "" },
  ]);
});
