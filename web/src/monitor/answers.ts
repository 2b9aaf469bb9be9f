import type { Answer } from "../../../client/src/index.ts";

/* The answers that the monitor shows. */

export type Active = Answer<"GET /api/sessions/active">;
export type LiveSession = Active["sessions"][number];
export type Health = Answer<"GET /health">;
export type History = Answer<"GET /api/metrics/history">;
export type LifecycleEvent = Answer<"GET /api/lifecycle">["events"][number];
export type Delivery = Answer<"GET /api/devices/{id}/deliveries">["deliveries"][number] & {
  deviceName?: string;
  createdAt?: number;
};
export type Usage = Answer<"GET /api/usage">;
export type Settings = Answer<"GET /api/settings">;
export type AuditEntry = Answer<"GET /api/audit">["entries"][number];
