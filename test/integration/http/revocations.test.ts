import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { AttemptWindow } from "../../../server/access/attemptWindow.ts";
import { projectIdOf } from "../../../server/access/projectRoots.ts";
import { routeTable } from "../../../server/http/app.ts";
import { useRig } from "./rig.ts";

const rig = useRig(({ clock }) => ({
  deviceRequests: new AttemptWindow({ clock, windowMs: 60_000, limit: 10_000 }),
  tokenFailures: new AttemptWindow({ clock, windowMs: 60_000, limit: 10_000 }),
}));
const owner = { deviceId: "local", scope: "admin" } as const;

/** What the routes are asked about. */
interface Scene {
  /** Its turn runs, with an open permission and a task. */
  busy: string;
  idle: string;
  turnId: string;
  queuedTurnId: string;
  permissionId: string;
  messageId: string;
  projectId: string;
  conversationId: string;
}

/** Sessions and conversations of the owner's own; the device that is revoked has no part in them. */
async function scene(): Promise<Scene> {
  const chat = async (body: object) =>
    (await rig.ask("POST", "/api/chat", { body: { projectPath: rig.project, ...body } })).body as Record<
      string,
      string
    >;
  const done = await chat({ message: "Hello" });
  const idle = done.sessionId!;
  const reply = await rig.pool.complete(done.turnId!);
  const named = rig.ask("POST", "/v1/chat/completions", {
    body: { model: "default", conversation_id: "known", messages: [{ role: "user", content: "Hi" }] },
  });
  await rig.pool.whenWaiting(1);
  const known = rig.store.conversations.get("known");
  await rig.pool.complete(rig.store.events.ofSession(known!.sessionId, 0, 10)[1]!.turnId!);
  await named;
  const running = await chat({ message: "Work" });
  const process = await rig.host.prompted(running.turnId!);
  process.startTask("b1");
  process.ask();
  await rig.clock.settle();
  const queued = await chat({ message: "More", sessionId: running.sessionId });
  return {
    busy: running.sessionId!,
    idle,
    turnId: running.turnId!,
    queuedTurnId: queued.turnId!,
    permissionId: rig.store.permissions.openOf(running.sessionId!)[0]!.permissionId,
    messageId: reply.messageId,
    projectId: projectIdOf(rig.project),
    conversationId: "known",
  };
}

