import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

/** The CLI takes no less than a minute, and rounds up to the next full one. */
const wakeupMs = 170_000;

describe.each([
  ["with a process a session, is begun by the CLI that scheduled it", true, {}],
  [
    "S18 in the rollback, whose process is gone when it is due, is given by the server",
    false,
    { USE_INTERACTIVE_SESSIONS: "false" },
  ],
])("T03 T04 F22 a wake-up %s", (_mode, isInteractive, settings) => {
  const scene = useScene({ every: "file", settings });

  test(
    "with the prompt that Claude left for itself, once",
    async () => {
      const { body } = await scene.server.ask(
        "POST",
        "/api/chat",
        { message: "wake me in 60: say: good morning", projectPath: scene.bench.project },
        { headers: { prefer: "wait=60" } },
      );
      const { sessionId } = body;
      const get = async (path: string) =>
        (await scene.server.ask("GET", `/api/sessions/${sessionId}${path}`)).body;
      const tasks = async () => (await get("/tasks")).tasks;
      expect(await tasks()).toMatchObject([
        { kind: "wakeup", state: "running", description: "You asked for it", dueAt: expect.any(Number) },
      ]);
      if (!isInteractive)
        await eventually("the process to be gone", async () => (await get("")).state === "parked", 30_000);
      expect(await get("")).toMatchObject({ runningTasks: 1, state: isInteractive ? "idle" : "parked" });
      const events = async (): Promise<LoggedEvent[]> => (await get("/events?limit=500")).events;
      const woken = await eventually(
        "the turn of the wake-up",
        async () =>
          (await events()).find(
            ({ type, data }) =>
              type === "turn.completed" && (data as { origin?: string }).origin === "schedule",
          ),
        wakeupMs,
      );
      expect(woken?.data).toMatchObject({ text: "good morning" });
      expect(await tasks()).toMatchObject([{ kind: "wakeup", state: "completed" }]);
      const starts = (await events()).flatMap((event) =>
        event.type === "turn.started" ? [event.data.origin] : [],
      );
      expect(starts).toEqual(["user", "schedule"]);
    },
    wakeupMs + 60_000,
  );
});
