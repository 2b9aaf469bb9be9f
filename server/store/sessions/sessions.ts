import { DaylongError } from "../../domain/errors.ts";
import { decodePageCursor, type PageCursor, pageOf } from "../../domain/pageCursor.ts";
import type { Lease } from "../../domain/sessions/lease.ts";
import {
  type PermissionMode,
  type Session,
  type SessionOrigin,
  type SessionState,
  sessionStates,
  statesBefore,
  type WrongSessionChange,
} from "../../domain/sessions/session.ts";
import type { SessionFilter, SessionStore, SessionUse } from "../../domain/stores/sessions.ts";
import { asInteger, type Connection, Statement } from "../statement.ts";
import type { Transactions } from "../transactions.ts";
import { type LeaseRow, LeaseTerms, leaseColumns, leaseOf } from "./leases.ts";
import { type Recap, SqliteRecapStore } from "./recaps.ts";

interface SessionRow extends LeaseRow {
  session_id: string;
  project_path: string;
  title: string;
  state: SessionState;
  model: string | null;
  permission_mode: PermissionMode;
  created_at: number;
  last_activity_at: number;
  turn_count: number;
  last_seq: number;
  cost_usd: number;
  input_tokens: number;
  output_tokens: number;
  muted: number;
  auto_keep_alive: number;
  options: string;
  claude_session_id: string | null;
}

function sessionOf(row: SessionRow): Session {
  return {
    sessionId: row.session_id,
    projectPath: row.project_path,
    title: row.title,
    state: row.state,
    model: row.model,
    permissionMode: row.permission_mode,
    createdAt: row.created_at,
    lastActivityAt: row.last_activity_at,
    lease: leaseOf(row),
    turnCount: row.turn_count,
    lastSeq: row.last_seq,
    costUsd: row.cost_usd,
    tokens: { input: row.input_tokens, output: row.output_tokens },
    muted: row.muted !== 0,
    autoKeepAlive: row.auto_keep_alive !== 0,
    options: JSON.parse(row.options),
    ...(row.claude_session_id === null ? {} : { claudeSessionId: row.claude_session_id }),
  };
}

const selectSessions = `SELECT s.session_id, s.project_path, s.title, s.state, s.model, s.permission_mode, s.created_at,
  s.last_activity_at, s.turn_count, s.last_seq, s.cost_usd, s.input_tokens, s.output_tokens, s.muted, s.auto_keep_alive,
  s.options, s.claude_session_id, ${leaseColumns}
  FROM sessions s JOIN leases l ON l.session_id = s.session_id AND l.term = s.lease_term`;

/** To the letter the WHERE of the partial index. */
const hasLeaseDue = "s.state <> 'closed' AND s.lease_due_at IS NOT NULL";

/** Above every session: where the first page begins. */
const top: PageCursor = [Number.MAX_SAFE_INTEGER, ""];

interface CostRow {
  cli_cost_usd: number;
}
type Named = Record<string, string | number | null>;

/** Sessions in SQLite, with their lease terms and recaps. Writes to a session that does not exist throw `session_not_found`. */
export class SqliteSessionStore implements SessionStore {
  readonly #transactions: Transactions;
  readonly #onWrongChange: (wrong: WrongSessionChange) => void;
  readonly #leases: LeaseTerms;
  readonly #recaps: SqliteRecapStore;
  readonly #insert: Statement<[Named]>;
  readonly #get: Statement<[sessionId: string], SessionRow>;
  readonly #ofConversation: Statement<[claudeSessionId: string], SessionRow>;
  readonly #list: Statement<[Named], SessionRow>;
  readonly #uses: Statement<[afterRow: number, limit: number], SessionUse>;
  readonly #countByState: Statement<[], { state: SessionState; count: number }>;
  readonly #inStates: Statement<[states: string], SessionRow>;
  readonly #getState: Statement<[sessionId: string], { state: SessionState }>;
  /** By the new state. Each changes only a session whose state may become the new one. */
  readonly #setState: ReadonlyMap<SessionState, Statement<[sessionId: string]>>;
  readonly #setClaudeSession: Statement<[claudeSessionId: string, sessionId: string]>;
  readonly #setOrigin: Statement<[origin: string, sessionId: string]>;
  readonly #dropAllowedTools: Statement<[sessionId: string]>;
  readonly #update: Statement<[Named]>;
  readonly #setActivity: Statement<[at: number, sessionId: string]>;
  readonly #nextDeadline: Statement<[], { at: number | null }>;
  readonly #withLeaseDue: Statement<[at: number], SessionRow>;
  readonly #cliCost: Statement<[sessionId: string], CostRow>;
  readonly #addTurn: Statement<[Named]>;
  readonly #setCliCost: Statement<[totalCostUsd: number, sessionId: string]>;