const apnsToken = "ab".repeat(32);
interface Order {
  /** `upload`: an upload that the device has begun. */
  path(at: Scene, upload: string): string;
  body?(at: Scene): unknown;
  headers?: Record<string, string>;
}
/** A request of every route that does something, as a device would send it; a route that is new fails until it is here. */
const orders: Readonly<Record<string, Order>> = {
  "POST /api/pairing-codes": { path: () => "/api/pairing-codes", body: () => ({ scope: "admin" }) },
  "PATCH /api/devices/:id": {
    path: () => "/api/devices/me",
    body: () => ({
      name: "Mine",
      push: { provider: "apns", token: apnsToken, liveActivity: { pushToStartToken: apnsToken } },
      preferences: { mutedKinds: ["reply"] },
    }),
  },
  "DELETE /api/devices/:id": { path: () => "/api/devices/other" },
  "POST /api/devices/register": {
    path: () => "/api/devices/register",
    body: () => ({ deviceToken: apnsToken, platform: "ios" }),
  },
  "POST /api/devices/test-push": { path: () => "/api/devices/test-push" },
  "POST /api/chat": {
    path: () => "/api/chat",
    body: () => ({ message: "evil", projectPath: rig.project, deviceToken: apnsToken }),
  },
  "POST /api/chat/interrupt": {
    path: () => "/api/chat/interrupt",
    body: ({ busy }) => ({ sessionId: busy }),
  },
  "POST /api/attachments": { path: () => "/api/attachments", body: () => "a file of some bytes" },
  "PATCH /api/attachments/:attachmentId": {
    path: (_at, upload) => `/api/attachments/${upload}`,
    body: () => "the rest of the file",
    headers: { "upload-offset": "0", "upload-complete": "?1" },
  },
  "DELETE /api/attachments/:attachmentId": { path: (_at, upload) => `/api/attachments/${upload}` },
  "POST /api/ask": { path: () => "/api/ask", body: () => ({ projectPath: rig.project, prompt: "evil" }) },
  "DELETE /api/sessions/:id/turns/:turnId": {
    path: ({ busy, queuedTurnId }) => `/api/sessions/${busy}/turns/${queuedTurnId}`,
  },
  "POST /api/sessions": {
    path: () => "/api/sessions",
    body: () => ({ projectPath: rig.project, permissionMode: "acceptEdits" }),
  },
  "PATCH /api/sessions/:id": {
    path: ({ idle }) => `/api/sessions/${idle}`,
    body: () => ({ title: "Mine", model: "haiku", permissionMode: "acceptEdits" }),
  },
  "DELETE /api/sessions/:id": { path: ({ idle }) => `/api/sessions/${idle}?erase=true` },
  "DELETE /api/sessions/interactive/:id": { path: ({ busy }) => `/api/sessions/interactive/${busy}` },
  "POST /api/sessions/keep-alive": {
    path: () => "/api/sessions/keep-alive",
    body: ({ idle }) => ({ sessionId: idle }),
  },
  "POST /api/sessions/cancel": { path: () => "/api/sessions/cancel", body: () => ({}) },
  "POST /api/sessions/:id/fork": { path: ({ idle }) => `/api/sessions/${idle}/fork`, body: () => ({}) },
  "POST /api/sessions/:id/rewind": {
    path: ({ idle }) => `/api/sessions/${idle}/rewind`,
    body: ({ messageId }) => ({ messageId }),
  },
  "DELETE /api/sessions/:id/tasks/:taskId": { path: ({ busy }) => `/api/sessions/${busy}/tasks/b1` },
  "PUT /api/sessions/:id/live-activity": {
    path: ({ busy }) => `/api/sessions/${busy}/live-activity`,
    body: () => ({ activityToken: apnsToken }),
  },
  "DELETE /api/sessions/:id/live-activity": {
    path: ({ busy }) => `/api/sessions/${busy}/live-activity`,
    body: () => ({}),
  },
  "POST /api/projects": { path: () => "/api/projects", body: () => ({ root: rig.root, name: "evil" }) },
  "PUT /api/projects/:projectId/trust": { path: ({ projectId }) => `/api/projects/${projectId}/trust` },
  "DELETE /api/projects/:projectId/trust": { path: ({ projectId }) => `/api/projects/${projectId}/trust` },
  "POST /api/permissions/:permissionId": {
    path: ({ permissionId }) => `/api/permissions/${permissionId}`,
    body: () => ({ decision: "allow" }),
  },
  "POST /api/sessions/:id/read": {
    path: ({ idle }) => `/api/sessions/${idle}/read`,
    body: () => ({ seq: 100 }),
  },
  "POST /api/events/ack": { path: () => "/api/events/ack", body: () => ({ cursor: 1 }) },
  "PATCH /api/settings": { path: () => "/api/settings", body: () => ({ maxConcurrentSessions: 3 }) },
  "POST /v1/chat/completions": {
    path: () => "/v1/chat/completions",
    body: ({ conversationId }) => ({
      model: "haiku",
      conversation_id: conversationId,
      messages: [{ role: "user", content: "evil" }],
    }),
  },
  "POST /v1/responses": {
    path: () => "/v1/responses",
    body: ({ conversationId }) => ({ model: "haiku", conversation: conversationId, input: "evil" }),
  },
  "DELETE /v1/responses/:id": { path: ({ turnId }) => `/v1/responses/resp_${turnId}` },
  "DELETE /v1/sessions/:id": { path: ({ conversationId }) => `/v1/sessions/${conversationId}` },
};

/** Open to everybody: no device asks. */
const withoutDevice = new Set(["POST /api/pair"]);

test("DOOR-7 A12: every route that does something is asked below", () => {
  const doing = routeTable(rig.parts)
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !route.startsWith("GET ") && !withoutDevice.has(route));
  expect(Object.keys(orders).sort()).toEqual(doing.sort());
});

/** Everything that a device can change, but the log, the audit and when a device was seen. */
function kept(): unknown {
  const database = new Database(join(rig.folder, "daylong.db"), { readonly: true });
  try {
    const all = (sql: string) => database.prepare(sql).all();
    return {
      devices: all("SELECT device_id, name, scope, push, preferences, revoked_at, acked_cursor FROM devices"),
      ...Object.fromEntries(
        [
          "pairing_codes",
          "settings",
          "trusted_projects",
          "project_rules",
          "session_rules",
          "attachments",
        ].map((table) => [table, all(`SELECT * FROM ${table}`)]),
      ),
      activities: all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%activit%'").map(
        (row) => all(`SELECT * FROM ${(row as { name: string }).name}`),
      ),
      allowances: all("SELECT * FROM allowances"),
      sessions: all(
        "SELECT session_id, title, model, permission_mode, read_seq FROM sessions ORDER BY session_id",
      ),
      turns: all("SELECT turn_id, device_id FROM turns ORDER BY turn_id"),
    };
  } finally {
    database.close();
  }
}

/** What lies on the disk: what was begun may be taken away again. */
const files = () =>
  [rig.root, join(rig.folder, "attachments")].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
  );

