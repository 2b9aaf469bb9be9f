import type { Route } from "../framework/route.ts";

/** Groups of routes, in the order in which a reader meets them. */
export const tags = [
  { name: "pairing", description: "How a phone gets its token." },
  { name: "chat", description: "Messages to Claude and their turns." },
  { name: "sessions", description: "Conversations: made, kept alive, copied, closed." },
  { name: "permissions", description: "What Claude asks before it goes on." },
  { name: "events", description: "The event log over plain HTTP." },
  { name: "devices", description: "The paired devices and their pushes." },
  { name: "projects", description: "The directories Claude can work in." },
  { name: "openai", description: "The same sessions for tools that speak OpenAI's protocol." },
  { name: "operation", description: "Health, metrics, settings and the audit log." },
] as const;
export type Tag = (typeof tags)[number]["name"];

const tagByWord: Readonly<Record<string, Tag>> = {
  pair: "pairing",
  "pairing-codes": "pairing",
  chat: "chat",
  ask: "chat",
  attachments: "chat",
  messages: "chat",
  sessions: "sessions",
  permissions: "permissions",
  events: "events",
  devices: "devices",
  projects: "projects",
  v1: "openai",
  stats: "openai",
};

const wordsOf = (path: string): string[] => path.split("/").filter((word) => word !== "" && word !== "api");

/** The group a path belongs to, by its first word. */
export const tagOf = (path: string): Tag => tagByWord[wordsOf(path)[0] ?? ""] ?? "operation";

/** `/api/sessions/:id` as OpenAPI writes it: `/api/sessions/{id}`. */
export const pathTemplate = (path: string): string => path.replace(/:([A-Za-z]+)/g, "{$1}");

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const camelCased = (word: string): string =>
  word
    .split(/[-.]/)
    .map((part, index) => (index === 0 ? part : capitalised(part)))
    .join("");

/** A name for generated clients: `GET /api/sessions/:id/events` is `getSessionsByIdEvents`. */
export function operationId({ method, path }: Pick<Route, "method" | "path">): string {
  const words = wordsOf(path).map((word) =>
    word.startsWith(":") ? `By${capitalised(word.slice(1))}` : capitalised(camelCased(word)),
  );
  return `${method.toLowerCase()}${words.join("") || "Page"}`;
}
