// Written by scripts/client-types from the OpenAPI and AsyncAPI documents that the server serves: do not edit it here.
// A server may be newer than this file: fields, events, frames and codes that are not in it are to be tolerated.

export type SessionState = "idle" | "busy" | "waiting" | "parked" | "expired" | "quarantined" | "closed";
export type PermissionMode = "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
export type TurnState = "queued" | "running" | "completed" | "failed" | "interrupted" | "cancelled";
/**
 * What clients branch on; a code is never reused for something else.
 */
export type ErrorCode =
  | "invalid_request"
  | "unsupported_parameter"
  | "invalid_answers"
  | "scope_unavailable"
  | "project_mismatch"
  | "malformed_json"
  | "unauthenticated"
  | "pairing_code_invalid"
  | "scope_forbidden"
  | "project_forbidden"
  | "host_forbidden"
  | "origin_forbidden"
  | "permission_mode_forbidden"
  | "tools_forbidden"
  | "prompt_forbidden"
  | "command_forbidden"
  | "file_forbidden"
  | "not_found"
  | "session_not_found"
  | "conversation_not_found"
  | "response_not_found"
  | "model_not_found"
  | "project_not_found"
  | "turn_not_found"
  | "task_not_found"
  | "message_not_found"
  | "device_not_found"
  | "permission_not_found"
  | "tool_not_found"
  | "attachment_not_found"
  | "method_not_allowed"
  | "idempotency_conflict"
  | "nothing_running"
  | "turn_not_cancellable"
  | "permission_already_resolved"
  | "session_busy"
  | "conversation_held"
  | "attachment_failed"
  | "upload_offset_mismatch"
  | "nothing_to_recap"
  | "push_disabled"
  | "push_not_registered"
  | "changes_unavailable"
  | "setting_fixed"
  | "session_closed"
  | "permission_expired"
  | "message_too_large"
  | "body_too_large"
  | "unsupported_media_type"
  | "device_queue_full"
  | "rate_limited"
  | "attachment_limit"
  | "internal_error"
  | "ask_failed"
  | "recap_failed"
  | "pool_full"
  | "shutting_down"
  | "storage_failed"
  | "bad_frame"
  | "interrupted"
  | "process_crashed"
  | "process_start_failed"
  | "process_stopped"
  | "server_restarted"
  | "claude_error"
  | "conversation_lost"
  | "turn_limit"
  | "ask_timed_out"
  | "history_unavailable"
  | "changes_timed_out"
  | "timed_out"
  | "stalled"
  | "memory_limit"
  | "login_required"
  | "usage_limit"
  | "session_quarantined"
  | "lease_expired";
/**
 * One row of the log. cursor grows over the whole log; seq is gap-free in its session from 1. Events about no session have sessionId and seq null.
 */
export type Event =
  | SessionCreatedEvent
  | SessionRenewedEvent
  | SessionExpiringEvent
  | SessionExpiredEvent
  | SessionParkedEvent
  | SessionWokenEvent
  | SessionCrashedEvent
  | SessionRecoveredEvent
  | SessionRecycledEvent
  | SessionQuarantinedEvent
  | SessionClosedEvent
  | SessionUpdatedEvent
  | SessionCompactedEvent
  | SessionCommandsEvent
  | TodosChangedEvent
  | NoticeEvent
  | SessionRecapEvent
  | SessionContinuedEvent
  | SessionHeldEvent
  | SessionReleasedEvent
  | TurnAcceptedEvent
  | TurnQueuedEvent
  | TurnStartedEvent
  | TurnCompletedEvent
  | TurnFailedEvent
  | TurnInterruptedEvent
  | TurnCancelledEvent
  | MessageEvent
  | AgentMessageEvent
  | ToolStartedEvent
  | ToolFinishedEvent
  | TaskStartedEvent
  | TaskFinishedEvent
  | PermissionRequestedEvent
  | PermissionResolvedEvent
  | PermissionExpiredEvent
  | ResourceWarningEvent
  | LimitReachedEvent
  | LimitWarningEvent
  | LimitLiftedEvent
  | LoginRequiredEvent
  | DevicePairedEvent
  | DeviceRevokedEvent
  | DevicePushLostEvent;
/**
 * user: a message. Else Claude began the turn by itself: a task had something to say, a scheduled wake-up was due, another agent sent a message, or another reason.
 */
export type TurnOrigin = "user" | "task" | "schedule" | "agent" | "other" | "terminal";
export type ClientFrame =
  | HelloFrame
  | SendFrame
  | AckFrame
  | PermissionFrame
  | InterruptFrame
  | KeepaliveFrame
  | PresenceFrame
  | PingFrame;
export type ServerFrame =
  | WelcomeFrame
  | EventFrame
  | DeltaFrame
  | ActivityFrame
  | AcceptedFrame
  | ResultFrame
  | ErrorFrame
  | PongFrame;
/**
 * What Claude does now. Never stored.
 */
export type ActivityFrame =
  | {
      type: "activity";
      sessionId: string;
      turnId: string;
      kind: "thinking";
    }
  | {
      type: "activity";
      sessionId: string;
      turnId: string;
      kind: "tool";
      toolName: string;
      title: string;
      agent?: Agent;
    }
  | {
      type: "activity";
      sessionId: string;
      turnId: string;
      kind: "task";
      taskId: string;
      text?: string;
    }
  | {
      type: "activity";
      sessionId: string;
      turnId: string;
      kind: "compacting";
    }
  | {
      type: "activity";
      sessionId: string;
      turnId: string;
      kind: "retrying";
      attempt: number;
      reason: "no_connection" | "overloaded" | "server_error" | "rate_limit" | "login" | "other";
      /**
       * When the failed request is tried again.
       */
      nextAt: number;
    };
/**
 * The answer to every other order.
 */
export type ResultFrame =
  | {
      type: "result";
      ref?: string;
      cursor: number;
    }
  | {
      type: "result";
      ref?: string;
      permissionId: string;
      state: "resolved";
      decision: "allow" | "deny";
      /**
       * How long it holds.
       */
      scope: "once" | "session" | "always";
    }
  | {
      type: "result";
      ref?: string;
      sessionId: string;
      interrupted: boolean;
      turnId: string;
    }
  | {
      type: "result";
      ref?: string;
      success: true;
      sessionId: string;
      extended: boolean;
      expiresAt: number;
      recap?: Recap;
      truncated?: boolean;
    }
  | {
      type: "result";
      ref?: string;
      foreground: boolean;
    };

/**
 * Everything that goes between a server and its clients.
 */