const stateNow = () => ({ kept: kept(), files: files() });
type State = ReturnType<typeof stateNow>;

const audited = () => rig.store.audit.list(undefined, 10_000).entries;

/** Nothing that the device did is written down after its revocation, nor is anything it could change another than then. */
function expectNothingSince(before: State, deviceId: string, route: string): void {
  const entries = audited();
  const revokedAt = entries.findIndex(
    ({ action, target }) => action === "device.revoke" && target === deviceId,
  );
  expect([route, entries.slice(0, revokedAt).filter((entry) => entry.deviceId === deviceId)]).toEqual([
    route,
    [],
  ]);
  const events = rig.store.events.after(0, 10_000);
  const revoked = events.findIndex(
    ({ type, data }) => type === "device.revoked" && (data as { deviceId?: string }).deviceId === deviceId,
  );
  const by = events.slice(revoked).filter(({ data }) => (data as { by?: string }).by === deviceId);
  expect([route, by]).toEqual([route, []]);
  const now = stateNow();
  expect([route, now.kept]).toEqual([route, before.kept]);
  expect([route, now.files.filter((path) => !before.files.includes(path))]).toEqual([route, []]);
}

interface Sending {
  sent: ClientRequest;
  answered: Promise<{ status: number; text: string }>;
}
/** An upload of the device that waits for its bytes. */
async function beginUpload(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "upload-complete": "?0" };
  const begun = await fetch(`${rig.url}/api/attachments`, { method: "POST", headers });
  expect(begun.status).toBe(202);
  return ((await begun.json()) as { attachmentId: string }).attachmentId;
}

function send(route: string, at: Scene, token: string, upload: string): Sending & { body: string } {
  const [method = ""] = route.split(" ");
  const order = orders[route]!;
  const given = order.body?.(at);
  const body = given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given);
  const sent = httpRequest({
    host: "127.0.0.1",
    port: rig.port,
    method,
    path: order.path(at, upload),
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      ...order.headers,
      ...(given === undefined
        ? {}
        : {
            "content-type": typeof given === "string" ? "text/plain" : "application/json",
            "content-length": Buffer.byteLength(body),
          }),
    },
  });
  const answered = once(sent, "response").then(async ([response]) => {
    let text = "";
    for await (const chunk of response as IncomingMessage) text += String(chunk);
    return { status: (response as IncomingMessage).statusCode ?? 0, text };
  });
  return { sent, answered, body };
}

/** Calls back in the tick in which the device's token was found to be good, for the first time. */
function onceKnown(deviceId: string, then: () => void): void {
  const authenticate = rig.access.authenticate.bind(rig.access);
  let isDone = false;
  rig.access.authenticate = (token) => {
    const caller = authenticate(token);
    if (!isDone && caller?.deviceId === deviceId) {
      isDone = true;
      then();
    }
    return caller;
  };
}

const revoke = (deviceId: string) => rig.access.revoke(deviceId, owner);
const withBody = Object.entries(orders).filter(([, { body }]) => body !== undefined);

test.each(withBody)("DOOR-7 A12: %s whose body comes after the revocation has no effect", async (route) => {
  const at = await scene();
  const { deviceId, token } = rig.device("admin");
  const upload = await beginUpload(token);
  const isKnown = new Promise<void>((resolve) => onceKnown(deviceId, resolve));
  const { sent, answered, body } = send(route, at, token, upload);
  sent.write(body.slice(0, 1));
  await isKnown;
  revoke(deviceId);
  const before = stateNow();
  sent.end(body.slice(1));
  expect((await answered).status).toBe(401);
  await rig.clock.settle();
  expectNothingSince(before, deviceId, route);
});

/** So many rounds of the event loop after the token was looked at; none is the same tick's end. */
function afterRounds(rounds: number, then: () => void): void {
  if (rounds === 0) queueMicrotask(then);
  else setImmediate(() => afterRounds(rounds - 1, then));
}

test.each(Object.keys(orders))(
  "DOOR-7 A12: %s that is under way at the revocation does nothing more",
  async (route) => {
    const at = await scene();
    for (const rounds of [0, 1, 2, 4]) {
      const { deviceId, token } = rig.device("admin");
      const upload = await beginUpload(token);
      const isRevoked = new Promise<State>((resolve) =>
        onceKnown(deviceId, () =>
          afterRounds(rounds, () => {
            revoke(deviceId);
            resolve(stateNow());
          }),
        ),
      );
      const { sent, answered, body } = send(route, at, token, upload);
      sent.end(body);
      const before = await isRevoked;
      await rig.clock.settle();
      // A request that waits for Claude is ended by the revocation, too.
      await answered;
      await rig.clock.settle();
      expectNothingSince(before, deviceId, `${route} after ${rounds}`);
    }
  },
);
