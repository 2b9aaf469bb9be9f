import type { Problem } from "./connection/protocol.ts";

/** A refusal of the server's. `code` is what to branch on; `detail` is for people. */
export class DaylongProblem extends Error {
  override readonly name = "DaylongProblem";
  readonly code: string;
  readonly status: number;
  readonly retryAfterMs?: number;
  readonly problem?: Problem;

  constructor(
    code: string,
    status: number,
    detail: string,
    rest: { retryAfterMs?: number; problem?: Problem } = {},
  ) {
    super(detail);
    this.code = code;
    this.status = status;
    this.retryAfterMs = rest.retryAfterMs;
    this.problem = rest.problem;
  }
}

/** A turn that ended without a reply: failed, interrupted or cancelled. It was reported once and does not run again. */
export class TurnFailed extends Error {
  override readonly name = "TurnFailed";
  readonly code: string;
  readonly sessionId: string;
  readonly turnId: string;

  constructor(code: string, detail: string, ids: { sessionId: string; turnId: string }) {
    super(detail);
    this.code = code;
    this.sessionId = ids.sessionId;
    this.turnId = ids.turnId;
  }
}

/**
 * The client was stopped while somebody waited, or the server refuses it for good (the message says why). What it had
 * kept is sent when a client over the same store is started.
 */
export class ClientStopped extends Error {
  override readonly name = "ClientStopped";
  constructor(detail = "The client was stopped.") {
    super(detail);
  }
}
