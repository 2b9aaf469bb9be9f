import type { Failure } from "../../domain/errors.ts";
import {
  type OwnOrigin,
  type Reply,
  type Turn,
  type TurnOrigin,
  type TurnState,
  turnStates,
} from "../../domain/sessions/turn.ts";
import type { TurnStore } from "../../domain/stores/sessions.ts";
import { type Connection, jsonOrNull, parsedOrUndefined, Statement } from "../statement.ts";

interface TurnRow {
  turn_id: string;
  session_id: string;
  origin: TurnOrigin;
  device_id: string;
  client_message_id: string;
  request_hash: string;
  message: string;
  attachment_ids: string;
  state: TurnState;
  accepted_at: number;
  send_at: number | null;
  timeout_ms: number | null;
  context_files: string | null;
  given_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  reply: string | null;
  error: string | null;
}

function turnOf(row: TurnRow): Turn {
  return {
    turnId: row.turn_id,
    sessionId: row.session_id,
    origin: row.origin,
    deviceId: row.origin === "user" ? row.device_id : undefined,
    clientMessageId: row.origin === "user" ? row.client_message_id : undefined,
    requestHash: row.request_hash,
    message: row.message,
    attachmentIds: JSON.parse(row.attachment_ids),
    state: row.state,
    acceptedAt: row.accepted_at,
    sendAt: row.send_at ?? undefined,
    timeoutMs: row.timeout_ms ?? undefined,
    contextFiles: parsedOrUndefined<string[]>(row.context_files),
    givenAt: row.given_at ?? undefined,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    reply: parsedOrUndefined<Reply>(row.reply),
    error: parsedOrUndefined<Failure>(row.error),
  };
}

const selectTurns = `SELECT t.turn_id, t.session_id, t.origin, t.device_id, t.client_message_id, t.request_hash, t.message,
  t.attachment_ids, t.state, t.accepted_at, t.send_at, t.timeout_ms, t.context_files, t.given_at, t.started_at, t.ended_at, t.reply, t.error FROM turns t`;

const isDue = "(t.send_at IS NULL OR t.send_at <= ?)";
type Named = Record<string, string | number | null>;

/**
 * Turns and their queue in SQLite. The order of acceptance is that of `ordinal`, because two turns can share a
 * millisecond.
 */
export class SqliteTurnStore implements TurnStore {
  readonly #insert: Statement<[Named]>;
  readonly #get: Statement<[turnId: string], TurnRow>;
  readonly #byClientMessage: Statement<[deviceId: string, clientMessageId: string], TurnRow>;
  readonly #nextQueued: Statement<[sessionId: string, nowAt: number], TurnRow>;
  readonly #sessionsWithQueued: Statement<[nowAt: number], { session_id: string }>;
  readonly #nextSendAt: Statement<[afterAt: number], { at: number | null }>;
  readonly #queuedOf: Statement<[sessionId: string], TurnRow>;
  readonly #inState: Record<TurnState, Statement<[], TurnRow>>;
  readonly #queuedCount: Statement<[nowAt: number], { count: number }>;
  readonly #waitingOf: Statement<[deviceId: string], TurnRow>;
  readonly #deviceBefore: Statement<[sessionId: string, at: number], { device_id: string }>;
  readonly #waitingOwn: Statement<[], TurnRow>;
  readonly #queuedCountBy: Statement<[deviceId: string, nowAt: number], { count: number }>;
  readonly #scheduledCountOf: Statement<[deviceId: string, nowAt: number], { count: number }>;
  readonly #queuedCountOf: Statement<[sessionId: string], { count: number }>;
  readonly #queuedCounts: Statement<[], { session_id: string; count: number }>;
  readonly #queuePosition: Statement<[turnId: string], { count: number }>;
  readonly #markRunning: Statement<[at: number, turnId: string]>;
  readonly #markGiven: Statement<[at: number, turnId: string]>;
  readonly #requeue: Statement<[turnId: string]>;
  readonly #setOrigin: Statement<[origin: string, turnId: string]>;
  readonly #isRunning: Statement<[sessionId: string], { one: number }>;
  readonly #settle: Statement<[Named]>;

