import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import type { Task } from "../../../server/domain/sessions/task.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { type Scene, useScene } from "../../support/server/scene.ts";

const waitMs = 60_000;
const phoneToken = "7e".repeat(32);

/** What a device does with tasks, over HTTP. */
function callsOf(scene: Scene) {
  const ask = (method: string, path: string, body?: unknown) => scene.server.ask(method, path, body);
  const chat = async (message: string, sessionId?: string) => {
    const place = sessionId === undefined ? { projectPath: scene.bench.project } : { sessionId };
    const headers = { prefer: "wait=200" };
    const { status, body } = await scene.server.ask("POST", "/api/chat", { message, ...place }, { headers });
    expect([status, body.state]).toEqual([200, "completed"]);
    return body as { sessionId: string; turnId: string; reply: { text: string } };
  };
  const tasksOf = async (sessionId: string) =>
    (await ask("GET", `/api/sessions/${sessionId}/tasks`)).body.tasks as Task[];
  const eventsOf = async (sessionId: string) =>
    (await ask("GET", `/api/sessions/${sessionId}/events?limit=500`)).body.events as LoggedEvent[];
  const endsOf = async (sessionId: string) =>
    (await eventsOf(sessionId)).flatMap((event) => (event.type === "task.finished" ? [event.data] : []));
  return { ask, chat, tasksOf, endsOf };
}

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])(
  "T03 ten sessions with a background command each, on three processes of the real CLI, %s",
  (_mode, mode) => {
    const settings = { MAX_CONCURRENT_SESSIONS: "3", PUSH_GRACE_MS: "100", ...mode };
    const scene = useScene({ every: "file", apple: true, settings });
    const { ask, chat, tasksOf, endsOf } = callsOf(scene);

    test("are all answered; those cut off are as few as can be, and each is told once, by event and push", async () => {
      const phone = await scene.server.pair("phone");
      const push = { provider: "apns", token: phoneToken, environment: "production" };
      const registered = await scene.server.ask("PATCH", "/api/devices/me", { push }, { token: phone.token });
      expect(registered.status).toBe(200);
      const begun = Date.now();
      const chats = await Promise.all(
        Array.from({ length: 10 }, (_, index) => chat(`background: sleep ${310 + index}`)),
      );
      expect(Date.now() - begun).toBeGreaterThan(60_000);
      const ids = chats.map(({ sessionId }) => sessionId);
      const running = async () => {
        const tasks = await Promise.all(ids.map(tasksOf));
        return ids.filter((_id, index) => tasks[index]?.some(({ state }) => state === "running"));
      };
      await eventually("three tasks to be left", async () => (await running()).length === 3, waitMs);
      const kept = await running();
      const cut = ids.filter((id) => !kept.includes(id));
      const ends = await Promise.all(ids.map(endsOf));
      for (const [index, id] of ids.entries()) {
        const told = cut.includes(id) ? [{ state: "stopped", cutOff: true }] : [];
        expect(ends[index]).toMatchObject(told);
        expect(ends[index]).toHaveLength(told.length);
      }
      const pushes = () =>
        scene.apple.requests
          .map(({ payload }) => (payload as { daylong?: { kind: string; sessionId: string } }).daylong)
          .flatMap((daylong) => (daylong?.kind === "task" ? [daylong.sessionId] : []));
      await eventually("a push for each", () => pushes().length >= cut.length, waitMs);
      expect(pushes().sort()).toEqual([...cut].sort());
      await ask("POST", "/api/sessions/cancel", {});
      await eventually("nothing to run", async () => (await running()).length === 0, waitMs);
      expect(pushes().sort()).toEqual([...cut].sort());
    });
  },
);
