import type { Route } from "../framework/route.ts";

const sessionId = "5f0c3b1e-8d0e-4b7a-9c55-0a4c4f1f6d21";
const messageId = "0b9a3b52-6d7c-4a3e-8f10-3c9d1f0e7a64";
const projectPath = "/home/me/code/hello";
/** A token has to be shown where one is required; Apple refuses this one, so that it stays registered for no longer than a push. */
const deviceToken = "0".repeat(64);

/**
 * A request body for each route that takes one. A form that made its own from the schema would send names, media types and a push
 * token of random letters, and those would be kept.
 */
const examples: Readonly<Record<string, unknown>> = {
  "POST /api/ask": { projectPath, prompt: "What does this project do? Answer in one sentence." },
  "POST /api/chat": { message: "What is in this project?", projectPath, clientMessageId: "example-1" },
  "POST /api/chat/interrupt": { sessionId },
  "POST /api/devices/register": { deviceToken, platform: "ios", bundleId: "com.example.daylong" },
  "PATCH /api/devices/:id": {
    name: "my phone",
    preferences: { mutedKinds: ["task"], quietHours: null },
  },
  "POST /api/events/ack": { cursor: 41 },
  "POST /api/pair": { code: "WPYVRZ579V", device: { name: "my phone", platform: "ios" } },
  "POST /api/pairing-codes": { scope: "chat" },
  "POST /api/permissions/:permissionId": { decision: "allow", scope: "once" },
  "POST /api/projects": { root: "/home/me/code", name: "hello" },
  "POST /api/sessions": { projectPath, title: "A first look" },
  "PATCH /api/sessions/:id": { title: "Another title", muted: false },
  "POST /api/sessions/cancel": { sessionId },
  "POST /api/sessions/keep-alive": { sessionId, action: "extend" },
  "POST /api/sessions/:id/fork": {},
  "POST /api/sessions/:id/read": { seq: 12 },
  "POST /api/sessions/:id/rewind": { messageId, dryRun: true },
  "PUT /api/sessions/:id/live-activity": { activityToken: deviceToken },
  "DELETE /api/sessions/:id/live-activity": {},
  "PATCH /api/settings": { maxConcurrentSessions: 10 },
  "POST /v1/responses": { model: "default", input: "Say hello." },
  "POST /v1/chat/completions": {
    model: "default",
    messages: [{ role: "user", content: "Say hello." }],
  },
};

/** The example of a route's body; `undefined` for a route without one. */
export const bodyExample = ({ method, path }: Pick<Route, "method" | "path">): unknown =>
  examples[`${method} ${path}`];
