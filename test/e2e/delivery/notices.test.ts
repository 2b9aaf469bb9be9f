import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

interface Pushed {
  aps: { alert: { body: string }; category: string };
  daylong: { kind: string; sessionId: string };
}

describe.each([
  ["with a process a session", true, {}],
  ["S18 in the rollback, with a process per message", false, { USE_INTERACTIVE_SESSIONS: "false" }],
])("a notice of Claude's, %s", (_mode, spares, mode) => {
  const settings = { PUSH_GRACE_MS: "0", ...mode };
  const scene = useScene({ every: "file", apple: true, spares, settings });

  test("T10: rings the phone once by itself, from a process that was a spare too", async () => {
    const phone = await scene.server.pair("phone");
    const { body } = await scene.server.ask(
      "POST",
      "/api/chat",
      {
        message: "notify: The build is green",
        projectPath: scene.bench.project,
        deviceToken: "d".repeat(64),
      },
      { token: phone.token, headers: { prefer: "wait=60" } },
    );
    expect(body.reply.text).toContain("Sent.");
    const notices = () =>
      scene.apple.requests.filter(({ payload }) => (payload as unknown as Pushed).daylong.kind === "notice");
    const [notice] = await eventually("the push", () => notices().length > 0 && notices());
    const { aps, daylong } = notice!.payload as unknown as Pushed;
    expect([aps.alert.body, aps.category]).toEqual(["The build is green", "SESSION"]);
    expect(daylong.sessionId).toBe(body.sessionId);
    expect(notice!.headers["apns-collapse-id"]).toBeUndefined();
    const { events } = (await scene.server.ask("GET", `/api/sessions/${body.sessionId}/events`)).body;
    const woken = events.find(({ type }: { type: string }) => type === "session.woken");
    expect(woken.data.spare).toBe(spares ? true : undefined);
    await eventually("the reply's push", () => scene.apple.requests.length >= 2);
    expect(notices()).toHaveLength(1);
  });

  test.each([
    ["says nothing of", "nothing", "task", "Claude finished something in the background."],
    ["speaks of", "say: Built.", "reply", "Built."],
  ])("T03: of a task that Claude %s the phone is told once", async (_what, next, kind, words) => {
    const phone = await scene.server.pair("phone");
    const before = scene.apple.requests.length;
    const { body } = await scene.server.ask(
      "POST",
      "/api/chat",
      {
        message: `background: sleep 3 => ${next}`,
        projectPath: scene.bench.project,
        deviceToken: (kind === "task" ? "e" : "f").repeat(64),
      },
      { token: phone.token, headers: { prefer: "wait=60" } },
    );
    const settled = async () => {
      const answer = await scene.server.ask("GET", "/api/devices/me/deliveries", undefined, {
        token: phone.token,
      });
      const deliveries = answer.body.deliveries as Array<{ kind: string; state: string }>;
      return (
        deliveries.length === 3 &&
        deliveries.every(({ state }) => state !== "pending") &&
        deliveries.reverse()
      );
    };
    const deliveries = await eventually("all pushes to be settled", settled, 120_000);
    expect(deliveries.map((delivery) => `${delivery.kind} ${delivery.state}`)).toEqual([
      "reply sent",
      "task suppressed",
      `${kind} sent`,
    ]);
    const pushed = scene.apple.requests.slice(before).map(({ payload }) => payload as unknown as Pushed);
    const own = pushed.filter(({ daylong }) => daylong.sessionId === body.sessionId).at(-1);
    expect([own?.daylong.kind, own?.aps.alert.body]).toEqual([kind, words]);
  });
});
