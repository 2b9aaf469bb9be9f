import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("the plan that Claude is logged in with, %s", (_mode, settings) => {
  // With an API key there is no plan, and the CLI does not look at these headers.
  const scene = useScene({
    every: "test",
    settings: { ...settings, ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "of-the-demo-model" },
  });
  const say = async (message: string, place: Record<string, unknown>) =>
    (await scene.server.ask("POST", "/api/chat", { message, ...place }, { headers: { prefer: "wait=60" } }))
      .body;
  const usage = async () => (await scene.server.ask("GET", "/api/usage")).body;
  const warnings = async () =>
    (await scene.server.ask("GET", "/api/events?after=0&limit=500")).body.events.filter(
      ({ type }: { type: string }) => type === "limit.warning",
    );

  test("T09: the plan's windows are told with their age, and a window that is nearly used up is warned of once", async () => {
    const resetsAt = Math.ceil(Date.now() / 1_000 + 3_600) * 1_000;
    scene.model.tellLimit(0.4, resetsAt);
    const { sessionId } = await say("Hello", { projectPath: scene.bench.project });
    const calm = await usage();
    expect(calm.plan).toEqual({
      available: true,
      windows: [{ id: "five_hour", label: "5 hours", utilizationPercent: 40, resetsAt }],
    });
    expect(calm.asOf).toBeLessThanOrEqual(Date.now());
    expect(await warnings()).toEqual([]);

    scene.model.tellLimit(0.93, resetsAt);
    await say("Hello", { sessionId });
    scene.model.tellLimit(0.97, resetsAt);
    await say("Hello", { sessionId });
    expect((await usage()).plan.windows[0].utilizationPercent).toBe(97);
    expect(await warnings()).toMatchObject([
      { sessionId: null, data: { windowId: "five_hour", utilizationPercent: 93, resetsAt } },
    ]);
    // What was last told is still known without a process.
    await scene.server.ask("POST", "/api/sessions/cancel", {});
    expect((await usage()).plan.windows[0].utilizationPercent).toBe(97);
  });
});
