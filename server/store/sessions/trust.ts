import type { TrustedProject } from "../../domain/sessions/trust.ts";
import type { TrustStore } from "../../domain/stores/sessions.ts";
import { type Connection, Statement } from "../statement.ts";

/** Trusted projects and permission rules in SQLite: what may be done in a project, or in a session, without asking. */
export class SqliteTrustStore implements TrustStore {
  readonly #add: Statement<[TrustedProject]>;
  readonly #get: Statement<[projectPath: string], { found: number }>;
  readonly #remove: Statement<[projectPath: string]>;
  readonly #ofDevice: Statement<[deviceId: string], { project_path: string }>;
  readonly #keepRule: Statement<[projectPath: string, rule: string, at: number, deviceId: string | null]>;
  readonly #rulesOf: Statement<[projectPath: string], { rule: string }>;
  readonly #forgetRules: Statement<[projectPath: string]>;
  readonly #keepSessionRule: Statement<
    [sessionId: string, rule: string, at: number, deviceId: string | null]
  >;
  readonly #dropRules: Statement<[deviceId: string], { project_path: string }>;
  readonly #dropSessionRules: Statement<[deviceId: string], { session_id: string }>;
  readonly #sessionRulesOf: Statement<[sessionId: string], { rule: string }>;
  readonly #forgetSession: Statement<[sessionId: string]>;
  readonly #forgetSessions: Statement<[projectPath: string]>;

  constructor(connection: Connection) {
    this.#add = new Statement(
      connection,
      `INSERT INTO trusted_projects (project_path, trusted_at, device_id) VALUES (@projectPath, @trustedAt, @deviceId)
       ON CONFLICT (project_path) DO NOTHING`,
    );
    this.#get = new Statement(connection, "SELECT 1 AS found FROM trusted_projects WHERE project_path = ?");
    this.#remove = new Statement(connection, "DELETE FROM trusted_projects WHERE project_path = ?");
    this.#keepRule = new Statement(
      connection,
      "INSERT INTO project_rules (project_path, rule, kept_at, device_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#rulesOf = new Statement(
      connection,
      "SELECT rule FROM project_rules WHERE project_path = ? ORDER BY kept_at, rule",
    );
    this.#forgetRules = new Statement(connection, "DELETE FROM project_rules WHERE project_path = ?");
    this.#keepSessionRule = new Statement(
      connection,
      "INSERT INTO session_rules (session_id, rule, kept_at, device_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#sessionRulesOf = new Statement(
      connection,
      "SELECT rule FROM session_rules WHERE session_id = ? ORDER BY kept_at, rule",
    );
    this.#ofDevice = new Statement(
      connection,
      "SELECT project_path FROM trusted_projects WHERE device_id = ? ORDER BY project_path",
    );
    this.#dropRules = new Statement(
      connection,
      "DELETE FROM project_rules WHERE device_id = ? RETURNING project_path",
    );
    this.#dropSessionRules = new Statement(
      connection,
      "DELETE FROM session_rules WHERE device_id = ? RETURNING session_id",
    );
    this.#forgetSession = new Statement(connection, "DELETE FROM session_rules WHERE session_id = ?");
    this.#forgetSessions = new Statement(
      connection,
      "DELETE FROM session_rules WHERE session_id IN (SELECT session_id FROM sessions WHERE project_path = ?)",
    );
  }

  add(project: TrustedProject): boolean {
    return this.#add.run(project) > 0;
  }

  has(projectPath: string): boolean {
    return this.#get.get(projectPath) !== undefined;
  }

  remove(projectPath: string): boolean {
    const forgotten = this.#forgetRules.run(projectPath) + this.#forgetSessions.run(projectPath);
    return this.#remove.run(projectPath) + forgotten > 0;
  }

  rulesOf(projectPath: string): string[] {
    return this.#rulesOf.all(projectPath).map(({ rule }) => rule);
  }

  keepRule(projectPath: string, rule: string, at: number, deviceId?: string): void {
    this.#keepRule.run(projectPath, rule, at, deviceId ?? null);
  }

  sessionRulesOf(sessionId: string): string[] {
    return this.#sessionRulesOf.all(sessionId).map(({ rule }) => rule);
  }

  keepSessionRule(sessionId: string, rule: string, at: number, deviceId?: string): void {
    this.#keepSessionRule.run(sessionId, rule, at, deviceId ?? null);
  }

  dropRulesOf(deviceId: string): { projectPaths: string[]; sessionIds: string[] } {
    return {
      projectPaths: this.#dropRules.all(deviceId).map((row) => row.project_path),
      sessionIds: this.#dropSessionRules.all(deviceId).map((row) => row.session_id),
    };
  }

  projectsOf(deviceId: string): string[] {
    return this.#ofDevice.all(deviceId).map((row) => row.project_path);
  }

  forgetSession(sessionId: string): void {
    this.#forgetSession.run(sessionId);
  }
}
