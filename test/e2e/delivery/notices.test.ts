import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

interface Pushed {
  aps: { alert: { body: string }; category: string };
  daylong: { kind: string; sessionId: string };
}

describe("a notice of Claude's", () => {
  const scene = useScene({ every: "file", apple: true, spares: true, settings: { PUSH_GRACE_MS: "0" } });

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
    expect(woken.data.spare).toBe(true);
    await eventually("the reply's push", () => scene.apple.requests.length >= 2);
    expect(notices()).toHaveLength(1);
  });
});
