import { expect, test } from "@jest/globals";
import { AttemptWindow } from "../../../server/access/attemptWindow.ts";
import { type Scope, scopes } from "../../../server/domain/delivery/device.ts";
import { routeTable } from "../../../server/http/app.ts";
import { type Asked, useRig } from "./rig.ts";

const rig = useRig(({ clock }) => ({
  // Every route is asked within the same minute.
  deviceRequests: new AttemptWindow({ clock, windowMs: 60_000, limit: 1_000 }),
  tokenFailures: new AttemptWindow({ clock, windowMs: 60_000, limit: 1_000 }),
}));

/**
 * The scope that each route needs, written down a second time on purpose: a route that is new or whose scope changes
 * fails here until somebody has decided for whom it is.
 */
const needed: Readonly<Record<string, Scope | "open">> = {
  "GET /health": "open",
  "GET /metrics": "read",
  "GET /api/metrics/sessions": "read",
  "GET /api/models": "read",
  "GET /api/metrics/delivery": "read",
  "GET /api/metrics/history": "read",
  "GET /api/lifecycle": "read",
  "GET /api/deliveries": "admin",
  "POST /api/pairing-codes": "admin",
  "POST /api/pair": "open",
  "GET /api/devices": "admin",
  "GET /api/devices/:id": "read",
  "PATCH /api/devices/:id": "chat",
  "DELETE /api/devices/:id": "read",
  "POST /api/devices/register": "chat",
  "GET /api/push/vapid-key": "read",
  "POST /api/devices/test-push": "chat",
  "GET /api/devices/:id/deliveries": "read",
  "GET /api/audit": "admin",
  "POST /api/chat": "chat",
  "POST /api/chat/interrupt": "chat",
  "GET /api/attachments/:attachmentId": "chat",
  "PATCH /api/attachments/:attachmentId": "chat",
  "DELETE /api/attachments/:attachmentId": "chat",
  "POST /api/attachments": "chat",
  "POST /api/ask": "chat",
  "GET /api/sessions/:id/turns/:turnId": "read",
  "DELETE /api/sessions/:id/turns/:turnId": "chat",
  "GET /api/sessions/:id/messages": "read",
  "GET /api/messages/:messageId": "read",
  "GET /api/sessions/:id/output": "read",
  "POST /api/sessions": "chat",
  "GET /api/sessions": "read",
  "GET /api/sessions/active": "read",
  "GET /api/sessions/:id": "read",
  "GET /api/sessions/interactive/:id/status": "read",
  "PATCH /api/sessions/:id": "chat",
  "DELETE /api/sessions/:id": "chat",
  "DELETE /api/sessions/interactive/:id": "chat",
  "POST /api/sessions/keep-alive": "chat",
  "POST /api/sessions/cancel": "chat",
  "POST /api/sessions/:id/fork": "chat",
  "POST /api/sessions/:id/rewind": "chat",
  "GET /api/sessions/:id/commands": "read",
  "GET /api/sessions/:id/context": "chat",
  "GET /api/sessions/:id/tasks": "read",
  "GET /api/sessions/:id/tasks/:taskId/output": "read",
  "DELETE /api/sessions/:id/tasks/:taskId": "chat",
  "GET /api/sessions/:id/changes": "read",
  "GET /api/sessions/:id/changes/diff": "read",
  "GET /api/sessions/:id/todos": "read",
  "GET /api/usage": "read",
  "GET /api/sessions/:id/events": "read",
  "PUT /api/sessions/:id/live-activity": "chat",
  "DELETE /api/sessions/:id/live-activity": "chat",
  "GET /api/projects": "read",
  "POST /api/projects": "chat",
  "PUT /api/projects/:projectId/trust": "admin",
  "DELETE /api/projects/:projectId/trust": "admin",
  "GET /api/projects/:projectId/sessions": "read",
  "GET /api/projects/:projectId/sessions/:id/messages": "read",
  "GET /api/permissions": "read",
  "GET /api/permissions/:permissionId": "read",
  "POST /api/permissions/:permissionId": "chat",
  "GET /api/sessions/:id/tools/:toolUseId": "read",
  "POST /api/sessions/:id/read": "chat",
  "GET /api/events": "read",
  "POST /api/events/ack": "read",
  "GET /api/settings": "admin",
  "PATCH /api/settings": "admin",
  "GET /v1/models": "read",
  "POST /v1/chat/completions": "chat",
  "POST /v1/responses": "chat",
  "GET /v1/responses/:id": "read",
  "DELETE /v1/responses/:id": "chat",
  "GET /v1/models/:id": "read",
  "GET /v1/conversations": "read",
  "GET /v1/conversations/:id": "read",
  "GET /v1/sessions/:id": "read",
  "DELETE /v1/sessions/:id": "chat",
  "GET /stats": "read",
  "GET /api/openapi.json": "open",
  "GET /api/asyncapi.json": "open",
  "GET /api/docs": "open",
  "GET /api/docs/page.js": "open",
  "GET /api/docs/swagger-ui-bundle.js": "open",
  "GET /api/docs/swagger-ui.css": "open",
};