  constructor(parts: {
    connection: Connection;
    transactions: Transactions;
    /** Told of a change of state that is a bug. Tests throw here. */
    onWrongChange(wrong: WrongSessionChange): void;
  }) {
    const { connection } = parts;
    this.#onWrongChange = parts.onWrongChange;
    this.#transactions = parts.transactions;
    this.#leases = new LeaseTerms(connection);
    this.#recaps = new SqliteRecapStore(connection);
    this.#insert = new Statement(
      connection,
      `INSERT INTO sessions (session_id, project_path, title, state, model, permission_mode, created_at, last_activity_at,
         lease_term, turn_count, last_seq, cost_usd, input_tokens, output_tokens, muted, auto_keep_alive, options)
       VALUES (@sessionId, @projectPath, @title, @state, @model, @permissionMode, @createdAt, @lastActivityAt,
         @leaseTerm, @turnCount, @lastSeq, @costUsd, @inputTokens, @outputTokens, @muted, @autoKeepAlive, @options)`,
    );
    this.#get = new Statement(connection, `${selectSessions} WHERE s.session_id = ?`);
    this.#ofConversation = new Statement(
      connection,
      `${selectSessions} WHERE coalesce(s.claude_session_id, s.session_id) = ?
       ORDER BY s.state = 'closed', s.created_at DESC LIMIT 1`,
    );
    this.#list = new Statement(
      connection,
      `${selectSessions}
       WHERE (s.last_activity_at, s.session_id) < (@at, @id)
         AND (@state IS NULL OR s.state = @state) AND (@projectPath IS NULL OR s.project_path = @projectPath)
       ORDER BY s.last_activity_at DESC, s.session_id DESC LIMIT @limit`,
    );
    this.#uses = new Statement(
      connection,
      `SELECT rowid AS row, project_path AS projectPath, coalesce(claude_session_id, session_id) AS conversationId,
         last_activity_at AS lastActivityAt
       FROM sessions WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    );
    this.#countByState = new Statement(
      connection,
      "SELECT state, COUNT(*) AS count FROM sessions GROUP BY state",
    );
    this.#inStates = new Statement(
      connection,
      `${selectSessions} WHERE s.state IN (SELECT value FROM json_each(?)) ORDER BY s.last_activity_at, s.session_id`,
    );
    this.#getState = new Statement(connection, "SELECT state FROM sessions WHERE session_id = ?");
    this.#setState = new Map(
      sessionStates.map((to) => {
        const from = statesBefore(to).map((state) => `'${state}'`);
        const sql = `UPDATE sessions SET state = '${to}' WHERE session_id = ? AND state IN (${from.join(", ")})`;
        return [to, new Statement(connection, sql)];
      }),
    );
    this.#setClaudeSession = new Statement(
      connection,
      "UPDATE sessions SET claude_session_id = ? WHERE session_id = ?",
    );
    // Merged, as RFC 7396 says: null removes it, the other options stay.
    this.#setOrigin = new Statement(
      connection,
      "UPDATE sessions SET options = json_patch(json_remove(options, '$.origin'), ?) WHERE session_id = ?",
    );
    this.#dropAllowedTools = new Statement(
      connection,
      "UPDATE sessions SET options = json_remove(options, '$.allowedTools') WHERE session_id = ?",
    );
    this.#update = new Statement(
      connection,
      `UPDATE sessions SET title = @title, model = @model, permission_mode = @permissionMode, muted = @muted,
         auto_keep_alive = @autoKeepAlive WHERE session_id = @sessionId`,
    );
    this.#setActivity = new Statement(
      connection,
      "UPDATE sessions SET last_activity_at = ? WHERE session_id = ?",
    );
    this.#nextDeadline = new Statement(
      connection,
      `SELECT min(s.lease_due_at) AS at FROM sessions s WHERE ${hasLeaseDue}`,
    );
    this.#withLeaseDue = new Statement(
      connection,
      `${selectSessions} WHERE ${hasLeaseDue} AND s.lease_due_at <= ? ORDER BY s.lease_due_at, s.session_id`,
    );
    this.#cliCost = new Statement(connection, "SELECT cli_cost_usd FROM sessions WHERE session_id = ?");
    this.#setCliCost = new Statement(connection, "UPDATE sessions SET cli_cost_usd = ? WHERE session_id = ?");
    this.#addTurn = new Statement(
      connection,
      `UPDATE sessions SET turn_count = turn_count + 1, cost_usd = cost_usd + @ownCostUsd, cli_cost_usd = @totalCostUsd,
         input_tokens = input_tokens + @inputTokens, output_tokens = output_tokens + @outputTokens
       WHERE session_id = @sessionId`,
    );
  }

  insert(session: Session): void {
    this.#transactions.run(() => {
      this.#insert.run({
        sessionId: session.sessionId,
        projectPath: session.projectPath,
        title: session.title,
        state: session.state,
        model: session.model,
        permissionMode: session.permissionMode,
        createdAt: session.createdAt,
        lastActivityAt: session.lastActivityAt,
        leaseTerm: session.lease.term,
        turnCount: session.turnCount,
        lastSeq: session.lastSeq,
        costUsd: session.costUsd,
        inputTokens: session.tokens.input,
        outputTokens: session.tokens.output,
        muted: asInteger(session.muted),
        autoKeepAlive: asInteger(session.autoKeepAlive),
        options: JSON.stringify(session.options),
      });
      this.#leases.write(session.sessionId, session.lease);
    });
  }

  get(sessionId: string): Session | undefined {
    const row = this.#get.get(sessionId);
    return row && sessionOf(row);
  }

  ofConversation(claudeSessionId: string): Session | undefined {
    const row = this.#ofConversation.get(claudeSessionId);
    return row && sessionOf(row);
  }

  list(filter: SessionFilter): { sessions: Session[]; nextBefore?: string } {
    const [at, id] = filter.before === undefined ? top : decodePageCursor(filter.before);
    const { state = null, projectPath = null, limit } = filter;
    const rows = this.#list.all({ at, id, state, projectPath, limit: limit + 1 });
    const page = pageOf(rows, limit, (row) => [row.last_activity_at, row.session_id]);
    const sessions = page.rows.map(sessionOf);
    return page.nextBefore === undefined ? { sessions } : { sessions, nextBefore: page.nextBefore };
  }

  uses(afterRow: number, limit: number): SessionUse[] {
    return this.#uses.all(afterRow, limit);
  }

  countByState(): Map<SessionState, number> {
    return new Map(this.#countByState.all().map(({ state, count }) => [state, count]));
  }

  inStates(states: SessionState[]): Session[] {
    return this.#inStates.all(JSON.stringify(states)).map(sessionOf);
  }

  /** A change that `mayBecome` does not allow is reported and not made; the transaction around it goes on. */
  setState(sessionId: string, state: SessionState): void {
    if (this.#setState.get(state)?.run(sessionId) === 1) return;
    const from = this.#getState.get(sessionId)?.state;
    if (from === undefined) throw notFound(sessionId);
    this.#onWrongChange({ sessionId, from, to: state });
  }

  setClaudeSession(sessionId: string, claudeSessionId: string, origin?: SessionOrigin | null): void {
    mustExist(this.#setClaudeSession.run(claudeSessionId, sessionId), sessionId);
    if (origin !== undefined) this.#setOrigin.run(JSON.stringify({ origin }), sessionId);
  }

  dropAllowedTools(sessionId: string): void {
    mustExist(this.#dropAllowedTools.run(sessionId), sessionId);
  }

  update(sessionId: string, change: Parameters<SessionStore["update"]>[1]): void {
    this.#transactions.run(() => {
      const session = this.get(sessionId);
      if (!session) throw notFound(sessionId);
      this.#update.run({
        sessionId,
        title: change.title ?? session.title,
        // null is a model like another: Claude's default.
        model: change.model === undefined ? session.model : change.model,
        permissionMode: change.permissionMode ?? session.permissionMode,
        muted: asInteger(change.muted ?? session.muted),
        autoKeepAlive: asInteger(change.autoKeepAlive ?? session.autoKeepAlive),
      });
    });
  }

  setLease(sessionId: string, lease: Lease, activityAt: number): void {
    this.#transactions.run(() => {
      mustExist(this.#setActivity.run(activityAt, sessionId), sessionId);
      this.#leases.write(sessionId, lease);
    });
  }

  markWarned(sessionId: string, term: number, final: boolean, at: number): boolean {
    return this.#transactions.run(() => this.#leases.markWarned({ sessionId, term, at }, final));
  }

  markLeaseEnded(sessionId: string, term: number, at: number): boolean {
    return this.#transactions.run(() => this.#leases.markEnded({ sessionId, term, at }));
  }

  nextLeaseDeadline(): number | undefined {
    return this.#nextDeadline.get()?.at ?? undefined;
  }

  withLeaseDue(at: number): Session[] {
    return this.#withLeaseDue.all(at).map(sessionOf);
  }

  addTurn(sessionId: string, said: number | undefined, inputTokens: number, outputTokens: number): number {
    return this.#transactions.run(() => {
      const before = this.#cliCost.get(sessionId);
      if (!before) throw notFound(sessionId);
      const totalCostUsd = said ?? before.cli_cost_usd;
      // The CLI counts from its own start: a smaller total is that of a process started since.
      const restarted = totalCostUsd < before.cli_cost_usd;
      const ownCostUsd = restarted ? totalCostUsd : totalCostUsd - before.cli_cost_usd;
      this.#addTurn.run({ sessionId, ownCostUsd, totalCostUsd, inputTokens, outputTokens });
      return ownCostUsd;
    });
  }

  setCliCost(sessionId: string, totalCostUsd: number): void {
    this.#setCliCost.run(totalCostUsd, sessionId);
  }

  recap(sessionId: string): Recap | undefined {
    return this.#recaps.get(sessionId);
  }

  setRecap(sessionId: string, recap: Recap): void {
    this.#recaps.set(sessionId, recap);
  }
}

function mustExist(changes: number, sessionId: string): void {
  if (changes === 0) throw notFound(sessionId);
}

const notFound = (sessionId: string): DaylongError =>
  new DaylongError("session_not_found", `There is no session ${sessionId}.`);
