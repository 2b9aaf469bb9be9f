import { type ErrorCode, errorCatalogue } from "../../domain/errors.ts";
import type { Route } from "./route.ts";

/** Error codes that occur together: a route that can answer with one of a set can answer with the others. */
export const errorSets = {
  project: ["project_forbidden", "project_not_found"],
  session: ["session_not_found"],
  /** A session that is to do something. */
  openSession: ["session_not_found", "session_closed"],
  /** Refusals of requests that take a process, or have to start one. */
  process: [
    "conversation_held",
    "pool_full",
    "process_start_failed",
    "session_quarantined",
    "shutting_down",
    "login_required",
  ],
  /** Refusals of what the token may not let a session do without asking. */
  allowances: ["permission_mode_forbidden", "tools_forbidden", "prompt_forbidden"],
  message: [
    "project_mismatch",
    "file_forbidden",
    "message_too_large",
    "attachment_not_found",
    "attachment_failed",
    "attachment_limit",
    "command_forbidden",
    "idempotency_conflict",
    "permission_mode_forbidden",
    "device_queue_full",
    "pool_full",
    "session_quarantined",
    "shutting_down",
  ],
  pushTarget: ["device_not_found", "push_disabled", "push_not_registered"],
  /** Refusals of prompts that Claude is asked beside a session. */
  asked: [
    "ask_timed_out",
    "ask_failed",
    "command_forbidden",
    "interrupted",
    "claude_error",
    "model_not_found",
    "conversation_lost",
    "memory_limit",
    "turn_limit",
    "process_crashed",
  ],
  /** A turn that ended without a reply, told as the answer to the request that began it. */
  failedTurn: [
    "interrupted",
    "process_crashed",
    "process_start_failed",
    "process_stopped",
    "server_restarted",
    "claude_error",
    "model_not_found",
    "conversation_lost",
    "turn_limit",
    "stalled",
    "timed_out",
    "memory_limit",
    "login_required",
    "usage_limit",
    "lease_expired",
    "session_quarantined",
    "conversation_held",
    "attachment_failed",
    "command_forbidden",
  ],
  turn: ["session_not_found", "turn_not_found"],
} as const satisfies Record<string, readonly ErrorCode[]>;

/** The codes a route may refuse with, by status: its own, and those that its nature brings. */
export function errorsByStatus(route: Route): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([...ofNature(route), ...route.refusals]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}

function ofNature({ scope, params, query, body, takesBytes }: Route): ErrorCode[] {
  const isClosed = scope !== "open";
  return [
    // An address that is no valid percent-encoding.
    ...(params || query || body || takesBytes ? (["invalid_request"] as const) : []),
    ...(isClosed ? (["unauthenticated", "scope_forbidden"] as const) : []),
    "host_forbidden",
    "origin_forbidden",
    ...(body ? (["malformed_json"] as const) : []),
    ...(body || takesBytes ? (["body_too_large", "unsupported_media_type"] as const) : []),
    ...(isClosed ? (["rate_limited"] as const) : []),
    "internal_error",
    ...(isClosed ? (["storage_failed"] as const) : []),
  ];
}
