import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

interface Entry {
  at: number;
  deviceId: string;
  action: string;
  target: string;
  detail: string;
}

describe("the audit log", () => {
  const scene = useScene({ every: "file" });

  test("A06: names the device behind every change, over HTTP and the socket, and holds no text and no secret", async () => {
    const { deviceId, token } = await scene.server.pair("the owner's phone", "admin");
    const entries = async (): Promise<Entry[]> =>
      (await scene.server.ask("GET", "/api/audit?limit=200")).body.entries;
    /** What the change left in the log: one entry, of this device. */
    const audited = async (change: () => Promise<unknown>): Promise<string> => {
      const before = await entries();
      await change();
      return eventually("the entry is there", async () => {
        const fresh = (await entries()).slice(0, (await entries()).length - before.length);
        if (fresh.length === 0) return undefined;
        expect(fresh.every((entry) => entry.deviceId === deviceId)).toBe(true);
        return fresh
          .map((entry) => entry.action)
          .sort()
          .join(" ");
      });
    };
    const ask = async (method: string, path: string, body?: unknown) => {
      const answer = await scene.server.ask(method, path, body, { token });
      expect([200, 201, 202]).toContain(answer.status);
      return answer.body;
    };
    const secret = "the words of the message";
    const { projectId } = (await ask("GET", "/api/projects")).projects[0];
    const root = (await ask("GET", "/api/projects")).roots[0];
    let sessionId = "";
    let turnId = "";
    const send = async () => {
      ({ sessionId, turnId } = await ask("POST", "/api/chat", {
        message: secret,
        projectPath: scene.bench.project,
      }));
    };
    const settled = () =>
      eventually("the turn is over", async () => {
        const turn = await ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`);
        return turn.endedAt !== undefined;
      });

    expect(await audited(send)).toBe("message.send session.create");
    await settled();
    const socket = await connect({ url: `${scene.server.url.replace("http", "ws")}/ws`, token });
    socket.send({ type: "send", ref: "a", clientMessageId: "a", sessionId, message: "slow: 20" });
    const accepted = await socket.waitForRef("a");
    ({ turnId } = accepted as unknown as { turnId: string });
    expect((await entries())[0]).toMatchObject({
      deviceId,
      action: "message.send",
      target: sessionId,
      detail: turnId,
    });
    const later = { sessionId, message: secret, sendAt: Date.now() + 3_600_000 };
    const { turnId: planned } = await ask("POST", "/api/chat", later);
    const changes: Array<[string, () => Promise<unknown>]> = [
      ["turn.cancel", () => ask("DELETE", `/api/sessions/${sessionId}/turns/${planned}`)],
      ["turn.interrupt", () => ask("POST", "/api/chat/interrupt", { sessionId })],
      ["session.update", () => ask("PATCH", `/api/sessions/${sessionId}`, { title: "Another", muted: true })],
      ["session.keep-alive", () => ask("POST", "/api/sessions/keep-alive", { sessionId })],
      ["session.create", () => ask("POST", `/api/sessions/${sessionId}/fork`, {})],
      ["session.cancel", () => ask("POST", "/api/sessions/cancel", { sessionId })],
      ["session.close", () => ask("DELETE", `/api/sessions/${sessionId}`)],
      ["project.trust", () => ask("PUT", `/api/projects/${projectId}/trust`)],
      ["project.distrust", () => ask("DELETE", `/api/projects/${projectId}/trust`)],
      ["project.create", () => ask("POST", "/api/projects", { root, name: "fresh" })],
      ["pairing-code.create", () => ask("POST", "/api/pairing-codes", {})],
      [
        "preferences.change",
        () => ask("PATCH", "/api/devices/me", { preferences: { mutedKinds: ["reply"] } }),
      ],
      [
        "push.register",
        () => ask("POST", "/api/devices/register", { deviceToken: "ab".repeat(32), platform: "ios" }),
      ],
      ["push.remove", () => ask("PATCH", "/api/devices/me", { push: null })],
      ["setting.change", () => ask("PATCH", "/api/settings", { maxQueuedTurns: 50 })],
      ["ask", () => ask("POST", "/api/ask", { projectPath: scene.bench.project, prompt: secret })],
      [
        "attachment.upload",
        () =>
          fetch(`${scene.server.url}/api/attachments`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}`, "x-filename": "notes.txt" },
            body: secret,
          }),
      ],
      [
        "message.send session.create",
        () =>
          ask("POST", "/v1/chat/completions", {
            model: "default",
            messages: [{ role: "user", content: secret }],
          }),
      ],
    ];
    for (const [action, change] of changes) expect(await audited(change)).toBe(action);
    await socket.close();

    const { deviceId: other } = await scene.server.pair("a lost phone", "chat");
    expect((await entries())[0]).toMatchObject({ deviceId: other, action: "device.pair", target: other });
    expect(await audited(() => ask("DELETE", `/api/devices/${other}`))).toBe("device.revoke");
    const kept = JSON.stringify(await entries());
    for (const word of [secret, token, "ab".repeat(32)]) expect(kept).not.toContain(word);
  });
});
