import type { HeardRequest, PlayedServer } from "./playedServer.ts";
import { sessionView } from "./sessions.ts";

type Answer = [status: number, body: object];

const problem = (status: number, code: string): Answer => [
  status,
  { type: "about:blank", title: code, status, code, detail: `Played: ${code}.`, requestId: "played" },
];

/** The part of the REST face that the flows of the specification use. */
export function answerTo(server: PlayedServer, request: HeardRequest): Answer {
  const { pathname, searchParams } = new URL(request.path, "http://played");
  const { method, body } = request;
  if (pathname === "/health") return [200, { status: "ok", version: "0.0.0", uptimeMs: 1 }];
  if (pathname === "/api/pair" && method === "POST") {
    if (body.code !== server.code) return problem(400, "pairing_code_invalid");
    return [201, { deviceId: "device", token: server.token, serverName: "Played", epoch: server.epoch }];
  }
  if (server.isRevoked || request.authorization !== `Bearer ${server.token}`)
    return problem(401, "unauthenticated");
  const open = [...server.permissions.values()].filter(({ state }) => state === "open");
  const [, , kind = "", id = "", part = "", partId = ""] = pathname.split("/");
  switch (`${method} ${kind}`) {
    case "GET events": {
      const after = Number(searchParams.get("after") ?? 0);
      const limit = Number(searchParams.get("limit") ?? 200);
      const isKnown = !searchParams.has("epoch") || searchParams.get("epoch") === server.epoch;
      const events = server.events.filter(({ cursor }) => cursor > after).slice(0, limit);
      return [200, { epoch: server.epoch, events, cursor: server.tip, recovered: isKnown }];
    }
    case "POST events":
      return [200, { cursor: Number(body.cursor) }];
    case "GET permissions": {
      if (id === "") return [200, { permissions: open }];
      const one = server.permissions.get(id);
      return one ? [200, one] : problem(404, "permission_not_found");
    }
    case "POST permissions": {
      const outcome = server.resolve(id, body.decision);
      if (outcome === "unknown") return problem(404, "permission_not_found");
      if (outcome === "other") return problem(409, "permission_already_resolved");
      return [200, { permissionId: id, state: "resolved", decision: body.decision, scope: "once" }];
    }
    case "GET messages": {
      const text = server.texts.get(id);
      if (text === undefined) return problem(404, "message_not_found");
      return [200, { messageId: id, role: "assistant", text, createdAt: Date.now() }];
    }
    case "POST chat": {
      if (id === "interrupt") return problem(409, "nothing_running");
      const { sessionId, turnId, isDuplicate } = server.accept(body);
      return [
        202,
        {
          success: true,
          sessionId,
          turnId,
          clientMessageId: body.clientMessageId,
          requestId: "played",
          state: "running",
          queuePosition: 0,
          duplicate: isDuplicate,
          deliveryMethod: ["websocket"],
          expiresAt: Date.now() + 86_400_000,
        },
      ];
    }
    case "GET devices":
    case "PATCH devices":
      return [
        200,
        {
          deviceId: "device",
          name: "under test",
          platform: "ios",
          scope: "chat",
          createdAt: 1,
          lastSeenAt: 1,
          connected: true,
          ackedCursor: server.acked,
          preferences: { mutedKinds: [] },
        },
      ];
  }
  if (kind === "sessions") {
    const view = (sessionId: string) =>
      sessionView(
        server.sessions.get(sessionId)!,
        Date.now(),
        open.filter((one) => one.sessionId === sessionId).length,
      );
    if (method === "GET" && id === "") return [200, { sessions: [...server.sessions.keys()].map(view) }];
    if (method === "POST" && id === "keep-alive")
      return [
        200,
        { success: true, sessionId: body.sessionId, extended: true, expiresAt: Date.now() + 86_400_000 },
      ];
    const session = server.sessions.get(id);
    if (session === undefined) return problem(404, "session_not_found");
    if (part === "") return [200, view(id)];
    if (part === "messages") {
      // The newest first, as a server tells them.
      const messages = session.messages
        .map((message, index) => ({ ...message, createdAt: index + 1 }))
        .reverse();
      return [200, { messages }];
    }
    if (part === "events") {
      const after = Number(searchParams.get("after") ?? 0);
      const events = server.events.filter((event) => event.sessionId === id && (event.seq ?? 0) > after);
      return [200, { events, lastSeq: session.lastSeq }];
    }
    if (part === "turns") {
      const turn = server.accepted.find(({ turnId }) => turnId === partId);
      if (turn === undefined) return problem(404, "turn_not_found");
      const end = server.events.find((event) => event.turnId === partId && event.type === "turn.completed");
      return [
        200,
        {
          turnId: partId,
          sessionId: id,
          origin: "user",
          clientMessageId: turn.clientMessageId,
          state: end ? "completed" : "running",
          acceptedAt: 1,
          ...(end && { reply: end.data }),
        },
      ];
    }
    if (part === "read") return [200, { readSeq: session.lastSeq, unread: 0 }];
  }
  return problem(404, "not_found");
}