  constructor(connection: Connection) {
    this.#insert = new Statement(
      connection,
      `INSERT INTO turns (turn_id, session_id, origin, device_id, client_message_id, request_hash, message, attachment_ids, state,
         accepted_at, send_at, timeout_ms, context_files, given_at, started_at, ended_at, reply, error)
       VALUES (@turnId, @sessionId, @origin, @deviceId, @clientMessageId, @requestHash, @message, @attachmentIds, @state,
         @acceptedAt, @sendAt, @timeoutMs, @contextFiles, @givenAt, @startedAt, @endedAt, @reply, @error)`,
    );
    this.#get = new Statement(connection, `${selectTurns} WHERE t.turn_id = ?`);
    this.#byClientMessage = new Statement(
      connection,
      `${selectTurns} WHERE t.device_id = ? AND t.client_message_id = ?`,
    );
    this.#nextQueued = new Statement(
      connection,
      `${selectTurns} WHERE t.session_id = ? AND t.state = 'queued' AND ${isDue} ORDER BY t.ordinal LIMIT 1`,
    );
    this.#sessionsWithQueued = new Statement(
      connection,
      `SELECT t.session_id FROM turns t JOIN sessions s ON s.session_id = t.session_id
       WHERE t.state = 'queued' AND ${isDue} AND s.state <> 'closed'
       GROUP BY t.session_id ORDER BY min(t.ordinal)`,
    );
    this.#nextSendAt = new Statement(
      connection,
      "SELECT min(send_at) AS at FROM turns WHERE state = 'queued' AND send_at > ?",
    );
    this.#queuedOf = new Statement(
      connection,
      `${selectTurns} WHERE t.session_id = ? AND t.state = 'queued' ORDER BY t.ordinal`,
    );
    // One statement a state, with the state in the text: a bound one could not use a partial index.
    this.#inState = Object.fromEntries(
      turnStates.map((state) => [
        state,
        new Statement<[], TurnRow>(
          connection,
          `${selectTurns} WHERE t.state = '${state}' ORDER BY t.ordinal`,
        ),
      ]),
    ) as Record<TurnState, Statement<[], TurnRow>>;
    this.#queuedCount = new Statement(
      connection,
      `SELECT count(*) AS count FROM turns t WHERE t.state = 'queued' AND ${isDue}`,
    );
    this.#waitingOf = new Statement(
      connection,
      `${selectTurns} WHERE t.device_id = ? AND t.state = 'queued' ORDER BY t.ordinal`,
    );
    this.#deviceBefore = new Statement(
      connection,
      `SELECT device_id FROM turns WHERE session_id = ? AND origin = 'user' AND accepted_at <= ?
       ORDER BY ordinal DESC LIMIT 1`,
    );
    this.#waitingOwn = new Statement(
      connection,
      `${selectTurns} WHERE t.state = 'queued' AND t.origin <> 'user' ORDER BY t.ordinal`,
    );
    this.#queuedCountBy = new Statement(
      connection,
      `SELECT count(*) AS count FROM turns t WHERE t.device_id = ? AND t.state = 'queued' AND ${isDue}`,
    );
    this.#scheduledCountOf = new Statement(
      connection,
      "SELECT count(*) AS count FROM turns WHERE device_id = ? AND state = 'queued' AND send_at > ?",
    );
    this.#queuedCountOf = new Statement(
      connection,
      "SELECT count(*) AS count FROM turns WHERE session_id = ? AND state = 'queued'",
    );
    this.#queuedCounts = new Statement(
      connection,
      "SELECT session_id, count(*) AS count FROM turns WHERE state = 'queued' GROUP BY session_id",
    );
    // Itself and those before it; none when it does not wait.
    this.#queuePosition = new Statement(
      connection,
      `SELECT count(*) AS count FROM turns t JOIN turns e
         ON e.session_id = t.session_id AND e.ordinal <= t.ordinal AND e.state = 'queued'
         AND (e.send_at IS NULL OR e.turn_id = t.turn_id)
       WHERE t.turn_id = ? AND t.state = 'queued'`,
    );
    this.#markRunning = new Statement(
      connection,
      "UPDATE turns SET state = 'running', started_at = ? WHERE turn_id = ? AND state = 'queued'",
    );
    this.#markGiven = new Statement(
      connection,
      "UPDATE turns SET given_at = ? WHERE turn_id = ? AND state = 'running'",
    );
    this.#requeue = new Statement(
      connection,
      "UPDATE turns SET state = 'queued', started_at = NULL, given_at = NULL WHERE turn_id = ? AND state = 'running'",
    );
    this.#setOrigin = new Statement(
      connection,
      "UPDATE turns SET origin = ? WHERE turn_id = ? AND origin <> 'user'",
    );
    this.#isRunning = new Statement(
      connection,
      "SELECT 1 AS one FROM turns WHERE state = 'running' AND session_id = ? LIMIT 1",
    );
    this.#settle = new Statement(
      connection,
      `UPDATE turns SET state = @state, reply = @reply, error = @error, ended_at = @endedAt
       WHERE turn_id = @turnId AND state IN ('queued', 'running')`,
    );
  }

  insert(turn: Turn): void {
    this.#insert.run({
      turnId: turn.turnId,
      sessionId: turn.sessionId,
      origin: turn.origin,
      // An own turn has no device; its own id keeps the pair unique.
      deviceId: turn.deviceId ?? "",
      clientMessageId: turn.clientMessageId ?? turn.turnId,
      requestHash: turn.requestHash,
      message: turn.message,
      attachmentIds: JSON.stringify(turn.attachmentIds),
      state: turn.state,
      acceptedAt: turn.acceptedAt,
      sendAt: turn.sendAt ?? null,
      timeoutMs: turn.timeoutMs ?? null,
      contextFiles: jsonOrNull(turn.contextFiles),
      givenAt: turn.givenAt ?? null,
      startedAt: turn.startedAt ?? null,
      endedAt: turn.endedAt ?? null,
      reply: jsonOrNull(turn.reply),
      error: jsonOrNull(turn.error),
    });
  }

  get(turnId: string): Turn | undefined {
    return turnOrUndefined(this.#get.get(turnId));
  }

  byClientMessage(deviceId: string, clientMessageId: string): Turn | undefined {
    return turnOrUndefined(this.#byClientMessage.get(deviceId, clientMessageId));
  }

  nextQueued(sessionId: string, nowAt: number): Turn | undefined {
    return turnOrUndefined(this.#nextQueued.get(sessionId, nowAt));
  }

  sessionsWithQueued(nowAt: number): string[] {
    return this.#sessionsWithQueued.all(nowAt).map((row) => row.session_id);
  }

  nextSendAt(afterAt: number): number | undefined {
    return this.#nextSendAt.get(afterAt)?.at ?? undefined;
  }

  queuedOf(sessionId: string): Turn[] {
    return this.#queuedOf.all(sessionId).map(turnOf);
  }

  inState(state: TurnState): Turn[] {
    return this.#inState[state].all().map(turnOf);
  }

  queuedCount(nowAt: number): number {
    return this.#queuedCount.get(nowAt)?.count ?? 0;
  }

  waitingOf(deviceId: string): Turn[] {
    return this.#waitingOf.all(deviceId).map(turnOf);
  }

  deviceBefore(sessionId: string, at: number): string | undefined {
    return this.#deviceBefore.get(sessionId, at)?.device_id;
  }

  waitingOwn(): Turn[] {
    return this.#waitingOwn.all().map(turnOf);
  }

  queuedCountBy(deviceId: string, nowAt: number): number {
    return this.#queuedCountBy.get(deviceId, nowAt)?.count ?? 0;
  }

  scheduledCountOf(deviceId: string, nowAt: number): number {
    return this.#scheduledCountOf.get(deviceId, nowAt)?.count ?? 0;
  }

  queuedCounts(): Map<string, number> {
    return new Map(this.#queuedCounts.all().map(({ session_id, count }) => [session_id, count]));
  }

  queuedCountOf(sessionId: string): number {
    return this.#queuedCountOf.get(sessionId)?.count ?? 0;
  }

  queuePosition(turnId: string): number {
    return this.#queuePosition.get(turnId)?.count ?? 0;
  }

  /** Throws when the turn does not wait: the caller has just read it from the queue. */
  markRunning(turnId: string, at: number): void {
    mustChange(this.#markRunning.run(at, turnId), turnId, "queued");
  }

  /** Does nothing to a turn that has ended meanwhile. */
  markGiven(turnId: string, at: number): void {
    this.#markGiven.run(at, turnId);
  }

  /** Back to its old place in the queue. Throws when the turn does not run. */
  requeue(turnId: string): void {
    mustChange(this.#requeue.run(turnId), turnId, "running");
  }

  setOrigin(turnId: string, origin: OwnOrigin): void {
    this.#setOrigin.run(origin, turnId);
  }

  isRunning(sessionId: string): boolean {
    return this.#isRunning.get(sessionId) !== undefined;
  }

  settle(turnId: string, end: Parameters<TurnStore["settle"]>[1]): boolean {
    const { state, endedAt } = end;
    return (
      this.#settle.run({
        turnId,
        state,
        endedAt,
        reply: jsonOrNull(end.reply),
        error: jsonOrNull(end.error),
      }) === 1
    );
  }
}

function mustChange(changes: number, turnId: string, state: TurnState): void {
  if (changes === 0) throw new Error(`Turn ${turnId} is not ${state}.`);
}

const turnOrUndefined = (row: TurnRow | undefined): Turn | undefined => row && turnOf(row);
