/**
 * The one catalogue of errors: code -> HTTP status, title, whether the same request may succeed later.
 * A code is never reused for something else. Clients branch on the code, people read the detail.
 */
export const errorCatalogue = {
  invalid_request: { status: 400, title: "The request is not valid", retryable: false },
  unsupported_parameter: { status: 400, title: "The parameter is not supported", retryable: false },
  invalid_answers: { status: 400, title: "The answers do not fit the form", retryable: false },
  scope_unavailable: { status: 400, title: "The answer cannot hold that long", retryable: false },
  project_mismatch: { status: 400, title: "The session is of another project", retryable: false },
  malformed_json: { status: 400, title: "The body is not JSON", retryable: false },
  unauthenticated: { status: 401, title: "A valid token is needed", retryable: false },
  pairing_code_invalid: {
    status: 401,
    title: "The pairing code is wrong, used or too old",
    retryable: false,
  },
  scope_forbidden: { status: 403, title: "The token's scope does not allow this", retryable: false },
  project_forbidden: {
    status: 403,
    title: "The directory may not be a project of this server",
    retryable: false,
  },
  host_forbidden: { status: 403, title: "The Host header is not a name of this server", retryable: false },
  origin_forbidden: { status: 403, title: "The page's origin is not allowed here", retryable: false },
  permission_mode_forbidden: {
    status: 403,
    title: "The owner has not enabled this permission mode",
    retryable: false,
  },
  tools_forbidden: {
    status: 403,
    title: "The token may not let these tools run without asking",
    retryable: false,
  },
  prompt_forbidden: {
    status: 403,
    title: "The token may not replace Claude's system prompt",
    retryable: false,
  },
  command_forbidden: { status: 403, title: "The command is not taken from a message", retryable: false },
  file_forbidden: { status: 403, title: "The file may not be given with a message", retryable: false },
  not_found: { status: 404, title: "There is nothing at this address", retryable: false },
  session_not_found: { status: 404, title: "There is no such session", retryable: false },
  conversation_not_found: { status: 404, title: "There is no such conversation", retryable: false },
  response_not_found: { status: 404, title: "There is no such response", retryable: false },
  model_not_found: { status: 404, title: "Claude has no such model", retryable: false },
  project_not_found: { status: 404, title: "There is no such directory", retryable: false },
  turn_not_found: { status: 404, title: "There is no such turn", retryable: false },
  task_not_found: { status: 404, title: "There is no such task", retryable: false },
  message_not_found: { status: 404, title: "There is no such message", retryable: false },
  device_not_found: { status: 404, title: "There is no such device", retryable: false },
  permission_not_found: { status: 404, title: "There is no such permission request", retryable: false },
  tool_not_found: { status: 404, title: "There is no such use of a tool", retryable: false },
  attachment_not_found: { status: 404, title: "There is no such attachment", retryable: false },
  method_not_allowed: { status: 405, title: "The method is not allowed here", retryable: false },
  idempotency_conflict: {
    status: 409,
    title: "The clientMessageId was used for another message",
    retryable: false,
  },
  nothing_running: { status: 409, title: "No turn is running", retryable: false },
  turn_not_cancellable: { status: 409, title: "The turn is not waiting any more", retryable: false },
  permission_already_resolved: {
    status: 409,
    title: "The permission has another answer already",
    retryable: false,
  },
  session_busy: { status: 409, title: "The session is busy", retryable: true },
  conversation_held: {
    status: 409,
    title: "A terminal on the computer holds the conversation",
    retryable: true,
  },
  attachment_failed: {
    status: 409,
    title: "An attachment could not be put into the project",
    retryable: false,
  },
  upload_offset_mismatch: {
    status: 409,
    title: "The part does not begin where the upload ends",
    retryable: false,
  },
  nothing_to_recap: { status: 409, title: "The session has no turn to recap", retryable: false },
  push_disabled: { status: 409, title: "The server is not set up for this kind of push", retryable: false },
  push_not_registered: { status: 409, title: "The device has no push token", retryable: false },
  changes_unavailable: { status: 409, title: "The project has no repository to be read", retryable: false },
  setting_fixed: { status: 409, title: "The server's environment fixes this setting", retryable: false },
  session_closed: { status: 410, title: "The session is closed", retryable: false },
  permission_expired: { status: 410, title: "The permission request is over", retryable: false },
  message_too_large: { status: 413, title: "The message is too large", retryable: false },
  body_too_large: { status: 413, title: "The body is too large", retryable: false },
  unsupported_media_type: { status: 415, title: "The media type is not supported", retryable: false },
  device_queue_full: {
    status: 429,
    title: "The device's share of the waiting turns is used",
    retryable: true,
  },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  attachment_limit: { status: 429, title: "Too many attachments are kept", retryable: true },
  internal_error: { status: 500, title: "Something broke in the server", retryable: true },
  ask_failed: { status: 502, title: "Claude did not answer the prompt", retryable: true },
  recap_failed: { status: 502, title: "Claude did not give a recap", retryable: true },
  pool_full: { status: 503, title: "Too many turns are waiting", retryable: true },
  shutting_down: { status: 503, title: "The server is stopping", retryable: true },
  storage_failed: { status: 503, title: "The database cannot be written", retryable: true },
  // Codes of turns and frames, which have no HTTP answer of their own.
  bad_frame: { status: 400, title: "The frame is not valid", retryable: false },
  interrupted: { status: 409, title: "The owner interrupted the turn", retryable: false },
  process_crashed: {
    status: 500,
    title: "The Claude process ended in the middle of the turn",
    retryable: true,
  },
  process_start_failed: { status: 500, title: "The Claude process could not be started", retryable: true },
  process_stopped: { status: 500, title: "The Claude process was stopped", retryable: true },
  server_restarted: { status: 500, title: "The server restarted in the middle of the turn", retryable: true },
  claude_error: { status: 502, title: "Claude reported an error", retryable: true },
  conversation_lost: {
    status: 502,
    title: "Claude cannot go on with its own record of the conversation",
    retryable: true,
  },
  turn_limit: { status: 502, title: "The session's turn or budget limit was reached", retryable: false },
  ask_timed_out: { status: 504, title: "Claude did not answer in the time given", retryable: true },
  history_unavailable: {
    status: 503,
    title: "Claude's own transcripts could not be read in time",
    retryable: true,
  },
  changes_timed_out: { status: 504, title: "Git did not answer in time", retryable: true },
  timed_out: { status: 504, title: "The turn took longer than its timeoutMs", retryable: true },
  stalled: { status: 504, title: "Claude gave no sign of life for too long", retryable: true },
  memory_limit: { status: 500, title: "The Claude process used too much memory", retryable: true },
  login_required: { status: 502, title: "Claude has to be logged in again on the computer", retryable: true },
  usage_limit: { status: 429, title: "Claude's usage limit is reached", retryable: true },
  session_quarantined: {
    status: 503,
    title: "Claude keeps failing in this session; it is tried again later",
    retryable: true,
  },
  lease_expired: { status: 500, title: "The lease ended in the middle of the turn", retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** One fault of one field of a request. */
export interface FieldFault {
  path: string;
  message: string;
}

/** A refusal or failure that a client is told of. `detail` names no path outside the roots and no secret. */
export class DaylongError extends Error {
  override readonly name = "DaylongError";
  readonly code: ErrorCode;
  readonly retryAfterMs?: number;
  readonly faults?: FieldFault[];

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; retryAfterMs?: number; faults?: FieldFault[] } = {},
  ) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.faults = options.faults;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }
  get title(): string {
    return errorCatalogue[this.code].title;
  }
  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }
}

/** How a failed turn is told: in `turn.failed`, in the turn's own record, in pushes. */
export interface Failure {
  code: ErrorCode;
  detail: string;
}
