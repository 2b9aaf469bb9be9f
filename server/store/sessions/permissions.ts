import type { AgentRef } from "../../domain/sessions/agent.ts";
import type { Form } from "../../domain/sessions/form.ts";
import {
  type Permission,
  type PermissionDecision,
  type PermissionKind,
  type PermissionScope,
  type PermissionState,
  scopesOf,
} from "../../domain/sessions/permission.ts";
import type { PermissionStore } from "../../domain/stores/sessions.ts";
import { asInteger, type Connection, jsonOrNull, parsedOrUndefined, Statement } from "../statement.ts";

interface PermissionRow {
  permission_id: string;
  session_id: string;
  turn_id: string;
  agent: string | null;
  kind: PermissionKind;
  tool_name: string;
  tool_use_id: string | null;
  title: string;
  description: string | null;
  server: string | null;
  input: string;
  plan: string | null;
  questions: string | null;
  suggestions: string;
  form: string | null;
  scopes: string | null;
  look_first: number;
  truncated: number;
  requested_at: number;
  expires_at: number;
  state: PermissionState;
  decision: string | null;
}

function permissionOf(row: PermissionRow): Permission {
  return {
    permissionId: row.permission_id,
    sessionId: row.session_id,
    turnId: row.turn_id,
    agent: parsedOrUndefined<AgentRef>(row.agent),
    kind: row.kind,
    toolName: row.tool_name,
    toolUseId: row.tool_use_id ?? undefined,
    title: row.title,
    description: row.description ?? undefined,
    server: row.server ?? undefined,
    input: JSON.parse(row.input),
    plan: row.plan ?? undefined,
    questions: parsedOrUndefined<unknown[]>(row.questions),
    suggestions: JSON.parse(row.suggestions),
    form: parsedOrUndefined<Form>(row.form),
    // A request of an earlier version kept none.
    scopes: parsedOrUndefined<PermissionScope[]>(row.scopes) ?? scopesOf(JSON.parse(row.suggestions)),
    lookFirst: row.look_first !== 0,
    truncated: row.truncated !== 0,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    state: row.state,
    decision: parsedOrUndefined<PermissionDecision>(row.decision),
  };
}

const selectPermissions = "SELECT * FROM permissions";

/** Permission requests in SQLite; the first answer to an open one counts. */
export class SqlitePermissionStore implements PermissionStore {
  readonly #insert: Statement<[Record<string, string | number | null>]>;
  readonly #get: Statement<[permissionId: string], PermissionRow>;
  readonly #open: Statement<[], PermissionRow>;
  readonly #openOf: Statement<[sessionId: string], PermissionRow>;
  readonly #openCountOf: Statement<[sessionId: string], { count: number }>;
  readonly #openCounts: Statement<[], { session_id: string; count: number }>;
  readonly #resolve: Statement<[decision: string, permissionId: string]>;
  readonly #expire: Statement<[permissionId: string]>;

  constructor(connection: Connection) {
    this.#insert = new Statement(
      connection,
      `INSERT INTO permissions (permission_id, session_id, turn_id, agent, kind, tool_name, tool_use_id, title, description,
         server, input, plan, questions, suggestions, form, scopes, look_first, truncated, requested_at, expires_at, state, decision)
       VALUES (@permissionId, @sessionId, @turnId, @agent, @kind, @toolName, @toolUseId, @title, @description,
         @server, @input, @plan, @questions, @suggestions, @form, @scopes, @lookFirst, @truncated, @requestedAt, @expiresAt, @state, @decision)`,
    );
    this.#get = new Statement(connection, `${selectPermissions} WHERE permission_id = ?`);
    this.#open = new Statement(
      connection,
      `${selectPermissions} WHERE state = 'open' ORDER BY requested_at, rowid`,
    );
    this.#openOf = new Statement(
      connection,
      `${selectPermissions} WHERE session_id = ? AND state = 'open' ORDER BY requested_at, rowid`,
    );
    this.#openCountOf = new Statement(
      connection,
      "SELECT count(*) AS count FROM permissions WHERE session_id = ? AND state = 'open'",
    );
    this.#openCounts = new Statement(
      connection,
      "SELECT session_id, count(*) AS count FROM permissions WHERE state = 'open' GROUP BY session_id",
    );
    this.#resolve = new Statement(
      connection,
      "UPDATE permissions SET state = 'resolved', decision = ? WHERE permission_id = ? AND state = 'open'",
    );
    this.#expire = new Statement(
      connection,
      "UPDATE permissions SET state = 'expired' WHERE permission_id = ? AND state = 'open'",
    );
  }

  insert(permission: Permission): void {
    this.#insert.run({
      permissionId: permission.permissionId,
      sessionId: permission.sessionId,
      turnId: permission.turnId,
      agent: jsonOrNull(permission.agent),
      kind: permission.kind,
      toolName: permission.toolName,
      toolUseId: permission.toolUseId ?? null,
      title: permission.title,
      description: permission.description ?? null,
      server: permission.server ?? null,
      input: JSON.stringify(permission.input),
      plan: permission.plan ?? null,
      questions: jsonOrNull(permission.questions),
      suggestions: JSON.stringify(permission.suggestions),
      form: jsonOrNull(permission.form),
      scopes: JSON.stringify(permission.scopes),
      lookFirst: asInteger(permission.lookFirst),
      truncated: asInteger(permission.truncated),
      requestedAt: permission.requestedAt,
      expiresAt: permission.expiresAt,
      state: permission.state,
      decision: jsonOrNull(permission.decision),
    });
  }

  get(permissionId: string): Permission | undefined {
    const row = this.#get.get(permissionId);
    return row && permissionOf(row);
  }

  open(): Permission[] {
    return this.#open.all().map(permissionOf);
  }

  openOf(sessionId: string): Permission[] {
    return this.#openOf.all(sessionId).map(permissionOf);
  }

  openCounts(): Map<string, number> {
    return new Map(this.#openCounts.all().map(({ session_id, count }) => [session_id, count]));
  }

  openCountOf(sessionId: string): number {
    return this.#openCountOf.get(sessionId)?.count ?? 0;
  }

  resolve(permissionId: string, decision: PermissionDecision): boolean {
    return this.#resolve.run(JSON.stringify(decision), permissionId) === 1;
  }

  expire(permissionId: string): boolean {
    return this.#expire.run(permissionId) === 1;
  }
}
