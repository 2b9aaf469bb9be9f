import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { childrenOf, eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("T04 F22 ten sessions with a background command each on three processes, %s", (_mode, mode) => {
  const scene = useScene({ every: "file", settings: { MAX_CONCURRENT_SESSIONS: "3", ...mode } });

  test("keep what can be kept, tell everything that is cut off once, and all converse on", async () => {
    const send = async (message: string, place: Record<string, unknown>) =>
      (await scene.server.ask("POST", "/api/chat", { message, ...place })).body as {
        sessionId: string;
        turnId: string;
      };
    const eventsOf = async (sessionId: string): Promise<LoggedEvent[]> =>
      (await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`)).body.events;
    const begun: Array<{ sessionId: string; turnId: string }> = [];
    const answered = async () => {
      const turns = await Promise.all(
        begun.map(
          async ({ sessionId, turnId }) =>
            (await scene.server.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`)).body.state,
        ),
      );
      return turns.every((state) => state === "completed");
    };
    for (let index = 0; index < 10; index += 1) {
      begun.push(await send("background: sleep 8", { projectPath: scene.bench.project }));
      // From here on every place is an idle session's with a task.
      if (index === 2) await eventually("three answers", answered, 60_000);
    }
    await eventually("ten answers", answered, 150_000);
    const settled = async () => {
      const sessions = await Promise.all(
        begun.map(
          async ({ sessionId }) => (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body,
        ),
      );
      return sessions.every(({ runningTasks, turnCount }) => runningTasks === 0 && turnCount === 2);
    };
    await eventually("the end of all tasks, and a word about each", settled, 60_000);
    expect(childrenOf(scene.server.pid).length).toBeLessThanOrEqual(3);
    for (const { sessionId } of begun) {
      const events = await eventsOf(sessionId);
      // They end within the minute that a message waits for them: none has to be cut off.
      expect(events.flatMap(({ type, data }) => (type === "task.finished" ? [data] : []))).toMatchObject([
        { state: "completed" },
      ]);
      const own = events.filter(
        ({ type, data }) => type === "turn.completed" && (data as { origin?: string }).origin === "task",
      );
      expect(own).toHaveLength(1);
    }
    expect(
      (await Promise.all(begun.map(({ sessionId }) => eventsOf(sessionId))))
        .flat()
        .some((event) => event.type === "turn.queued" && event.data.reason === "tasks"),
    ).toBe(true);
  });

  test("cut off, after a minute, the task that was silent longest, and tell it once", async () => {
    const chat = async (message: string, place: Record<string, unknown>) =>
      (
        await scene.server.ask(
          "POST",
          "/api/chat",
          { message, ...place },
          { headers: { prefer: "wait=120" } },
        )
      ).body as { sessionId: string; reply: { text: string } };
    const place = { projectPath: scene.bench.project };
    const kept = [];
    for (let index = 0; index < 3; index += 1) kept.push(await chat("background: sleep 600", place));
    const askedAt = Date.now();
    const other = await chat("say: at last", place);
    expect(other.reply.text).toBe("at last");
    expect(Date.now() - askedAt).toBeGreaterThan(55_000);
    const ends = await Promise.all(
      kept.map(async ({ sessionId }) => {
        const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`);
        return (body.events as LoggedEvent[]).filter(({ type }) => type === "task.finished");
      }),
    );
    expect(ends).toMatchObject([[{ data: { state: "stopped", cutOff: true } }], [], []]);
  });
});