test("A02: every route has its scope in this table, and the table has no other", () => {
  const registered = routeTable(rig.parts).map(({ method, path, scope }) => [`${method} ${path}`, scope]);
  expect(Object.fromEntries(registered)).toEqual(needed);
});

const routes = Object.entries(needed).map(([route, scope]) => {
  const [method = "", path = ""] = route.split(" ");
  return { route, method, path: path.replace(/:[A-Za-z]+/g, "7b1c1f2e-4a53-4d0c-9a51-0f2f6f3f8d10"), scope };
});
const closed = routes.filter(({ scope }) => scope !== "open");
/** An answer's status, and its code in either of the two shapes that errors have. */
const refusalOf = ({ status, body }: Asked) => ({
  status,
  code: body.code ?? (body.error as { code?: string } | undefined)?.code,
});

test("A02: every route that is not open refuses a request without a token, before it looks at anything else", async () => {
  for (const { route, method, path } of closed) {
    const asked = await rig.ask(method, path, { token: null });
    expect([route, refusalOf(asked)]).toEqual([route, { status: 401, code: "unauthenticated" }]);
  }
  expect(rig.pool.calls).toEqual([]);
});

test("NET-2 A02: every route refuses a token one scope below its own, and nothing is done", async () => {
  const tokens = { read: rig.device("read").token, chat: rig.device("chat").token };
  const asked = closed.flatMap((one) => {
    const below = scopes[scopes.indexOf(one.scope as Scope) - 1];
    return below === undefined || below === "admin" ? [] : [{ ...one, token: tokens[below] }];
  });
  expect(asked.length).toBeGreaterThan(25);
  const cursor = rig.store.events.tip();
  for (const { route, method, path, token } of asked) {
    const body = method === "GET" || method === "DELETE" ? undefined : {};
    const answer = await rig.ask(method, path, { token, body });
    expect([route, refusalOf(answer)]).toEqual([route, { status: 403, code: "scope_forbidden" }]);
  }
  expect(rig.pool.calls).toEqual([]);
  expect(rig.store.events.tip()).toBe(cursor);
});

test("A02: every route hears a token of its own scope", async () => {
  const tokens = new Map(scopes.map((scope) => [scope, rig.device(scope).token]));
  for (const { route, method, path, scope } of closed) {
    // A revocation of itself takes the token away, so that one has a device of its own.
    const isLast = route === "DELETE /api/devices/:id";
    const token = isLast ? rig.device(scope as Scope).token : tokens.get(scope as Scope);
    // Of the devices a token below admin may name its own.
    const own = path.startsWith("/api/devices/")
      ? path.replace(/devices\/[0-9a-f-]{36}/, "devices/me")
      : path;
    const body = method === "GET" || method === "DELETE" ? undefined : {};
    const answer = await rig.ask(method, own, { token, body });
    expect([route, [401, 403].includes(answer.status)]).toEqual([route, false]);
  }
});

test("A02: an open route is answered without a token, and with a wrong one", async () => {
  const open = routes.filter(({ scope }) => scope === "open");
  expect(open.length).toBeGreaterThan(5);
  for (const { route, method, path } of open) {
    for (const token of [null, "x".repeat(43)]) {
      const body = method === "POST" ? {} : undefined;
      const answer = await rig.ask(method, path, { token, body });
      expect([route, [401, 403].includes(answer.status)]).toEqual([route, false]);
    }
  }
});
