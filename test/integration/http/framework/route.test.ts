import { describe, expect, test } from "@jest/globals";
import { useRig } from "../rig.ts";

const rig = useRig();
const hello = (more: object = {}) => ({ message: "Hello", projectPath: rig.project, ...more });

describe("REPORT-11: requests of clients that write all of their fields", () => {
  test.each([
    ["POST", "/api/chat", { sessionId: null, clientMessageId: null, attachments: null, model: null }, 202],
    ["POST", "/api/chat", { permissionMode: null, sendAt: null, deviceToken: null }, 202],
    [
      "POST",
      "/api/sessions",
      { title: null, model: null, permissionMode: null, resume: null, fork: null },
      201,
    ],
    [
      "POST",
      "/api/sessions",
      { appendSystemPrompt: null, allowedTools: null, maxTurns: null, maxBudgetUsd: null },
      201,
    ],
    ["POST", "/api/pairing-codes", { scope: null }, 201],
    ["PATCH", "/api/devices/me", { name: null, preferences: null }, 200],
    ["POST", "/api/sessions/cancel", { sessionId: null }, 200],
  ])("REPORT-11: %s %s %j", async (method, path, nulls, status) => {
    expect((await rig.ask(method, path, { body: hello(nulls) })).status).toBe(status);
  });

  test("REPORT-11: null for what is required is still named", async () => {
    const asked = await rig.ask("POST", "/api/chat", { body: { message: null, projectPath: rig.project } });
    expect([asked.status, asked.body.errors?.map(({ path }) => path)]).toEqual([400, ["message"]]);
  });
});

describe("REPORT-11: UUIDs in capitals, as Apple's clients write them", () => {
  test("REPORT-11: name the same session, turn and message in paths, queries and bodies", async () => {
    const first = await rig.ask("POST", "/api/chat", { body: hello() });
    const sessionId = String(first.body.sessionId);
    const [SESSION, TURN] = [sessionId.toUpperCase(), String(first.body.turnId).toUpperCase()];
    const epoch = rig.store.events.epoch.toUpperCase();
    for (const path of [
      `/api/sessions/${SESSION}`,
      `/api/sessions/interactive/${SESSION}/status`,
      `/api/sessions/${SESSION}/turns/${TURN}`,
      `/api/sessions/${SESSION}/messages`,
      `/api/sessions/${SESSION}/events`,
      `/api/sessions/${SESSION}/tasks`,
      `/api/sessions/${SESSION}/todos`,
      `/api/sessions/${SESSION}/commands`,
      // The message of a turn has the turn's id.
      `/api/messages/${TURN}`,
    ])
      expect([path, (await rig.ask("GET", path)).status]).toEqual([path, 200]);
    const polled = await rig.ask("GET", `/api/events?after=0&epoch=${epoch}`);
    expect(polled.body).toMatchObject({ recovered: true, epoch: rig.store.events.epoch });
    const more = await rig.ask("POST", "/api/chat", { body: { message: "More", sessionId: SESSION } });
    expect([more.status, more.body.sessionId]).toEqual([202, sessionId]);
    const body = { sessionId: SESSION, turnId: TURN };
    await rig.host.prompted(String(first.body.turnId));
    expect((await rig.ask("POST", "/api/chat/interrupt", { body })).body).toMatchObject({
      interrupted: true,
    });
    expect((await rig.ask("DELETE", `/api/sessions/${SESSION}`)).body).toMatchObject({ sessionId });
  });
});