export interface Api {
  /**
   * What a request says in its query.
   */
  queries: {
    /**
     * State changes by devices, newest first.
     */
    "GET /api/audit": {
      before?: string;
      /**
       * How many at most; 100 when not said, never more than 500.
       */
      limit?: number;
    };
    /**
     * What became of the newest pushes of all devices.
     */
    "GET /api/deliveries": {
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
    };
    /**
     * What became of the device's pushes, newest first.
     */
    "GET /api/devices/{id}/deliveries": {
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
    };
    /**
     * Events after a cursor; with wait, held open until there are some.
     */
    "GET /api/events": {
      after?: number;
      epoch?: string;
      /**
       * How many at most; 100 when not said, never more than 1000.
       */
      limit?: number;
      wait?: string;
    };
    /**
     * What happened to sessions, processes and devices, newest first; nothing of what was said.
     */
    "GET /api/lifecycle": {
      before?: string;
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
    };
    /**
     * The project roots, the directories in them, and deeper ones in which Claude has worked.
     */
    "GET /api/projects": {
      before?: string;
      /**
       * How many at most; 1000 when not said, never more than 1000.
       */
      limit?: number;
    };
    /**
     * The conversations that Claude keeps of a project, those of the terminal included, the latest first.
     */
    "GET /api/projects/{projectId}/sessions": {
      before?: string;
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
    };
    /**
     * A page of a conversation as Claude wrote it down, the newest message first.
     */
    "GET /api/projects/{projectId}/sessions/{id}/messages": {
      before?: string;
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
    };
    /**
     * Sessions, the latest first.
     */
    "GET /api/sessions": {
      state?: SessionState;
      projectPath?: string;
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
      before?: string;
    };
    /**
     * Sessions that have a process, and how much room is left; with parked=true also those that live without one.
     */
    "GET /api/sessions/active": {
      parked?: "true" | "false";
    };
    /**
     * Close a session: its turns end, its process is gone.
     */
    "DELETE /api/sessions/interactive/{id}": {
      erase?: "true" | "false";
    };
    /**
     * Close a session: its turns end, its process is gone.
     */
    "DELETE /api/sessions/{id}": {
      erase?: "true" | "false";
    };
    /**
     * The unified diff of one changed file, cut at 256 KiB.
     */
    "GET /api/sessions/{id}/changes/diff": {
      path: string;
    };
    /**
     * A session's events after a sequence number.
     */
    "GET /api/sessions/{id}/events": {
      after?: number;
      /**
       * How many at most; 100 when not said, never more than 1000.
       */
      limit?: number;
    };
    /**
     * A page of the transcript, the newest message first.
     */
    "GET /api/sessions/{id}/messages": {
      before?: string;
      /**
       * How many at most; 50 when not said, never more than 200.
       */
      limit?: number;
    };
    /**
     * What was said, the oldest first, as JSON lines; with follow=true also what is said from now on, until the session ends.
     */
    "GET /api/sessions/{id}/output": {
      follow?: "0" | "1" | "true" | "false";
    };
    /**
     * The plan's windows as last told, and cost and tokens by day, project and model.
     */
    "GET /api/usage": {
      days?: number;
    };
  };
  /**
   * What a request says in its body.
   */
  bodies: {
    /**
     * Ask Claude one thing, or several at once; no session is kept, and what needs a permission is denied.
     */
    "POST /api/ask": {
      projectPath: string;
      prompt?: string;
      prompts?: string[];
      model?: string;
      timeoutMs?: number;
      concurrency?: number;
    };
    /**
     * Send a message; 202 when it is kept, 200 with the reply under Prefer: wait=SECONDS.
     */
    "POST /api/chat": {
      message: string;
      sessionId?: string;
      projectPath?: string;
      clientMessageId?: string;
      attachments?: (
        | {
            attachmentId: string;
          }
        | {
            name: string;
            /**
             * A media type such as image/png; with parameters, or empty, is right too.
             */
            mimeType: string;
            data: string;
          }
      )[];
      model?: string;
      permissionMode?: PermissionMode;
      /**
       * The instant at which it is to run; at once without it.
       */
      sendAt?: number;
      /**
       * How long the turn may run before it is ended as failed (timed_out).
       */
      timeoutMs?: number;
      /**
       * Paths in the project, whose contents go to Claude with the message.
       */
      contextFiles?: string[];
      /**
       * The caller's APNs token, registered when the message is accepted; one that cannot be Apple's is left, and pushWarning says so.
       */
      deviceToken?: string;
    };
    /**
     * Stop the running turn of a session.
     */
    "POST /api/chat/interrupt": {
      sessionId: string;
      turnId?: string;
    };
    /**
     * Register the caller's APNs token (kept for older clients; see PATCH /api/devices/me).
     */
    "POST /api/devices/register": {
      deviceToken: string;
      platform?: string;
      bundleId?: string;
    };
    /**
     * Change a device's name, push target or preferences; what is absent stays, null removes.
     */
    "PATCH /api/devices/{id}": {
      name?: string;
      push?: {
        provider?: "apns" | "webpush";
        token?: string;
        environment?: "sandbox" | "production";
        topic?: string | null;
        encryptionKey?: string | null;
        subscription?: {
          endpoint: string;
          keys: {
            p256dh: string;
            auth: string;
          };
        };
        liveActivity?: {
          pushToStartToken?: string | null;
        };
      } | null;
      preferences?: {
        mutedKinds?: (
          | "reply"
          | "failed"
          | "permission"
          | "question"
          | "plan"
          | "form"
          | "expiring"
          | "expired"
          | "crashed"
          | "notice"
          | "limit"
          | "login"
          | "resource"
          | "task"
          | "activity"
        )[];
        quietHours?: {
          startMinute: number;
          endMinute: number;
          timeZone: string;
        } | null;
      };
    };
    /**
     * Say that the device holds everything up to a cursor.
     */
    "POST /api/events/ack": {
      cursor: number;
    };
    /**
     * Use a pairing code: the new device's token, shown this once.
     */
    "POST /api/pair": {
      code: string;
      device: {
        name: string;
        platform: string;
      };
    };
    /**
     * Make a pairing code: one use, ten minutes.
     */
    "POST /api/pairing-codes": {
      scope?: "read" | "chat" | "admin";
    };
    /**
     * Answer one; the same answer again is no error.
     */
    "POST /api/permissions/{permissionId}": {
      decision: "allow" | "deny";
      message?: string;
      updatedInput?: {
        [k: string]: unknown;
      };
      scope?: "once" | "session" | "always";
      answers?: {
        [k: string]: string | number | boolean | string[];
      };
    };
    /**
     * Make a directory under a root; 200 when it was there already.
     */
    "POST /api/projects": {
      root: string;
      name: string;
    };
    /**
     * Make a session in a project, or go on with a conversation of it: resume names it, or is latest (404 when none).
     */
    "POST /api/sessions": {
      projectPath: string;
      title?: string;
      model?: string;
      permissionMode?: PermissionMode;
      /**
       * Id of the Claude conversation to go on with; latest is the project's newest.
       */
      resume?: string | "latest";
      /**
       * Goes on in a copy of the conversation.
       */
      fork?: boolean;
      /**
       * The last message that is taken over.
       */
      resumeAt?: string;
      /**
       * Stands in the place of Claude's own system prompt; an admin's only.
       */
      systemPrompt?: string;
      appendSystemPrompt?: string;
      /**
       * Tools that run without asking. A chat token may name such that only look at files.
       */
      allowedTools?: string[];
      disallowedTools?: string[];
      maxTurns?: number;
      maxBudgetUsd?: number;
    };
    /**
     * Stop the process of one session, or of all; the sessions stay.
     */
    "POST /api/sessions/cancel": {
      sessionId?: string;
    };
    /**
     * Open the session's next lease term without a model turn; with the action recap after a recap of it.
     */
    "POST /api/sessions/keep-alive": {
      sessionId: string;
      action?: "extend" | "recap";
    };
    /**
     * Change a session; model and permission mode switch live.
     */
    "PATCH /api/sessions/{id}": {
      title?: string;
      model?: string | null;
      permissionMode?: PermissionMode;
      muted?: boolean;
      autoKeepAlive?: boolean;
    };
    /**
     * A new session that begins as a copy of this one, up to a message or as it is now.
     */
    "POST /api/sessions/{id}/fork": {
      atMessageId?: string;
    };
    /**
     * Name the push token of the caller's Live Activity, which shows the session's turn.
     */
    "PUT /api/sessions/{id}/live-activity": {
      activityToken: string;
    };
    /**
     * The caller's Live Activity was ended by the app; without a token, all of this session.
     */
    "DELETE /api/sessions/{id}/live-activity": {
      activityToken?: string;
    };
    /**
     * Say that the owner has read the session up to an event; all devices share it.
     */
    "POST /api/sessions/{id}/read": {
      seq: number;
    };
    /**
     * Take the project's files back to before a message, or count what that would change.
     */
    "POST /api/sessions/{id}/rewind": {
      messageId: string;
      dryRun?: boolean;
    };
    /**
     * Change limits; what is absent stays, null goes back to the default.
     */
    "PATCH /api/settings": {
      maxConcurrentSessions?: ("auto" | number) | null;
      maxQueuedTurns?: number | null;
      requestsPerMinute?: number | null;
      sessionTimeoutHours?: number | null;
      sessionWarningHours?: number | null;
      sessionFinalWarningMinutes?: number | null;
      sessionIdleMinutes?: number | null;
      maxMemoryPerSessionMb?: number | null;
      maxMemoryPerToolMb?: number | null;
      maxTotalMemoryGb?: number | null;
      cpuUsageLimitPercent?: number | null;
      healthIntervalSeconds?: number | null;
      resourceSampleSeconds?: number | null;
      turnStallMinutes?: number | null;
      permissionTimeoutMinutes?: number | null;
      prewarmedProcesses?: number | null;
      pushGraceMs?: number | null;
      retentionDays?: number | null;
      shutdownGraceSeconds?: number | null;
    };
  };
  /**
   * What a request is answered with, if it is not refused with a Problem.
   */
  answers: {
    /**
     * Ask Claude one thing, or several at once; no session is kept, and what needs a permission is denied.
     */
    "POST /api/ask":
      | {
          text: string;
          costUsd: number;
          durationMs: number;
          denied: {
            toolName: string;
            title: string;
          }[];
        }
      | {
          results: (
            | {
                text: string;
                costUsd: number;
                durationMs: number;
                denied: {
                  toolName: string;
                  title: string;
                }[];
              }
            | {
                error: {
                  code: string;
                  detail: string;
                };
              }
          )[];
        };
    /**
     * The description of the WebSocket, as AsyncAPI 3.0.
     */
    "GET /api/asyncapi.json": {
      [k: string]: unknown;
    };
    /**
     * Upload a file for a later message: the raw body, with Content-Type and X-Filename (UTF-8 or percent-encoded), or a form (multipart/form-data) with one file.
     */
    "POST /api/attachments":
      | {
          attachmentId: string;
          name: string;
          mimeType: string;
          sizeBytes: number;
          sha256: string;
        }
      | UploadState;
    "GET /api/attachments/{attachmentId}": UploadState;
    /**
     * Append to an upload that was cut off: the bytes from Upload-Offset on.
     */
    "PATCH /api/attachments/{attachmentId}":
      | {
          attachmentId: string;
          name: string;
          mimeType: string;
          sizeBytes: number;
          sha256: string;
        }
      | UploadState;
    /**
     * Give an upload up that is not complete.
     */
    "DELETE /api/attachments/{attachmentId}": {
      success: true;
    };
    /**
     * State changes by devices, newest first.
     */
    "GET /api/audit": {
      entries: {
        at: number;
        deviceId: string;
        action: string;
        target: string;
        detail: string;
      }[];
      nextBefore?: string;
    };
    /**
     * Send a message; 202 when it is kept, 200 with the reply under Prefer: wait=SECONDS.
     */
    "POST /api/chat": Finished | Accepted;
    /**
     * Stop the running turn of a session.
     */
    "POST /api/chat/interrupt": {
      interrupted: boolean;
      turnId: string;
    };
    /**
     * What became of the newest pushes of all devices.
     */
    "GET /api/deliveries": {
      deliveries: LoggedDelivery[];
    };
    /**
     * The paired devices.
     */
    "GET /api/devices": {
      devices: Device[];
    };
    /**
     * Register the caller's APNs token (kept for older clients; see PATCH /api/devices/me).
     */
    "POST /api/devices/register": {
      success: true;
      deviceId: string;
    };
    /**
     * Send a push to the caller's device and tell what its push service said.
     */
    "POST /api/devices/test-push": {
      outcome: string;
      apnsId: string;
      status?: number;
      reason?: string;
      /**
       * The reason in words, when the server's own side is at fault.
       */
      detail?: string;
      latencyMs: number;
    };
    "GET /api/devices/{id}": Device;
    "PATCH /api/devices/{id}": Device;
    /**
     * Revoke a device: its token ends at once and its sockets close.
     */
    "DELETE /api/devices/{id}": {
      success: true;
      deviceId: string;
    };
    /**
     * What became of the device's pushes, newest first.
     */
    "GET /api/devices/{id}/deliveries": {
      deliveries: Delivery[];
    };
    /**
     * Events after a cursor; with wait, held open until there are some.
     */
    "GET /api/events": {
      epoch: string;
      events: Event[];
      cursor: number;
      recovered: boolean;
    };
    /**
     * Say that the device holds everything up to a cursor.
     */
    "POST /api/events/ack": {
      cursor: number;
    };
    /**
     * What happened to sessions, processes and devices, newest first; nothing of what was said.
     */
    "GET /api/lifecycle": {
      events: Event[];
      nextBefore?: string;
    };
    /**
     * The full text of a message: what a cut push leads to.
     */
    "GET /api/messages/{messageId}": {
      messageId: string;
      role: "user" | "assistant";
      text: string;
      turnId?: string;
      /**
       * Said in another program that went on with the conversation.
       */
      origin?: "terminal";
      createdAt: number;
      /**
       * The turn ended in the middle of the text.
       */
      partial?: boolean;
      sessionId: string | null;
    };
    "GET /api/metrics/delivery": DeliveryMetrics;
    "GET /api/metrics/history": ResourceHistory;
    "GET /api/metrics/sessions": SessionMetrics;
    /**
     * The models that Claude offers (known after its first start), and the permission modes that this token may choose.
     */
    "GET /api/models": {
      models: {
        id: string;
        name: string;
        description: string;
      }[];
      default: string | null;
      modes: PermissionMode[];
    };
    /**
     * This description of the HTTP interface, as OpenAPI 3.1.
     */
    "GET /api/openapi.json": {
      [k: string]: unknown;
    };
    /**
     * Use a pairing code: the new device's token, shown this once.
     */
    "POST /api/pair": {
      deviceId: string;
      token: string;
      serverName: string;
      epoch: string;
    };
    /**
     * Make a pairing code: one use, ten minutes.
     */
    "POST /api/pairing-codes": {
      code: string;
      expiresAt: number;
      url: string;
      pageUrl: string;
    };
    /**
     * The open permissions, questions, plans and forms.
     */
    "GET /api/permissions": {
      permissions: Permission[];
    };
    "GET /api/permissions/{permissionId}": Permission;
    /**
     * Answer one; the same answer again is no error.
     */
    "POST /api/permissions/{permissionId}": {
      permissionId: string;
      state: "resolved";
      decision: "allow" | "deny";
      /**
       * How long it holds.
       */
      scope: "once" | "session" | "always";
    };
    /**
     * The project roots, the directories in them, and deeper ones in which Claude has worked.
     */
    "GET /api/projects": {
      roots: string[];
      projects: Project[];
      nextBefore?: string;
    };
    "POST /api/projects": Project;
    /**
     * The conversations that Claude keeps of a project, those of the terminal included, the latest first.
     */
    "GET /api/projects/{projectId}/sessions": {
      sessions: ProjectSession[];
      nextBefore?: string;
    };
    /**
     * A page of a conversation as Claude wrote it down, the newest message first.
     */
    "GET /api/projects/{projectId}/sessions/{id}/messages": {
      messages: PastMessage[];
      nextBefore?: string;
    };
    "PUT /api/projects/{projectId}/trust": Project;
    "DELETE /api/projects/{projectId}/trust": Project;
    /**
     * The server's key that a page subscribes with (applicationServerKey).
     */
    "GET /api/push/vapid-key": {
      publicKey: string;
    };
    "POST /api/sessions": Session;
    /**
     * Sessions, the latest first.
     */
    "GET /api/sessions": {
      sessions: Session[];
      nextBefore?: string;
    };
    /**
     * Sessions that have a process, and how much room is left; with parked=true also those that live without one.
     */
    "GET /api/sessions/active": {
      sessions: Session[];
      stats: {
        totalSessions: number;
        maxSessions: number;
        /**
         * With `MAX_CONCURRENT_SESSIONS=auto`: what keeps `maxSessions` from being higher.
         */
        maxSessionsLimitedBy?: "memory" | "load" | "maximum";
        availableSlots: number;
        queuedTurns: number;
        memoryUsageBytes: number;
        memoryLimitBytes: number;
        cpuPercent: number;
      };
    };
    /**
     * Stop the process of one session, or of all; the sessions stay.
     */
    "POST /api/sessions/cancel": {
      cancelled: string[];
    };
    /**
     * Close a session: its turns end, its process is gone.
     */
    "DELETE /api/sessions/interactive/{id}": {
      success: true;
      sessionId: string;
    };
    "GET /api/sessions/interactive/{id}/status": Session;
    /**
     * Open the session's next lease term without a model turn; with the action recap after a recap of it.
     */
    "POST /api/sessions/keep-alive": {
      success: true;
      sessionId: string;
      extended: boolean;
      expiresAt: number;
      recap?: Recap;
    };
    "GET /api/sessions/{id}": Session;
    "PATCH /api/sessions/{id}": Session;
    /**
     * Close a session: its turns end, its process is gone.
     */
    "DELETE /api/sessions/{id}": {
      success: true;
      sessionId: string;
    };
    "GET /api/sessions/{id}/changes": Changes;
    "GET /api/sessions/{id}/changes/diff": FileDiff;
    /**
     * The slash commands that the session knows; the last known ones when it has no process.
     */
    "GET /api/sessions/{id}/commands": {
      commands: Command[];
    };
    /**
     * How full Claude's context window is.
     */
    "GET /api/sessions/{id}/context": {
      model: string;
      totalTokens: number;
      maxTokens: number;
      percentage: number;
      categories: {
        name: string;
        tokens: number;
      }[];
    };
    /**
     * A session's events after a sequence number.
     */
    "GET /api/sessions/{id}/events": {
      events: Event[];
      lastSeq: number;
    };
    "POST /api/sessions/{id}/fork": Session;
    /**
     * Name the push token of the caller's Live Activity, which shows the session's turn.
     */
    "PUT /api/sessions/{id}/live-activity": {
      sessionId: string;
      turnId: string;
      state: "waiting" | "queued" | "running" | "completed" | "failed" | "interrupted" | "cancelled";
    };
    /**
     * The caller's Live Activity was ended by the app; without a token, all of this session.
     */
    "DELETE /api/sessions/{id}/live-activity": {
      success: true;
      sessionId: string;
      removed: boolean;
    };
    /**
     * A page of the transcript, the newest message first.
     */
    "GET /api/sessions/{id}/messages": {
      messages: Message[];
      nextBefore?: string;
    };
    /**
     * Say that the owner has read the session up to an event; all devices share it.
     */
    "POST /api/sessions/{id}/read": {
      sessionId: string;
      readSeq: number;
      unread: number;
    };
    /**
     * Take the project's files back to before a message, or count what that would change.
     */
    "POST /api/sessions/{id}/rewind": {
      canRewind: boolean;
      filesChanged: string[];
      insertions: number;
      deletions: number;
      detail?: string;
    };
    "GET /api/sessions/{id}/tasks": Tasks;
    /**
     * Stop one task; the turn and other tasks go on.
     */
    "DELETE /api/sessions/{id}/tasks/{taskId}": {
      stopped: boolean;
    };
    "GET /api/sessions/{id}/tasks/{taskId}/output": TaskOutput;
    /**
     * Claude's list of what it is about to do; empty where its tools for that are not offered.
     */
    "GET /api/sessions/{id}/todos": {
      todos: Todo[];
    };
    "GET /api/sessions/{id}/tools/{toolUseId}": ToolRecord;
    "GET /api/sessions/{id}/turns/{turnId}": Turn;
    "DELETE /api/sessions/{id}/turns/{turnId}": Turn;
    "GET /api/settings": Settings;
    "PATCH /api/settings": Settings;
    "GET /api/usage": UsageReport;
    "GET /health": Health;
  };
  problem: Problem;
  clientFrame: ClientFrame;
  serverFrame: ServerFrame;
}
export interface UploadState {
  attachmentId: string;
  /**
   * The bytes that are here; the next part begins there.
   */
  sizeBytes: number;
  complete: boolean;
  /**
   * When it is complete.
   */
  attachment?: {
    attachmentId: string;
    name: string;
    mimeType: string;
    sizeBytes: number;
    sha256: string;
  };
}
export interface Finished {
  success: true;
  sessionId: string;
  turnId: string;
  clientMessageId: string;
  state: TurnState;
  queuePosition: number;
  duplicate: boolean;
  expiresAt: number;
  requestId: string;
  /**
   * How news will reach the device now.
   */
  deliveryMethod: string[];
  /**
   * Why the deviceToken was not registered.
   */
  pushWarning?: string;
  reply?: Reply;
  error?: Failure;
  /**
   * Under Prefer: tasks, the turns in which Claude spoke of the tasks that the turn began.
   */
  ownTurns?: {
    turnId: string;
    reply: Reply;
  }[];
}
export interface Reply {
  messageId: string;
  text: string;
  costUsd: number;
  usage: Usage;
  durationMs: number;
  numTurns: number;
}
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
}
export interface Failure {
  code: ErrorCode;
  detail: string;
}
export interface Accepted {
  success: true;
  sessionId: string;
  turnId: string;
  clientMessageId: string;
  state: TurnState;
  queuePosition: number;
  duplicate: boolean;
  expiresAt: number;
  requestId: string;
  /**
   * How news will reach the device now.
   */
  deliveryMethod: string[];
  /**
   * Why the deviceToken was not registered.
   */
  pushWarning?: string;
}
export interface LoggedDelivery {
  deliveryId: string;
  cursor: number;
  kind:
    | "reply"
    | "failed"
    | "permission"
    | "question"
    | "plan"
    | "form"
    | "expiring"
    | "expired"
    | "crashed"
    | "notice"
    | "limit"
    | "login"
    | "resource"
    | "task"
    | "activity-start"
    | "activity-end";
  state: "pending" | "sent" | "acked" | "suppressed" | "gone" | "dead";
  attempts: {
    at: number;
    status?: number;
    reason?: string;
    latencyMs: number;
  }[];
  nextAttemptAt?: number;
  deviceId: string;
  deviceName: string;
  createdAt: number;
}
export interface Device {
  deviceId: string;
  name: string;
  platform: string;
  scope: "read" | "chat" | "admin";
  createdAt: number;
  lastSeenAt: number;
  connected: boolean;
  ackedCursor: number | null;
  push: {
    provider: string;
    environment?: string;
    registeredAt: number;
    encrypted: boolean;
  } | null;
  preferences: {
    mutedKinds: string[];
    quietHours?: {
      startMinute: number;
      endMinute: number;
      timeZone: string;
    };
  };
}
export interface Delivery {
  deliveryId: string;
  cursor: number;
  kind:
    | "reply"
    | "failed"
    | "permission"
    | "question"
    | "plan"
    | "form"
    | "expiring"
    | "expired"
    | "crashed"
    | "notice"
    | "limit"
    | "login"
    | "resource"
    | "task"
    | "activity-start"
    | "activity-end";
  state: "pending" | "sent" | "acked" | "suppressed" | "gone" | "dead";
  attempts: {
    at: number;
    status?: number;
    reason?: string;
    latencyMs: number;
  }[];
  nextAttemptAt?: number;
}
export interface SessionCreatedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.created";
  at: number;
  turnId?: string;
  data: {
    projectPath: string;
    title: string;
    model: string | null;
    permissionMode: PermissionMode;
    /**
     * In lists at most its first 1,000 characters.
     */
    systemPrompt?: string;
    /**
     * In lists at most its first 1,000 characters.
     */
    appendSystemPrompt?: string;
    /**
     * Tools that run without asking.
     */
    allowedTools?: string[];
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionRenewedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.renewed";
  at: number;
  turnId?: string;
  data: {
    term: number;
    expiresAt: number;
    reason: "keep-alive" | "activity" | "revived";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionExpiringEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.expiring";
  at: number;
  turnId?: string;
  data: {
    expiresAt: number;
    timeRemainingMs: number;
    final: boolean;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionExpiredEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.expired";
  at: number;
  turnId?: string;
  data: {
    term: number;
    expiredAt: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionParkedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.parked";
  at: number;
  turnId?: string;
  data: {
    reason: "evicted" | "idle" | "cancelled" | "server_restarted" | "server_stopped" | "process_ended";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionWokenEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.woken";
  at: number;
  turnId?: string;
  data: {
    pid: number;
    resumed: boolean;
    spare?: boolean;
    notes?: string[];
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionCrashedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.crashed";
  at: number;
  turnId?: string;
  data: {
    detail: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionRecoveredEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.recovered";
  at: number;
  turnId?: string;
  data: {
    detail: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionRecycledEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.recycled";
  at: number;
  turnId?: string;
  data: {
    detail: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionQuarantinedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.quarantined";
  at: number;
  turnId?: string;
  data: {
    detail: string;
    retryAt?: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionClosedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.closed";
  at: number;
  turnId?: string;
  data: {
    by: string;
    /**
     * Nothing of the session is kept: forget it.
     */
    erased?: boolean;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionUpdatedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.updated";
  at: number;
  turnId?: string;
  data: {
    title?: string;
    model?: string | null;
    permissionMode?: PermissionMode;
    muted?: boolean;
    autoKeepAlive?: boolean;
    runningTasks?: number;
    allowedTools?: string[];
    suggestedPrompts?: string[];
    gitBranch?: string | null;
    context?: ContextFill;
    compacting?: boolean;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface ContextFill {
  usedTokens: number;
  windowTokens: number;
  percent: number;
}
export interface SessionCompactedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.compacted";
  at: number;
  turnId?: string;
  data: {
    trigger: "manual" | "auto";
    tokensBefore: number;
    tokensAfter?: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionCommandsEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.commands";
  at: number;
  turnId?: string;
  data: Record<string, never>;
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TodosChangedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "todos.changed";
  at: number;
  turnId?: string;
  data: {
    todos: Todo[];
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface Todo {
  id: string;
  text: string;
  state: "pending" | "in_progress" | "completed";
  /**
   * The text while it is being done.
   */
  activeText?: string;
}
export interface NoticeEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "notice";
  at: number;
  turnId?: string;
  data: {
    text: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionRecapEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.recap";
  at: number;
  turnId?: string;
  data: {
    text: string;
    turnCount: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionContinuedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.continued";
  at: number;
  turnId?: string;
  data: {
    by: "terminal";
    turns: number;
    /**
     * The last thing Claude said there, 200 characters.
     */
    lastText?: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionHeldEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.held";
  at: number;
  turnId?: string;
  data: {
    by: "terminal";
    pid: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface SessionReleasedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "session.released";
  at: number;
  turnId?: string;
  data: Record<string, never>;
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnAcceptedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.accepted";
  at: number;
  turnId?: string;
  data: {
    messageId: string;
    message: string;
    clientMessageId: string;
    deviceId: string;
    attachments: string[];
    sendAt?: number;
    timeoutMs?: number;
    contextFiles?: string[];
    /**
     * Of what another program did in the conversation: no device sent it.
     */
    origin?: "terminal";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnQueuedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.queued";
  at: number;
  turnId?: string;
  data: {
    queuePosition: number;
    /**
     * tasks: every process has a turn, or a task that would be cut off; held: another program has the conversation open.
     */
    reason?: "tasks" | "held";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnStartedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.started";
  at: number;
  turnId?: string;
  data: {
    origin: TurnOrigin;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnCompletedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.completed";
  at: number;
  turnId?: string;
  data: {
    messageId: string;
    text: string;
    costUsd: number;
    usage: Usage;
    durationMs: number;
    numTurns: number;
    /**
     * Only of a turn that Claude began by itself: why it did.
     */
    origin?: "task" | "schedule" | "agent" | "other" | "terminal";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnFailedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.failed";
  at: number;
  turnId?: string;
  data: {
    code: ErrorCode;
    detail: string;
    retryable: boolean;
    /**
     * What was heard of the answer.
     */
    text?: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnInterruptedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.interrupted";
  at: number;
  turnId?: string;
  data: {
    code: ErrorCode;
    detail: string;
    /**
     * What was heard of the answer.
     */
    text?: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TurnCancelledEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "turn.cancelled";
  at: number;
  turnId?: string;
  data: {
    by: string;
    /**
     * What was heard of the answer.
     */
    text?: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface MessageEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "message";
  at: number;
  turnId?: string;
  data: {
    messageId: string;
    text: string;
    /**
     * The turn ended in the middle of it.
     */
    partial?: boolean;
    /**
     * Of what another program did in the conversation: no device sent it.
     */
    origin?: "terminal";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface AgentMessageEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "agent.message";
  at: number;
  turnId?: string;
  data: {
    agent: Agent;
    text: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface Agent {
  agentId: string;
  type?: string;
  description?: string;
}
export interface ToolStartedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "tool.started";
  at: number;
  turnId?: string;
  data: {
    toolUseId: string;
    toolName: string;
    title: string;
    /**
     * Up to 4 KB of it.
     */
    input?: {
      [k: string]: unknown;
    };
    truncated?: boolean;
    /**
     * A device allowed another input: this one runs. Replaces the line of the same toolUseId.
     */
    edited?: boolean;
    parentToolUseId?: string;
    agent?: Agent;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface ToolFinishedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "tool.finished";
  at: number;
  turnId?: string;
  data: {
    toolUseId: string;
    toolName: string;
    failed: boolean;
    summary?: string;
    insertions?: number;
    deletions?: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TaskStartedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "task.started";
  at: number;
  turnId?: string;
  data: {
    taskId: string;
    kind: "command" | "agent" | "workflow" | "wakeup" | "other";
    description: string;
    state: "running" | "completed" | "failed" | "stopped";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface TaskFinishedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "task.finished";
  at: number;
  turnId?: string;
  data: {
    taskId: string;
    kind: "command" | "agent" | "workflow" | "wakeup" | "other";
    description: string;
    state: "running" | "completed" | "failed" | "stopped";
    summary?: string;
    /**
     * Nobody asked for its end: its process had to go, or went.
     */
    cutOff?: boolean;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface PermissionRequestedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "permission.requested";
  at: number;
  turnId?: string;
  data: {
    permissionId: string;
    sessionId: string;
    turnId: string;
    kind: "tool" | "question" | "plan" | "form";
    /**
     * The subagent that asks. Its turn is the one that started it, and may have ended.
     */
    agent?: Agent;
    toolName: string;
    toolUseId?: string;
    /**
     * One line; control, bidirectional and invisible characters are escapes.
     */
    title: string;
    description?: string;
    /**
     * The MCP server whose tool, or whose form, it is.
     */
    server?: string;
    input: {
      [k: string]: unknown;
    };
    plan?: string;
    questions?: unknown[];
    suggestions: unknown[];
    form?: Form;
    /**
     * How long an allow can hold.
     */
    scopes: ("once" | "session" | "always")[];
    /**
     * Not to be allowed by its title alone: something is hidden or cut, or Claude's own default is no.
     */
    lookFirst: boolean;
    /**
     * The title does not show all that would be done.
     */
    truncated: boolean;
    requestedAt: number;
    expiresAt: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
/**
 * What an MCP server asks a person to fill in.
 */
export interface Form {
  message: string;
  server?: string;
  /**
   * An https address to open; the server does not fetch it. allow says that it was opened.
   */
  url?: string;
  fields: {
    name: string;
    label: string;
    description?: string;
    type: "text" | "number" | "integer" | "boolean" | "choice" | "choices";
    options?: {
      value: string;
      label: string;
    }[];
    required: boolean;
    default?: string | number | boolean | string[];
    min?: number;
    /**
     * Of a text its length in characters, of choices how many.
     */
    max?: number;
    format?: "email" | "uri" | "date" | "date-time";
  }[];
}
export interface PermissionResolvedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "permission.resolved";
  at: number;
  turnId?: string;
  data: {
    permissionId: string;
    decision: "allow" | "deny";
    by: string;
    /**
     * What runs instead of the input that was asked about.
     */
    updatedInput?: {
      [k: string]: unknown;
    };
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface PermissionExpiredEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "permission.expired";
  at: number;
  turnId?: string;
  data: {
    permissionId: string;
    reason: "timed_out" | "turn_ended" | "process_gone" | "server_restarted";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface ResourceWarningEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "resource.warning";
  at: number;
  turnId?: string;
  data: {
    kind: string;
    detail: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface LimitReachedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "limit.reached";
  at: number;
  turnId?: string;
  data: {
    kind: string;
    resetsAt?: number;
    retryAt: number;
    detail: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface LimitWarningEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "limit.warning";
  at: number;
  turnId?: string;
  data: {
    windowId: string;
    utilizationPercent: number;
    resetsAt?: number;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface LimitLiftedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "limit.lifted";
  at: number;
  turnId?: string;
  data: {
    kind: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface LoginRequiredEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "login.required";
  at: number;
  turnId?: string;
  data: {
    detail: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface DevicePairedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "device.paired";
  at: number;
  turnId?: string;
  data: {
    deviceId: string;
    name: string;
    platform: string;
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface DeviceRevokedEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "device.revoked";
  at: number;
  turnId?: string;
  data: {
    deviceId: string;
    name: string;
    cancelledTurns?: number;
    interruptedTurns?: number;
    /**
     * Sessions that ask again about what the device had allowed them.
     */
    restrictedSessions?: number;
    /**
     * Background tasks and wake-ups that followed from its turns.
     */
    stoppedTasks?: number;
    /**
     * Rules of its answers to permissions with `session` and `always`.
     */
    withdrawnRules?: number;
    /**
     * Devices that were paired with its codes: they stay, look at them.
     */
    pairedDevices?: {
      deviceId: string;
      name: string;
    }[];
    /**
     * Projects that it trusted: they stay so, look at them.
     */
    trustedProjects?: string[];
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface DevicePushLostEvent {
  cursor: number;
  sessionId: string | null;
  seq: number | null;
  type: "device.push_lost";
  at: number;
  turnId?: string;
  data: {
    deviceId: string;
    name: string;
    /**
     * The device that has registered the same push target.
     */
    by: string;
    provider: "apns" | "webpush";
  };
  /**
   * Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
   */
  truncated?: boolean;
}
export interface DeliveryMetrics {
  /**
   * From an event's commit to the first connection.
   */
  firstFrame: {
    count: number;
    p50Ms?: number;
    p99Ms?: number;
  };
  /**
   * From an event's commit to a device's ack.
   */
  ack: {
    count: number;
    p50Ms?: number;
    p99Ms?: number;
  };
  /**
   * From an event's commit to the push service's acceptance.
   */
  pushAccepted: {
    count: number;
    p50Ms?: number;
    p99Ms?: number;
  };
  /**
   * Accepted, without an end, and nothing works on them. Should be zero.
   */
  lostTurns: number;
  /**
   * What came a second time since the start. Should be zero.
   */
  twice: {
    ends: number;
    frames: number;
    pushes: number;
  };
}
export interface ResourceHistory {
  points: {
    at: number;
    /**
     * 100 is one core.
     */
    cpuPercent: number;
    memoryBytes: number;
    liveSessions: number;
  }[];
  /**
   * Those that have a process.
   */
  sessions: {
    sessionId: string;
    points: {
      at: number;
      /**
       * 100 is one core.
       */
      cpuPercent: number;
      rssBytes: number;
    }[];
  }[];
}
export interface SessionMetrics {
  sinceAt: number;
  totalSessions: number;
  maxSessions: number;
  /**
   * With `MAX_CONCURRENT_SESSIONS=auto`: what keeps `maxSessions` from being higher.
   */
  maxSessionsLimitedBy?: "memory" | "load" | "maximum";
  availableSlots: number;
  queuedTurns: number;
  memoryUsageBytes: number;
  memoryLimitBytes: number;
  cpuPercent: number;
  spares: number;
  starts: {
    spare: number;
    cold: number;
    resumed: number;
  };
  wakes: number;
  parks: {
    [k: string]: number;
  };
  recycles: number;
  crashes: number;
  recoveries: number;
  quarantines: number;
  warnings: {
    lease: number;
    resource: number;
  };
  expiries: number;
  renewals: {
    [k: string]: number;
  };
  limits: number;
  loginsRequired: number;
  turns: {
    accepted: number;
    completed: number;
    failed: number;
    interrupted: number;
    cancelled: number;
  };
  peakProcesses: number;
  peakMemoryBytes: number;
}
export interface Permission {
  permissionId: string;
  sessionId: string;
  turnId: string;
  kind: "tool" | "question" | "plan" | "form";
  agent?: Agent1;
  toolName: string;
  toolUseId?: string;
  /**
   * One line; control, bidirectional and invisible characters are escapes.
   */
  title: string;
  description?: string;
  /**
   * The MCP server whose tool, or whose form, it is.
   */
  server?: string;
  input: {
    [k: string]: unknown;
  };
  plan?: string;
  questions?: unknown[];
  suggestions: unknown[];
  form?: Form;
  /**
   * How long an allow can hold.
   */
  scopes: ("once" | "session" | "always")[];
  /**
   * Not to be allowed by its title alone: something is hidden or cut, or Claude's own default is no.
   */
  lookFirst: boolean;
  /**
   * The title does not show all that would be done.
   */
  truncated: boolean;
  requestedAt: number;
  expiresAt: number;
  state: "open" | "resolved" | "expired";
  decision?: {
    decision: "allow" | "deny";
    message?: string;
    updatedInput?: {
      [k: string]: unknown;
    };
    scope?: "once" | "session" | "always";
    answers?: {
      [k: string]: string | number | boolean | string[];
    };
  };
}
/**
 * The subagent that asks. Its turn is the one that started it, and may have ended.
 */
export interface Agent1 {
  agentId: string;
  type?: string;
  description?: string;
}
export interface Project {
  projectId: string;
  path: string;
  name: string;
  sessionCount: number;
  lastActivityAt: number | null;
  /**
   * Whether the project's own settings act: it brings none, the owner has not said so, what it says to Claude lies outside it, or the owner trusts it.
   */
  trust: "plain" | "untrusted" | "suspect" | "trusted";
  /**
   * What was answered with “always”, in Claude's own notation.
   */
  rules: string[];
}
export interface ProjectSession {
  sessionId: string;
  title: string;
  firstMessage: string | null;
  createdAt: number | null;
  lastActivityAt: number;
  sizeBytes: number | null;
  gitBranch: string | null;
  /**
   * Of a session of this server; null for one that was begun elsewhere and not resumed yet.
   */
  state: ("idle" | "busy" | "waiting" | "parked" | "expired" | "quarantined" | "closed") | null;
  /**
   * A terminal on the computer holds it now: only a fork can go on.
   */
  held: boolean;
}
export interface PastMessage {
  messageId: string;
  role: "user" | "assistant" | "system";
  /**
   * Of a system message: Claude's summary of what came before, at a compaction.
   */
  kind?: "summary";
  text: string;
  tools: {
    toolUseId?: string;
    toolName: string;
    title: string;
  }[];
  imageCount: number;
  createdAt?: number;
}
/**
 * A conversation with Claude in one project directory.
 */
export interface Session {
  sessionId: string;
  projectPath: string;
  title: string;
  state: SessionState;
  model: string | null;
  permissionMode: PermissionMode;
  createdAt: number;
  lastActivityAt: number;
  lease: Lease;
  timeRemainingMs: number;
  turnCount: number;
  queuedTurns: number;
  lastSeq: number;
  costUsd: number;
  tokens: {
    input: number;
    output: number;
  };
  muted: boolean;
  autoKeepAlive: boolean;
  openPermissions: number;
  /**
   * The owner has read up to this event, on any device.
   */
  readSeq: number;
  /**
   * Events beyond it that call for the owner.
   */
  unread: number;
  /**
   * What Claude said last, at most 200 characters of it.
   */
  lastText?: string;
  /**
   * Why the last turn failed, until another one is completed.
   */
  lastError?: {
    code: ErrorCode;
    detail: string;
    at: number;
  };
  /**
   * What runs now.
   */
  turn?: {
    turnId: string;
    origin: TurnOrigin;
    startedAt: number;
    lastTool?: string;
  };
  /**
   * Background work that outlives turns.
   */
  runningTasks: number;
  /**
   * In lists at most its first 1,000 characters.
   */
  systemPrompt?: string;
  /**
   * In lists at most its first 1,000 characters.
   */
  appendSystemPrompt?: string;
  /**
   * Tools that run without asking.
   */
  allowedTools?: string[];
  /**
   * What Claude proposes to say next; empty again with the next message.
   */
  suggestedPrompts: string[];
  context?: ContextFill1;
  /**
   * The branch of the project's repository.
   */
  gitBranch?: string;
  /**
   * The conversation is being summed up to make room.
   */
  compacting: boolean;
  /**
   * Absent while the session has no process.
   */
  process?: {
    pid: number;
    startedAt: number;
    /**
     * Memory of the CLI alone, which its limit is about.
     */
    rssBytes: number;
    /**
     * Memory of what it started: tools and MCP servers.
     */
    toolsRssBytes: number;
    cpuPercent: number;
    processCount: number;
  };
}
export interface Lease {
  term: number;
  startedAt: number;
  warnAt: number;
  expiresAt: number;
  warnedAt?: number;
}
/**
 * Absent until a turn has ended.
 */
export interface ContextFill1 {
  usedTokens: number;
  windowTokens: number;
  percent: number;
}
export interface Recap {
  text: string;
  createdAt: number;
  turnCount: number;
  cached: boolean;
}
export interface Changes {
  isRepository: boolean;
  /**
   * Why there is no repository.
   */
  reason?: "no_git" | "not_a_repository" | "refused";
  /**
   * Absent when HEAD is detached.
   */
  branch?: string;
  upstream?: {
    ahead: number;
    behind: number;
  };
  files: ChangedFile[];
  truncated: boolean;
}
export interface ChangedFile {
  /**
   * Relative to the project's directory; bytes that are not UTF-8 as \xNN.
   */
  path: string;
  state: "added" | "modified" | "deleted" | "renamed" | "untracked" | "conflicted";
  oldPath?: string;
  insertions?: number;
  deletions?: number;
  binary: boolean;
  /**
   * A filter of git's stands before the file: it is not run, so nothing is compared.
   */
  filtered?: true;
}
export interface FileDiff {
  path: string;
  /**
   * Unified; empty for a file without changes.
   */
  diff: string;
  truncated: boolean;
  filtered?: true;
}
export interface Command {
  /**
   * Without the slash.
   */
  name: string;
  description: string;
  argumentHint: string;
  aliases: string[];
  /**
   * Claude Code's own.
   */
  builtin: boolean;
}
export interface Message {
  messageId: string;
  role: "user" | "assistant";
  text: string;
  turnId?: string;
  /**
   * Said in another program that went on with the conversation.
   */
  origin?: "terminal";
  createdAt: number;
  /**
   * The turn ended in the middle of the text.
   */
  partial?: boolean;
}
export interface Tasks {
  tasks: Task[];
}
export interface Task {
  taskId: string;
  kind: "command" | "agent" | "workflow" | "wakeup" | "other";
  description: string;
  agentType?: string;
  parentTaskId?: string;
  /**
   * The turn that started it.
   */
  turnId?: string;
  state: "running" | "completed" | "failed" | "stopped";
  startedAt: number;
  endedAt?: number;
  /**
   * Of a wake-up: when it is due.
   */
  dueAt?: number;
  lastTool?: string;
  summary?: string;
  tokens?: number;
}
export interface TaskOutput {
  /**
   * Plain text, at most the last 8 KiB.
   */
  output: string;
  totalBytes: number;
  truncated: boolean;
  /**
   * The task has ended, and what it wrote could not be kept: `output` is empty.
   */
  lost?: true;
}
export interface ToolRecord {
  toolUseId: string;
  toolName: string;
  title: string;
  input: {
    [k: string]: unknown;
  };
  /**
   * What Claude was told; absent while the tool runs.
   */
  output?: string;
  failed?: boolean;
  /**
   * Of an edit: what it changed, unified.
   */
  diff?: string;
  /**
   * Input, output and diff are cut to 256 KB together.
   */
  truncated: boolean;
}
export interface Turn {
  turnId: string;
  sessionId: string;
  origin: TurnOrigin;
  clientMessageId?: string;
  state: TurnState;
  acceptedAt: number;
  sendAt?: number;
  timeoutMs?: number;
  contextFiles?: string[];
  startedAt?: number;
  endedAt?: number;
  /**
   * 0 runs now, 1 is next.
   */
  queuePosition?: number;
  reply?: Reply;
  error?: Failure;
}
export interface Settings {
  maxConcurrentSessions: Setting;
  maxQueuedTurns: Setting;
  requestsPerMinute: Setting;
  sessionTimeoutHours: Setting;
  sessionWarningHours: Setting;
  sessionFinalWarningMinutes: Setting;
  sessionIdleMinutes: Setting;
  maxMemoryPerSessionMb: Setting;
  maxMemoryPerToolMb: Setting;
  maxTotalMemoryGb: Setting;
  cpuUsageLimitPercent: Setting;
  healthIntervalSeconds: Setting;
  resourceSampleSeconds: Setting;
  turnStallMinutes: Setting;
  permissionTimeoutMinutes: Setting;
  prewarmedProcesses: Setting;
  pushGraceMs: Setting;
  retentionDays: Setting;
  shutdownGraceSeconds: Setting;
}
export interface Setting {
  /**
   * In force now.
   */
  value: number | "auto";
  default: number;
  min: number;
  max: number;
  /**
   * Whether a change takes effect at once.
   */
  live: boolean;
  /**
   * The environment wins: what it sets can be changed there only.
   */
  source: "default" | "environment" | "stored";
  /**
   * In force from the next start.
   */
  next?: number | "auto";
  /**
   * With `auto`: the number that is in force now.
   */
  effective?: number;
  /**
   * With `auto`: what keeps the number from being higher.
   */
  limitedBy?: "memory" | "load" | "maximum";
}
export interface UsageReport {
  /**
   * Instant of the plan's figures.
   */
  asOf: number;
  plan: {
    /**
     * False with an API key, and until Claude has told its plan.
     */
    available: boolean;
    windows: PlanWindow[];
  };
  days: {
    /**
     * YYYY-MM-DD in the computer's time zone.
     */
    day: string;
    costUsd: number;
    tokens: {
      input: number;
      output: number;
    };
    turns: number;
  }[];
  byProject: {
    projectPath: string;
    costUsd: number;
    tokens: {
      input: number;
      output: number;
    };
    turns: number;
  }[];
  byModel: {
    model: string;
    costUsd: number;
    tokens: {
      input: number;
      output: number;
    };
    turns: number;
  }[];
}
export interface PlanWindow {
  id: string;
  label: string;
  utilizationPercent: number;
  resetsAt?: number;
}
export interface Health {
  status: "ok" | "degraded" | "failing";
  version: string;
  uptimeMs: number;
  checks?: {
    [k: string]: {
      state: string;
      detail?: string;
    };
  };
}
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  requestId: string;
  retryAfterMs?: number;
  errors?: {
    path: string;
    message: string;
  }[];
}
/**
 * Authenticate the device, and say from which cursor to go on.
 */
export interface HelloFrame {
  type: "hello";
  ref?: string;
  token?: string;
  cursor?: number;
  epoch?: string | "";
  device?: {
    push?: {
      provider: "apns";
      token: string;
      environment?: "sandbox" | "production";
      topic?: string;
      encryptionKey?: string;
    } | null;
  };
}
/**
 * Send a message.
 */
export interface SendFrame {
  type: "send";
  ref?: string;
  message: string;
  sessionId?: string;
  projectPath?: string;
  clientMessageId: string;
  attachments?: (
    | {
        attachmentId: string;
      }
    | {
        name: string;
        /**
         * A media type such as image/png; with parameters, or empty, is right too.
         */
        mimeType: string;
        data: string;
      }
  )[];
  model?: string;
  permissionMode?: PermissionMode;
  /**
   * The instant at which it is to run; at once without it.
   */
  sendAt?: number;
  /**
   * How long the turn may run before it is ended as failed (timed_out).
   */
  timeoutMs?: number;
  /**
   * Paths in the project, whose contents go to Claude with the message.
   */
  contextFiles?: string[];
}
/**
 * Say that the device holds everything up to a cursor.
 */
export interface AckFrame {
  type: "ack";
  ref?: string;
  cursor: number;
}
/**
 * Answer a permission, a question or a plan.
 */
export interface PermissionFrame {
  type: "permission";
  ref?: string;
  permissionId: string;
  decision: "allow" | "deny";
  message?: string;
  updatedInput?: {
    [k: string]: unknown;
  };
  scope?: "once" | "session" | "always";
  answers?: {
    [k: string]: string | number | boolean | string[];
  };
}
/**
 * Stop the running turn of a session.
 */
export interface InterruptFrame {
  type: "interrupt";
  ref?: string;
  sessionId: string;
  turnId?: string;
}
/**
 * Open a session's next lease term, or ask for a recap.
 */
export interface KeepaliveFrame {
  type: "keepalive";
  ref?: string;
  sessionId: string;
  action?: "extend" | "recap";
}
/**
 * Say whether the app is in the foreground.
 */
export interface PresenceFrame {
  type: "presence";
  ref?: string;
  foreground: boolean;
  sessionId?: string;
}
/**
 * Ask whether the server is there.
 */
export interface PingFrame {
  type: "ping";
  ref?: string;
}
/**
 * The first frame: where the device stands. The missed events follow, then live ones.
 */
export interface WelcomeFrame {
  type: "welcome";
  ref?: string;
  deviceId: string;
  epoch: string;
  /**
   * The tip of the log.
   */
  cursor: number;
  /**
   * False: events may be missing; the client starts over from GET /api/sessions.
   */
  recovered: boolean;
}
/**
 * A row of the log, missed or live. Only what is committed is sent.
 */
export interface EventFrame {
  type: "event";
  event: Event;
}
/**
 * Text that is being written. Never stored, never the only copy.
 */
export interface DeltaFrame {
  type: "delta";
  sessionId: string;
  turnId: string;
  /**
   * In UTF-16 units into the assistant text that is being written.
   */
  offset: number;
  text: string;
}
/**
 * The answer to send: the message is kept and ends in one reply or one failure.
 */
export interface AcceptedFrame {
  type: "accepted";
  ref?: string;
  sessionId: string;
  turnId: string;
  clientMessageId: string;
  state: TurnState;
  queuePosition: number;
  duplicate: boolean;
  expiresAt: number;
}
/**
 * The refusal of a frame, with its ref if it had one. The connection stays.
 */
export interface ErrorFrame {
  type: "error";
  ref?: string;
  code: ErrorCode;
  detail: string;
  retryAfterMs?: number;
}
/**
 * The answer to ping.
 */
export interface PongFrame {
  type: "pong";
  ref?: string;
}
